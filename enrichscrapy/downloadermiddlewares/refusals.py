"""Refusals are recognised before retries are used up, and reported to the pace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, Self

from scrapy import Request
from scrapy import exceptions as scrapy_errors
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.statscollectors import StatsCollector

from enrichscrapy.core.hosts import Hosts
from enrichscrapy.core.meta import RequestInfo
from enrichscrapy.core.refused import RequestRefused, describe_failure
from enrichscrapy.core.turns import find_hosts
from enrichscrapy.items import Outcome
from enrichscrapy.politeness.pace import Circuit
from enrichscrapy.politeness.refusals import Refusal, RefusalKind, classify_refusal
from enrichscrapy.settings_reader import read_settings

OUT_OF_REACH = (
    scrapy_errors.CannotResolveHostError,
    scrapy_errors.DownloadConnectionRefusedError,
    scrapy_errors.DownloadFailedError,
    scrapy_errors.DownloadTimeoutError,
)
_TRIED_AGAIN = (RefusalKind.RATE_LIMIT, RefusalKind.ORIGIN_DOWN)
_GOOD_ERRORS = (404, 410)


def find_refusal(response: Response) -> Refusal | None:
    """The response as a refusal, or ``None``."""
    headers = {
        name.decode("latin-1"): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
    }
    return classify_refusal(response.status, headers, response.body)


async def refuse(
    hosts: Hosts, stats: StatsCollector, request: Request, kind: RefusalKind, detail: str
) -> NoReturn:
    """Count a refusal that nothing more is done about, and raise it as blocked."""
    stats.inc_value(f"requests/{kind.value}")
    await hosts.note_refusal(request, kind, detail)
    raise RequestRefused(Outcome.BLOCKED, detail)


@dataclass(eq=False, repr=False)
class RefusalsMiddleware:
    """Raises ``RequestRefused`` for a refusal, except while new attempts are left for it.

    Sits between the retries (550) and the decompression (590). Settings: ``RETRY_TIMES``,
    ``RETRY_HTTP_CODES``.
    """

    hosts: Hosts
    stats: StatsCollector
    retry_times: int
    retry_codes: frozenset[int]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        codes = frozenset(settings.RETRY_HTTP_CODES)
        return cls(find_hosts(crawler), crawler.stats, settings.RETRY_TIMES, codes)

    async def process_response(self, request: Request, response: Response) -> Response:
        if RequestInfo.of(request).visit is not None:
            return response  # the browser's visit is judged by its sender
        self.hosts.note_judged(request)
        refusal = find_refusal(response)
        if refusal is None:
            await self._note(request, response.status)
            return response
        self.stats.inc_value(f"requests/{refusal.kind.value}")
        state = await self.hosts.note_refusal(request, refusal.kind, refusal.detail)
        if state.circuit is Circuit.CLOSED and self._comes_again(request, response, refusal):
            return response
        down = refusal.kind is RefusalKind.ORIGIN_DOWN
        raise RequestRefused(Outcome.FAILED if down else Outcome.BLOCKED, refusal.detail)

    async def process_exception(self, request: Request, exception: Exception) -> None:
        if isinstance(exception, OUT_OF_REACH):
            await self.hosts.note_failure(request, describe_failure(exception))

    async def _note(self, request: Request, status: int) -> None:
        if status < 400 or status in _GOOD_ERRORS:
            await self.hosts.note_success(request)
        elif status >= 500:
            await self.hosts.note_failure(request, f"http {status}")

    def _comes_again(self, request: Request, response: Response, refusal: Refusal) -> bool:
        left = request.meta.get("retry_times", 0) < self.retry_times
        return left and refusal.kind in _TRIED_AGAIN and response.status in self.retry_codes
