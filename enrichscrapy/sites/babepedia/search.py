"""Babepedia's search page, and the suggestions of its search field."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsel import Selector

from enrichscrapy.facts.text import clean_aliases
from enrichscrapy.sites import SearchResult
from enrichscrapy.sites.babepedia.urls import (
    HOME,
    HOSTS,
    canonical_url,
    profile_url,
    slug_from_name,
    slug_from_url,
)
from enrichscrapy.sites.html import first_elements, has_class, text_of
from enrichscrapy.sites.links import on_site


def parse_search(selector: Selector, url: str) -> list[SearchResult]:
    """People a search page lists, or the site's suggestions (JSON), in the site's order."""
    if selector.type == "json":
        return list(suggestions(selector))
    if selector.type != "html":
        return []
    # Where the page says which block holds its results, the other names on it are none.
    block = f"*[{has_class('results')} or @id='results']"
    within = f"ancestor::{block}" if selector.xpath(f"descendant::{block}") else "true()"
    found: dict[str, SearchResult] = {}
    for link in selector.xpath(first_elements("descendant::a[contains(@href, '/babe/')]", within)):
        result = _result(link)
        if result is not None:
            found.setdefault(result.url, result)
    return list(found.values())


def _result(link: Selector) -> SearchResult | None:
    parts = on_site(link.attrib["href"], HOME, HOSTS)
    url = canonical_url(parts.geturl()) if parts else None
    slug = slug_from_url(url) if url else None
    if url is None or slug is None:
        return None
    name, *aka = re.split(r"\s*\baka\b:?\s*", text_of(link, " "), flags=re.IGNORECASE)
    aliases = [alias for part in aka for alias in re.split(r"\s+[-/]\s+|,", part)]
    name = name or slug.replace("_", " ")
    return SearchResult(name=name, url=url, aliases=clean_aliases(aliases, name))


def suggestions(selector: Selector) -> Iterator[SearchResult]:
    """``/ajax-search.php?term=`` answers ``[{"label": …, "value": …}]``."""
    for entry in selector.root if isinstance(selector.root, list) else ():
        value = entry.get("value") if isinstance(entry, dict) else None
        if isinstance(value, str) and (slug := slug_from_name(value)):
            yield SearchResult(name=slug.replace("_", " "), url=profile_url(slug))
