"""How the names of two records stand to each other; symmetric, and never on one's own say-so."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from enrichscrapy.facts.demonyms import DEMONYMS
from enrichscrapy.facts.names import (
    is_latin,
    make_name_key,
    make_name_keys,
    make_spelling_keys,
    make_written_keys,
    split_name,
    split_number,
    strip_name,
    transliterate,
)
from enrichscrapy.facts.nicknames import is_first_name, is_nickname
from enrichscrapy.facts.text import MAX_NAME, cut

NEAR_SIMILARITY = 88.0
"""Per cent of rapidfuzz's ratio from which two names look alike."""
_APART = 60.0
"""Per cent below which a name put into Latin letters is another name."""
_RESEMBLES = 45.0
"""Per cent below which no other spelling is to be expected; it spares the long look."""


class NameRelation(StrEnum):
    """Best first."""

    SAME = "same name"
    ALIAS = "one's name is the other's alias"
    NUMBERED = "same name with another number"
    SPELLING = "same name spelt otherwise"
    NICKNAME = "one first name is short for the other"
    SLIP = "same name but for a slip"
    SWAPPED = "same words in another order"
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


# Names that belong to several people.
_COLLECTIVE = re.compile(
    r"\b(?:twins?|triplets|sisters?|sis|brothers?|bros|couple|duo|trio|girls|boys|gemel[ao]s|"
    r"gemell[ei]|jumeaux|jumelles|zwillinge|schwestern|hermanas|pareja|casal|and|und|with|feat|ft|vs)\b"
    r"|(?<=\s)(?-i:et|och|og|en|ve|ja|és|x|n|и|та|і|και)(?=\s)|[&+/]",
    re.IGNORECASE,
)
_COMPANION = re.compile(r"\((?:with|and|&|feat\.?|ft\.?)\s+[^\W\d_a-z]")
# The same between two people and between the two family names of one: "Ortega y Vidal".
_JOINS = re.compile(r"(?P<before>.+)\s(?:y|e|i|a)\s(?P<after>.+)")
# Words of which names are made that could be anybody's.
_ANYBODY = set(
    re.findall(
        r"\w+",
        """amateur amateurs anonymous babe blonde blond brunette redhead ebony asian latina casting
    coed doe euro european exotic girl girlfriend guy hot jane john lady man mature milf model
    mrs mr mystery nameless new no name sexy star student teen the uncredited unidentified
    unknown unnamed various woman young black white lesbian couple wife housewife""",
    )
)

_KINDS = {"girl", "model", "babe", "milf", "teen", "amateur", "housewife", "coed"}


def is_collective(name: str) -> bool:
    """Does the name speak of several people: ``Anna & Mia``, ``The Vesk Twins``?"""
    bare = strip_name(name)
    if _COLLECTIVE.search(bare) or _COMPANION.search(name) or _joins_people(bare):
        return True
    halves = [half.split() for half in name.split(",")]  # "Lopez Garcia, Ana Maria" is one
    return len(halves) > 1 and all(len(h) > 1 and is_first_name(h[0]) for h in halves)


def _joins_people(name: str) -> bool:
    joined = _JOINS.fullmatch(name)
    if joined is None:
        return False
    before, after = joined["before"].split(), joined["after"].split()
    return len(before) < 2 or len(after) > 1 or is_first_name(after[0])


def is_anybodys(name: str) -> bool:
    """Is it no name but a description, ``Czech Girl``, or a number: ``Model 417``?"""
    words = split_name(strip_name(name))
    return all(word in _ANYBODY or word in DEMONYMS or word.isdecimal() for word in words)


def _says_what_not_who(alias: str) -> bool:
    """``Metro Casting Girl``: a site's word for whoever it is."""
    return is_anybodys(alias) or (split_name(strip_name(alias))[-1:] or ("",))[0] in _KINDS


def match_names(
    our_name: str,
    our_aliases: Sequence[str],
    their_name: str,
    their_aliases: Sequence[str],
    *,
    family_first: bool = False,
) -> NameMatch:
    """``family_first``: where these people come from, the family name may stand first."""
    same = _same_in_any_order if family_first else _same
    our_name, their_name = cut(our_name, MAX_NAME), cut(their_name, MAX_NAME)
    ours, theirs = _keep_usable(our_aliases), _keep_usable(their_aliases)
    crossed = [(our_name, alias) for alias in theirs] + [(alias, their_name) for alias in ours]
    direct = [(our_name, their_name)]
    alike = [pair for pair in direct + crossed if _is_resembling(*pair)]
    for relation, pairs, test in (
        (NameRelation.SAME, direct, same),
        (NameRelation.NUMBERED, direct, _is_numbered),  # a site's number outweighs its alias list
        (NameRelation.ALIAS, crossed, same),
        (NameRelation.SPELLING, alike, _is_spelt_alike),
        (NameRelation.SPELLING, direct if family_first else [], _same_spelling),
        (NameRelation.NICKNAME, direct + crossed, _is_nickname),
        (NameRelation.SLIP, alike, _is_slip),
        (NameRelation.SWAPPED, alike, _same_spelling),
        (NameRelation.PART, direct + crossed, _is_part),
        (NameRelation.SHARED_ALIAS, _find_sharing(ours, theirs, _make_written_keys), _same_long),
        (NameRelation.NEAR, alike, _is_near),
        (NameRelation.WORD, direct + crossed, _shares_a_word),
        (NameRelation.WORD, _find_sharing(ours, theirs, _split_base_words), _shares_a_word),
    ):
        for one, other in pairs:
            if test(one, other):
                return _match(relation, one, other, [our_name, *ours], [their_name, *theirs])
    apart = _are_in_other_scripts([our_name, *ours], [their_name, *theirs])
    relation = NameRelation.OTHER_SCRIPT if apart else NameRelation.NONE
    return _match(relation, our_name, their_name, [], [])


