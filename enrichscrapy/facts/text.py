"""Text from strangers: folded, without notes, without the words for "not known", safe to print."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import islice

# Characters that show nothing: of category Cf, joiners, fillers and what selects a glyph's variant.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]+"
)
_EMPTY = frozenset(
    {"", "-", "--", "?", "n/a", "none", "unknown", "no data", "not available", "no known aliases"}
)
MAX_FACT = 200
"""Characters of a stated fact (a date, a country) that are read; none needs half as many."""
MAX_LIST = 5_000
"""Characters of the longest list of names on one line."""
MAX_PAGE_TEXT = 100_000
"""Characters of a page's running text that are searched for a site's words for "not found"."""
MAX_LINK = 2_000
"""Longest text, in characters, that is accepted as an address."""
MAX_NAME = 100
"""Longest text, in characters, that is accepted as a name."""
MAX_STORED_NAME, MAX_STORED_LINK = 1_000, 2_000
"""Bytes of the longest name or id, and the longest link, that is stored: a row of an index of
PostgreSQL takes 2,700 of all its columns together."""
MAX_ALIASES = 150
"""Aliases of one page; twice what the best known people have. Comparing them is quadratic."""
_MAX_LISTED = 4 * MAX_ALIASES  # candidates that are read to find them: many may not be names
_BRACKETED = re.compile(r"\([^()]*\)?|\[[^\[\]]*\]?")
_INDETERMINATE = re.compile(r"\S\s+or\s+\S")


def fold(text: str | None) -> str:
    """One line: white space (no-break spaces too) folded, invisible characters dropped."""
    if text and text.isascii():  # nearly always: then nothing is invisible
        return " ".join(text.split())
    return " ".join(_INVISIBLE.sub("", text or "").split())


def cut(text: str | None, limit: int = MAX_FACT) -> str:
    """Folded, and no more of it than any reader needs: a page may hold megabytes in one place."""
    return fold((text or "")[: 4 * limit])[:limit].rstrip()


def is_longer(text: str, limit: int) -> bool:
    """Whether the text has more bytes than that in UTF-8."""
    return 4 * len(text) > limit and len(text.encode(errors="surrogatepass")) > limit


def is_empty(text: str) -> bool:
    """True for the ways a site says that it does not know."""
    return text.casefold().rstrip(".") in _EMPTY


def strip_notes(text: str) -> str:
    """The text without what stands in brackets: ``Anna Bo (site.com)`` -> ``Anna Bo``."""
    return fold(_BRACKETED.sub(" ", text))


def clean_aliases(names: Iterable[str], own_name: str) -> tuple[str, ...]:
    """Usable aliases, each once, in order; at most ``MAX_ALIASES``.

    Notes in brackets go; ``X or Y`` is dropped, since it says that nobody knows which.
    """
    kept: dict[str, str] = {own_name.casefold(): ""}
    for raw in islice(names, _MAX_LISTED):
        name = strip_notes(raw[:MAX_LIST]).strip(' ,;"“”')
        if len(kept) > MAX_ALIASES:
            break
        if len(name) <= MAX_NAME and _is_name(name):
            kept.setdefault(name.casefold(), name)
    return tuple(name for name in kept.values() if name)


def _is_name(text: str) -> bool:
    known = not is_empty(text) and not _INDETERMINATE.search(text)
    return known and any(map(str.isalnum, text))


_ESCAPE_SEQUENCE = re.compile(
    r"""\x1b\[[0-?]*[ -/]*[@-~]      # CSI: colours, cursor, erase
      | \x9b[0-?]*[ -/]*[@-~]        # the same, as one character
      | (?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]).*?(?:\x07|\x1b\\|\x9c|$)  # titles, links, clipboard
      | \x1b.                        # any other two-character sequence
    """,
    re.VERBOSE | re.DOTALL,
)
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,16}\b")
# Control, format (bidirectional overrides, zero width), surrogate, private use, unassigned.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def fold_line(text: str, limit: int = 200) -> str:
    """``text`` without control characters and terminal escapes, on one line, shortened.

    Memory addresses, as in Python's representations of objects, are removed too.
    """
    text = _ADDRESS.sub("", _ESCAPE_SEQUENCE.sub("", text[: 16 * limit]))
    kept = (" " if c.isspace() else c for c in text if c.isspace() or _is_printable(c))
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def fold_error(error: BaseException) -> str:
    """What an error says, or its kind where it says nothing, as :func:`fold_line` has it."""
    return fold_line(str(error)) or type(error).__name__


def _is_printable(character: str) -> bool:
    return unicodedata.category(character) not in _UNPRINTABLE
