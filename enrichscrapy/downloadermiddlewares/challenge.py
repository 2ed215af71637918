"""A challenge is given to a real browser, once per host until the cookies it got expire.

If the page opens there, its cookies serve the plain requests that follow, this one first: what
the parsers read is always the page as the server sends it, never a rendered one.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookiejar import Cookie
from typing import Any, NoReturn, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.statscollectors import StatsCollector

from enrichscrapy.core.browser import HOW_TO_INSTALL, find_browser
from enrichscrapy.core.downloader import Download, make_download
from enrichscrapy.core.hosts import Hosts
from enrichscrapy.core.meta import RequestInfo, change_info
from enrichscrapy.core.sources import Sources
from enrichscrapy.core.turns import find_hosts
from enrichscrapy.core.visit import Visit, split_host
from enrichscrapy.downloadermiddlewares.cookies import SourceCookiesMiddleware
from enrichscrapy.downloadermiddlewares.refusals import find_refusal, refuse
from enrichscrapy.politeness.addresses import SourceAddresses
from enrichscrapy.politeness.refusals import Refusal, RefusalKind
from enrichscrapy.settings_reader import ProjectSettings, read_settings

logger = logging.getLogger(__name__)


@dataclass
class Clearance:
    """The cookies of a passed challenge; ``cookies`` are as Playwright gives them.

    ``is_anothers``: another machine won them; they may serve at its own address only.
    """

    cookies: list[dict[str, Any]] = field(default_factory=list)
    is_anothers: bool = False

    def is_valid(self, now: float) -> bool:
        return bool(self.cookies) and now < self._find_expiry()

    def _find_expiry(self) -> float:
        """When ``cf_clearance`` does, else the first of the others; session cookies never do."""
        named = [c for c in self.cookies if c["name"] == "cf_clearance"] or self.cookies
        times = [c["expires"] for c in named if (c.get("expires") or -1) > 0]
        return min(times, default=math.inf)

    def was_sent(self, request: Request) -> bool:
        header = (request.headers.get("Cookie") or b"").decode("latin-1")
        sent = {part.strip() for part in header.split(";")}
        return all(f"{c['name']}={c['value']}" in sent for c in self.cookies)


@dataclass
class _Gate:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    clearance: Clearance | None = None  # None: not looked up in the database yet


class ChallengeMiddleware:
    """Answers a challenge with the page behind it, or has the host left alone.

    Settings: ``CHALLENGE_MAX_REQUESTS``, ``CHALLENGE_TIMEOUT``, ``CHALLENGE_PROVIDERS``,
    ``CHROMIUM_PATH``.
    """

    def __init__(
        self,
        sources: Sources,
        hosts: Hosts,
        stats: StatsCollector,
        download: Download,
        find_jar: Callable[[], SourceCookiesMiddleware | None],
        settings: ProjectSettings,
    ) -> None:
        self.sources = sources
        self.hosts = hosts
        self.stats = stats
        self.download = download
        self.find_jar = find_jar
        self.max_requests = settings.CHALLENGE_MAX_REQUESTS
        self.seconds = settings.CHALLENGE_TIMEOUT
        self.providers = frozenset(
            name if ":" in name else f"{name}:443" for name in settings.CHALLENGE_PROVIDERS
        )
        self.has_browser = find_browser(settings.CHROMIUM_PATH) is not None
        self._gates: dict[str, _Gate] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = cls(
            Sources.from_crawler(crawler),
            find_hosts(crawler),
            crawler.stats,
            make_download(crawler),
            lambda: crawler.get_downloader_middleware(SourceCookiesMiddleware),
            read_settings(crawler.settings),
        )
        crawler.signals.connect(middleware.spider_opened, signal=signals.spider_opened)
        return middleware

    def spider_opened(self) -> None:
        if not self.has_browser:
            logger.warning("No browser for challenges: %s", HOW_TO_INSTALL)

    # --- Requests --------------------------------------------------------------------------------

    async def process_request(self, request: Request) -> None:
        """Bring back the clearance of an earlier run before the first request leaves."""
        source = self.sources.find(request)
        assert source is not None  # the intake refuses what belongs to no source
        gate = self._find_gate(source)
        if gate.clearance is not None:
            return
        async with gate.lock:
            if gate.clearance is None:
                gate.clearance = Clearance()
                await self._take_up(gate, request)

    async def process_response(self, request: Request, response: Response) -> Response:
        info = RequestInfo.of(request)
        refusal = None if info.visit is not None else find_refusal(response)
        if refusal is None or refusal.kind is not RefusalKind.CHALLENGE:
            return response
        if info.robots:
            return response  # no rules, no visit: a refusal like any other
        source = self.sources.find(request)
        assert source is not None
        with self.hosts.holding(request):
            self.hosts.note_judged(request)
            async with self._find_gate(source).lock:
                await self._get_in(request, response, source, refusal)
            return await self._ask_again(request)

    def _find_gate(self, source: SourceAddresses) -> _Gate:
        return self._gates.setdefault(source.source, _Gate())

    async def _take_up(self, gate: _Gate, request: Request) -> None:
        """Use what an earlier run, or another machine meanwhile, has won under this User-Agent."""
        stored = await self.hosts.find_clearance(request)
        agent = (request.headers.get("User-Agent") or b"").decode("latin-1")
        if stored.agent not in (None, agent):
            return
        found = Clearance(stored.cookies, stored.machine not in (None, self.hosts.machine))
        if found.is_valid(self.hosts.now()):
            gate.clearance = found
            self._use(found, request)

    # --- The challenge ---------------------------------------------------------------------------

    async def _get_in(
        self, request: Request, response: Response, source: SourceAddresses, refusal: Refusal
    ) -> None:
        """Return when the request may be sent again; raises ``RequestRefused`` else."""
        gate, cleared = self._find_gate(source), RequestInfo.of(request).cleared
        if self.hosts.shares and not cleared:
            await self._take_up(gate, request)
        clearance = gate.clearance or Clearance()
        if clearance.is_valid(self.hosts.now()):
            if not (clearance.was_sent(request) or cleared):
                return  # it left before another request's challenge was passed
            gate.clearance = Clearance()
            if not clearance.is_anothers:
                await self.hosts.set_clearance(request, [])
                await self._refuse(request, refusal, "challenge: passed, yet asked again")
        elif cleared:
            await self._refuse(request, refusal, "challenge: passed without a cookie")
        if not self.has_browser:
            await self._refuse(request, refusal, f"challenge: no browser found; {HOW_TO_INSTALL}")
        visit = await self._start_visit(request, response, source)
        if not visit.opened:
            await self._refuse(request, refusal, f"challenge: {visit.failure or 'not opened'}")
        gate.clearance = Clearance([_make_canonical(c, source) for c in visit.cookies])
        self._use(gate.clearance, request)
        await self.hosts.set_clearance(request, gate.clearance.cookies)

    async def _refuse(self, request: Request, refusal: Refusal, detail: str) -> NoReturn:
        await refuse(self.hosts, self.stats, request, refusal.kind, detail)

    async def _start_visit(
        self, request: Request, response: Response, source: SourceAddresses
    ) -> Visit:
        visit = Visit(
            host=split_host(source.to_real(request.url)),
            challenge=response.body,
            providers=self.providers,
            max_requests=self.max_requests,
            seconds=self.seconds,
        )
        logger.info("A challenge: asking a browser to open the page")
        self.stats.inc_value("requests/browser_visits")
        meta = RequestInfo(source.source, visit=visit, cost=self.max_requests).make_meta()
        await self.download(Request(request.url, callback=NO_CALLBACK, dont_filter=True, meta=meta))
        self.stats.inc_value("requests/by_browser", visit.used)
        await self.hosts.refund(request, self.max_requests - visit.used)
        logger.info("The browser %s", "was let in" if visit.opened else "was not let in")
        return visit

    async def _ask_again(self, request: Request) -> Response:
        """The same request with the cookies, in a turn of its own."""
        again = request.replace(callback=NO_CALLBACK, errback=None, dont_filter=True)
        # Nor is it a page that could be handed back to the scheduler.
        change_info(again, cleared=True, performer_ids=())
        response = await self.download(again)
        return response.replace(request=request)

    def _use(self, clearance: Clearance, request: Request) -> None:
        jar = self.find_jar()
        if jar is not None:
            for cookie in clearance.cookies:
                jar.keep(_make_jar_cookie(cookie), request)


def _make_canonical(cookie: dict[str, Any], source: SourceAddresses) -> dict[str, Any]:
    """The cookie as the site's real host would have set it."""
    if not source.base_url:
        return cookie
    return cookie | {"domain": source.home.partition("//")[2], "secure": False}


def _make_jar_cookie(cookie: dict[str, Any]) -> Cookie:
    expires = cookie.get("expires") or -1
    domain = cookie["domain"]
    return Cookie(
        version=0,
        name=cookie["name"],
        value=cookie["value"],
        port=None,
        port_specified=False,
        domain=domain,
        domain_specified=domain.startswith("."),
        domain_initial_dot=domain.startswith("."),
        path=cookie.get("path") or "/",
        path_specified=True,
        secure=bool(cookie.get("secure")),
        expires=int(expires) if expires > 0 else None,
        discard=expires <= 0,
        comment=None,
        comment_url=None,
        rest={},
    )
