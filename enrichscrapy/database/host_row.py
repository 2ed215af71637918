"""One host's row, locked while it is changed; and whose turn it is at a host of many workers.

One request at a time leaves for a host, whoever sends it: its row names the worker whose request is
out. A worker that died has no turn any more; but its last request may just have left, so the next
one counts from the moment at which that was noticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select

from enrichscrapy.database.connection import Database
from enrichscrapy.database.dialects.advisory import Kind, is_held, make_key
from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.schema import hosts
from enrichscrapy.database.workers import is_alive
from enrichscrapy.exceptions import ConnectionLost
from enrichscrapy.politeness.pace import Circuit, HostState

POLL_SECONDS = 0.1
"""How often somebody who waits for another's request to end asks again …"""
LONGEST_POLL = 5.0
"""… and how seldom, where that one waits for its own moment."""

STATE_COLUMNS = [hosts.c[field.name] for field in fields(HostState)]


@dataclass
class HostRow:
    """What a block makes of a locked row. ``holder`` is the worker whose request is out."""

    connection: Connection
    state: HostState
    holder: int | None
    now: float

    def take_over(self, worker_id: int) -> bool:
        """Whether the turn is this worker's to take; raises ``ConnectionLost`` as below."""
        check_locks(self.connection, worker_id)
        if self.holder in (None, worker_id):
            return True
        if is_alive(self.connection, self.holder, self.now):
            return False
        last = max(self.state.last_request_at or 0.0, self.now)
        self.state, self.holder = replace(self.state, last_request_at=last), None
        return True

    def let_go(self, worker_id: int | None) -> None:
        if self.holder == worker_id:
            self.holder = None


@contextmanager
def change_row(
    database: Database, host: str, source: str, *, may_lag: bool = False
) -> Iterator[HostRow]:
    """Lock the row; what the block makes of it is written when it ends without an error.

    ``may_lag`` as in :meth:`Database.write`.
    """
    with database.write(shared=True, may_lag=may_lag) as connection:
        query = select(hosts.c.turn_worker, *STATE_COLUMNS).where(hosts.c.host == host)
        query = query.with_for_update()
        is_new = False
        while (found := connection.execute(query).mappings().first()) is None:
            # A row that is not there cannot be locked; another may make it, or remove it again.
            empty = insert(hosts).values(host=host, source=source).on_conflict_do_nothing()
            is_new = connection.execute(empty).rowcount > 0
        now = database.read_now(connection)
        row = HostRow(connection, read_state(found), found["turn_worker"], now)
        before = (row.state, row.holder)
        yield row
        if (row.state, row.holder) != before:
            values = asdict(row.state) | {"circuit": row.state.circuit.value}
            write_row(connection, host, source, values | {"turn_worker": row.holder}, now)
        elif is_new:
            connection.execute(delete(hosts).where(hosts.c.host == host))


def write_row(
    connection: Connection, host: str, source: str, values: dict[str, Any], now: float
) -> None:
    """Write some of a host's columns, whether or not it has a row yet."""
    values = values | {"source": source, "updated_at": now}
    statement = insert(hosts).values(host=host, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["host"], set_=values))


def load(connection: Connection, host: str) -> HostState:
    row = connection.execute(select(*STATE_COLUMNS).where(hosts.c.host == host)).mappings().first()
    return read_state(row) if row is not None else HostState()


def read_state(row: RowMapping) -> HostState:
    values = {field.name: row[field.name] for field in fields(HostState)}
    return HostState(**values | {"circuit": Circuit(values["circuit"])})


# --- Among workers -------------------------------------------------------------------------------
def find_wait(connection: Connection, host: str, worker_id: int, now: float) -> float | None:
    """When to ask again while another worker has the turn; None where none has it."""
    columns = (hosts.c.turn_worker, hosts.c.last_request_at)
    row = connection.execute(select(*columns).where(hosts.c.host == host)).first()
    if row is None or row.turn_worker in (None, worker_id):
        return None
    if not is_alive(connection, row.turn_worker, now):
        return None
    return min(max(now + POLL_SECONDS, row.last_request_at or 0.0), now + LONGEST_POLL)


def check_locks(connection: Connection, worker_id: int) -> None:
    """Raise ``ConnectionLost`` where this worker has lost its locks: it asks for nothing then."""
    if not is_held(connection, make_key(Kind.WORKER, worker_id)):
        raise ConnectionLost("this crawl's locks are lost; it asks for nothing without them")
