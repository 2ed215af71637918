"""Made-up performers and the pages a site has of some: names, facts and gaps as in real databases.

Nobody here exists: words are made of syllables. How often a word is borne falls off as in lists of
real names (Zipf), each country has its own names, and so a name tells of a country. Shares are
those of public performer databases, rounded: who has a single name, a birth date, a country, an
account, aliases; and how often two records of one person differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from enrichscrapy.items import PartialDate, Performer, Profile
from enrichscrapy.sites import babepedia

COUNTRIES = ("US", "CZ", "RU", "GB", "BR", "HU", "JP", "DE", "FR", "CO", "UA", "CA")
HOW_MANY = (0.34, 0.11, 0.10, 0.08, 0.07, 0.06, 0.08, 0.05, 0.04, 0.03, 0.02, 0.02)
FIRST_NAMES, FAMILY_NAMES = 1_500, 15_000  # of one country
STEEP_FIRST, STEEP_FAMILY = 0.95, 0.75  # how fast they grow rare
SINGLE, SINGLE_RARE = 0.12, 0.3  # single names; those of them that are nobody else's
ALIASES = (0.45, 0.25, 0.15, 0.10, 0.05)
UNDER_AN_ALIAS = 0.06  # pages whose main name is one of the person's aliases
STILL_LISTED = 0.9  # aliases that a record knows
BIRTHDAY, BIRTH_YEAR, COUNTRY, ACCOUNT = 0.5, 0.08, 0.75, 0.3
SLIPS, MOVED = 0.02, 0.04  # birth dates with a part wrong, other countries
LISTED = 0.55  # people of whom the site has a page
PHOTOS = (0.08, 0.14, 0.12, 0.12, 0.54)  # usable ones on a page: none, one, ... four and more


@dataclass(frozen=True)
class Person:
    """Who they are, not what anybody knows of it; ``names``: the main one first."""

    names: tuple[str, ...]
    born: PartialDate
    country: str
    account: str


@dataclass
class World:
    """``performers`` are a database's, ``owners`` of the site's pages are positions in it; a page
    of somebody the database does not have has an owner beyond its end."""

    performers: list[Performer] = field(default_factory=list)
    pages: list[Profile] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    photos: list[int] = field(default_factory=list)


def make_world(performers: int, others: int, shared: float, seed: int) -> World:
    """``others`` people are not in the database and have pages as well; a share ``shared`` of all
    bears the name of somebody else beyond what chance does."""
    rng = np.random.default_rng(seed)
    count = performers + others
    people = _people(count, shared, rng)
    world = World([_performer(i + 1, people[i], rng) for i in range(performers)])
    taken: dict[str, int] = {}
    for owner in np.flatnonzero(rng.random(count) < LISTED).tolist():
        world.pages.append(_page(people[owner], taken, rng))
        world.owners.append(owner)
        world.photos.append(int(rng.choice(len(PHOTOS), p=PHOTOS)))
    return world


def _people(count: int, shared: float, rng: np.random.Generator) -> list[Person]:
    homes = rng.choice(len(COUNTRIES), count, p=HOW_MANY)
    names = [_full_names(int(home), rng) for home in homes]
    copies = np.flatnonzero(rng.random(count) < shared)
    for place, model in zip(copies.tolist(), rng.integers(count, size=len(copies)), strict=True):
        names[place] = (names[model][0], *names[place][1:])
    days = rng.integers(0, 28 * 12 * 46, count)  # born from 1960 to 2005
    return [
        Person(
            names[i],
            PartialDate(1960 + day // 336, day // 28 % 12 + 1, day % 28 + 1),
            COUNTRIES[homes[i]],
            f"https://www.instagram.com/{names[i][0].replace(' ', '').lower()}.{i}",
        )
        for i, day in enumerate(days.tolist())
    ]


def _full_names(home: int, rng: np.random.Generator) -> tuple[str, ...]:
    aliases = int(rng.choice(len(ALIASES), p=ALIASES))
    return tuple(dict.fromkeys(_name(home, rng) for _ in range(1 + aliases)))


def _name(home: int, rng: np.random.Generator) -> str:
    first = make_word(home, _rank(FIRST_NAMES, STEEP_FIRST, rng), 2)
    if rng.random() < SINGLE:
        return make_word(99, int(rng.integers(10**7)), 3) if rng.random() < SINGLE_RARE else first
    return f"{first} {make_word(home + 20, _rank(FAMILY_NAMES, STEEP_FAMILY, rng), 3)}"


def _rank(words: int, steep: float, rng: np.random.Generator) -> int:
    """Zipf's law, cut off: the share of rank r falls as r to the power of minus ``steep``."""
    power = 1 - steep
    return int(((words**power - 1) * rng.random() + 1) ** (1 / power)) - 1


def make_word(language: int, rank: int, syllables: int) -> str:
    """The word of this rank: another for each rank and language."""
    number = rank * 100 + language
    letters: list[str] = []
    while number or len(letters) < syllables:
        number, syllable = divmod(number, 85)
        letters.append("bcdfghklmnprstvwz"[syllable % 17] + "aeiou"[syllable // 17])
    return "".join(letters).capitalize()


# --- What two sides know -------------------------------------------------------------------------
def _performer(number: int, person: Person, rng: np.random.Generator) -> Performer:
    born = _known_date(person.born, rng)
    return Performer(
        number,
        person.names[0],
        gender="FEMALE",
        birth_date=str(born) if born else None,
        country=_known_country(person.country, rng),
        aliases=_known(person.names[1:], rng),
        urls=(person.account,) if rng.random() < ACCOUNT else (),
    )


def _page(person: Person, taken: dict[str, int], rng: np.random.Generator) -> Profile:
    names = list(person.names)
    if len(names) > 1 and rng.random() < UNDER_AN_ALIAS:
        names[:2] = names[1::-1]
    slug = babepedia.slug_from_name(names[0])
    taken[slug] = taken.get(slug, 0) + 1
    suffix = f"_{taken[slug]}" if taken[slug] > 1 else ""
    return Profile(
        names[0],
        f"{babepedia.HOME}/babe/{slug}{suffix}",
        _known(names[1:], rng),
        "FEMALE",
        _known_date(person.born, rng),
        country=_known_country(person.country, rng),
        links={"instagram": (person.account,)} if rng.random() < ACCOUNT else {},
        source_id=slug + suffix,
    )


def _known(names: Sequence[str], rng: np.random.Generator) -> tuple[str, ...]:
    return tuple(name for name in names if rng.random() < STILL_LISTED)


def _known_date(born: PartialDate, rng: np.random.Generator) -> PartialDate | None:
    kind = rng.random()
    if kind > BIRTHDAY + BIRTH_YEAR:
        return None
    if rng.random() < SLIPS:
        born = PartialDate(born.year + int(rng.choice((-3, -1, 1, 3))), born.month, born.day)
    return born if kind < BIRTHDAY else PartialDate(born.year)


def _known_country(country: str, rng: np.random.Generator) -> str | None:
    if rng.random() > COUNTRY:
        return None
    return str(rng.choice(COUNTRIES)) if rng.random() < MOVED else country
