"""Finding performers by what somebody types: an id, a link, or any part of a name or alias."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from anyascii import anyascii
from sqlalchemy import ColumnElement, Connection, Select, literal, select, union

from enrichscrapy.database.dialects.expressions import has_accents, holds, listed, matches
from enrichscrapy.database.schema import aliases, performers, stashbox_ids
from enrichscrapy.database.suppressions import SuppressionStore

LONGEST_SEARCH = 100
MAX_DIGITS = 18
"""Of an id: a database can hold no larger ones."""
_LATIN_ENDS = 0x250


def read_id(text: str) -> int | None:
    """A row's id that somebody typed or a link holds; None for what cannot be one."""
    return int(text) if len(text) <= MAX_DIGITS and text.isdecimal() else None


def search(connection: Connection, text: str, suppressions: SuppressionStore) -> Select[Any]:
    """Ids of the performers whom a text means: an id, a link, or any part of a name or alias.

    Every word has to be in the same name, in any order, with or without its accents. Reads all
    names, which an index holds (0.04 s for 300,000): a table of words would be faster, but would
    have to be kept in step by whatever writes a name, and to unlearn who is forgotten.
    """
    text = text.strip()[:LONGEST_SEARCH]
    number = text.removeprefix("#").removeprefix("id:")
    if number.isdecimal():
        return select(literal(read_id(number) or 0).label("id"))
    if "://" in text:
        return listed(suppressions.find_owners_of_link(connection, text))
    boxed = select(stashbox_ids.c.performer_id.label("id")).where(
        stashbox_ids.c.stashbox_performer_id == text.lower()
    )
    words = [_fold(word) for word in text.split()]
    ways = [
        boxed,
        select(performers.c.id).where(*_match_parts(performers.c.canonical_name, words)),
        select(aliases.c.performer_id).where(*_match_parts(aliases.c.alias, words)),
        select(performers.c.id).where(
            has_accents(performers.c.canonical_name),
            *_match_spellings(performers.c.canonical_name, words),
        ),
        select(aliases.c.performer_id).where(
            has_accents(aliases.c.alias), *_match_spellings(aliases.c.alias, words)
        ),
    ]
    return select(union(*ways).subquery().c.id)


def _match_parts(column: ColumnElement[str], words: Iterable[str]) -> list[ColumnElement[bool]]:
    return [holds(column, word) for word in words]


def _match_spellings(column: ColumnElement[str], words: Iterable[str]) -> list[ColumnElement[bool]]:
    return [matches(column, *_spell(word), anywhere=True) for word in words]


def _fold(word: str) -> str:
    """Small letters without accents: ``Zoë`` -> ``zoe``, ``Łucja`` -> ``lucja``."""
    parts = unicodedata.normalize("NFKD", word).lower()
    return "".join(_find_base(part) for part in parts if not unicodedata.combining(part))


def _find_base(letter: str) -> str:
    """The plain letter that a Latin one is made of, where it is one; any other as it is."""
    plain = anyascii(letter).lower() if ord(letter) < _LATIN_ENDS else letter
    return plain if len(plain) == 1 and plain.isalpha() else letter


@cache
def _list_spellings() -> dict[str, str]:
    """Each plain letter with all that it may be written as: capitals, and with any accent."""
    found: defaultdict[str, str] = defaultdict(str)
    for number in (*range(0x41, 0x530), *range(0x1E00, 0x1F00)):
        letter = chr(number)
        if letter.isalpha() and len(plain := _fold(letter)) == 1:
            found[plain] += letter
    return dict(found)


def _spell(word: str) -> list[str]:
    """Each letter of a word as the set of what it may be written as."""
    return [f"[{_list_spellings().get(letter, letter)}]" for letter in word]