def _find_sharing(
    ours: Sequence[str], theirs: Sequence[str], keys: Callable[[str], Collection[str]]
) -> Iterator[tuple[str, str]]:
    """The pairs with a key in common, in order; without a look at all the others."""
    places = defaultdict[str, list[int]](list)
    for place, name in enumerate(theirs):
        for key in keys(name):
            places[key].append(place)
    for name in ours:
        for place in sorted({place for key in keys(name) for place in places.get(key, ())}):
            yield name, theirs[place]


def _match(
    relation: NameRelation, one: str, other: str, ours: Sequence[str], theirs: Sequence[str]
) -> NameMatch:
    words = min(_count_words(one), _count_words(other))
    shared = [a for a, b in _find_sharing(ours, theirs, _make_written_keys) if _same_long(a, b)]
    others = [name for name in shared if not (_is_variant(name, one) or _is_variant(name, other))]
    distinct = tuple({make_name_key(name): name for name in others}.values())
    return NameMatch(relation, one, other, words, measure_similarity(one, other), distinct)


def _keep_usable(aliases: Sequence[str]) -> list[str]:
    names = (cut(alias, MAX_NAME) for alias in aliases)
    return [name for name in names if _is_usable(name)]


@lru_cache(maxsize=8192)
def _is_usable(alias: str) -> bool:
    return bool(make_name_key(alias)) and not (is_collective(alias) or _says_what_not_who(alias))


@lru_cache(maxsize=8192)
def _split_base(name: str) -> tuple[str, int | None]:
    """The name without notes, and its number."""
    base, number = split_number(name)
    return split_number(strip_name(base)) if number is None else (strip_name(base), number)


@lru_cache(maxsize=8192)
def _split_base_words(name: str) -> tuple[str, ...]:
    return split_name(_split_base(name)[0])


def _count_words(name: str) -> int:
    """Words of a name; in a script without spaces three letters are two."""
    words = _split_base_words(name)
    return sum(1 + (len(word) > 2 and "\u3040" <= word[0] <= "\ud7af") for word in words)


def _make_written_keys(name: str) -> frozenset[str]:
    return make_written_keys(_split_base(name)[0])


def _same_base(one: str, other: str) -> bool:
    return not _make_written_keys(one).isdisjoint(_make_written_keys(other))


def _is_resembling(one: str, other: str) -> bool:
    """Is it worth asking whether one is another spelling of the other?"""
    forms = zip(_transliterate_orders(one), _transliterate_orders(other), strict=True)
    return any(fuzz.ratio(ours, theirs) >= _RESEMBLES for ours, theirs in forms)


@lru_cache(maxsize=8192)
def _transliterate_orders(name: str) -> tuple[str, str]:
    """In Latin letters, in its order and in that of the alphabet."""
    words = split_name(transliterate(_split_base(name)[0]))
    return " ".join(words), " ".join(sorted(words))


def _same_in_any_order(one: str, other: str) -> bool:
    return _split_base(one)[1] == _split_base(other)[1] and _same_base(one, other)


def _same(one: str, other: str) -> bool:
    return _same_in_any_order(one, other) and not _is_swapped(one, other)


def _is_swapped(one: str, other: str) -> bool:
    """The same words in another order, ``Lily Rose`` and ``Rose Lily``, are two stage names."""
    words, others = _split_base_words(one), _split_base_words(other)
    return words != others and make_spelling_keys(one).isdisjoint(make_spelling_keys(other))


def _is_numbered(one: str, other: str) -> bool:
    return (
        _split_base(one)[1] != _split_base(other)[1]
        and _same_base(one, other)
        and not _is_swapped_base(one, other)
    )


def _is_swapped_base(one: str, other: str) -> bool:
    return _is_swapped(_split_base(one)[0], _split_base(other)[0])


