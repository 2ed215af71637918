"""IAFD's search page: a table each for women, men and directors."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsel import Selector

from enrichscrapy.facts.genders import read_gender
from enrichscrapy.facts.text import MAX_NAME, clean_aliases, strip_notes
from enrichscrapy.sites import SearchResult
from enrichscrapy.sites.html import has_class, read_lines, read_text, select_first
from enrichscrapy.sites.iafd.urls import HOME, HOSTS, canonical_url
from enrichscrapy.sites.links import on_site

_LINKS = 10  # of one row; the picture and the name are two
_TABLES = {"tblFem": "FEMALE", "tblMal": "MALE", "tblDir": None}


def has_tables(selector: Selector) -> bool:
    return any(selector.xpath(_find_table(identifier)) for identifier in _TABLES)


def _find_table(identifier: str) -> str:
    """The table, or what its script wraps it in."""
    return f"id('{identifier}') | id('{identifier}_wrapper')"


def parse_search(selector: Selector, url: str) -> list[SearchResult]:
    """Women, men, then directors, in the site's order."""
    found: dict[str, SearchResult] = {}
    for table, gender in _TABLES.items() if selector.type == "html" else ():
        for row in selector.xpath(select_first(f"({_find_table(table)})/descendant::tr[td]")):
            result = _read_result(row, gender)
            if result is not None:
                found.setdefault(result.url, result)
    return list(found.values())


def _read_result(row: Selector, gender: str | None) -> SearchResult | None:
    links = "td//a[contains(translate(@href, 'PRM', 'prm'), 'person.rme')]"
    for link in row.xpath(f"({links})[position() <= {_LINKS}]"):
        name = read_text(link)[:MAX_NAME]
        parts = on_site(link.attrib["href"], HOME, HOSTS)
        url = canonical_url(parts.geturl()) if parts else None
        if not name or url is None:
            continue
        letter = re.search(r"/gender=(t[fm])\b", url, re.IGNORECASE)
        start, end = (_read_year(row, number) for number in (4, 5))
        return SearchResult(
            name=name,
            url=url,
            aliases=clean_aliases(_read_aliases(row), name),
            gender=read_gender(letter[1]) if letter else gender,
            years=(start, end),
        )
    return None


def _read_year(row: Selector, cell: int) -> int | None:
    text = "".join(map(read_text, row.xpath(f"td[{cell}]")))
    return int(text) if re.fullmatch(r"(?:19|20)\d\d", text) else None


def _read_aliases(row: Selector) -> Iterator[str]:
    names = (
        f"td[{has_class('text-left')} or position() = 3][not(.//a[contains(@href, 'person.rme')])]"
    )
    for cell in row.xpath(select_first(names)):
        for line in read_lines(cell):
            yield from re.split(r",\s+", strip_notes(line))
