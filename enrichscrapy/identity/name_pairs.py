"""What two names have in common: questions that match_names asks of one pair after another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from enrichscrapy.facts.names import (
    is_latin,
    make_written_keys,
    split_name,
    split_number,
    strip_name,
)
from enrichscrapy.facts.nicknames import is_first_name, is_nickname
from enrichscrapy.facts.spelling import make_name_keys, make_spelling_keys, transliterate

NEAR_SIMILARITY = 88.0
"""Per cent of rapidfuzz's ratio from which two names look alike."""
_APART = 60.0
"""Per cent below which a name put into Latin letters is another name."""
_RESEMBLES = 45.0
"""Per cent below which another spelling is unlikely, so that the full comparison is skipped."""


@lru_cache(maxsize=8192)
def split_base(name: str) -> tuple[str, int | None]:
    """The name without notes, and its number."""
    base, number = split_number(name)
    return split_number(strip_name(base)) if number is None else (strip_name(base), number)


@lru_cache(maxsize=8192)
def split_base_words(name: str) -> tuple[str, ...]:
    return split_name(split_base(name)[0])


def count_words(name: str) -> int:
    """Words of a name; in a script without spaces three letters are two."""
    words = split_base_words(name)
    return sum(1 + (len(word) > 2 and "\u3040" <= word[0] <= "\ud7af") for word in words)


def make_base_keys(name: str) -> frozenset[str]:
    return make_written_keys(split_base(name)[0])


def _has_same_base(one: str, other: str) -> bool:
    return not make_base_keys(one).isdisjoint(make_base_keys(other))


def is_resembling(one: str, other: str) -> bool:
    """Is it worth asking whether one is another spelling of the other?"""
    forms = zip(_transliterate_orders(one), _transliterate_orders(other), strict=True)
    return any(fuzz.ratio(ours, theirs) >= _RESEMBLES for ours, theirs in forms)


@lru_cache(maxsize=8192)
def _transliterate_orders(name: str) -> tuple[str, str]:
    """In Latin letters, in its order and in that of the alphabet."""
    words = split_name(transliterate(split_base(name)[0]))
    return " ".join(words), " ".join(sorted(words))


def is_same_in_any_order(one: str, other: str) -> bool:
    return split_base(one)[1] == split_base(other)[1] and _has_same_base(one, other)


def is_same(one: str, other: str) -> bool:
    return is_same_in_any_order(one, other) and not _is_swapped(one, other)


def _is_swapped(one: str, other: str) -> bool:
    """The same words in another order, ``Lily Rose`` and ``Rose Lily``, are two stage names."""
    words, others = split_base_words(one), split_base_words(other)
    return words != others and make_spelling_keys(one).isdisjoint(make_spelling_keys(other))


def is_numbered(one: str, other: str) -> bool:
    (base, number), (other_base, other_number) = split_base(one), split_base(other)
    return (
        number != other_number and _has_same_base(one, other) and not _is_swapped(base, other_base)
    )


def is_same_long(one: str, other: str) -> bool:
    """The same name of at least two words: a lone first name is no tie between aliases."""
    return len(split_base_words(one)) > 1 and is_same(one, other)


def is_same_spelling(one: str, other: str) -> bool:
    return not make_name_keys(one).isdisjoint(make_name_keys(other))


def is_spelt_alike(one: str, other: str) -> bool:
    """One name by ear; a family name may have its feminine ending or not."""
    if not make_spelling_keys(one).isdisjoint(make_spelling_keys(other)):
        return True
    first, last, other_first, other_last = _split_ends(one, other)
    return first == other_first != "" and not _list_forms(last).isdisjoint(_list_forms(other_last))


def _split_ends(one: str, other: str) -> tuple[str, str, str, str]:
    """All but the last word, and the last, of both; empty unless both have several words and the
    same number."""
    words, others = split_base_words(one), split_base_words(other)
    if min(len(words), len(others)) < 2 or split_base(one)[1] != split_base(other)[1]:
        return "", "", "", ""
    return " ".join(words[:-1]), words[-1], " ".join(others[:-1]), others[-1]


def _list_forms(surname: str) -> set[str]:
    """``Novakova`` may be a ``Novak``, ``Ivanova`` an ``Ivanov``, ``Kowalska`` a ``Kowalski``."""
    forms = {surname}
    if re.search(r"\w{3}(?:ov|ev|in|yn)a$", surname):
        forms.add(surname[:-1])
    if re.search(r"\w{3}ova$", surname):
        forms.add(surname[:-3])
    return forms | ({surname[:-1] + "i"} if re.search(r"\w{2}[sc]ka$", surname) else set())


def is_short_form(one: str, other: str) -> bool:
    words, others = split_base_words(one), split_base_words(other)
    if min(len(words), len(others)) < 2 or split_base(one)[1] != split_base(other)[1]:
        return False
    rest, other_rest = " ".join(words[1:]), " ".join(others[1:])
    return (
        is_resembling(rest, other_rest)
        and not make_spelling_keys(rest).isdisjoint(make_spelling_keys(other_rest))
        and is_nickname(words[0], others[0])
    )


