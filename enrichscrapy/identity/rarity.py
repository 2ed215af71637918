"""How many strangers of one name, birth year and country are to be expected?

As record linkage has done since Fellegi and Sunter (1969), agreement on a rare value counts for
more: how rare a name is follows from how often its words occur in the user's own database.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.facts.names import split_name, split_number, strip_name
from enrichscrapy.facts.nicknames import is_first_name

WORLD, BEYOND = 200_000, 2.0
"""The fewest performers assumed, and how many times those stored: no database has them all."""
_ASSUMED = 10_000
"""People assumed beside those who are counted: one has a word that is not known, and"""
_COMMON_AMONG_ASSUMED = 35
"""this many have a word that is known to be common."""
_USUAL = _COMMON_AMONG_ASSUMED / _ASSUMED
_FOREIGN = 0.05
"""Part of the assumed bearers below which a common word is common elsewhere."""
TELLING = 10_000
"""People counted from which on a population tells a rare name from one it has not met."""
_INITIAL = 0.05
_YEARS = 40.0
_COUNTRY, _LEAST_COUNTRY = 0.5, 0.05
_COPIED = 2e-8
"""Names are shared beyond what their words explain: the chance of that for two people."""
_RARE = 0.1
"""A name with at most this many others expected by its words tells how often names are copied."""
_WEIGHT = {"year": 40.0, "country": 20.0, "word's country": 2.0, "copied": 1e8}
"""How many counted people outweigh what is assumed about years, countries and copied names."""
_RARELY = {"birth month": 1 / 12, "death date": 0.002, "gender": 0.2, "web site": 0.3}
"""How many of the namesakes agree on such a fact by chance."""

# Words that many performers are called by, beside English first names; no measure, only enough of
# them that they do not look rare in a small database.
_COMMON = frozenset(
    re.findall(
        r"\w+",
        """adams angel baby banks bell bella belle black blue bloom brooks brown candy carter cherry
        coxx cruz crystal daniels davis day delight devil diamond diaz dimon doll dolce dream eve
        evans fire flame flores foxx fox garcia garden gold gomez gonzalez gray green grey hall
        harper hart heart heaven honey hunter ito jackson james jewel johnson jones kay king kiss
        kobayashi kovacs lane lee li lopez lord love lovely luv lux martin martinez mendes miller
        mills monroe moon moore morgan nakamura nagy night novak novakova parker pearl perez
        petrova phoenix queen rain red reed ramirez river rivera rodriguez rose ross rossi saint
        sanchez santos sato satou silva silver simon sky smith snow sparks star starr steele stone
        storm summer sun suzuki swallow sweet sweets takahashi tanaka taylor thomas torres tran
        valentine vega violet watanabe west white wild wilde williams wilson winter wolf wood
        yamamoto young
        andersson bakker becker bernard costa dejong dubois durand dvorak fernandez ferreira fischer
        hansen horvath hoffmann hughes ivanov ivanova jansen jensen johansen johansson karlsson
        kiss klein koch kovalenko kowalska kowalski kuznetsova larsen lefebvre leroy lewis maier
        mayer meyer molnar moreau mueller muller murphy nielsen novotna novotny nowak oliveira
        olsen pereira petersen popescu popova prochazka ramos ricci richter romano roy ruiz santana
        scott shevchenko schmidt schneider schulz smirnova sokolova souza svoboda szabo toth varga
        wagner walker weber wojcik wood wright
        bui chan chang chen cho choi chung dang hoang huang jang jeong jung kang kim le lim lin liu
        ma nguyen park pham phan singh vu wang wong wu yang yoon zhang zhao zhou
        eun eunji hye hyejin hyun jieun jihye jimin jin jisoo jiwon jiyeon minji minjung minseo
        seoyeon soojin sooyeon soyeon sujin yujin yuna fang jing lan linh li mei mai na ping thi thu
        xiaoli xin yan ying
        ai akira alessandra alena ana anastasia andrea aoi bianca bruna camila carla chiara daria
        ekaterina elena eva fernanda gabriela giulia hana irina ivana jana juliana karin katerina
        kristyna ksenia larissa lenka lucia lucie luna marina mei mika minji misaki nao natalia
        nikola nina olga paola petra polina rei reina rika rin rina sakura sara sofia svetlana
        tatiana tereza valentina veronika viktoria yui yuki yulia yuna zuzana""",
    )
)

Hashes = NDArray[np.int64]


class Bearer(NamedTuple):
    """Somebody who is counted: all names, birth year and country (alpha-2) where known."""

    names: Sequence[str]
    birth_year: int | None = None
    country: str | None = None


@dataclass(frozen=True)
class Shared:
    """What a performer and a page have in common beside ``name``; None where nothing.

    ``others`` are further names both bear, ``facts`` the other kinds of support (birth month,
    death date, ...).
    """

    name: str
    birth_year: int | None = None
    country: str | None = None
    others: Sequence[str] = ()
    facts: Sequence[str] = ()


class Population:
    """Counts names; keeps hashes only, so that no name can be read from it.

    Empty, it knows nothing, and its estimates rest on what is assumed above: enough to weigh a
    name with two facts. ``is_telling`` says whether enough people were counted for more.
    """

    def __init__(self, people: Iterable[Bearer] = ()) -> None:
        self.people = 0
        # Flat, since there may be millions: (name, year, country), words, (word, country) and
        # (name, word, word) of each name of several words.
        names, words, homes, pairs = (array("q") for _ in range(4))
        for self.people, bearer in enumerate(people, 1):
            year, home = bearer.birth_year or 0, hash(bearer.country) if bearer.country else 0
            borne = {tokens for name in bearer.names if (tokens := _split_tokens(name))}
            for tokens in borne:
                names.extend((hash(tokens), year, home))
                for two in tokens[1:2]:
                    pairs.extend((hash(tokens), hash(tokens[0]), hash(two)))
            own = {hash(word) for tokens in borne for word in tokens}
            words.extend(own)
            if home:
                homes.extend(number for word in own for number in (word, home))
        table = np.array(names).reshape(-1, 3)
        self._names = table[np.lexsort(table.T[::-1])]
        self._words = _Counts(np.array(words))
        self._years = _Counts(table[table[:, 1] != 0, 1])
        self._countries = _Counts(table[table[:, 2] != 0, 2])
        settled = np.array(homes).reshape(-1, 2)
        self._settled = _Counts(settled[:, 0])
        self._homes = _Counts(_mix(settled[:, 0], settled[:, 1]))
        self._copied = self._rate_copies(np.array(pairs).reshape(-1, 3))

    def expect_strangers(self, shared: Shared, own: Bearer | None = None) -> float:
        """How many others would have all of this in common with the performer, by expectation.

        ``own`` is the performer, who is not counted where the population holds them.
        """
        by_chance = self._compute_share(shared) * self._rate_name(shared.name, own is not None)
        outside = max(WORLD, BEYOND * self.people) - self.people
        return outside * by_chance + self._count_known(shared, own)

    @property
    def is_telling(self) -> bool:
        return self.people >= TELLING

    def count_bearers(self, word: str) -> int:
        """How many people have this word in a name."""
        return self._words[hash(word)]

    def _rate_name(self, name: str, counted: bool) -> float:
        """The chance that somebody has this name: by its words, or because it was copied."""
        by_words = (
            math.prod(self._rate_word(word, counted) for word in tokens)
            for tokens in (_split_tokens(name), _split_tokens(name.replace("-", "")))
        )
        return max(by_words) + self._copied

    def _rate_word(self, word: str, counted: bool) -> float:
        others = max(self._words[hash(word)] - counted, 0)
        assumed = _COMMON_AMONG_ASSUMED if is_common(word) else 1
        share = (others + assumed) / (self.people + _ASSUMED)
        share = _USUAL if self._is_foreign(word, others) else share
        return max(share, _INITIAL) if len(word) == 1 and word.isascii() else share

    def _is_foreign(self, word: str, bearers: int) -> bool:
        """Is the word common, but hardly anybody of its language among those who are counted?"""
        return word in _COMMON and bearers < _FOREIGN * _USUAL * self.people

    def _compute_share(self, shared: Shared) -> float:
        """Of the people with one name, the share that agrees on the rest by chance."""
        share = 1.0
        if shared.birth_year:
            share *= self._rate_year(shared.birth_year)
        if shared.country:
            share *= self._rate_country(shared.country, _split_tokens(shared.name))
        for fact in shared.facts:
            share *= _RARELY.get(fact, 1.0)
        for other in shared.others:
            share *= min(1.0, 10 * self._rate_name(other, True))
        return share

    def _rate_year(self, year: int) -> float:
        weight = _WEIGHT["year"]
        return (self._years[year] + weight / _YEARS) / (self._years.total + weight)

    def _rate_country(self, country: str, tokens: Sequence[str]) -> float:
        """A name says much about the country: its most telling word counts."""
        if any(self._is_foreign(word, self._words[hash(word)]) for word in tokens):
            return _COUNTRY
        code, weight, likely = hash(country), _WEIGHT["country"], _WEIGHT["word's country"]
        anywhere = (self._countries[code] + weight * _COUNTRY) / (self._countries.total + weight)
        likely_by_name = (
            (self._homes[_mix(hash(word), code)] + likely * anywhere)
            / (self._settled[hash(word)] + likely)
            for word in tokens or [""]
        )
        return max(_LEAST_COUNTRY, *likely_by_name)

    def _count_known(self, shared: Shared, own: Bearer | None) -> float:
        """Counted people of this very name, as far as they may have the rest in common too."""
        tokens = _split_tokens(shared.name)
        first, last = (
            np.searchsorted(self._names[:, 0], hash(tokens), side) for side in ("left", "right")
        )
        rows = [(int(year), int(home)) for _, year, home in self._names[first:last]]
        if own is not None:
            own_row = (own.birth_year or 0, hash(own.country) if own.country else 0)
            if own_row in rows:
                rows.remove(own_row)
        rest = self._compute_share(Shared(shared.name, None, None, shared.others, shared.facts))
        return sum(rest * self._weigh_agreement(row, shared, tokens) for row in rows)

    def _weigh_agreement(
        self, row: tuple[int, int], shared: Shared, tokens: Sequence[str]
    ) -> float:
        year, home = row
        share = 1.0
        if shared.birth_year:
            share *= (
                float(year == shared.birth_year) if year else self._rate_year(shared.birth_year)
            )
        if shared.country:
            same = float(home == hash(shared.country))
            share *= same if home else self._rate_country(shared.country, tokens)
        return share

    def _rate_copies(self, pairs: Hashes) -> float:
        """The chance that two people share a name which their words do not explain, measured on
        names of two words and more."""
        weight = _WEIGHT["copied"]
        by_words = (self._words.count(pairs[:, 1:]) - 1.0).prod(axis=1) / max(self.people, 1)
        rare = by_words < _RARE  # what many share, they share by their words
        _, where, borne = np.unique(pairs[:, 0], return_inverse=True, return_counts=True)
        met = float((borne[where] - 1.0)[rare].sum())
        beyond = max(met - float(by_words[rare].sum()), 0.0)
        return (beyond + _COPIED * weight) / (float(rare.sum()) * self.people + weight)


class _Counts:
    """How often each number occurs."""

    def __init__(self, numbers: Hashes) -> None:
        self._numbers, self._counts = np.unique(numbers.astype(np.int64), return_counts=True)
        self.total = int(self._counts.sum())

    def __getitem__(self, number: int) -> int:
        place = int(self._numbers.searchsorted(number))
        is_there = place < len(self._numbers) and self._numbers[place] == number
        return int(self._counts[place]) if is_there else 0

    def count(self, numbers: Hashes) -> Hashes:
        """The count of each; zero for those that do not occur. Any shape."""
        if not len(self._numbers):
            return np.zeros(numbers.shape, np.int64)
        places = np.searchsorted(self._numbers, numbers).clip(max=len(self._numbers) - 1)
        return np.where(self._numbers[places] == numbers, self._counts[places], 0)


@overload
def _mix(one: int, other: int) -> int: ...
@overload
def _mix(one: Hashes, other: Hashes) -> Hashes: ...
def _mix(one: Any, other: Any) -> Any:
    """One number for two."""
    return one ^ (other >> 1)


@lru_cache(maxsize=4096)
def is_common(word: str) -> bool:
    """Is the word known to be common, whoever is counted?"""
    return word in _COMMON or is_first_name(word)


def _split_tokens(name: str) -> tuple[str, ...]:
    """The words of a name, sorted; of a script without spaces, its characters."""
    words = split_name(split_number(strip_name(name))[0])
    return tuple(sorted(part for word in words for part in _split_parts(word)))


def _split_parts(word: str) -> Iterable[str]:
    without_spaces = not word.isascii() and any("\u3040" <= c <= "\ud7af" for c in word)
    return word if without_spaces else (word,)
