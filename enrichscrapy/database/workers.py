"""One crawl among those of a database that several machines share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, select, update

from enrichscrapy.database import machines
from enrichscrapy.database.dialects.advisory import Kind, LockSession, is_held, make_key
from enrichscrapy.database.performers import read_new_id
from enrichscrapy.database.schema import workers
from enrichscrapy.exceptions import SourceLocked

if TYPE_CHECKING:
    from enrichscrapy.database.connection import Database

ATTEMPT_SECONDS = 30.0
"""How long a crawl that begins waits for what may not run beside one: an erasure, say."""

_begun: set[int] = set()
"""This process's own workers."""


class Worker:
    """A crawl's row, its locks and its leases.

    ``seconds`` is how long its leases outlive its last :meth:`renew`. Its locks are held by a
    connection of their own: whoever loses that is no worker any more until it has them again.
    """

    def __init__(self, database: Database, source: str, mode: str, seconds: float) -> None:
        self._database = database
        self.machine = database.machine
        self.source = source
        self.mode = mode
        self.seconds = seconds
        self.id = 0
        self._session = LockSession(database.engine)

    def begin(self) -> None:
        """Enter the database's workers; raises ``SourceLocked`` while no crawl may run here."""
        try:
            self._lock_shared(ATTEMPT_SECONDS)
            self._enter()
            self._lock_own()
        except BaseException:
            self._session.close()
            raise

    def _enter(self) -> None:
        with self._database.write(shared=True) as connection:
            now = self._database.read_now(connection)
            machines.note(connection, self._database, now)
            if machines.has_to_forget(connection, self.machine):
                raise SourceLocked(
                    "somebody is to be forgotten on this machine first: that is done as soon as no "
                    "crawl runs here"
                )
            connection.execute(delete(workers).where(workers.c.expires_at <= now))
            _remove_killed(connection, self.machine)
            self.id = read_new_id(connection.execute(insert(workers).values(self._make_row(now))))
            _begun.add(self.id)

    def renew(self) -> bool:
        """Keep the leases for another while; take the locks again where they were lost.

        Returns whether the crawl has to end, because somebody is to be forgotten here. Raises
        ``DatabaseUnavailable`` while the database is out of reach, ``SourceLocked`` where meanwhile
        something began that no crawl may run beside.
        """
        if not self._session.is_alive():
            try:
                self._lock_shared(0.0)
                self._lock_own()
            except BaseException:  # else a connection with some of the locks looked alive
                self._session.close()
                raise
        with self._database.write(shared=True) as connection:
            now = self._database.read_now(connection)
            machines.note(connection, self._database, now)
            values = {"expires_at": now + self.seconds}
            renewed = update(workers).where(workers.c.id == self.id).values(values)
            if not connection.execute(renewed).rowcount:  # it was taken for dead; its leases too
                connection.execute(insert(workers).values(id=self.id, **self._make_row(now)))
            return machines.has_to_forget(connection, self.machine)

    def end(self) -> None:
        """Leave: leases end with the row, locks with their connection."""
        try:
            with self._database.write(shared=True) as connection:
                connection.execute(delete(workers).where(workers.c.id == self.id))
        finally:
            _begun.discard(self.id)
            self._session.close()

    def _make_row(self, now: float) -> dict[str, object]:
        return {
            "machine": self.machine,
            "pid": os.getpid(),
            "source": self.source,
            "mode": self.mode,
            "started_at": now,
            "expires_at": now + self.seconds,
        }

    def _lock_shared(self, timeout: float) -> None:
        self._session.open()
        for key in (make_key(Kind.CRAWLS), make_key(Kind.MACHINE, self.machine)):
            if not self._session.take(key, shared=True, timeout=timeout):
                raise SourceLocked(
                    "something runs that no crawl may run beside (an erasure, a move to another "
                    "model): try again when it is done"
                )

    def _lock_own(self) -> None:
        # After a lost connection the server may not have noticed yet that the old one is gone.
        if not self._session.take(make_key(Kind.WORKER, self.id), timeout=ATTEMPT_SECONDS):
            raise SourceLocked(f"another process is worker {self.id}")


def _remove_killed(connection: Connection, machine: str) -> None:
    """Remove those of this machine whose process is gone: nobody waits for their leases to expire.

    Their locks must be free too: another container on the same files has process ids of its own.
    Free locks alone mean little, since a restart of the server frees those of the living.
    """
    query = select(workers.c.id, workers.c.pid).where(workers.c.machine == machine)
    killed = [
        worker_id
        for worker_id, pid in connection.execute(query)
        if not _runs(worker_id, pid) and not is_held(connection, make_key(Kind.WORKER, worker_id))
    ]
    connection.execute(delete(workers).where(workers.c.id.in_(killed)))


def _runs(worker_id: int, pid: int) -> bool:
    if pid == os.getpid():  # a container's first process always has the same one
        return worker_id in _begun
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


def is_alive(connection: Connection, worker_id: int, now: float) -> bool:
    """Whether a worker still works: it was heard of in time, and its connection is there."""
    known = select(workers.c.id).where(workers.c.id == worker_id, workers.c.expires_at > now)
    if connection.scalar(known) is None:
        return False
    return is_held(connection, make_key(Kind.WORKER, worker_id))


def list_running(connection: Connection, now: float) -> list[tuple[str, str, int]]:
    """Source, machine and process id of every crawl that runs now."""
    query = select(workers).where(workers.c.expires_at > now).order_by(workers.c.id)
    rows = connection.execute(query).all()
    return [
        (row.source, row.machine, row.pid)
        for row in rows
        if is_held(connection, make_key(Kind.WORKER, row.id))
    ]
