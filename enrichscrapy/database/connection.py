"""One opened database and its transactions: all that a store needs of the database."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import ColumnElement, Connection, FromClause, func, select

from enrichscrapy.database.clock import DatabaseClock
from enrichscrapy.database.dialects import find_backend
from enrichscrapy.database.dialects.backend import Watch
from enrichscrapy.database.migrations import migrate
from enrichscrapy.database.schema import origin
from enrichscrapy.exceptions import ConnectionLost, DatabaseUnavailable, WriteConflict

T = TypeVar("T")

UNFINISHED = "unfinished copy of "
"""Begins the token of a database that ``scrapy migrate-database`` has not finished."""


LAG_SECONDS = 1.0
"""How much of what may lag a failing power takes. The sites' own floors are no shorter: at their
pace each request is on the disk before it leaves."""


class Database:
    """A database, opened, checked and migrated. Thread-safe.

    ``target`` is the path of an SQLite file or a URL; ``folder`` takes what belongs to a server's
    database on this machine; ``busy_timeout`` is how many seconds a writer waits for another
    process; ``create`` makes file or tables where there are none; ``unfinished`` allows a copy that
    ``copying.py`` has begun; ``clock`` gives UTC seconds since the epoch (a server's own, else this
    machine's). ``machine`` is what this machine is called among those that share it, by default its
    host name; ``key_file`` is where the key of the suppressions lies, if not beside ``path``.
    ``token`` tells this database from any other; ``name`` is for people, and what belongs to it on
    this machine lies beside ``path``. Opening raises ``DatabaseDamaged``, ``DatabaseUnavailable``
    or, for one that is missing or out of reach, ``BadSetting``.
    """

    def __init__(
        self,
        target: str | Path,
        *,
        clock: Callable[[], float] | None = None,
        busy_timeout: float = 60.0,
        create: bool = True,
        folder: Path = Path("data"),
        machine: str = "",
        key_file: Path | None = None,
        unfinished: bool = False,
    ) -> None:
        self.backend = find_backend(target, folder, busy_timeout)
        self.path, self.name = self.backend.path, self.backend.name
        self.is_shared = self.backend.is_shared
        self.machine = (machine or socket.gethostname()) if self.is_shared else ""
        self.key_file = key_file or self.path.with_name(f"{self.path.name}.key")
        self.engine = self.backend.open(create=create)
        self._synced_at = -LAG_SECONDS
        own_clock = DatabaseClock(self.engine) if self.is_shared else time.time
        self.clock: Callable[[], float] = clock or own_clock
        try:
            migrate(self.engine, self.backend, self.clock(), create=create)
            with self.read() as connection:
                self.token = connection.scalars(select(origin.c.token)).one()
            if self.token.startswith(UNFINISHED) and not unfinished:
                raise DatabaseUnavailable(
                    f"{self.name} is a copy that was not finished: run scrapy migrate-database "
                    "again, from the database that it is of"
                )
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        self.engine.dispose()

    def check(self) -> None:
        """Check the whole database, however long it takes; raises ``DatabaseDamaged``."""
        with self.engine.connect() as connection:
            self.backend.check(connection)

    def insist(self, unit: Callable[[], T], patience: float | None = None) -> T:
        """Run ``unit``, again where two writers stood in each other's way or the server was lost.

        It has to be one transaction, of which running it twice does no harm: whether a commit
        that lost its answer was written, nobody knows. A server is waited for ``patience`` seconds,
        by default as long as a lock.
        """
        deadline = time.monotonic() + (self.backend.busy_timeout if patience is None else patience)
        while True:
            try:
                return unit()
            except (ConnectionLost, WriteConflict):
                if time.monotonic() >= deadline:
                    raise
            time.sleep(random.uniform(0.05, 0.5))  # noqa: S311  # spreads waiters, no secret

    def watch(self) -> Watch:
        """Begin to watch for what is written; the caller closes it."""
        return self.backend.watch(self.engine)

    def shrink(self) -> str:
        """Rewrite it without what was deleted; returns what could not be emptied, and why."""
        return self.backend.shrink(self.engine)

    def read_now(self, connection: Connection) -> float:
        """The time now, exact where several machines decide by it."""
        clock = self.clock
        return clock.read(connection) if isinstance(clock, DatabaseClock) else clock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: one state of the database, whatever is written meanwhile."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, shared: bool = False, may_lag: bool = False) -> Iterator[Connection]:
        """A write transaction; rolled back when the block raises.

        Nobody else writes meanwhile. ``shared``: on a server others may; the statements have to
        lock the rows they decide by. ``may_lag``: when the power fails, what was written within
        the last second may be lost, and nothing else is ever; else it is on the disk when this
        returns, with all before it. Raises ``DatabaseUnavailable`` when the name leads to no
        database any more, or to another one.
        """
        lags = may_lag and time.monotonic() - self._synced_at < LAG_SECONDS
        options = {"writes": True, "shared": shared, "lags": lags}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            self._check_same(connection)
            yield connection
        if not lags:
            self._synced_at = time.monotonic()

    def _check_same(self, connection: Connection) -> None:
        """What is written to a database that was deleted or replaced is lost, unnoticed."""
        self.backend.check_same()
        if connection.scalar(select(origin.c.token)) != self.token:
            raise DatabaseUnavailable(
                f"{self.name} is another database than the one that was opened: nothing more is "
                "written"
            )


def count_rows(connection: Connection, table: FromClause, *conditions: ColumnElement[bool]) -> int:
    """How many rows of a table, or of tables joined, meet all of these conditions."""
    return connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0
