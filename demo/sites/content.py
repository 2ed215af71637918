"""What a demo site knows: one profile a person, as that site would tell it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import pycountry

from enrichscrapy.items import PartialDate

DEMONYMS = {"CZ": "Czech", "ES": "Spanish", "SE": "Swedish", "US": "American", "BR": "Brazilian"}


def demonyms(codes: Iterable[str]) -> list[str]:
    """What a site calls people of these countries; a country's name where it has no better."""
    countries = (pycountry.countries.get(alpha_2=code) for code in codes)
    return [DEMONYMS.get(each.alpha_2, each.name) for each in countries if each is not None]


def person_uuid(name: str, birth_date: str | None = None) -> str:
    """The identifier that the demo's IAFD gives somebody."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"demo:{name}:{birth_date}"))


class Layout(StrEnum):
    """Which of a site's layouts a page uses."""

    CURRENT = "current"
    OLDER = "older"


class Variant(StrEnum):
    """A form that some of a site's pages have and others have not."""

    NO_FACTS = "no_facts"  # Babepedia: no block of facts
    AKA_IN_GRID = "aka_in_grid"  # Babepedia: the aliases stand among the facts
    GLUED = "glued"  # IAFD: "No known aliases" is glued to the last alias
    DIRECTOR = "director"  # IAFD: the page of somebody who only directs
    LAZY = "lazy"  # the headshot waits in data-src
    REWRITTEN = "rewritten"  # … or in data-cfsrc
    UNTAGGED = "untagged"  # its file is <perfid>_f.jpg
    OLDER_KEYS = "older_keys"  # the form holds PerfID and Gender, the heading is AKA
    EMPTY_HEADSHOT = "empty_headshot"  # the placeholder is the folder's own address
    ADVERT = "advert"  # … or an advertisement


@dataclass(frozen=True)
class SitePhoto:
    """A photo of a profile; ``draw`` makes its bytes when it is first asked for.

    ``linked`` photos stand on the page; one that is not is there only to be found by mistake.
    ``upload`` marks a user's upload (Babepedia), of ``shows`` where that is somebody else.
    ``missing`` answers 404.
    """

    draw: Callable[[], bytes]
    upload: bool = False
    shows: str = ""
    missing: bool = False


@dataclass(frozen=True)
class SiteProfile:
    """One person on one site.

    ``names_here`` are further slugs that lead to this page (Babepedia lands on other people's
    pages that way). ``country`` is ISO alpha-2, ``countries`` are further ones; ``gender`` is one
    of the database's values.
    ``alias_lines`` stand among the aliases as they are: notes, names of which nobody is sure.
    """

    name: str
    aliases: tuple[str, ...] = ()
    alias_lines: tuple[str, ...] = ()
    gender: str = "FEMALE"
    birth_date: PartialDate | None = None
    death_date: PartialDate | None = None
    country: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    photos: tuple[SitePhoto, ...] = ()
    layout: Layout = Layout.CURRENT
    years: tuple[int | None, int | None] = (None, None)
    names_here: tuple[str, ...] = ()
    slug: str = ""
    placeholder: bool = False
    variants: frozenset[Variant] = frozenset()
    countries: tuple[str, ...] = ()

    @property
    def nationalities(self) -> tuple[str, ...]:
        return (self.country, *self.countries) if self.country else self.countries

    @property
    def uuid(self) -> str:
        """IAFD's identifier, made from the name and birth date."""
        born = str(self.birth_date) if self.birth_date else None
        return person_uuid(self.slug or self.name, born)
