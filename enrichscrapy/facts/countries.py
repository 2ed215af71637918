"""Countries as pages name them: flags, demonyms, English names -> ISO 3166-1 alpha-2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import pycountry

from enrichscrapy.facts.demonyms import DEMONYMS
from enrichscrapy.facts.text import cut, strip_notes

# Everyday names that ISO 3166 does not list.
_EVERYDAY = {
    "usa": "US",
    "u.s.a.": "US",
    "u.s.": "US",
    "united states of america": "US",
    "america": "US",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "czech republic": "CZ",
    "russia": "RU",
    "holland": "NL",
    "the netherlands": "NL",
    "turkey": "TR",
    "ivory coast": "CI",
    "burma": "MM",
    "macedonia": "MK",
    "cape verde": "CV",
    "swaziland": "SZ",
    "palestine": "PS",
    "democratic republic of the congo": "CD",
    "republic of ireland": "IE",
    "macau": "MO",
    "micronesia": "FM",
    "trinidad & tobago": "TT",
    "bosnia": "BA",
}


def find_country_by_code(code: str) -> str | None:
    """An alpha-2 code, or a flag's (``gb-eng``), checked against ISO 3166."""
    code = code.strip().upper().partition("-")[0]
    code = "GB" if code == "UK" else code
    return code if len(code) == 2 and pycountry.countries.get(alpha_2=code) else None


@lru_cache(maxsize=1024)
def find_country_by_name(name: str) -> str | None:
    """An English country name: official, common or everyday; never a guess."""
    name = strip_notes(cut(name)).casefold()
    if name in _EVERYDAY:
        return _EVERYDAY[name]
    if len(name) < 4:  # else pycountry would take "no" and "per" for codes
        return None
    try:
        return str(pycountry.countries.lookup(name).alpha_2)
    except LookupError:
        return None


def find_countries_by_nationality(text: str) -> tuple[str, ...]:
    """Every known country of ``American, Puerto Rican``, once; country names are taken as well."""
    nationalities = strip_notes(cut(text)).casefold()
    return tuple(dict.fromkeys(_find_nations(nationalities, r"[,/;&|+]|\band\b", r"-")))


def _find_nations(text: str, *separators: str) -> Iterator[str]:
    """The country of the whole text, else those of its parts: ``bissau-guinean`` is one."""
    if found := DEMONYMS.get(text) or find_country_by_name(text):
        yield found
    elif separators:
        for part in re.split(separators[0], text):
            yield from _find_nations(part.strip(), *separators[1:])


def find_country_by_nationality(text: str) -> str | None:
    """The first known country of ``American, Puerto Rican``."""
    return next(iter(find_countries_by_nationality(text)), None)
