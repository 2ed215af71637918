"""One opened database file and its transactions: all that a store needs of the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, select

from enrichscrapy.database.engine import (
    check,
    describe_missing,
    open_engine,
    read_inode,
    resolve_path,
)
from enrichscrapy.database.migrations import migrate
from enrichscrapy.database.schema import origin


class Database:
    """An SQLite file, opened, checked and migrated. Thread-safe.

    ``target`` is a path or a ``sqlite:///`` URL; ``busy_timeout`` is how many seconds a writer
    waits for another process; ``create`` makes the file where there is none; ``clock`` gives UTC
    seconds since the epoch. ``token`` tells this database from any other. Opening raises
    ``DatabaseDamaged``, ``DatabaseUnavailable`` or, for a missing file, ``BadSetting``.
    """

    def __init__(
        self,
        target: str | Path,
        *,
        clock: Callable[[], float] = time.time,
        busy_timeout: float = 60.0,
        create: bool = True,
    ) -> None:
        self.path = resolve_path(target)
        self.clock = clock
        self.engine = open_engine(target, busy_timeout=busy_timeout, create=create)
        self._inode = read_inode(self.path)
        try:
            migrate(self.engine, self.path, clock())
            with self.read() as connection:
                self.token = connection.scalars(select(origin.c.token)).one()
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
        """A write transaction (``BEGIN IMMEDIATE``); rolled back when the block raises.

        Raises ``DatabaseUnavailable`` when the path leads to no file any more, or to another one.
        """
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            self._check_same_file(connection)
            yield connection

    def _check_same_file(self, connection: Connection) -> None:
        """What is written to a file that was deleted or replaced is lost, and nobody would know."""
        known = connection.scalar(select(origin.c.token)) == self.token
        if not known or read_inode(self.path) != self._inode:
            raise describe_missing(self.path)
