"""What is known of each source's host, kept across runs, idle times and processes.

Each call is one short write transaction that reads the row, applies a rule of ``pace.py`` or
``circuit.py`` and writes the row back: two processes on one host cannot get the same turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, update

from enrichscrapy.database.connection import Database
from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.schema import hosts, lookups
from enrichscrapy.items import Outcome
from enrichscrapy.politeness import circuit, pace
from enrichscrapy.politeness.pace import Circuit, Closed, HostState, Turn, Wait
from enrichscrapy.politeness.refusals import RefusalKind
from enrichscrapy.politeness.rules import PaceRules

ROBOTS_DETAIL = "robots"
"""``lookups.detail`` of a page that robots.txt disallows."""

_STATE_COLUMNS = [hosts.c[field.name] for field in fields(HostState)]


@dataclass(frozen=True)
class HostAnswer:
    """What came back: ``seen_at`` is the last moment the host can have seen the request.

    ``status`` is None when nothing came; ``latency`` and ``retry_after`` are seconds.
    """

    seen_at: float
    status: int | None = None
    latency: float | None = None
    retry_after: float | None = None


class HostStore:
    """Pace, budget, circuit, robots.txt digest and clearance of each ``host`` or ``host:port``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, host: str) -> HostState:
        """What is known of a host; the defaults for one never visited."""
        with self._database.read() as connection:
            return _load(connection, host)

    def list_all(self) -> list[tuple[str, str, HostState]]:
        """Every host with its source and state, by name."""
        query = select(hosts.c.host, hosts.c.source, *_STATE_COLUMNS).order_by(hosts.c.host)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [(row["host"], row["source"], _read_state(row)) for row in rows]

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
        """Reserve the next slot, or say why there is none; see ``pace.take_turn``."""
        with self._database.write() as connection:
            state, decision = pace.take_turn(
                _load(connection, host),
                rules,
                self._database.clock(),
                spread,
                cost,
                follows_probe=follows_probe,
            )
            if isinstance(decision, Turn):
                self._save(connection, host, rules.source, state)
        return decision

    def give_up_turn(self, host: str, rules: PaceRules, turn: Turn) -> None:
        """The request never left: it counts nothing, and its slot stays empty."""

        def change(state: HostState) -> HostState:
            state = pace.refund(state, 1)
            return circuit.give_up_probe(state, self._database.clock()) if turn.probe else state

        self._change(host, rules.source, change)

    def refund(self, host: str, rules: PaceRules, count: int) -> None:
        """Give back requests that were charged in advance and not made."""
        if count:
            self._change(host, rules.source, lambda state: pace.refund(state, count))

    def note_answer(self, host: str, rules: PaceRules, answer: HostAnswer) -> HostState:
        """Learn the delay, and the pause the host asked for; returns the new state."""
        return self._change(
            host,
            rules.source,
            lambda state: pace.learn_from_answer(
                state,
                rules,
                self._database.clock(),
                seen_at=answer.seen_at,
                status=answer.status,
                latency=answer.latency,
                retry_after=answer.retry_after,
            ),
        )

    # --- The circuit ---------------------------------------------------------------------------

    def note_success(self, host: str, rules: PaceRules) -> HostState:
        return self._change(host, rules.source, circuit.note_success)

    def note_refusal(
        self, host: str, rules: PaceRules, kind: RefusalKind, detail: str
    ) -> HostState:
        def change(state: HostState) -> HostState:
            return circuit.note_refusal(state, rules, self._database.clock(), kind, detail)

        return self._change(host, rules.source, change)

    def note_failure(self, host: str, rules: PaceRules, detail: str) -> HostState:
        def change(state: HostState) -> HostState:
            return circuit.note_failure(state, rules, self._database.clock(), detail)

        return self._change(host, rules.source, change)

    def open_circuit(self, host: str, rules: PaceRules, detail: str) -> HostState:
        def change(state: HostState) -> HostState:
            return circuit.open_circuit(state, rules, self._database.clock(), detail)

        return self._change(host, rules.source, change)

    # --- robots.txt ----------------------------------------------------------------------------

    def note_robots(self, host: str, source: str, digest: str) -> int:
        """Remember which rules are in force.

        When they are others than before, the source's pages that the old ones disallowed are due
        again; returns how many.
        """
        with self._database.write() as connection:
            now = self._database.clock()
            before = connection.scalar(select(hosts.c.robots_digest).where(hosts.c.host == host))
            values = {"robots_digest": digest, "robots_fetched_at": now}
            self._upsert(connection, host, source, values)
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

    def set_crawl_delay(self, host: str, rules: PaceRules, seconds: float | None) -> HostState:
        """The ``Crawl-delay`` in force: a floor of the delay, until robots.txt says otherwise."""

        def change(state: HostState) -> HostState:
            return pace.set_crawl_delay(state, seconds)

        return self._change(host, rules.source, change)

    # --- Clearance -----------------------------------------------------------------------------

    def resume(self, host: str) -> bool:
        """Forget a host's pause, refusals and failures; False for one that was never asked."""
        source = select(hosts.c.source).where(hosts.c.host == host)
        with self._database.read() as connection:
            name = connection.scalar(source)
        if name is not None:
            self._change(host, name, pace.resume)
        return name is not None

    def find_clearance(self, host: str) -> list[dict[str, Any]]:
        """The cookies of the last challenge that was passed, expired ones included."""
        with self._database.read() as connection:
            found = connection.scalar(select(hosts.c.clearance).where(hosts.c.host == host))
        return list(found or [])

    def set_clearance(self, host: str, source: str, cookies: list[dict[str, Any]]) -> None:
        with self._database.write() as connection:
            self._upsert(connection, host, source, {"clearance": cookies or None})

    # --- Rows ----------------------------------------------------------------------------------

    def _change(
        self, host: str, source: str, change: Callable[[HostState], HostState]
    ) -> HostState:
        with self._database.write() as connection:
            before = _load(connection, host)
            after = change(before)
            if after != before:
                self._save(connection, host, source, after)
        return after

    def _save(self, connection: Connection, host: str, source: str, state: HostState) -> None:
        self._upsert(connection, host, source, asdict(state) | {"circuit": state.circuit.value})

    def _upsert(
        self, connection: Connection, host: str, source: str, values: dict[str, Any]
    ) -> None:
        values = values | {"source": source, "updated_at": self._database.clock()}
        statement = insert(hosts).values(host=host, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["host"], set_=values))


def _load(connection: Connection, host: str) -> HostState:
    row = connection.execute(select(*_STATE_COLUMNS).where(hosts.c.host == host)).mappings().first()
    return _read_state(row) if row is not None else HostState()


def _read_state(row: RowMapping) -> HostState:
    values = {field.name: row[field.name] for field in fields(HostState)}
    return HostState(**values | {"circuit": Circuit(values["circuit"])})
