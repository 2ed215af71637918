"""Small readers of text in HTML that all sites share."""

from __future__ import annotations

import re
from collections.abc import Iterable

from parsel import Selector

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_EMPTY = frozenset(
    {"", "-", "--", "?", "n/a", "none", "unknown", "no data", "not available", "no known aliases"}
)
_BRACKETED = re.compile(r"\([^()]*\)?|\[[^\[\]]*\]?")
_INDETERMINATE = re.compile(r"\S\s+or\s+\S")


def fold(text: str | None) -> str:
    """One line: white space (no-break spaces too) folded, invisible characters dropped."""
    return " ".join((text or "").translate(_INVISIBLE).split())


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


def is_empty(text: str) -> bool:
    """True for the ways a site says that it does not know."""
    return text.casefold().rstrip(".") in _EMPTY


def without_notes(text: str) -> str:
    """The text without what stands in brackets: ``Anna Bo (site.com)`` -> ``Anna Bo``."""
    return fold(_BRACKETED.sub(" ", text))


def clean_aliases(names: Iterable[str], own_name: str) -> tuple[str, ...]:
    """Usable aliases, each once, in order.

    Notes in brackets go; ``X or Y`` is dropped, since it says that nobody knows which.
    """
    kept: dict[str, str] = {own_name.casefold(): ""}
    for raw in names:
        name = without_notes(raw).strip(' ,;"“”')
        if is_empty(name) or _INDETERMINATE.search(name) or not any(map(str.isalnum, name)):
            continue
        kept.setdefault(name.casefold(), name)
    return tuple(name for name in kept.values() if name)
