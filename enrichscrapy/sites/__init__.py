"""What a reference site looks like: URLs and markup, as pure functions. No requests here.

A site is a module of this package that satisfies :class:`Site`. Adding a source means adding one
such module and one spider.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from parsel import Selector

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
    """Lower-case host names photos may come from."""

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
