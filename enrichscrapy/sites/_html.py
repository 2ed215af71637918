"""Small readers of markup that all sites share."""

from __future__ import annotations

from parsel import Selector

from enrichscrapy.facts.text import fold


def has_class(token: str) -> str:
    """An XPath condition: the element carries this class, perhaps among others."""
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {token} ')"


def text_of(node: Selector, separator: str = "") -> str:
    """All text under the node, folded; ``separator`` stands between its text nodes."""
    return fold(separator.join(node.xpath(".//text()").getall()))


def lines_of(node: Selector) -> list[str]:
    """The node's text, cut at each ``<br>``; empty lines dropped."""
    lines = [""]
    for part in node.xpath("descendant::text() | descendant::br"):
        if isinstance(part.root, str):
            lines[-1] += part.root
        else:
            lines.append("")
    return [line for line in map(fold, lines) if line]