def _same_long(one: str, other: str) -> bool:
    """The same name of at least two words: a lone first name is no tie between aliases."""
    return len(_split_base_words(one)) > 1 and _same(one, other)


def _same_spelling(one: str, other: str) -> bool:
    return not make_name_keys(one).isdisjoint(make_name_keys(other))


def _is_spelt_alike(one: str, other: str) -> bool:
    """One name by ear; a family name may have its feminine ending or not."""
    if not make_spelling_keys(one).isdisjoint(make_spelling_keys(other)):
        return True
    first, last, other_first, other_last = _split_ends(one, other)
    return first == other_first != "" and not _list_forms(last).isdisjoint(_list_forms(other_last))


def _split_ends(one: str, other: str) -> tuple[str, str, str, str]:
    """All but the last word, and the last, of both; empty unless both have several words and the
    same number."""
    words, others = _split_base_words(one), _split_base_words(other)
    if min(len(words), len(others)) < 2 or _split_base(one)[1] != _split_base(other)[1]:
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


def _is_nickname(one: str, other: str) -> bool:
    words, others = _split_base_words(one), _split_base_words(other)
    if min(len(words), len(others)) < 2 or _split_base(one)[1] != _split_base(other)[1]:
        return False
    rest, other_rest = " ".join(words[1:]), " ".join(others[1:])
    return (
        _is_resembling(rest, other_rest)
        and not make_spelling_keys(rest).isdisjoint(make_spelling_keys(other_rest))
        and is_nickname(words[0], others[0])
    )


def _is_slip(one: str, other: str) -> bool:
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


def _is_part(one: str, other: str) -> bool:
    words, others = set(_split_base_words(one)), set(_split_base_words(other))
    if not (words and others) or _is_listed(one, other) or _is_listed(other, one):
        return False
    return words < others or others < words


def _is_listed(names: str, name: str) -> bool:
    """Is ``names`` a list of full names with this among them: ``Anna Bo, Mia Lund``?"""
    parts = [part.strip() for part in names.split(",")] if "," in names else []
    listed = [split_name(part) for part in parts if not part[:1].islower()]  # but for notes
    return split_name(name) in listed and len(listed) > 1 and min(map(len, listed)) > 1


def _is_near(one: str, other: str) -> bool:
    return measure_similarity(one, other) >= NEAR_SIMILARITY


def _shares_a_word(one: str, other: str) -> bool:
    return any(
        len(word) > 1 for word in set(_split_base_words(one)) & set(_split_base_words(other))
    )


def measure_similarity(one: str, other: str) -> float:
    """0 to 100, whatever the order of the words; 0 when a name has no letters."""
    words, others = _split_base_words(one), _split_base_words(other)
    if not words or not others:
        return 0.0
    straight = fuzz.ratio(" ".join(words), " ".join(others))
    in_order = fuzz.ratio(" ".join(sorted(words)), " ".join(sorted(others)))
    return round(max(straight, in_order), 1)


def _is_variant(one: str, other: str) -> bool:
    """Is one just another way to write the other, which says nothing new?"""
    words, others = set(_split_base_words(one)), set(_split_base_words(other))
    new = {word for word in words - others if len(word) > 2}
    return not new or _is_near(one, other) or _same_spelling(one, other)


def begins_alike(one: str, other: str) -> bool:
    """Is their first word the same?"""
    return _split_base_words(one)[:1] == _split_base_words(other)[:1] != ()


def drops_middle(one: str, other: str) -> bool:
    """Do both begin and end alike, so that only what stands between is missing from one?"""
    words, others = _split_base_words(one), _split_base_words(other)
    return (words[0], words[-1]) == (others[0], others[-1])


def expansions_differ(name: str, our_names: Iterable[str], their_names: Iterable[str]) -> bool:
    """Do both sides know what an initial of ``name`` stands for, and not the same?"""
    words = _split_base_words(name)
    if len(words) < 2 or len(words[-1]) > 1:
        return False
    ours, theirs = (
        {
            w[-1]
            for n in names
            if (w := _split_base_words(n))[:-1] == words[:-1] and _is_opening(w, words)
        }
        for names in (our_names, their_names)
    )
    return bool(ours and theirs) and ours.isdisjoint(theirs)


def _is_opening(longer: Sequence[str], shorter: Sequence[str]) -> bool:
    return len(longer) == len(shorter) and len(longer[-1]) > 1 and longer[-1][0] == shorter[-1]


def opens_to(one: str, other: str) -> bool:
    """Is one the other with its last word cut to an initial?"""
    words, others = sorted(
        (_split_base_words(one), _split_base_words(other)), key=lambda w: len("".join(w))
    )
    return len(words) > 1 and words[:-1] == others[:-1] and len(words[-1]) == 1 and _is_opening(
        others, words
    )  # fmt: skip


def _are_in_other_scripts(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Are they written in scripts that cannot be compared letter by letter?

    What can be put into Latin letters must then look alike, be it from afar.
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
