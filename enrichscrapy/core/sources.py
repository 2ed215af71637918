"""The addresses of every source, as this crawl's settings map them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler

from enrichscrapy.core.meta import RequestInfo
from enrichscrapy.politeness.addresses import SourceAddresses, check_base_url, is_among
from enrichscrapy.settings_reader import name_base_url_setting
from enrichscrapy.sites import Site, find_sites
from enrichscrapy.sites.stashbox import Endpoint


class Sources:
    """Finds the source a request belongs to, by what it says or by its host."""

    def __init__(self, sources: Iterable[SourceAddresses]) -> None:
        self._by_name = {each.source: each for each in sources}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], *more: Site | Endpoint) -> Self:
        """Read the ``<SOURCE>_BASE_URL`` of every known site; raises ``BadSetting``."""
        by_name = {site.NAME: site for site in (*find_sites().values(), *more)}
        return cls(_make_addresses(site, settings) for site in by_name.values())

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        site = getattr(crawler.spider, "site", None)
        return cls.from_settings(crawler.settings, *([site] if site is not None else []))

    def __iter__(self) -> Any:
        return iter(self._by_name.values())

    def find(self, request: Request) -> SourceAddresses | None:
        named = self._by_name.get(RequestInfo.of(request).source)
        return named or self.find_by_url(request.url)

    def find_by_url(self, url: str) -> SourceAddresses | None:
        host = urlsplit(url).hostname
        found = (s for s in self._by_name.values() if is_among(host, s.hosts | s.photo_hosts))
        return next(found, None)


def _make_addresses(site: Site | Endpoint, settings: Mapping[str, Any]) -> SourceAddresses:
    setting = name_base_url_setting(site.NAME)
    given = str(settings.get(setting) or getattr(site, "base_url", ""))
    return SourceAddresses(
        source=site.NAME,
        home=site.HOME,
        hosts=frozenset(site.HOSTS),
        photo_hosts=frozenset(site.PHOTO_HOSTS),
        base_url=check_base_url(setting, given),
    )
