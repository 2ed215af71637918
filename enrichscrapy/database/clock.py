"""The time of a database that several machines share: theirs differ, and its own decides."""

from __future__ import annotations

import time

from sqlalchemy import Connection, Engine, func, select

COMPARED_SECONDS = 30.0
"""How long a comparison holds: clocks of machines drift by a millisecond a minute at worst."""


class DatabaseClock:
    """The database's clock, read now and then and carried on by this machine's steady one.

    Setting this machine's clock changes nothing. Called, it gives UTC seconds since the epoch, off
    by as much as an answer took; :meth:`read` is exact.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ahead = 0.0
        self._compared_at = -COMPARED_SECONDS

    def __call__(self) -> float:
        if time.monotonic() - self._compared_at >= COMPARED_SECONDS:
            with self._engine.connect() as connection:
                self.read(connection)
        return time.monotonic() + self._ahead

    def read(self, connection: Connection) -> float:
        """The time now, within any transaction."""
        before = time.monotonic()
        now = float(connection.scalar(select(func.extract("epoch", func.clock_timestamp()))) or 0.0)
        after = time.monotonic()
        self._ahead, self._compared_at = now - (before + after) / 2.0, after
        return now
