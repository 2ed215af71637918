"""Text as pages hold it: folded, without notes, without the words for "not known"."""

from __future__ import annotations

import re
from collections.abc import Iterable

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_EMPTY = frozenset(
    {"", "-", "--", "?", "n/a", "none", "unknown", "no data", "not available", "no known aliases"}
)
MAX_NAME = 100
"""Characters of the longest name that is taken for one."""
MAX_ALIASES = 150
"""Aliases of one page; twice what the best known people have. Comparing them takes its square."""
_BRACKETED = re.compile(r"\([^()]*\)?|\[[^\[\]]*\]?")
_INDETERMINATE = re.compile(r"\S\s+or\s+\S")


def fold(text: str | None) -> str:
    """One line: white space (no-break spaces too) folded, invisible characters dropped."""
    return " ".join((text or "").translate(_INVISIBLE).split())


def is_empty(text: str) -> bool:
    """True for the ways a site says that it does not know."""
    return text.casefold().rstrip(".") in _EMPTY


def without_notes(text: str) -> str:
    """The text without what stands in brackets: ``Anna Bo (site.com)`` -> ``Anna Bo``."""
    return fold(_BRACKETED.sub(" ", text))


def clean_aliases(names: Iterable[str], own_name: str) -> tuple[str, ...]:
    """Usable aliases, each once, in order; at most ``MAX_ALIASES``.

    Notes in brackets go; ``X or Y`` is dropped, since it says that nobody knows which.
    """
    kept: dict[str, str] = {own_name.casefold(): ""}
    for raw in names:
        name = without_notes(raw).strip(' ,;"“”')
        if len(kept) > MAX_ALIASES:
            break
        if len(name) <= MAX_NAME and _is_name(name):
            kept.setdefault(name.casefold(), name)
    return tuple(name for name in kept.values() if name)


def _is_name(text: str) -> bool:
    known = not is_empty(text) and not _INDETERMINATE.search(text)
    return known and any(map(str.isalnum, text))
