"""What is known of each source's host, kept across runs, idle times and processes.

Each call is one short write transaction that locks and reads the row, applies a rule of ``pace.py``
or ``circuit.py`` and writes the row back: two processes on one host cannot get the same turn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select, update

from enrichscrapy.database.connection import Database
from enrichscrapy.database.host_row import (
    POLL_SECONDS,
    STATE_COLUMNS,
    HostRow,
    change_row,
    check_locks,
    find_wait,
    load,
    read_state,
    write_row,
)
from enrichscrapy.database.schema import hosts, lookups
from enrichscrapy.items import Outcome
from enrichscrapy.politeness import circuit, pace
from enrichscrapy.politeness.pace import Closed, HostAnswer, HostState, Turn, Wait
from enrichscrapy.politeness.rules import PaceRules

Rule = Callable[[HostState, PaceRules, float], HostState]
"""What becomes of a state under these rules, now (UTC seconds)."""
ROBOTS_DETAIL = "robots"
"""``lookups.detail`` of a page that robots.txt disallows."""


@dataclass(frozen=True)
class Cleared:
    """The cookies of the last challenge that was passed, as Playwright gives them, expired ones
    included; on which ``machine``, and under which User-Agent (``agent``).
    """

    cookies: list[dict[str, Any]] = field(default_factory=list)
    machine: str | None = None
    agent: str | None = None


class HostStore:
    """Pace, budget, circuit, robots.txt digest and clearance of each ``host`` or ``host:port``.

    ``worker_id`` is the crawl's among those of several machines; None where there is one machine,
    whose file locks keep two requests from being out at once.
    """

    def __init__(self, database: Database, worker_id: int | None = None) -> None:
        self._database = database
        self._worker_id = worker_id

    def get(self, host: str) -> HostState:
        """What is known of a host; the defaults for one never visited."""
        with self._database.read() as connection:
            return load(connection, host)

    def list_all(self) -> list[tuple[str, str, HostState]]:
        """Every host with its source and state, by name."""
        query = select(hosts.c.host, hosts.c.source, *STATE_COLUMNS).order_by(hosts.c.host)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [(row["host"], row["source"], read_state(row)) for row in rows]

    # --- Pace and budget ---------------------------------------------------------------------

    def take_turn(
        self,
        host: str,
        rules: PaceRules,
        spread: float,
        cost: int = 1,
        *,
        follows_probe: bool = False,
    ) -> Turn | Wait | Closed:
        """Reserve the next slot, or say why there is none; see ``pace.take_turn``.

        Among workers the host is this one's from then on, until :meth:`release`. Raises
        ``ConnectionLost`` for one that has lost its locks.
        """
        if (until := self._find_wait(host)) is not None:
            return Wait(until)
        with self._change_row(host, rules.source, may_lag=True) as row:
            if self._worker_id is not None and not row.take_over(self._worker_id):
                return Wait(row.now + POLL_SECONDS)
            row.state, decision = pace.take_turn(
                row.state, rules, row.now, spread, cost, follows_probe=follows_probe
            )
            if isinstance(decision, Turn):
                row.holder = self._worker_id
        return decision

    def _find_wait(self, host: str) -> float | None:
        """Asked first, without a lock: whoever waits asks often."""
        if self._worker_id is None:
            return None
        with self._database.read() as connection:
            now = self._database.read_now(connection)
            return find_wait(connection, host, self._worker_id, now)

    def begin_turn(self, host: str, rules: PaceRules, turn: Turn) -> float | None:
        """The moment has come: seconds that are left to it, or None where the turn was lost.

        Among workers the next request counts from here on, also where nobody ever says how this
        one ended. The database's clock decides, and a worker that cannot ask it sends nothing.
        """
        if self._worker_id is None:
            return 0.0
        with self._change_row(host, rules.source, may_lag=True) as row:
            check_locks(row.connection, self._worker_id)
            if row.holder != self._worker_id:
                return None
            leaves_at = max(row.now, turn.at)
            row.state = replace(row.state, last_request_at=leaves_at)
            return leaves_at - row.now

    def give_up_turn(self, host: str, rules: PaceRules, turn: Turn) -> None:
        """The request never left: it counts nothing, and its slot stays empty."""
        with self._change_row(host, rules.source) as row:
            row.state = pace.refund(row.state, 1)
            if turn.probe:
                row.state = circuit.give_up_probe(row.state, row.now)
            row.let_go(self._worker_id)

    def release(self, host: str, rules: PaceRules) -> None:
        """Let other workers have their turn."""
        if self._worker_id is not None:
            with self._change_row(host, rules.source) as row:
                row.let_go(self._worker_id)

    def note_answer(
        self, host: str, rules: PaceRules, answer: HostAnswer, *, keeps_turn: bool = False
    ) -> HostState:
        """Learn the delay, and the pause the host asked for; returns the new state.

        ``keeps_turn``: what follows from this answer goes before all other workers' requests.
        """
        seen_ago = self._database.clock() - answer.seen_at
        is_usual = answer.status == 200 and answer.retry_after is None
        with self._change_row(host, rules.source, may_lag=is_usual) as row:
            answer = replace(answer, seen_at=row.now - seen_ago)
            row.state = pace.learn_from_answer(row.state, rules, row.now, answer)
            if not keeps_turn:
                row.let_go(self._worker_id)
        return row.state

    def change(self, host: str, rules: PaceRules, rule: Rule) -> HostState:
        """Apply a rule of ``pace.py`` or ``circuit.py``; returns the new state."""
        with self._change_row(host, rules.source) as row:
            row.state = rule(row.state, rules, row.now)
        return row.state

    # --- robots.txt ----------------------------------------------------------------------------

    def find_robots(self, host: str, max_age: float) -> tuple[bytes, float] | None:
        """What another crawl has fetched, and how many seconds ago; None where that is too long."""
        columns = (hosts.c.robots_text, hosts.c.robots_fetched_at)
        with self._database.read() as connection:
            row = connection.execute(select(*columns).where(hosts.c.host == host)).first()
            now = self._database.read_now(connection)
        if row is None or row.robots_text is None or now - row.robots_fetched_at >= max_age:
            return None
        return bytes(row.robots_text), max(0.0, now - row.robots_fetched_at)

    def note_robots(self, host: str, source: str, text: bytes) -> int:
        """Remember which rules are in force.

        When they are others than before, the source's pages that the old ones disallowed are due
        again; returns how many.
        """
        digest = hashlib.sha256(text).hexdigest()
        with self._database.write() as connection:
            now = self._database.read_now(connection)
            before = connection.scalar(select(hosts.c.robots_digest).where(hosts.c.host == host))
            values = {"robots_digest": digest, "robots_fetched_at": now}
            if self._worker_id is not None:
                values["robots_text"] = text
            write_row(connection, host, source, values, now)
            if before == digest:
                return 0
            disallowed = (
                (lookups.c.source == source)
                & (lookups.c.outcome == Outcome.BLOCKED.value)
                & (lookups.c.detail == ROBOTS_DETAIL)
                & (func.coalesce(lookups.c.next_attempt_at, now + 1) > now)
            )
            return connection.execute(
                update(lookups).where(disallowed).values(next_attempt_at=now)
            ).rowcount

    # --- Clearance -----------------------------------------------------------------------------

    def resume(self, host: str) -> bool:
        """Forget a host's pause, refusals and failures; False for one that was never asked."""
        query = select(hosts.c.source).where(hosts.c.host == host)
        with self._database.read() as connection:
            source = connection.scalar(query)
        if source is not None:
            with self._change_row(host, source) as row:
                row.state = pace.resume(row.state)
        return source is not None

    def find_clearance(self, host: str) -> Cleared:
        columns = (hosts.c.clearance, hosts.c.clearance_machine, hosts.c.clearance_agent)
        with self._database.read() as connection:
            row = connection.execute(select(*columns).where(hosts.c.host == host)).first()
        return Cleared(list(row[0] or []), row[1], row[2]) if row is not None else Cleared()

    def set_clearance(self, host: str, source: str, cleared: Cleared) -> None:
        """Remember it for later crawls, and for those of other machines."""
        with self._database.write(shared=True) as connection:
            values = {
                "clearance": cleared.cookies or None,
                "clearance_machine": cleared.machine,
                "clearance_agent": cleared.agent,
            }
            write_row(connection, host, source, values, self._database.read_now(connection))

    # --- Rows ----------------------------------------------------------------------------------

    def _change_row(
        self, host: str, source: str, *, may_lag: bool = False
    ) -> AbstractContextManager[HostRow]:
        return change_row(self._database, host, source, may_lag=may_lag)
