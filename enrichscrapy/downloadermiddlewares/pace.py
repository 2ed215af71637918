"""One request at a time to a source, each in its turn: pages, photos, robots.txt, the browser.

A turn is taken before the cookies are set (a request that waits for a challenge to be passed has
to leave with what was won). The download handler gives it back: it alone always learns how a
request ended, also when the crawl no longer waits for it.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.statscollectors import StatsCollector

from enrichscrapy.database.hosts import Answer
from enrichscrapy.downloadermiddlewares.refused import RequestRefused
from enrichscrapy.downloadermiddlewares.sources import Sources
from enrichscrapy.extensions import required, stop_crawl
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.shutdown import lets_finish
from enrichscrapy.items import Outcome
from enrichscrapy.locks import FileLock
from enrichscrapy.pace import Circuit, Closed, HostState, Turn, Wait, parse_retry_after
from enrichscrapy.pacerules import PaceRules
from enrichscrapy.refusals import RefusalKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from enrichscrapy.database.hosts import HostStore

CHECK_SECONDS = 0.5
"""How often a waiting request looks whether the crawl is ending."""
LOCK_SECONDS = 0.05


@dataclass
class _Host:
    """The host behind a source: all its requests, whatever their host name, share its turns."""

    name: str
    rules: PaceRules
    file_lock: FileLock
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    untroubled: bool = False


@dataclass
class _Taken:
    host: _Host
    left_at: float


class PaceMiddleware:
    """Takes turns; ``OutboundDownloadHandler`` ends them.

    Settings: ``DELAY_FLOORS``, ``DELAY_JITTER``, ``AUTOTHROTTLE_START_DELAY``,
    ``AUTOTHROTTLE_MAX_DELAY``, ``AUTOTHROTTLE_TARGET_CONCURRENCY``, ``REQUESTS_PER_DAY``,
    ``LONGEST_WAIT``, ``CIRCUIT_REFUSALS``, ``CIRCUIT_FAILURES``, ``CIRCUIT_PAUSE``,
    ``CIRCUIT_PAUSE_MAX``.
    """

    def __init__(
        self,
        database: DatabaseExtension,
        stats: StatsCollector,
        hosts_of: Callable[[Request], tuple[str, PaceRules]],
        *,
        is_ending: Callable[[], bool],
        stop: Callable[[str, str], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.database = database
        self.stats = stats
        self._hosts_of = hosts_of
        self._is_ending = is_ending
        self._stop = stop
        self._sleep = sleep
        self._hosts: dict[str, _Host] = {}
        self._taken: dict[Request, _Taken] = {}
        self._closed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        sources = Sources.from_crawler(crawler)
        rules = {
            s.source: PaceRules.from_settings(crawler.settings, s.source, s.on_loopback)
            for s in sources
        }

        def hosts_of(request: Request) -> tuple[str, PaceRules]:
            source = sources.of(request)
            assert source is not None  # the intake refuses what belongs to no source
            return source.host_of(source.home), rules[source.source]

        def is_ending() -> bool:
            if crawler.stats.get_value("stop/message") is not None:
                return True
            return not (crawler.engine.running or lets_finish(crawler))

        def stop(reason: str, message: str) -> None:
            stop_crawl(crawler, reason, message)

        database = required(crawler, DatabaseExtension)
        pace = cls(database, crawler.stats, hosts_of, is_ending=is_ending, stop=stop)
        crawler.signals.connect(pace.spider_closed, signal=signals.spider_closed)
        return pace

    def spider_closed(self) -> None:
        """Requests that were cut off may still come to their end, but there is no more to learn."""
        self._closed = True

    @property
    def _store(self) -> HostStore:
        return self.database.database.hosts

    def _now(self) -> float:
        return self.database.database.clock()

    def host(self, request: Request) -> _Host:
        name, rules = self._hosts_of(request)
        if name not in self._hosts:
            path = self.database.database.path
            folder = path.with_name(f"{path.name}.locks")
            lock_path = folder / f"host-{re.sub(r'[^a-z0-9.-]', '_', name)}.lock"
            self._hosts[name] = _Host(name, rules, FileLock(lock_path, f"request to {name}"))
        return self._hosts[name]

    # --- Taking and ending a turn ----------------------------------------------------------------

    async def process_request(self, request: Request) -> None:
        host = self.host(request)
        await host.lock.acquire()
        try:
            await self._lock_out_other_processes(host)
            await self._take(host, request.meta.get("cost", 1))
        except BaseException:
            self._release(host)
            raise
        self._taken[request] = _Taken(host, self._now())
        self.stats.inc_value("requests/sent")

    async def end_turn(self, request: Request, response: Response | None) -> None:
        """Learn from the answer (or from none), then let the next request go."""
        taken = self._taken.pop(request, None)
        if taken is None:
            return
        try:
            if self._closed:
                return
            answer = _answer(request, response, taken.left_at, self._now())
            state = await self.database.write(
                self._store.answered, taken.host.name, taken.host.rules, answer
            )
            taken.host.untroubled = state.untroubled
            if response is not None and 300 <= response.status < 400:
                await self.succeeded(request)  # it goes on as a request of its own
        finally:
            self._release(taken.host)

    async def _lock_out_other_processes(self, host: _Host) -> None:
        while not host.file_lock.acquire():
            self._refuse_if_ending()
            await self._sleep(LOCK_SECONDS)

    @staticmethod
    def _release(host: _Host) -> None:
        host.file_lock.release()
        host.lock.release()

    async def _take(self, host: _Host, cost: int) -> None:
        while True:
            self._refuse_if_ending()
            decision = await self.database.write(
                self._store.take_turn,
                host.name,
                host.rules,
                random.random(),  # noqa: S311  # jitter, no secret
                cost,
            )
            if isinstance(decision, Closed):
                self._close(host, decision)
            async with self._given_up_on_error(host, decision):
                until = decision.until if isinstance(decision, Wait) else decision.at
                await self._wait_until(until)
            if isinstance(decision, Turn):
                return

    @asynccontextmanager
    async def _given_up_on_error(self, host: _Host, decision: Turn | Wait) -> AsyncIterator[None]:
        try:
            yield
        except (RequestRefused, asyncio.CancelledError):
            if isinstance(decision, Turn) and not self._closed:
                await self.database.write(self._store.give_up_turn, host.name, host.rules, decision)
            raise

    async def _wait_until(self, moment: float) -> None:
        while (left := moment - self._now()) > 0:
            self._refuse_if_ending()
            await self._sleep(min(left, CHECK_SECONDS))

    def _refuse_if_ending(self) -> None:
        if self._is_ending():
            raise RequestRefused(Outcome.BLOCKED, "the crawl is ending", transient=True)

    def _close(self, host: _Host, closed: Closed) -> NoReturn:
        self._stop(closed.reason, f"{host.name}: {closed.detail}; it goes on {_when(closed.until)}")
        raise RequestRefused(Outcome.BLOCKED, closed.detail, transient=True)

    # --- The circuit -----------------------------------------------------------------------------

    async def succeeded(self, request: Request) -> None:
        host = self.host(request)
        if not host.untroubled:
            state = await self.database.write(self._store.succeeded, host.name, host.rules)
            host.untroubled = state.untroubled

    async def refused(self, request: Request, kind: RefusalKind, detail: str) -> HostState:
        host = self.host(request)
        state = await self.database.write(self._store.refused, host.name, host.rules, kind, detail)
        return self._stop_if_open(host, state)

    async def failed(self, request: Request, detail: str) -> HostState:
        host = self.host(request)
        state = await self.database.write(self._store.failed, host.name, host.rules, detail)
        return self._stop_if_open(host, state)

    async def leave_alone(self, request: Request, detail: str) -> HostState:
        """Open the circuit at once."""
        host = self.host(request)
        state = await self.database.write(self._store.open_circuit, host.name, host.rules, detail)
        return self._stop_if_open(host, state)

    async def set_crawl_delay(self, request: Request, seconds: float | None) -> None:
        host = self.host(request)
        await self.database.write(self._store.set_crawl_delay, host.name, host.rules, seconds)

    def _stop_if_open(self, host: _Host, state: HostState) -> HostState:
        host.untroubled = state.untroubled
        if state.circuit is Circuit.OPEN:
            until = _when(state.circuit_until or self._now())
            why = state.circuit_reason or "refused"
            self._stop("blocked", f"{host.name} is left alone until {until} ({why})")
        return state


def pace_of(crawler: Crawler) -> PaceMiddleware:
    """The crawl's own pace; usable once all middlewares are built."""
    found = crawler.get_downloader_middleware(PaceMiddleware)
    assert found is not None, "DOWNLOADER_MIDDLEWARES lacks the PaceMiddleware"
    return found


def _answer(request: Request, response: Response | None, left_at: float, now: float) -> Answer:
    if response is None:
        return Answer(seen_at=now)
    latency = request.meta.get("download_latency")
    retry_after = response.headers.get("Retry-After")
    return Answer(
        seen_at=now if latency is None else min(now, left_at + latency),
        status=response.status,
        latency=latency,
        retry_after=parse_retry_after(retry_after.decode("latin-1"), now) if retry_after else None,
    )


def _when(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(moment))
