"""Scrapy's downloader, able to hand back what it has not sent yet when the crawl is stopped."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Iterable
from typing import Any

from scrapy import Request, signals
from scrapy.core.downloader import Downloader
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.internet.defer import CancelledError, Deferred, inlineCallbacks

from enrichscrapy.core.meta import read_performer_ids
from enrichscrapy.core.refused import RequestRefused
from enrichscrapy.items import Outcome

Download = Callable[[Request], Awaitable[Response]]
"""Ask for something beside the spider, through all middlewares; raises what they raise."""


def make_download(crawler: Crawler) -> Download:
    """The crawl's own; usable once the engine runs."""

    async def download(request: Request) -> Response:
        response: Response = await crawler.engine.download_async(request)
        return response

    return download


class StoppableDownloader(Downloader):
    """Hands requests back instead of sending them, once it is told to.

    A lookup's page request returns to the scheduler, and with a JOBDIR from there to the next
    run; any other (a photo, robots.txt) is refused as transient, so that its lookup stays due.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._fetching: dict[Request, Deferred[Response | Request]] = {}
        self._answered: set[Request] = set()  # their answers are on their way to the spider
        crawler.signals.connect(self._note_answered, signals.request_left_downloader)
        self._sends_pages = self._sends_anything = True

    @inlineCallbacks
    def fetch(  # type: ignore[override]  # Scrapy calls it without its deprecated argument
        self, request: Request
    ) -> Generator[Deferred[Any], Any, Response | Request]:
        is_page = bool(read_performer_ids(request))
        if not self._sends_anything or (is_page and not self._sends_pages):
            return _return_request(request)
        self._fetching[request] = super().fetch(request)
        try:
            result: Response | Request = yield self._fetching[request]
            return result
        except (CancelledError, asyncio.CancelledError):
            return _return_request(request)
        finally:
            del self._fetching[request]
            self._answered.discard(request)

    def _note_answered(self, request: Request) -> None:
        if request in self._fetching:
            self._answered.add(request)

    def needs_backout(self) -> bool:
        """Else the engine would ask the scheduler for what was just handed back, without end."""
        return not self._sends_pages or super().needs_backout()

    def stop_pages(self) -> None:
        """Hand back the page requests that were not sent yet, and all that come."""
        self._sends_pages = False
        sent = {request for slot in self.slots.values() for request in slot.transferring}
        pages = {request for request in self._fetching if read_performer_ids(request)}
        self._let_go(pages - sent - self._answered)

    def stop_everything(self) -> None:
        """Hand back all that was not answered, sent or not, and all that comes."""
        self._sends_pages = self._sends_anything = False
        self._let_go(self._fetching.keys() - self._answered)

    def _let_go(self, requests: Iterable[Request]) -> None:
        for slot in self.slots.values():  # else their turn would still come
            slot.queue = deque(entry for entry in slot.queue if entry[0] not in requests)
        for request in requests:
            if request in self._fetching:  # letting one go may let others go
                self._fetching[request].cancel()


def _return_request(request: Request) -> Request:
    """The request itself, which the engine then schedules; other than a page's, a refusal."""
    if not read_performer_ids(request):
        raise RequestRefused(Outcome.BLOCKED, "the crawl is ending", transient=True)
    return request
