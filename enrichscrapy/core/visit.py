"""One visit of a browser to one challenge: what it may load, when it is over, what it won.

Nothing here solves anything. The page's own script either lets an ordinary browser in or not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page
from playwright.async_api import Request as PageRequest

from enrichscrapy.politeness.refusals import is_still_challenged

POLL_SECONDS = 0.1
_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
_LOOK = "() => [document.readyState, document.documentElement.outerHTML, location.href]"


def split_host(url: str) -> str:
    """``host:port`` of a URL, with the scheme's port where it has none."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    return f"{host}:{parts.port or _PORTS.get(parts.scheme, '')}"


@dataclass
class Visit:
    """``host`` is the page's ``host:port``, ``challenge`` the body that came instead of the page.

    ``providers`` are the challenge providers' ``host:port``; nothing else may be reached.
    ``used`` counts requests that left: each page counts twice, because the browser asks for
    ``/favicon.ico`` unseen by its driver.
    """

    host: str
    challenge: bytes
    providers: frozenset[str]
    max_requests: int
    seconds: float
    used: int = 0
    opened: bool = False
    failure: str = ""
    cookies: list[dict[str, Any]] = field(default_factory=list)
    end_browser: Callable[[], None] = lambda: None

    @property
    def may_reach(self) -> frozenset[str]:
        return self.providers | {self.host}

    async def begin(self, page: Page, _request: object) -> None:
        """Listen to what the page asks for; scrapy-playwright calls this before it navigates."""
        page.on("request", self._count)
        page.on("websocket", lambda socket: self._charge(socket.url, 1))

    def _count(self, request: PageRequest) -> None:
        self._charge(request.url, 2 if request.is_navigation_request() else 1)

    def _charge(self, url: str, count: int) -> None:
        if split_host(url) in self.may_reach:
            self.used += count

    def fail(self, why: str) -> None:
        """Note why the page did not open; the first reason counts, and none once it did."""
        if not (self.opened or self.failure):
            self.failure = why

    async def keeps_out(self, request: PageRequest) -> bool:
        """Whether this request must not leave."""
        over = self.opened or self.used > self.max_requests
        return over or split_host(request.url) not in self.may_reach

    async def wait(self, page: Page) -> None:
        """Until the page shows no challenge any more, or the time or the requests are used up.

        Then the browser is ended on the spot: while it closes cleanly, it sends requests that
        nothing can block.
        """
        try:
            await self._wait(page)
        finally:
            self.end_browser()
            # What it was still asking for is of no interest: without this, Playwright logs an
            # error for each. Only now, since requests leave freely once the routes are gone.
            with suppress(PlaywrightError):
                await page.unroute_all(behavior="ignoreErrors")

    async def _wait(self, page: Page) -> None:
        deadline = time.monotonic() + self.seconds
        while not self.opened:
            if time.monotonic() > deadline:
                self.fail("it did not open in time")
                return
            if self.used > self.max_requests:
                self.fail("it asked for too many things")
                return
            with suppress(TimeoutError):  # a page that does not even answer the browser
                async with asyncio.timeout(deadline - time.monotonic()):
                    self.opened = await self._shows_the_page(page)
            await asyncio.sleep(POLL_SECONDS)
        self.cookies = [dict(cookie) for cookie in await page.context.cookies()]

    async def _shows_the_page(self, page: Page) -> bool:
        try:
            state, text, url = await page.evaluate(_LOOK)
        except PlaywrightError:
            if page.is_closed():
                raise
            return False  # it is on its way to the next page
        if state == "loading" or split_host(url) != self.host:
            return False
        return not is_still_challenged(self.challenge, text.encode("utf-8", "replace"))