def is_slip(one: str, other: str) -> bool:
    """A family name wrong by a letter, or two letters of a name changed round.

    Sisters have other first names, perhaps nearly the same: no letter of those may be another.
    """
    first, last, other_first, other_last = _split_ends(one, other)
    if not first:
        return False
    if first == other_first:
        return _is_mistyped(last, other_last)
    two_names = is_first_name(first) and is_first_name(other_first)  # Christina, Christian
    same_letters = last == other_last and sorted(first) == sorted(other_first)
    return same_letters and not two_names and _is_mistyped(first, other_first)


def _is_mistyped(word: str, other: str) -> bool:
    return min(len(word), len(other)) >= 4 and OSA.distance(word, other) == 1


def is_part(one: str, other: str) -> bool:
    words, others = set(split_base_words(one)), set(split_base_words(other))
    if not (words and others) or _is_listed(one, other) or _is_listed(other, one):
        return False
    return words < others or others < words


def _is_listed(names: str, name: str) -> bool:
    """Is ``names`` a list of full names with this among them: ``Anna Bo, Mia Lund``?"""
    parts = [part.strip() for part in names.split(",")] if "," in names else []
    listed = [split_name(part) for part in parts if not part[:1].islower()]  # but for notes
    return split_name(name) in listed and len(listed) > 1 and min(map(len, listed)) > 1


def is_near(one: str, other: str) -> bool:
    return measure_similarity(one, other) >= NEAR_SIMILARITY


def shares_a_word(one: str, other: str) -> bool:
    return any(len(word) > 1 for word in set(split_base_words(one)) & set(split_base_words(other)))


def measure_similarity(one: str, other: str) -> float:
    """0 to 100, whatever the order of the words; 0 when a name has no letters."""
    words, others = split_base_words(one), split_base_words(other)
    if not words or not others:
        return 0.0
    straight = fuzz.ratio(" ".join(words), " ".join(others))
    in_order = fuzz.ratio(" ".join(sorted(words)), " ".join(sorted(others)))
    return round(max(straight, in_order), 1)


def is_variant(one: str, other: str) -> bool:
    """Is one just another way to write the other, which says nothing new?"""
    words, others = set(split_base_words(one)), set(split_base_words(other))
    new = {word for word in words - others if len(word) > 2}
    return not new or is_near(one, other) or is_same_spelling(one, other)


def begins_alike(one: str, other: str) -> bool:
    """Is their first word the same?"""
    return split_base_words(one)[:1] == split_base_words(other)[:1] != ()


def drops_middle(one: str, other: str) -> bool:
    """Do both begin and end alike, so that only what stands between is missing from one?"""
    words, others = split_base_words(one), split_base_words(other)
    return (words[0], words[-1]) == (others[0], others[-1])


def expansions_differ(name: str, our_names: Iterable[str], their_names: Iterable[str]) -> bool:
    """Do both sides know what an initial of ``name`` stands for, and not the same?"""
    words = split_base_words(name)
    if len(words) < 2 or len(words[-1]) > 1:
        return False
    ours, theirs = (
        {
            w[-1]
            for n in names
            if (w := split_base_words(n))[:-1] == words[:-1] and _is_opening(w, words)
        }
        for names in (our_names, their_names)
    )
    return bool(ours and theirs) and ours.isdisjoint(theirs)


def _is_opening(longer: Sequence[str], shorter: Sequence[str]) -> bool:
    return len(longer) == len(shorter) and len(longer[-1]) > 1 and longer[-1][0] == shorter[-1]


def opens_to(one: str, other: str) -> bool:
    """Is one the other with its last word cut to an initial?"""
    words, others = sorted(
        (split_base_words(one), split_base_words(other)), key=lambda w: len("".join(w))
    )
    return len(words) > 1 and words[:-1] == others[:-1] and len(words[-1]) == 1 and _is_opening(
        others, words
    )  # fmt: skip


def are_in_other_scripts(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Are they written in scripts that cannot be compared letter by letter?

    What can be put into Latin letters must then look alike, at least roughly.
    """
    scripts = [_list_scripts(names) for names in (ours, theirs)]
    if not (all(scripts) and scripts[0].isdisjoint(scripts[1])):
        return False
    latin = [[transliterate(name) for name in names] for names in (ours, theirs)]
    if "other" in _list_scripts(latin[0]) | _list_scripts(latin[1]):
        return True
    return any(measure_similarity(one, other) >= _APART for one in latin[0] for other in latin[1])


def _list_scripts(names: Iterable[str]) -> set[str]:
    """``latin`` and/or ``other``: the scripts these names are written in."""
    return {script for name in names for script in _find_scripts(name)}


@lru_cache(maxsize=8192)
def _find_scripts(name: str) -> frozenset[str]:
    letters = filter(str.isalpha, "".join(split_name(name)))
    return frozenset("latin" if is_latin(char) else "other" for char in letters)
