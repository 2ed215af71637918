"""Small readers of markup that all sites share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from parsel import Selector

from enrichscrapy.facts.text import MAX_NAME, fold

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
    """All text under the node, folded; ``separator`` stands between its text nodes."""
    return fold(separator.join(node.xpath(".//text()").getall()))


def lines_of(node: Selector) -> list[str]:
    """The node's text, cut at each ``<br>``; empty lines dropped."""
    lines = [""]
    for part in node.xpath(first_elements("descendant::text() | descendant::br")):
        if isinstance(part.root, str):
            lines[-1] += part.root
        else:
            lines.append("")
    return [line for line in map(fold, lines) if line]


def heading_text(heading: Selector) -> str:
    """A name from its heading: the heading's own text, else that of the elements in it."""
    own = fold("".join(heading.xpath("text()").getall()))
    return (own or text_of(heading))[:MAX_NAME].rstrip()
