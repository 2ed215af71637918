"""File locks that the kernel frees, however their holder ends.

A lock is ``flock`` on a small file; the file's content says who holds it and is only for people: no
code reads it to decide, and a stale one means nothing. Locks are not rows: a row would outlive
``kill -9``.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import filelock

from enrichscrapy.exceptions import SourceLocked

HOST_PREFIX = "host-"
"""Begins the names of the pace's locks, which lie in the same folder."""

_POLL_SECONDS = 0.05
_FOREVER = 1e9
"""Seconds. Without an end filelock refuses to wait for what another of this thread's locks holds,
which another thread may release."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: process, machine, since when (UTC seconds) and what for."""

    pid: int
    host: str
    started: float
    purpose: str

    def __str__(self) -> str:
        started = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(self.started))
        return f"process {self.pid} on {self.host} ({self.purpose}, since {started})"


class FileLock:
    """An exclusive lock on ``path``; created when missing, with its folder, and never deleted.

    The file says who holds it, where there is a ``purpose``: what is written for each request would
    cost more than all the rest of its lock.

    Where a file system has no locks there is no second best: a file that stands for a lock would
    outlive ``kill -9``. One process's threads share what it holds.
    """

    def __init__(self, path: Path, purpose: str | None = None) -> None:
        self.path = path
        self.purpose = purpose
        self._lock = filelock.FileLock(path, mode=0o600, thread_local=False, fallback_to_soft=False)

    @property
    def held(self) -> bool:
        return self._lock.is_locked

    def acquire(self, timeout: float | None = 0.0) -> bool:
        """Take it; wait up to ``timeout`` seconds (None: for as long as it takes)."""
        try:
            wait = _FOREVER if timeout is None else timeout
            self._lock.acquire(wait, poll_interval=_POLL_SECONDS)
        except filelock.Timeout:
            return False
        except OSError as error:  # flock's error does not name the file
            why = f"cannot be locked: {error.strerror}"
            raise OSError(error.errno, why, str(self.path)) from error
        if self.purpose is not None:
            holder = Holder(os.getpid(), socket.gethostname(), time.time(), self.purpose)
            self.path.write_text(json.dumps(asdict(holder)), encoding="utf-8")
        return True

    def release(self) -> None:
        if self.held:
            if self.purpose is not None:
                os.truncate(self.path, 0)
            self._lock.release()

    def read_holder(self) -> Holder | None:
        """The holder written in the file; None when there is none (yet)."""
        try:
            return Holder(**json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def __enter__(self) -> Self:
        if not self.held:
            self.acquire(timeout=None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


def make_source_lock_path(database: Path, source: str) -> Path:
    return database.with_name(f"{database.name}.locks") / f"{source}.lock"


def lock_source(database: Path, source: str, purpose: str) -> FileLock:
    """Lock a source of a database for this crawl, until released or the process ends.

    Raises :class:`SourceLocked`, naming the holder, when another crawl has it.
    """
    lock = FileLock(make_source_lock_path(database, source), purpose)
    if not lock.acquire():
        holder = lock.read_holder() or "another process"
        raise SourceLocked(f"{source} is being crawled by {holder}; wait for it or stop it")
    return lock


def list_running_crawls(database: Path) -> list[str]:
    """Which sources are being crawled now, and by whom."""
    found = []
    for source in _list_ever_crawled(database):
        lock = FileLock(make_source_lock_path(database, source), "looking")
        if lock.acquire():
            lock.release()
        else:
            found.append(f"{source} by {lock.read_holder() or 'another process'}")
    return found


def _list_ever_crawled(database: Path) -> list[str]:
    found = make_source_lock_path(database, "any").parent.glob("*.lock")
    return [path.stem for path in found if not path.name.startswith(HOST_PREFIX)]


@contextmanager
def lock_all_sources(
    database: Path,
    sources: Iterable[str],
    purpose: str,
    timeout: float | None = None,
    on_wait: Callable[[str], None] = lambda crawl: None,
) -> Iterator[None]:
    """Wait for every running crawl of ``database`` and keep new ones out (for erasure).

    ``sources`` are the known ones; those that ever were crawled are locked too. ``on_wait`` is
    told of each crawl that is waited for. Raises :class:`SourceLocked` when one is still running
    after ``timeout`` seconds.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    with ExitStack() as stack:
        for source in sorted({*sources, *_list_ever_crawled(database)}):
            lock = FileLock(make_source_lock_path(database, source), purpose)
            if not lock.acquire():
                crawl = f"{source} is being crawled by {lock.read_holder() or 'another process'}"
                on_wait(crawl)
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                if not lock.acquire(left):
                    raise SourceLocked(f"{crawl}; stop it and try again")
            stack.callback(lock.release)
        yield
