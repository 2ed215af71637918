"""Small readers of markup that all sites share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from lxml.etree import iterwalk
from parsel import Selector

from enrichscrapy.facts.text import MAX_LIST, MAX_NAME, cut

# Bounds for pages that no site sends on purpose. Without them a page of 100 KB can cost minutes:
# each element of thousands is asked for its ancestors, or for all its siblings.
MAX_DEPTH = 200
MAX_ELEMENTS = 500
MAX_PAGE_ELEMENTS = 100_000
"""Ten times what the longest known page has, of 1,300 films."""
_MAX_TEXTS = 2 * MAX_ELEMENTS
_MONSTROUS = f"boolean({'/*' * MAX_DEPTH}) or count(//*) > {MAX_PAGE_ELEMENTS}"

Element = Any
"""One of lxml's, which has no types."""


def is_readable(selector: Selector) -> bool:
    """Is it a page of HTML, and neither too deeply nested nor too long?"""
    return selector.type == "html" and selector.xpath(_MONSTROUS).get() == "0"


def select_first(nodes: str, condition: str = "true()") -> str:
    """An XPath for the first ``MAX_ELEMENTS`` of ``nodes``, where ``condition`` holds."""
    return f"({nodes})[position() <= {MAX_ELEMENTS}][{condition}]"


def iter_following(node: Selector, limit: int = 20) -> Iterator[Selector]:
    """The elements that follow in the same parent, one by one; line breaks do not count."""
    for sibling in islice(node.root.itersiblings(), limit):
        if isinstance(sibling.tag, str) and sibling.tag != "br":
            yield Selector(root=sibling, type="html")


def has_class(token: str) -> str:
    """An XPath condition: the element carries this class, perhaps among others."""
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {token} ')"


def read_classes(element: Element) -> list[str]:
    return (element.get("class") or "").split()


def _nothing(element: Element) -> bool:
    return False


def read_text(
    node: Selector,
    separator: str = "",
    skip: Callable[[Element], bool] = _nothing,
    limit: int = MAX_LIST,
) -> str:
    """The text under the node, folded, at most ``limit`` characters.

    ``separator`` stands between its text nodes; elements that ``skip`` names are left out.
    """
    return cut(separator.join(islice(_iter_texts(node.root, skip), _MAX_TEXTS)), limit)


def _iter_texts(root: Element, skip: Callable[[Element], bool]) -> Iterator[str]:
    """One by one, not by XPath, which gathers and sorts all of them for the first; "" for none."""
    walk = iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event != "start":
            yield "" if element is root else element.tail or ""
        elif element is not root and skip(element):
            walk.skip_subtree()
        else:
            yield element.text or ""


def read_title(selector: Selector) -> str:
    return cut(selector.xpath("string(descendant::title[1])").get())


def read_lines(node: Selector) -> list[str]:
    """The node's text, cut at each ``<br>``; empty lines dropped."""
    lines = [""]
    # Not as a union: merging two long sets takes quadratic time.
    for part in node.xpath(select_first("descendant::node()[self::text() or self::br]")):
        if isinstance(part.root, str):
            lines[-1] += part.root
        else:
            lines.append("")
    return [cleaned for line in lines if (cleaned := cut(line, MAX_LIST))]


def read_heading(heading: Selector) -> str:
    """A name from its heading: the heading's own text, else that of the elements in it."""
    own = cut("".join(heading.xpath(select_first("text()")).getall()), MAX_NAME)
    return own or read_text(heading, limit=MAX_NAME)
