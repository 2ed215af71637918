"""The time of a database that several machines share: theirs differ, and its own decides."""

from __future__ import annotations

import time

from sqlalchemy import Connection, Engine, func, select


class DatabaseClock:
    """The database's clock, as it was last read, carried on by this machine's steady one.

    Setting this machine's clock changes nothing. Called, it gives UTC seconds since the epoch, off
    by as much as an answer took, and asks nobody but the first time: a caller on the event loop
    waits for nothing. :meth:`read` is exact; every renewal of a crawl and every turn does that.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ahead: float | None = None

    def __call__(self) -> float:
        if self._ahead is None:
            with self._engine.connect() as connection:
                return self.read(connection)
        return time.monotonic() + self._ahead

    def read(self, connection: Connection) -> float:
        """The time now, within any transaction."""
        before = time.monotonic()
        now = float(connection.scalar(select(func.extract("epoch", func.clock_timestamp()))) or 0.0)
        self._ahead = now - (before + time.monotonic()) / 2.0
        return now
