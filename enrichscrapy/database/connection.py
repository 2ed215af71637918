"""One opened database file and its transactions: all that a store needs of the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Connection

from enrichscrapy.database.engine import check, database_path, open_engine
from enrichscrapy.database.migrations import migrate


class Database:
    """An SQLite file, opened, checked and migrated. Thread-safe.

    ``target`` is a path or a ``sqlite:///`` URL; ``busy_timeout`` is how many seconds a writer
    waits for another process; ``clock`` gives UTC seconds since the epoch. Opening raises
    ``DatabaseDamaged`` or ``DatabaseUnavailable``.
    """

    def __init__(
        self,
        target: str | Path,
        *,
        clock: Callable[[], float] = time.time,
        busy_timeout: float = 60.0,
    ) -> None:
        self.path = database_path(target)
        self.clock = clock
        self.engine = open_engine(target, busy_timeout=busy_timeout)
        try:
            migrate(self.engine, self.path, clock())
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
        """Check the whole file, however long it takes; raises ``DatabaseDamaged``."""
        with self.engine.connect() as connection:
            check(connection, self.path)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: one state of the database, whatever is written meanwhile."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction (``BEGIN IMMEDIATE``); rolled back when the block raises."""
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection
