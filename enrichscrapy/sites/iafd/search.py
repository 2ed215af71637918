"""IAFD's search page: a table each for women, men and directors."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsel import Selector

from enrichscrapy.facts.text import clean_aliases, fold
from enrichscrapy.sites import SearchResult
from enrichscrapy.sites.html import first_elements, has_class, lines_of, text_of
from enrichscrapy.sites.iafd.urls import GENDERS, HOME, HOSTS, canonical_url
from enrichscrapy.sites.links import on_site


def parse_search(selector: Selector, url: str) -> list[SearchResult]:
    """Women, men, then directors, in the site's order."""
    found: dict[str, SearchResult] = {}
    if selector.type != "html":
        return []
    for table, gender in (("tblFem", "FEMALE"), ("tblMal", "MALE"), ("tblDir", None)):
        for row in selector.xpath(first_elements(f"id('{table}')/descendant::tr[td]")):
            result = _result(row, gender)
            if result is not None:
                found.setdefault(result.url, result)
    return list(found.values())


def _result(row: Selector, gender: str | None) -> SearchResult | None:
    for link in row.xpath("td//a[contains(translate(@href, 'PRM', 'prm'), 'person.rme')]"):
        name = text_of(link)
        parts = on_site(link.attrib["href"], HOME, HOSTS)
        url = canonical_url(parts.geturl()) if parts else None
        if not name or url is None:
            continue
        letter = re.search(r"/gender=(t[fm])\b", url, re.IGNORECASE)
        start, end = (_year(row, number) for number in (4, 5))
        return SearchResult(
            name=name,
            url=url,
            aliases=clean_aliases(_listed_aliases(row), name),
            gender=GENDERS[letter[1].lower()] if letter else gender,
            years=(start, end),
        )
    return None


def _year(row: Selector, cell: int) -> int | None:
    text = fold("".join(row.xpath(f"td[{cell}]//text()").getall()))
    return int(text) if re.fullmatch(r"(?:19|20)\d\d", text) else None


def _listed_aliases(row: Selector) -> Iterator[str]:
    names = f"td[{has_class('text-left')}][not(.//a[contains(@href, 'person.rme')])]"
    for cell in row.xpath(names):
        for line in lines_of(cell):
            yield from re.split(r",\s+(?![^()]*\))", line)
