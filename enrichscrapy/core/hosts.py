"""The host behind each source: its circuit, and which request may go next.

All requests of a source share one host, whatever host name they carry: on the other side they
meet the same server.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, Self

from scrapy import Request
from scrapy.crawler import Crawler

from enrichscrapy.core.refused import RequestRefused
from enrichscrapy.core.sources import Sources
from enrichscrapy.database.dialects.advisory import Kind, LockSession, make_key
from enrichscrapy.database.host_row import POLL_SECONDS
from enrichscrapy.database.hosts import Cleared, HostStore, Rule
from enrichscrapy.extensions import require, stop_crawl
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.worker import find_worker
from enrichscrapy.files.locks import HOST_PREFIX, FileLock
from enrichscrapy.items import Outcome
from enrichscrapy.politeness import circuit, pace
from enrichscrapy.politeness.pace import Circuit, Closed, HostState
from enrichscrapy.politeness.refusals import RefusalKind
from enrichscrapy.politeness.rules import PaceRules
from enrichscrapy.reporting.words import format_utc
from enrichscrapy.settings_reader import read_settings


@dataclass
class Host:
    """A host in this crawl; what is known of it beyond that is in the database.

    ``untroubled``: a good answer would change nothing. While it is held, only requests that
    follow from another one (a challenge's visit) may leave. While photos wait, no page does: what
    was begun is finished first, so that a crawl that has to end has few pages in progress.
    ``file_lock`` keeps other crawls of this machine waiting; None where the database does so.
    ``interval`` is how many seconds lie between two requests now.
    """

    name: str
    rules: PaceRules
    file_lock: FileLock | None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    untroubled: bool = False
    held_until: float = 0.0
    holders: int = 0
    photos_waiting: int = 0
    interval: float = 0.0

    @property
    def is_held(self) -> bool:
        return self.holders > 0 or time.monotonic() < self.held_until

    def release(self) -> None:
        if self.file_lock is not None:
            self.file_lock.release()
        self.lock.release()


class Hosts:
    """The hosts of a crawl; ``name_and_rules`` finds a request's, ``stop`` ends the crawl.

    ``worker_id``: it ``shares`` them with crawls of other machines.
    """

    def __init__(
        self,
        database: DatabaseExtension,
        name_and_rules: Callable[[Request], tuple[str, PaceRules]],
        stop: Callable[[str, str], None],
        worker_id: int | None = None,
    ) -> None:
        self.database = database
        self.store = HostStore(database.stores, worker_id)
        self.shares = worker_id is not None
        self._name_and_rules = name_and_rules
        self._stop = stop
        self._hosts: dict[str, Host] = {}
        self._letting_go: set[asyncio.Task[None]] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        sources, settings = Sources.from_crawler(crawler), read_settings(crawler.settings)
        rules = {
            s.source: PaceRules.from_settings(settings, s.source, s.on_loopback) for s in sources
        }

        def name_and_rules(request: Request) -> tuple[str, PaceRules]:
            source = sources.find(request)
            assert source is not None  # the intake refuses what belongs to no source
            return source.find_host(source.home), rules[source.source]

        def stop(reason: str, message: str) -> None:
            stop_crawl(crawler, reason, message)

        worker = find_worker(crawler)
        database = require(crawler, DatabaseExtension)
        return cls(database, name_and_rules, stop, worker.id if worker else None)

    @property
    def machine(self) -> str:
        """The machine this crawl runs on; empty where the database is one machine's."""
        return self.database.stores.machine

    def now(self) -> float:
        """UTC seconds since the epoch."""
        return self.database.stores.clock()

    def find(self, request: Request) -> Host:
        name, rules = self._name_and_rules(request)
        if name not in self._hosts:
            self._hosts[name] = Host(name, rules, None if self.shares else self._make_lock(name))
        return self._hosts[name]

    def _make_lock(self, name: str) -> FileLock:
        path = self.database.stores.path
        file = f"{HOST_PREFIX}{re.sub(r'[^a-z0-9.-]', '_', name)}.lock"
        return FileLock(path.with_name(f"{path.name}.locks") / file)

    # --- robots.txt ---------------------------------------------------------------------------

    async def find_robots(self, name: str, max_age: float) -> tuple[bytes, float] | None:
        """What a crawl of another machine has fetched, and how many seconds ago."""
        if not self.shares:
            return None
        return await self.database.read(self.store.find_robots, name, max_age)

    @asynccontextmanager
    async def fetching_robots(self, name: str) -> AsyncIterator[None]:
        """One crawl fetches it; the others wait, and find it fetched."""
        if not self.shares:
            yield
            return
        session = LockSession(self.database.stores.engine)
        try:
            key = make_key(Kind.ROBOTS, name)
            while not await self.database.read(session.begin_with, key):  # noqa: ASYNC110
                # Nothing here tells that a lock of the database was let go of.
                await asyncio.sleep(POLL_SECONDS)
            yield
        finally:
            await asyncio.to_thread(session.end)

    # --- Who goes first --------------------------------------------------------------------------

    @contextmanager
    def holding(self, request: Request) -> Iterator[None]:
        """Let nothing leave meanwhile but what follows from this request."""
        host = self.find(request)
        host.holders += 1
        try:
            yield
        finally:
            host.holders -= 1

    def note_judged(self, request: Request) -> None:
        """The answer to this request was understood: the others may go on."""
        self.find(request).held_until = 0.0

    def let_go_when_judged(self, host: Host) -> None:
        """Until an answer is understood the host stays this crawl's, whoever else waits."""
        if self.shares:
            task = asyncio.ensure_future(self._let_go_when_judged(host))
            self._letting_go.add(task)
            task.add_done_callback(self._letting_go.discard)

    def stop_waiting(self) -> None:
        """The crawl ends, and with it all its turns."""
        for task in self._letting_go:
            task.cancel()

    async def _let_go_when_judged(self, host: Host) -> None:
        while host.is_held:  # noqa: ASYNC110  # by the clock, too
            await asyncio.sleep(POLL_SECONDS)
        async with host.lock:  # not while a request of this crawl is out
            await self.database.write(self.store.release, host.name, host.rules)

    # --- The circuit -----------------------------------------------------------------------------

    async def note_success(self, request: Request) -> None:
        if not self.find(request).untroubled:
            await self._change(request, lambda state, _rules, _now: circuit.note_success(state))

    async def note_refusal(self, request: Request, kind: RefusalKind, detail: str) -> HostState:
        def rule(state: HostState, rules: PaceRules, now: float) -> HostState:
            return circuit.note_refusal(state, rules, now, kind, detail)

        return self._stop_if_open(request, await self._change(request, rule))

    async def note_failure(self, request: Request, detail: str) -> HostState:
        def rule(state: HostState, rules: PaceRules, now: float) -> HostState:
            return circuit.note_failure(state, rules, now, detail)

        return self._stop_if_open(request, await self._change(request, rule))

    async def leave_alone(self, request: Request, detail: str) -> HostState:
        """Open the circuit at once."""

        def rule(state: HostState, rules: PaceRules, now: float) -> HostState:
            return circuit.open_circuit(state, rules, now, detail)

        return self._stop_if_open(request, await self._change(request, rule))

    async def set_crawl_delay(self, request: Request, seconds: float | None) -> None:
        """The ``Crawl-delay`` in force: a floor of the delay, until robots.txt says otherwise."""
        await self._change(
            request, lambda state, _rules, _now: pace.set_crawl_delay(state, seconds)
        )

    async def refund(self, request: Request, count: int) -> None:
        """Give back requests that were charged in advance and not made."""
        if count > 0:
            await self._change(request, lambda state, _rules, _now: pace.refund(state, count))

    async def _change(self, request: Request, rule: Rule) -> HostState:
        host = self.find(request)
        state = await self.database.write(self.store.change, host.name, host.rules, rule)
        host.untroubled = state.untroubled
        return state

    async def find_clearance(self, request: Request) -> Cleared:
        """The last challenge that was passed, in this run or another."""
        return await self.database.read(self.store.find_clearance, self.find(request).name)

    async def set_clearance(self, request: Request, cookies: list[dict[str, Any]]) -> None:
        host, agent = self.find(request), request.headers.get("User-Agent") or b""
        cleared = Cleared(cookies, self.machine, agent.decode("latin-1"))
        await self.database.write(self.store.set_clearance, host.name, host.rules.source, cleared)

    def _stop_if_open(self, request: Request, state: HostState) -> HostState:
        if state.circuit is Circuit.OPEN:
            until = format_utc(state.circuit_until or self.now())
            why = state.circuit_reason or "refused"
            self._stop("blocked", f"{self.find(request).name} is left alone until {until} ({why})")
        return state

    def close(self, host: Host, closed: Closed) -> NoReturn:
        """End the crawl, because nothing may be asked of the host now."""
        self._stop(
            closed.reason, f"{host.name}: {closed.detail}; it goes on {format_utc(closed.until)}"
        )
        raise RequestRefused(Outcome.BLOCKED, closed.detail, transient=True)
