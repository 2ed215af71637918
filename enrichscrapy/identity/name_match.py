"""How the names of two records stand to each other; symmetric, and never on one's own say-so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from enrichscrapy.facts.names import make_name_key
from enrichscrapy.facts.text import MAX_NAME, cut
from enrichscrapy.identity.name_pairs import (
    are_in_other_scripts,
    count_words,
    is_near,
    is_numbered,
    is_part,
    is_resembling,
    is_same,
    is_same_in_any_order,
    is_same_long,
    is_same_spelling,
    is_short_form,
    is_slip,
    is_spelt_alike,
    is_variant,
    make_base_keys,
    measure_similarity,
    shares_a_word,
    split_base_words,
)
from enrichscrapy.identity.no_name import is_collective, says_what_not_who


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


def match_names(
    our_name: str,
    our_aliases: Sequence[str],
    their_name: str,
    their_aliases: Sequence[str],
    *,
    family_first: bool = False,
) -> NameMatch:
    """``family_first``: where these people come from, the family name may stand first."""
    same = is_same_in_any_order if family_first else is_same
    our_name, their_name = cut(our_name, MAX_NAME), cut(their_name, MAX_NAME)
    ours, theirs = _keep_usable(our_aliases), _keep_usable(their_aliases)
    crossed = [(our_name, alias) for alias in theirs] + [(alias, their_name) for alias in ours]
    direct = [(our_name, their_name)]
    alike = [pair for pair in direct + crossed if is_resembling(*pair)]
    for relation, pairs, test in (
        (NameRelation.SAME, direct, same),
        (NameRelation.NUMBERED, direct, is_numbered),  # a site's number outweighs its alias list
        (NameRelation.ALIAS, crossed, same),
        (NameRelation.SPELLING, alike, is_spelt_alike),
        (NameRelation.SPELLING, direct if family_first else [], is_same_spelling),
        (NameRelation.NICKNAME, direct + crossed, is_short_form),
        (NameRelation.SLIP, alike, is_slip),
        (NameRelation.SWAPPED, alike, is_same_spelling),
        (NameRelation.PART, direct + crossed, is_part),
        (NameRelation.SHARED_ALIAS, _find_sharing(ours, theirs, make_base_keys), is_same_long),
        (NameRelation.NEAR, alike, is_near),
        (NameRelation.WORD, direct + crossed, shares_a_word),
        (NameRelation.WORD, _find_sharing(ours, theirs, split_base_words), shares_a_word),
    ):
        for one, other in pairs:
            if test(one, other):
                return _match(relation, one, other, [our_name, *ours], [their_name, *theirs])
    apart = are_in_other_scripts([our_name, *ours], [their_name, *theirs])
    relation = NameRelation.OTHER_SCRIPT if apart else NameRelation.NONE
    return _match(relation, our_name, their_name, [], [])


def _find_sharing(
    ours: Sequence[str], theirs: Sequence[str], keys: Callable[[str], Collection[str]]
) -> Iterator[tuple[str, str]]:
    """The pairs with a key in common, in order; other pairs are not compared."""
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
    words = min(count_words(one), count_words(other))
    shared = [a for a, b in _find_sharing(ours, theirs, make_base_keys) if is_same_long(a, b)]
    others = [name for name in shared if not (is_variant(name, one) or is_variant(name, other))]
    distinct = tuple({make_name_key(name): name for name in others}.values())
    return NameMatch(relation, one, other, words, measure_similarity(one, other), distinct)


def _keep_usable(aliases: Sequence[str]) -> list[str]:
    names = (cut(alias, MAX_NAME) for alias in aliases)
    return [name for name in names if _is_usable(name)]


@lru_cache(maxsize=8192)
def _is_usable(alias: str) -> bool:
    return bool(make_name_key(alias)) and not (is_collective(alias) or says_what_not_who(alias))
