"""One worker process: photo bytes come in over a socket, results go back.

Started by :mod:`enrichscrapy.faces.workers` with two file descriptors as arguments, not through
``multiprocessing``: that would import the parent's main program again in each worker.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path

from enrichscrapy.exceptions import EnrichError
from enrichscrapy.faces.engine import FaceEngine, FaceOptions, PhotoFaces
from enrichscrapy.items import ModelInfo

# Added to the parent's nice value: a tenth of its weight where both want the same core.
NICENESS = 10


@dataclass(frozen=True)
class Ready:
    """The first message of a worker."""

    info: ModelInfo


@dataclass(frozen=True)
class Refused:
    """The first message of a worker that cannot work: an error that a person can fix."""

    error: EnrichError


@dataclass(frozen=True)
class BatchResult:
    """The results of a batch, and the resident memory in bytes after it."""

    results: tuple[PhotoFaces, ...]
    memory: int


def main() -> None:
    """Work until the parent hangs up, sends None or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    os.nice(NICENESS)
    link, life = Connection(int(sys.argv[1])), Connection(int(sys.argv[2]))
    threading.Thread(target=_die_with, args=(life,), daemon=True).start()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        _work(link)


def _die_with(life: Connection) -> None:
    """End at once, whatever the other threads do, when the parent's end of ``life`` closes."""
    wait([life])
    os._exit(0)


def _work(link: Connection) -> None:
    options: FaceOptions = link.recv()
    try:
        engine = FaceEngine(options)
    except EnrichError as error:
        link.send(Refused(error))
        return
    link.send(Ready(engine.info))
    while (photos := link.recv()) is not None:
        link.send(BatchResult(tuple(engine.look(photos)), measure_memory()))


def measure_memory() -> int:
    """Bytes this process holds in memory now; its peak where /proc is missing."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")
