"""Whose turn it is: one request at a time to a source, pages, photos, robots.txt and the browser.

A turn is taken before the cookies are set (a request that waits for a challenge to be passed has
to leave with what was won). The download handler says when the request goes out, and gives the turn
back: it alone always learns how a request ended, also when the crawl no longer waits for it.

Other crawls that visit the host wait meanwhile: those of one machine for its file lock, those of
several for its row in the database they share.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self
from weakref import WeakKeyDictionary

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.statscollectors import StatsCollector

from enrichscrapy.core.hosts import Host, Hosts
from enrichscrapy.core.meta import RequestInfo
from enrichscrapy.core.refused import RequestRefused
from enrichscrapy.database.host_row import POLL_SECONDS
from enrichscrapy.extensions.shutdown import lets_finish
from enrichscrapy.items import Outcome
from enrichscrapy.politeness.pace import (
    Closed,
    HostAnswer,
    Turn,
    Wait,
    compute_interval,
    parse_retry_after,
)

CHECK_SECONDS = 0.5
"""How often a waiting request looks whether the crawl is ending."""
LOCK_SECONDS = 0.05
HOLD_SECONDS = 5.0
"""How long others wait at most for an answer that may be a refusal to be judged."""
_DOUBTFUL = (403, 429, 503)
COURTESY = 1.5
"""Polls for which a worker leaves the next turn to others that wait, where the pace has room."""


@dataclass
class _Taken:
    host: Host
    left_at: float


class Turns:
    """The turns of one crawl: ``PaceMiddleware`` takes them, ``OutboundDownloadHandler`` ends them.

    ``is_ending`` says whether the crawl ends; ``sleep`` takes seconds. Settings: ``DELAY_FLOORS``,
    ``DELAY_JITTER``, ``AUTOTHROTTLE_START_DELAY``, ``AUTOTHROTTLE_MAX_DELAY``,
    ``AUTOTHROTTLE_TARGET_CONCURRENCY``, ``REQUESTS_PER_DAY``, ``LONGEST_WAIT``,
    ``CIRCUIT_REFUSALS``, ``CIRCUIT_FAILURES``, ``CIRCUIT_PAUSE``, ``CIRCUIT_PAUSE_MAX``.
    """

    def __init__(
        self,
        hosts: Hosts,
        stats: StatsCollector,
        is_ending: Callable[[], bool],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.hosts = hosts
        self.stats = stats
        self._is_ending = is_ending
        self._sleep = sleep
        self._taken: dict[Request, _Taken] = {}
        self._closed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        def is_ending() -> bool:
            if crawler.stats.get_value("stop/message") is not None:
                return True
            return not (crawler.engine.running or lets_finish(crawler))

        return cls(Hosts.from_crawler(crawler), crawler.stats, is_ending)

    def close(self) -> None:
        """Requests that were cut off may still come to their end, but there is no more to learn."""
        self._closed = True
        self.hosts.stop_waiting()

    async def take(self, request: Request) -> None:
        """Wait for the request's turn; raises ``RequestRefused`` where it gets none."""
        host = self.hosts.find(request)
        await self._come_first(host, request)
        try:
            await self._let_others_first(host)
            await self._lock_out_other_processes(host)
            while not await self._leaves(host, await self._wait_for_turn(host, request)):
                pass  # the turn was lost: taken for dead, or without its locks for a while
        except BaseException:
            host.release()
            raise
        self._taken[request] = _Taken(host, self.hosts.now())
        self.stats.inc_value("requests/sent")

    def leave(self, request: Request) -> None:
        """It goes out now: on a busy machine that is later than its turn began."""
        if (taken := self._taken.get(request)) is not None:
            taken.left_at = self.hosts.now()

    async def end(self, request: Request, response: Response | None) -> None:
        """Learn from the answer (or from none), then let the next request go."""
        taken = self._taken.pop(request, None)
        if taken is None:
            return
        try:
            if self._closed:
                return
            doubtful = response is not None and response.status in _DOUBTFUL
            if doubtful and not RequestInfo.of(request).follows:
                taken.host.held_until = time.monotonic() + HOLD_SECONDS
            await self._note_answer(taken, request, response)
            if response is not None and 300 <= response.status < 400:
                await self.hosts.note_success(request)  # it goes on as a request of its own
        finally:
            taken.host.release()

    async def _note_answer(
        self, taken: _Taken, request: Request, response: Response | None
    ) -> None:
        host, is_held = taken.host, taken.host.is_held
        answer = _make_answer(request, response, taken.left_at, self.hosts.now())
        state = await self.hosts.database.write(
            self.hosts.store.note_answer, host.name, host.rules, answer, keeps_turn=is_held
        )
        host.untroubled = state.untroubled
        host.interval = compute_interval(state, host.rules)
        if is_held:
            self.hosts.let_go_when_judged(host)

    async def _come_first(self, host: Host, request: Request) -> None:
        """Acquire the host; what goes on with another request goes before what begins again."""
        is_photo = RequestInfo.of(request).photo
        host.photos_waiting += is_photo
        try:
            await host.lock.acquire()
            while not RequestInfo.of(request).follows and (
                host.is_held or (host.photos_waiting and not is_photo)
            ):
                host.lock.release()
                self._refuse_if_ending()
                await self._sleep(LOCK_SECONDS)
                await host.lock.acquire()
        finally:
            host.photos_waiting -= is_photo

    async def _let_others_first(self, host: Host) -> None:
        """Whoever has just had a turn would always be the first to ask for the next one."""
        if self.hosts.shares and not host.is_held:
            await self._sleep(min(COURTESY * POLL_SECONDS, host.interval / 2.0))

    async def _lock_out_other_processes(self, host: Host) -> None:
        while host.file_lock is not None and not host.file_lock.acquire():
            self._refuse_if_ending()
            await self._sleep(LOCK_SECONDS)

    async def _wait_for_turn(self, host: Host, request: Request) -> Turn:
        while True:
            self._refuse_if_ending()
            decision = await self.hosts.database.write(
                self.hosts.store.take_turn,
                host.name,
                host.rules,
                random.random(),  # noqa: S311  # jitter, no secret
                RequestInfo.of(request).cost,
                follows_probe=RequestInfo.of(request).follows,
            )
            if isinstance(decision, Closed):
                self.hosts.close(host, decision)
            async with self._give_up_on_error(host, decision):
                until = decision.until if isinstance(decision, Wait) else decision.at
                await self._wait_until(until)
            if isinstance(decision, Turn):
                return decision

    async def _leaves(self, host: Host, turn: Turn) -> bool:
        """Whether the turn is still this crawl's when its moment has come."""
        if not self.hosts.shares:
            return True
        async with self._give_up_on_error(host, turn):
            left = await self.hosts.database.write(
                self.hosts.store.begin_turn, host.name, host.rules, turn
            )
            if left:  # the clock by which it waited was a little fast
                await self._sleep(left)
        return left is not None

    @asynccontextmanager
    async def _give_up_on_error(self, host: Host, decision: Turn | Wait) -> AsyncIterator[None]:
        try:
            yield
        except (RequestRefused, asyncio.CancelledError):
            if isinstance(decision, Turn) and not self._closed:
                await self.hosts.database.write(
                    self.hosts.store.give_up_turn, host.name, host.rules, decision
                )
            raise

    async def _wait_until(self, moment: float) -> None:
        while (left := moment - self.hosts.now()) > 0:
            self._refuse_if_ending()
            await self._sleep(min(left, CHECK_SECONDS))

    def _refuse_if_ending(self) -> None:
        if self._is_ending():
            raise RequestRefused(Outcome.BLOCKED, "the crawl is ending", transient=True)


_turns: WeakKeyDictionary[Crawler, Turns] = WeakKeyDictionary()


def find_turns(crawler: Crawler) -> Turns:
    """The crawl's one and only; usable once the extensions are built."""
    if crawler not in _turns:
        _turns[crawler] = Turns.from_crawler(crawler)
    return _turns[crawler]


def find_hosts(crawler: Crawler) -> Hosts:
    """The hosts of this crawl; usable once the extensions are built."""
    return find_turns(crawler).hosts


def _make_answer(
    request: Request, response: Response | None, left_at: float, now: float
) -> HostAnswer:
    if response is None:
        return HostAnswer(seen_at=now)
    latency = request.meta.get("download_latency")
    retry_after = response.headers.get("Retry-After")
    return HostAnswer(
        seen_at=now if latency is None else min(now, left_at + latency),
        status=response.status,
        latency=latency,
        retry_after=parse_retry_after(retry_after.decode("latin-1"), now) if retry_after else None,
    )
