"""How the names of two records stand to each other; symmetric, and never on one's own say-so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rapidfuzz import fuzz

from enrichscrapy.facts.names import (
    is_latin,
    name_key,
    name_keys,
    name_words,
    split_number,
    written_keys,
)

NEAR_SIMILARITY = 88.0
"""Per cent of rapidfuzz's ratio from which two names look alike."""


class NameRelation(StrEnum):
    """Best first."""

    SAME = "same name"
    ALIAS = "one's name is the other's alias"
    NUMBERED = "same name with another number"
    SPELLING = "same name spelt otherwise"
    PART = "one name is part of the other"
    SHARED_ALIAS = "an alias in common"
    NEAR = "similar names"
    WORD = "one word in common"
    OTHER_SCRIPT = "written in different scripts"
    NONE = "different names"


@dataclass(frozen=True)
class NameMatch:
    """The best relation, the two names it was found on, and what else they have in common.

    ``words`` counts the words of the shorter name; ``others`` are further names that both carry
    and that are no variant of the matched one.
    """

    relation: NameRelation
    ours: str
    theirs: str
    words: int
    similarity: float
    others: tuple[str, ...] = ()


# Names that belong to several people or to anybody.
_COLLECTIVE = re.compile(
    r"\b(?:twins?|sisters?|sis|brothers?|bros|couple|duo|girls|boys|and)\b|&|\+", re.IGNORECASE
)
_ANYBODY = {"amateur", "anonymous", "model", "doe jane", "doe john", "unknown", "uncredited", ""}


def match_names(
    our_name: str, our_aliases: Sequence[str], their_name: str, their_aliases: Sequence[str]
) -> NameMatch:
    ours, theirs = _usable(our_aliases), _usable(their_aliases)
    crossed = [(our_name, alias) for alias in theirs] + [(alias, their_name) for alias in ours]
    direct = [(our_name, their_name)]
    aliases = [(one, other) for one in ours for other in theirs]
    for relation, pairs, test in (
        (NameRelation.SAME, direct, _same),
        (NameRelation.NUMBERED, direct, _numbered),  # a site's number outweighs its alias list
        (NameRelation.ALIAS, crossed, _same),
        (NameRelation.SPELLING, direct + crossed, _same_spelling),
        (NameRelation.PART, direct + crossed, _part),
        (NameRelation.SHARED_ALIAS, aliases, _same_long),
        (NameRelation.NEAR, direct + crossed, _near),
        (NameRelation.WORD, direct + crossed + aliases, _one_word),
    ):
        for one, other in pairs:
            if test(one, other):
                return _match(relation, one, other, [our_name, *ours], [their_name, *theirs])
    scripts = [_scripts((name, *more)) for name, more in ((our_name, ours), (their_name, theirs))]
    apart = all(scripts) and scripts[0].isdisjoint(scripts[1])
    relation = NameRelation.OTHER_SCRIPT if apart else NameRelation.NONE
    return _match(relation, our_name, their_name, [], [])


def _match(
    relation: NameRelation, one: str, other: str, ours: Iterable[str], theirs: Iterable[str]
) -> NameMatch:
    words = min(len(_base_words(one)), len(_base_words(other)))
    shared = [a for a in ours if any(_same_long(a, b) for b in theirs)]
    others = [name for name in shared if not (_variant(name, one) or _variant(name, other))]
    distinct = tuple({name_key(name): name for name in others}.values())
    return NameMatch(relation, one, other, words, similarity(one, other), distinct)


def _usable(aliases: Sequence[str]) -> list[str]:
    return [a for a in aliases if not _COLLECTIVE.search(a) and name_key(a) not in _ANYBODY]


@lru_cache(maxsize=8192)
def _base_words(name: str) -> tuple[str, ...]:
    return name_words(split_number(name)[0])


def _same_base(one: str, other: str) -> bool:
    return not written_keys(split_number(one)[0]).isdisjoint(written_keys(split_number(other)[0]))


def _same(one: str, other: str) -> bool:
    return split_number(one)[1] == split_number(other)[1] and _same_base(one, other)


def _numbered(one: str, other: str) -> bool:
    return split_number(one)[1] != split_number(other)[1] and _same_base(one, other)


def _same_long(one: str, other: str) -> bool:
    """The same name of at least two words: a lone first name is no tie between aliases."""
    return len(_base_words(one)) > 1 and _same(one, other)


def _same_spelling(one: str, other: str) -> bool:
    return not name_keys(one).isdisjoint(name_keys(other))


def _part(one: str, other: str) -> bool:
    words, others = set(_base_words(one)), set(_base_words(other))
    return bool(words and others) and (words < others or others < words)


def _near(one: str, other: str) -> bool:
    return similarity(one, other) >= NEAR_SIMILARITY


def _one_word(one: str, other: str) -> bool:
    return any(len(word) > 1 for word in set(_base_words(one)) & set(_base_words(other)))


def similarity(one: str, other: str) -> float:
    """0 to 100, whatever the order of the words; 0 when a name has no letters."""
    words, others = _base_words(one), _base_words(other)
    if not words or not others:
        return 0.0
    straight = fuzz.ratio(" ".join(words), " ".join(others))
    in_order = fuzz.ratio(" ".join(sorted(words)), " ".join(sorted(others)))
    return round(max(straight, in_order), 1)


def _variant(one: str, other: str) -> bool:
    """Is one just another way to write the other, which says nothing new?"""
    words, others = set(_base_words(one)), set(_base_words(other))
    new = {word for word in words - others if len(word) > 2}
    return not new or _near(one, other) or _same_spelling(one, other)


def _scripts(names: Iterable[str]) -> set[str]:
    """``latin`` and/or ``other``: the scripts these names are written in."""
    letters = [char for name in names for char in "".join(name_words(name)) if char.isalpha()]
    return {"latin" if is_latin(char) else "other" for char in letters}
