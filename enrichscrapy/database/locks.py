"""What may not run beside what: file locks where one machine has the database, else its own locks.

``files/locks.py`` and ``dialects/advisory.py`` are these two kinds; nobody else has to know which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from enrichscrapy.database import machines, workers
from enrichscrapy.database.dialects.advisory import Kind, LockSession, hold, make_key
from enrichscrapy.exceptions import EnrichError, SourceLocked
from enrichscrapy.files.locks import FileLock, list_running_crawls, lock_all_sources
from enrichscrapy.files.token import find_token

if TYPE_CHECKING:
    from enrichscrapy.database.connection import Database

NAME = "id"
"""The file in an index folder that tells it from others, by whatever path a machine reaches it."""


def lock_out_crawls(
    db: Database,
    sources: Iterable[str],
    purpose: str,
    timeout: float | None = None,
    on_wait: Callable[[str], None] = lambda crawl: None,
    *,
    here_only: bool = False,
) -> AbstractContextManager[None]:
    """Wait for running crawls and keep new ones out.

    ``here_only``: those of other machines may go on. ``on_wait`` is told what is waited for.
    Raises ``SourceLocked`` when a crawl still runs after ``timeout`` seconds.
    """
    if not db.is_shared:
        return lock_all_sources(db.path, sources, purpose, timeout, on_wait)
    return _lock_out_workers(db, timeout, on_wait, here_only=here_only)


def list_crawls(db: Database) -> list[str]:
    """Which sources are being crawled now, and by whom."""
    if not db.is_shared:
        return list_running_crawls(db.path)
    with db.read() as connection:
        running = workers.list_running(connection, db.clock())
    return [f"{source} by process {pid} on {machine}" for source, machine, pid in running]


@contextmanager
def lock_publishing(db: Database, index_dir: Path, wait: float | None) -> Iterator[None]:
    """One publisher of an index folder at a time, whichever machines share it."""
    if not db.is_shared:
        lock = FileLock(index_dir / "lock", "publishing")
        if not lock.acquire(wait):
            raise _refuse_second(str(lock.read_holder() or "another process"))
        with lock:
            yield
        return
    key = make_key(Kind.INDEX, find_token(index_dir / NAME))
    with hold(db.engine, key, timeout=wait) as is_mine:
        if not is_mine:
            raise _refuse_second("another process or machine")
        with db.write(shared=True) as connection:
            machines.note(connection, db, db.read_now(connection))
        yield


def _refuse_second(whom: str) -> EnrichError:
    return EnrichError(f"the index is being published by {whom}")


@contextmanager
def _lock_out_workers(
    db: Database, timeout: float | None, on_wait: Callable[[str], None], *, here_only: bool
) -> Iterator[None]:
    key = make_key(Kind.MACHINE, db.machine) if here_only else make_key(Kind.CRAWLS)
    session = LockSession(db.engine)
    try:
        session.open()
        if not session.take(key):
            crawls = "; ".join(list_crawls(db)) or "a crawl"
            on_wait(crawls)
            if not session.take(key, timeout=timeout):
                raise SourceLocked(f"crawls run ({crawls}); stop them and try again")
        yield
    finally:
        session.close()
