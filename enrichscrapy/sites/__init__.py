"""What a reference site looks like: URLs and markup, as pure functions. No requests here.

A site is a package in this one that satisfies :class:`Site`. Adding a source means adding one such
package and one spider. May import facts, items and exceptions; no Scrapy.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Protocol, cast

from parsel import Selector

from enrichscrapy.facts.links import find_host
from enrichscrapy.items import Profile


class PageKind(StrEnum):
    """What a page of a site is, judged by its body (the status alone proves nothing)."""

    PROFILE = "profile"
    ABSENT = "absent"
    SEARCH = "search"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class SearchResult:
    """One row of a site's search page.

    ``url`` is canonical; ``aliases`` and ``years`` (first and last year of the career) are
    empty where the site shows none; ``gender`` is the table's, where there is one.
    """

    name: str
    url: str
    aliases: tuple[str, ...] = ()
    gender: str | None = None
    years: tuple[int | None, int | None] = (None, None)


class Site(Protocol):
    """The functions and constants a site module provides."""

    NAME: str
    """The source's name, as in ``lookups.source``."""
    HOME: str
    """Scheme and host that stored URLs carry, without a trailing slash."""
    HOSTS: frozenset[str]
    """Lower-case host names whose links belong to this site."""
    PHOTO_HOSTS: frozenset[str]
    """Lower-case host names photos may come from; ``.name`` means all hosts below it."""

    def slug_from_url(self, url: str) -> str | None: ...

    def slug_from_name(self, name: str) -> str: ...

    def canonical_url(self, url: str) -> str | None:
        """The link as stored and requested (HTTPS, real host); None if it is no profile link."""

    def profile_urls(self, name: str, gender: str | None) -> list[str]:
        """Addresses at which a profile of that name may stand, most likely first."""

    def search_url(self, name: str) -> str: ...

    def classify(self, selector: Selector, url: str) -> PageKind: ...

    def parse_profile(self, selector: Selector, url: str) -> Profile: ...

    def parse_search(self, selector: Selector, url: str) -> list[SearchResult]: ...


@cache
def find_sites() -> dict[str, Site]:
    """Every reference site, by its name: the packages in this one that are one."""
    found: dict[str, Site] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg:
            site = importlib.import_module(f"{__name__}.{module.name}")
            if hasattr(site, "NAME"):  # stash-boxes are not one site, but a family of sources
                found[site.NAME] = cast("Site", site)
    return found


def find_site(url: str) -> str | None:
    """The name of the site a link belongs to, by its host; None for other hosts."""
    host = find_host(url)
    return next((name for name, site in find_sites().items() if host in site.HOSTS), None)
