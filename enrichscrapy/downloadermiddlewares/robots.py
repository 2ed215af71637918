"""robots.txt for pages and photos.

Scrapy's own middleware lets requests slip past that wait while robots.txt is in flight, and treats
an error as permission. Here each host's rules are looked up under a lock, and a robots.txt that
cannot be fetched means "not now".
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http.request import NO_CALLBACK
from scrapy.statscollectors import StatsCollector

from enrichscrapy.core.downloader import Download, make_download
from enrichscrapy.core.hosts import Hosts
from enrichscrapy.core.meta import RequestInfo
from enrichscrapy.core.refused import RequestRefused, describe_failure
from enrichscrapy.core.sources import Sources
from enrichscrapy.core.turns import find_hosts
from enrichscrapy.database.hosts import ROBOTS_DETAIL
from enrichscrapy.items import Outcome
from enrichscrapy.politeness.user_agent import PRODUCT
from enrichscrapy.settings_reader import read_settings

logger = logging.getLogger(__name__)

_READ = 512 * 1024
"""Bytes of a robots.txt that are read (RFC 9309, 2.5: at least 500 KiB)."""
_NONE = b""
"""What a missing robots.txt is read as: it allows everything."""


@dataclass(frozen=True)
class Rules:
    """The rules of one host and when (UTC seconds) they were fetched."""

    robots: Protego
    fetched_at: float

    def allow(self, url: str) -> bool:
        return self.robots.can_fetch(url, PRODUCT)

    @property
    def delay(self) -> float:
        """Seconds between requests that ``Crawl-delay`` and ``Request-rate`` ask for."""
        rate = self.robots.request_rate(PRODUCT)
        rated = rate.seconds / rate.requests if rate and rate.requests else 0.0
        return max(self.robots.crawl_delay(PRODUCT) or 0.0, rated)


def read_rules(status: int, body: bytes) -> bytes | None:
    """The rules in an answer; ``None`` for "not now".

    A missing file allows everything (RFC 9309, 2.3.1.3); one that is refused does not.
    """
    if 200 <= status < 300:
        return body
    if 400 <= status < 500 and status not in (401, 403, 408, 425, 429, 451):
        return _NONE
    return None


@dataclass(eq=False, repr=False)
class RobotsMiddleware:
    """Settings: ``ROBOTSTXT_OBEY``, ``ROBOTS_MAX_AGE``, ``DRY_RUN``, ``<SOURCE>_BASE_URL``."""

    sources: Sources
    hosts: Hosts
    stats: StatsCollector
    download: Download
    max_age: float
    dry_run: bool
    _rules: dict[str, Rules] = field(default_factory=dict, init=False)
    _locks: defaultdict[str, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock), init=False
    )

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        if not settings.ROBOTSTXT_OBEY:
            logger.warning("ROBOTSTXT_OBEY is off: this crawl ignores the sites' robots.txt")
            raise NotConfigured
        return cls(
            Sources.from_crawler(crawler),
            find_hosts(crawler),
            crawler.stats,
            make_download(crawler),
            settings.ROBOTS_MAX_AGE,
            settings.DRY_RUN,
        )

    async def process_request(self, request: Request) -> None:
        if RequestInfo.of(request).robots:
            return
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        async with self._locks[origin]:
            rules = await self._find_rules(origin, request)
        if not rules.allow(request.url):
            self.stats.inc_value("requests/disallowed")
            raise RequestRefused(Outcome.BLOCKED, ROBOTS_DETAIL)

    async def _find_rules(self, origin: str, request: Request) -> Rules:
        known = self._rules.get(origin)
        now = self.hosts.now()
        if known is not None and 0 <= now - known.fetched_at < self.max_age:
            return known
        source = self.sources.find(request)
        assert source is not None  # the intake refuses what belongs to no source
        host = source.find_host(origin)
        async with self.hosts.fetching_robots(host):
            if (shared := await self.hosts.find_robots(host, self.max_age)) is not None:
                text, age = shared
                return await self._take_up(origin, request, text, self.hosts.now() - age)
            text = await self._fetch(origin, request)
            rules = await self._take_up(origin, request, text, now)
            await self._remember(host, source.source, text)
        return rules

    async def _take_up(self, origin: str, request: Request, text: bytes, at: float) -> Rules:
        readable = text[:_READ].decode("utf-8-sig", "replace")
        rules = Rules(await asyncio.to_thread(Protego.parse, readable), at)
        self._rules[origin] = rules
        longest = max(rules.delay for rules in self._rules.values())
        await self.hosts.set_crawl_delay(request, longest or None)
        return rules

    async def _fetch(self, origin: str, request: Request) -> bytes:
        robots_request = Request(
            f"{origin}/robots.txt",
            callback=NO_CALLBACK,
            dont_filter=True,
            meta=RequestInfo(RequestInfo.of(request).source, robots=True).make_meta(),
        )
        try:
            response = await self.download(robots_request)
        except RequestRefused as refusal:
            if refusal.transient:
                raise  # budget, circuit, end of the crawl: known already
            return await self._refuse_for_now(robots_request, refusal.detail)
        except Exception as error:  # any other failure is no permission either
            return await self._refuse_for_now(robots_request, describe_failure(error))
        text = read_rules(response.status, response.body)
        if text is None:
            return await self._refuse_for_now(robots_request, f"http {response.status}")
        return text

    async def _refuse_for_now(self, request: Request, why: str) -> bytes:
        detail = f"robots.txt: {why}"
        await self.hosts.leave_alone(request, detail)
        raise RequestRefused(Outcome.BLOCKED, detail, transient=True)

    async def _remember(self, host: str, source: str, text: bytes) -> None:
        if self.dry_run:
            return
        due = await self.hosts.database.write(self.hosts.store.note_robots, host, source, text)
        if due:
            logger.info("robots.txt has changed: %d lookups it disallowed are due again", due)
