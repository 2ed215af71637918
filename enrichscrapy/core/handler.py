"""The last stop before the network: canonical URLs become real ones, and back."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from urllib.parse import urldefrag

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.page import PageMethod

from enrichscrapy.core.api_key import ApiKey
from enrichscrapy.core.browser import ChromiumProvider, find_browser
from enrichscrapy.core.header_limit import limit_headers
from enrichscrapy.core.meta import RequestInfo
from enrichscrapy.core.sources import Sources
from enrichscrapy.core.turns import find_turns
from enrichscrapy.core.visit import Visit
from enrichscrapy.facts.text import fold_line
from enrichscrapy.politeness.addresses import SourceAddresses, is_loopback, is_public
from enrichscrapy.settings_reader import read_settings

# Their warnings quote whole URLs, which hold names; what they warn of is a stored outcome here.
_QUOTING_URLS = (
    "scrapy.core.downloader.handlers.http11",
    "scrapy.downloadermiddlewares.httpcompression",
    "scrapy-playwright",
)
WATCH_SECONDS = 1.0
GRACE_SECONDS = 15.0
"""How much longer than its ``Visit.seconds`` a visit may take, the browser's start included."""


class OutboundDownloadHandler(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]  # untyped
    """Applies ``<SOURCE>_BASE_URL`` to whatever leaves, photos included, and ends its turn.

    Everything on the engine's side (robots.txt rules, cookies, redirects, the spider) sees the
    site's real host. Requests of a :class:`Visit` go to a browser that lives no longer
    than it. Settings: ``CHROMIUM_PATH``, ``CHROMIUM_SANDBOX``, ``CHROMIUM_MEMORY``.
    """

    browser_provider: ChromiumProvider

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = read_settings(crawler.settings)
        limit_headers(self._pool)
        # Twisted would repeat a request at once when a kept connection breaks: out of turn.
        self._pool.retryAutomatically = False
        self.sources = Sources.from_crawler(crawler)
        self.api_key = ApiKey.from_crawler(crawler)
        self.browser_provider_cls = ChromiumProvider
        self.config.launch_options = {
            "executable_path": str(find_browser(settings.CHROMIUM_PATH) or ""),
            "chromium_sandbox": settings.CHROMIUM_SANDBOX,
        }
        self.config.target_closed_max_retries = 0  # a second try would be a second visit
        self.process_request_headers = None  # the browser's own, but for the User-Agent
        self.memory_limit = settings.CHROMIUM_MEMORY * 1024 * 1024
        for name in _QUOTING_URLS:
            logging.getLogger(name).setLevel(logging.ERROR)

    async def download_request(self, request: Request) -> Response:
        response, turns = None, find_turns(self._crawler)
        turns.leave(request)
        try:
            response = await self._fetch(request)
            return response
        finally:
            await turns.end(request, response)

    async def _fetch(self, request: Request) -> Response:
        if (visit := RequestInfo.of(request).visit) is not None:
            return await self._run_visit(request, visit)
        source = self.sources.find(request)
        outgoing = request.replace(url=source.to_real(request.url)) if source else request
        self.api_key.put_on(outgoing, request)
        try:
            response: Response = await super().download_request(outgoing)
        finally:
            request.meta.update(outgoing.meta)
        return _restore_canonical(response, request, source) if source else response

    # --- The browser -----------------------------------------------------------------------------

    async def _run_visit(self, request: Request, visit: Visit) -> Response:
        """Open a challenged page in a browser of its own; the result is in ``visit``."""
        source = self.sources.find(request)
        assert source is not None  # the intake refuses what belongs to no source
        meta = _make_browser_meta(request, visit)
        outgoing = request.replace(url=source.to_real(request.url), meta=meta)
        self.abort_request = visit.keeps_out
        visit.end_browser = self.browser_provider.kill
        try:
            self.browser_provider.prepare(await _resolve_addresses(visit, source))
            async with asyncio.timeout(visit.seconds + GRACE_SECONDS) as limit:
                watch = asyncio.ensure_future(self._watch(visit, limit))
                try:
                    await super().download_request(outgoing)
                finally:
                    watch.cancel()
        except TimeoutError:
            visit.fail("the browser hung")
        except Exception as error:  # Playwright's errors have texts for people, and no codes
            why = (str(error).strip() or type(error).__name__).splitlines()[0]
            visit.fail(fold_line(f"browser: {why}", 120))
        finally:
            self.browser_provider.kill()
            await self._end_browser()
        return Response(request.url, status=200 if visit.opened else 403)

    async def _watch(self, visit: Visit, limit: asyncio.Timeout) -> None:
        """End the visit when its browser takes too much memory or is gone.

        Otherwise Playwright waits for answers of a browser that died.
        """
        was_there = False
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            memory = await asyncio.to_thread(self.browser_provider.measure_memory)
            if memory > self.memory_limit:
                visit.fail("the browser took too much memory")
                self.browser_provider.kill()
            elif memory or not was_there:
                was_there = was_there or memory > 0
                continue
            visit.fail("browser: it died")
            limit.reschedule(asyncio.get_running_loop().time())
            return

    async def _end_browser(self) -> None:
        await self.browser_provider.close()
        self.context_wrappers.clear()
        with suppress(AttributeError):
            del self.browser  # the next visit starts another

    async def _browser_disconnected_callback(self) -> None:
        """Nothing: each visit ends its own browser."""

    async def _close(self) -> None:
        await self.browser_provider.close()


def _make_browser_meta(request: Request, visit: Visit) -> dict[str, object]:
    milliseconds = 1000 * visit.seconds
    agent = request.headers.get("User-Agent")
    return {
        "playwright": True,
        "playwright_context": f"visit-{id(visit)}",
        "playwright_context_kwargs": {
            "user_agent": agent.decode("latin-1") if agent else None,
            "service_workers": "block",
            "accept_downloads": False,
        },
        "playwright_page_init_callback": visit.begin,
        "playwright_page_goto_kwargs": {"wait_until": "commit", "timeout": milliseconds},
        "playwright_page_methods": [PageMethod(visit.wait)],
    }


async def _resolve_addresses(visit: Visit, source: SourceAddresses) -> dict[str, str]:
    """Where a browser finds what the visit may reach: addresses that may be visited only.

    The page's own host has to have one; a challenge provider without one is not reached.
    """
    allowed = is_loopback if source.on_loopback else is_public
    found = {}
    for name in visit.may_reach:
        host, _, port = name.rpartition(":")
        try:
            addresses = await _resolve(host, int(port))
        except OSError:
            if name == visit.host:
                raise
            continue
        if all(map(allowed, addresses)):
            found[name] = f"{addresses[0]}:{port}"
        elif name == visit.host:
            raise OSError(f"{host} resolves to an address that may not be visited")
    return found


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    results = await loop.getaddrinfo(host, port, family=socket.AF_INET, type=socket.SOCK_STREAM)
    return [str(result[4][0]) for result in results]


def _restore_canonical(response: Response, request: Request, source: SourceAddresses) -> Response:
    location = response.headers.get("Location")
    if location is not None:
        response.headers["Location"] = source.to_canonical(location.decode("latin-1"))
    return response.replace(url=urldefrag(request.url).url)
