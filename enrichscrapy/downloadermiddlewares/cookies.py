"""Cookies of the sources' own hosts, bounded in number and size.

Scrapy's middleware would fetch the public suffix list from the Internet at the first cookie, and
keep whatever a server sends.
"""

from __future__ import annotations

from http.cookiejar import Cookie
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.http.cookies import CookieJar
from scrapy.statscollectors import StatsCollector

from enrichscrapy.core.sources import Sources
from enrichscrapy.settings_reader import read_settings

MAX_COOKIES = 60
"""Kept in all, and read of one answer."""
MAX_COOKIE_BYTES = 4096


class SourceCookiesMiddleware:
    """Sends back what the sources set. Settings: ``COOKIES_ENABLED``, ``<SOURCE>_BASE_URL``."""

    def __init__(self, sources: Sources, stats: StatsCollector) -> None:
        self.sources = sources
        self.stats = stats
        self.jar = CookieJar()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not read_settings(crawler.settings).COOKIES_ENABLED:
            raise NotConfigured
        return cls(Sources.from_crawler(crawler), crawler.stats)

    def process_request(self, request: Request) -> None:
        request.headers.pop("Cookie", None)
        self.jar.add_cookie_header(request)

    def process_response(self, request: Request, response: Response) -> Response:
        lines = response.headers.getlist("Set-Cookie")
        readable = [line for line in lines[:MAX_COOKIES] if len(line) <= MAX_COOKIE_BYTES]
        if readable:
            read = Response(response.url, headers={"Set-Cookie": readable})
            for cookie in self.jar.make_cookies(read, request):
                self.keep(cookie, request)
        self._count_refused(len(lines) - len(readable))
        return response

    def keep(self, cookie: Cookie, request: Request) -> bool:
        """Store a cookie if its domain is one of the source's hosts and there is room."""
        source = self.sources.find(request)
        hosts = source.hosts | source.photo_hosts if source else frozenset()
        if cookie.domain.lstrip(".") not in hosts or not self._has_room(cookie):
            self._count_refused(1)
            return False
        self.jar.set_cookie_if_ok(cookie, request)
        return True

    def _has_room(self, cookie: Cookie) -> bool:
        kept = {(each.domain, each.path, each.name) for each in self.jar}
        known = (cookie.domain, cookie.path, cookie.name) in kept
        return known or len(kept) < MAX_COOKIES

    def _count_refused(self, count: int) -> None:
        if count:
            self.stats.inc_value("cookies/refused", count)
