"""Small readers of markup that all sites share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from parsel import Selector

from enrichscrapy.facts.text import MAX_LIST, MAX_NAME, cut

# Bounds for pages that no site means to send. Without them a page of 100 KB can cost minutes: each
# element of thousands is asked for its ancestors, or for all its siblings.
MAX_DEPTH = 200
MAX_ELEMENTS = 500
_TOO_DEEP = "boolean(" + "/*" * MAX_DEPTH + ")"


def is_readable(selector: Selector) -> bool:
    """Is it a page of HTML, and not nested beyond all measure?"""
    return selector.type == "html" and selector.xpath(_TOO_DEEP).get() == "0"


def first_elements(nodes: str, condition: str = "true()") -> str:
    """An XPath for the first ``MAX_ELEMENTS`` of ``nodes``, where ``condition`` holds."""
    return f"({nodes})[position() <= {MAX_ELEMENTS}][{condition}]"


def following(node: Selector, limit: int = 20) -> Iterator[Selector]:
    """The elements that follow in the same parent, one by one; line breaks do not count."""
    for sibling in islice(node.root.itersiblings(), limit):
        if isinstance(sibling.tag, str) and sibling.tag != "br":
            yield Selector(root=sibling, type="html")


def has_class(token: str) -> str:
    """An XPath condition: the element carries this class, perhaps among others."""
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {token} ')"


def text_of(node: Selector, separator: str = "") -> str:
    """The text under the node, folded and cut; ``separator`` stands between its text nodes."""
    return joined_text(node, "descendant::text()", separator)


def joined_text(node: Selector, nodes: str, separator: str = "", limit: int = MAX_LIST) -> str:
    """The text of the first of these text nodes, folded, at most ``limit`` characters."""
    return cut(separator.join(node.xpath(first_elements(nodes)).getall()), limit)


def title_of(selector: Selector) -> str:
    return cut(selector.xpath("string(descendant::title[1])").get())


def lines_of(node: Selector) -> list[str]:
    """The node's text, cut at each ``<br>``; empty lines dropped."""
    lines = [""]
    for part in node.xpath(first_elements("descendant::text() | descendant::br")):
        if isinstance(part.root, str):
            lines[-1] += part.root
        else:
            lines.append("")
    return [cleaned for line in lines if (cleaned := cut(line, MAX_LIST))]


def heading_text(heading: Selector) -> str:
    """A name from its heading: the heading's own text, else that of the elements in it."""
    own = joined_text(heading, "text()", limit=MAX_NAME)
    return own or joined_text(heading, "descendant::text()", limit=MAX_NAME)
