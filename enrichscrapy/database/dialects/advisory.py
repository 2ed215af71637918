"""Locks of a database that several machines share: they end with the connection that took them.

A process that is killed, a machine that dies and a cable that is cut let go of what they held, and
nobody has to judge whether a row of theirs is stale.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum

from sqlalchemy import ColumnElement, Connection, Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from enrichscrapy.exceptions import DatabaseUnavailable

_POLL_SECONDS = 0.1
_CLASS = 0x656E7200
"""The first of the two numbers of our keys: another program's locks in this database are others."""
_NOTICED_SOON = (
    # Else a machine that lost its power holds what it held for two hours.
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)


class Kind(IntEnum):
    """What is locked.

    ``CRAWLS`` and ``MACHINE`` are shared by crawls, all of them and those of one machine, and taken
    alone by what none of these may see half done. ``WORKER``: a crawl is alive. ``INDEX``: one
    publisher of an index folder. ``ROBOTS``: somebody fetches a host's robots.txt. ``WRITER``: a
    transaction writes.
    """

    CRAWLS = 1
    MACHINE = 2
    WORKER = 3
    INDEX = 4
    ROBOTS = 5
    WRITER = 6


Key = tuple[int, int]


def make_key(kind: Kind, name: str | int = 0) -> Key:
    """Two 32-bit numbers; a text's may be another text's as well, which costs a wait."""
    number = zlib.crc32(name.encode()) if isinstance(name, str) else name
    return _CLASS + kind, (number & 0xFFFFFFFF) - (0x100000000 if number & 0x80000000 else 0)


class LockSession:
    """A connection of its own, and the locks it holds until it is closed or lost."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._one_at_a_time = threading.Lock()
        self._ended = False

    def open(self) -> None:
        self.close()
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        for statement in _NOTICED_SOON:
            connection.execute(text(statement))
        self._connection = connection

    def take(self, key: Key, *, shared: bool = False, timeout: float | None = 0.0) -> bool:
        """Take a lock; wait up to ``timeout`` seconds for it (None: as long as it takes)."""
        take = func.pg_try_advisory_lock_shared if shared else func.pg_try_advisory_lock
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._ask(take(*key)):
            if deadline is not None and time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def begin_with(self, key: Key) -> bool:
        """Open it where it is not, and try to take a lock; nothing after :meth:`end`.

        Both are for callers that may be cancelled while a thread of theirs is in here.
        """
        with self._one_at_a_time:
            if self._ended:
                return False
            try:
                if self._connection is None:
                    self.open()
                return self.take(key)
            except DatabaseUnavailable:
                self.close()
                raise

    def end(self) -> None:
        with self._one_at_a_time:
            self._ended = True
            self.close()

    def is_alive(self) -> bool:
        """Whether the connection, and with it the locks, is still there."""
        try:
            return self._connection is not None and self._ask(func.pg_backend_pid()) > 0
        except (DatabaseUnavailable, SQLAlchemyError):
            return False

    def close(self) -> None:
        """Let go of everything."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(DatabaseUnavailable, SQLAlchemyError):
            # Left to the end of the connection, they would be free a moment later.
            connection.execute(select(func.pg_advisory_unlock_all()))
        connection.invalidate()
        connection.close()

    def _ask(self, function: ColumnElement[int]) -> int:
        if self._connection is None:
            raise DatabaseUnavailable("the connection that held the locks is lost")
        return self._connection.scalar(select(function)) or 0


def is_held(connection: Connection, key: Key) -> bool:
    """Whether another connection holds the lock alone."""
    return not connection.scalar(select(func.pg_try_advisory_xact_lock_shared(*key)))


@contextmanager
def hold(engine: Engine, key: Key, *, timeout: float | None = 0.0) -> Iterator[bool]:
    """Hold one lock for a while; yields whether it could be taken."""
    session = LockSession(engine)
    try:
        session.open()
        yield session.take(key, timeout=timeout)
    finally:
        session.close()
