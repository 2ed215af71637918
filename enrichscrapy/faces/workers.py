"""Worker processes that look at photos while the event loop goes on.

Photos of all callers wait in one bounded queue and travel in batches. When a worker dies over a
batch, its photos are tried again one by one in a fresh worker, so that only the photo at fault
fails; one whose worker was ended from outside twice may be due again. Workers end with their
parent, however it ends.

There is a worker for every core, at a low priority: the crawl has its core the moment it wants it,
and the workers have it the rest of the time. Measured on two cores: the event loop wakes 0.2 ms
late (p99: 2 ms), as with a core kept free for it (0.3 and 1 ms), while the workers see 1.9 times
the photos a second; at the crawl's own priority they would stretch its every computation to twice
the time.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

from enrichscrapy.exceptions import EnrichError
from enrichscrapy.faces import devices, worker
from enrichscrapy.faces.engine import FaceOptions, PhotoFaces
from enrichscrapy.faces.stored_crop import StoredCrop
from enrichscrapy.faces.worker import BatchResult, Ready, Refused
from enrichscrapy.items import ModelInfo, PhotoOutcome

START_SECONDS = 300.0
STOP_SECONDS = 5.0
MIB = 1 << 20
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)
"""Signals that no photo sends a worker: its own faults end it by others."""
# glibc returns large blocks to the system and asks for them again at every step of a network;
# keeping them makes detection a third faster.
MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * MIB),
    "MALLOC_TRIM_THRESHOLD_": str(1024 * MIB),
    "MALLOC_TOP_PAD_": str(64 * MIB),
}
# Imported, not run with -m: its classes must have the same names on both ends.
PROGRAM = f"from {worker.__name__} import main; main()"

T = TypeVar("T")


class WorkersFailed(EnrichError):
    """No worker process can be started, or they were closed; the message says which."""


class WorkerDied(Exception):
    """A worker ended, or did not answer in time, over a batch (internal; never leaves here).

    ``from_outside``: somebody ended it, as the system does when memory runs out.
    """

    def __init__(self, reason: str, *, from_outside: bool = False) -> None:
        super().__init__(reason)
        self.from_outside = from_outside


class WorkerProcess:
    """One process and the socket to it. All methods block: call them in a thread."""

    def __init__(self, options: FaceOptions, number: int = 0) -> None:
        """``number`` tells it from the others of its pool, which may have other GPUs."""
        self.number = number
        ours, theirs = socket.socketpair()
        watched, life = os.pipe()
        with theirs:
            fds = (theirs.fileno(), watched)
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    [sys.executable, "-c", PROGRAM, *map(str, fds)],
                    pass_fds=fds,
                    stdin=subprocess.DEVNULL,
                    process_group=0,  # Ctrl-C in the terminal is not for it
                    env=_make_environment(options.threads)
                    | devices.make_environment(number, options.device),
                )
            finally:
                os.close(watched)
        self._life = life
        self._link = Connection(ours.detach())
        self._options = options

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> ModelInfo:
        """Wait until the model is loaded; raises what the worker refused with."""
        try:
            self._link.send(self._options)
            reply = self._receive(START_SECONDS)
        except WorkerDied as error:
            raise WorkersFailed(f"a face worker did not start: {error}") from error
        if isinstance(reply, Refused):
            raise reply.error
        if not isinstance(reply, Ready):
            raise WorkersFailed(f"a face worker began with {type(reply).__name__}")
        return reply.info

    def look(self, photos: Sequence[bytes | StoredCrop]) -> BatchResult:
        """The worker's answer for a batch; raises :class:`WorkerDied`."""
        try:
            self._link.send(list(photos))
        except OSError as error:
            raise self._describe_death() from error
        reply = self._receive(self._options.timeout)
        if not isinstance(reply, BatchResult):
            raise WorkerDied(f"it answered with {type(reply).__name__}")
        return reply

    def _receive(self, seconds: float) -> object:
        try:
            if not self._link.poll(seconds):
                raise WorkerDied(f"no answer within {seconds:g} s")
            return self._link.recv()
        except (EOFError, OSError) as error:
            raise self._describe_death() from error

    def _describe_death(self) -> WorkerDied:
        """How the process ended, in words."""
        try:
            status = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return WorkerDied("it hung up")
        if status >= 0:
            return WorkerDied(f"exit {status}")
        name = signal.Signals(-status).name
        return WorkerDied(f"killed by {name}", from_outside=-status in FROM_OUTSIDE)

    def kill(self) -> None:
        """End the process now; a thread that waits for its answer gets :class:`WorkerDied`."""
        self._process.kill()

    def close(self) -> None:
        """End the process, wait for it and let go of the sockets; no other call may be going on."""
        self._process.kill()
        self._process.wait()
        self._link.close()
        os.close(self._life)


def _make_environment(threads: int) -> dict[str, str]:
    """Ours, with the parent's import path and the thread count set before torch is imported."""
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    return {**MEMORY, **os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": str(threads)}


@dataclass
class _Job:
    photo: bytes | StoredCrop
    done: asyncio.Future[PhotoFaces]


class FaceWorkers:
    """A pool of worker processes; ``workers`` 0 is as many as cores or GPUs make sensible."""

    def __init__(self, options: FaceOptions, workers: int = 0) -> None:
        self._options = options
        self._count = workers or options.workers or devices.count_workers(options.device)
        self._queue: asyncio.Queue[_Job] = asyncio.Queue(self._count * options.batch_size)
        self._threads = ThreadPoolExecutor(self._count, "face-worker")
        self._processes: set[WorkerProcess] = set()
        self._opening = threading.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: EnrichError | None = None
        self._busy = 0
        self.replaced = 0

    @property
    def pids(self) -> list[int]:
        """The worker processes that run now."""
        return sorted(process.pid for process in self._processes)

    async def start(self) -> ModelInfo:
        """Start all workers; raises ``WeightsError``, ``BadSetting`` or :class:`WorkersFailed`."""
        starting = [asyncio.create_task(self._spawn()) for _ in range(self._count)]
        started = await asyncio.gather(*starting, return_exceptions=True)
        failures = [each for each in started if isinstance(each, BaseException)]
        if failures:
            await self.close()
            raise failures[0]
        processes = [each for each in started if isinstance(each, tuple)]
        self._tasks = [asyncio.create_task(self._serve(process)) for process, _ in processes]
        return processes[0][1]

    async def look(self, photos: Sequence[bytes | StoredCrop]) -> list[PhotoFaces]:
        """One result a photo or crop, in order; waits while the queue is full.

        Raises :class:`WorkersFailed` when no worker can be started any more or after ``close``.
        """
        loop = asyncio.get_running_loop()
        jobs = [_Job(photo, loop.create_future()) for photo in photos]
        try:
            for job in jobs:
                self._check_alive()
                await self._queue.put(job)
            self._check_alive()
            return list(await asyncio.gather(*(job.done for job in jobs)))
        finally:
            for job in jobs:
                job.done.cancel()
                if job.done.done() and not job.done.cancelled():
                    job.done.exception()  # retrieved: each caller gets a failure once

    async def close(self) -> None:
        """End every worker process; callers that still wait get :class:`WorkersFailed`."""
        self._fail(WorkersFailed("the face workers are closed"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for process in list(self._processes):
            process.kill()
        # Only once no thread uses a socket any more may it be closed.
        await asyncio.to_thread(self._threads.shutdown)
        while self._processes:
            await asyncio.to_thread(self._processes.pop().close)

    def _check_alive(self) -> None:
        if self._failure:
            raise self._failure

    def _fail(self, error: EnrichError) -> None:
        self._failure = self._failure or error
        while not self._queue.empty():
            _settle(self._queue.get_nowait(), self._failure)

    async def _spawn(self) -> tuple[WorkerProcess, ModelInfo]:
        process = await self._call(self._open)
        return process, await self._call(process.start)

    def _open(self) -> WorkerProcess:
        """Start a process and record it at once, even if the caller is cancelled."""
        with self._opening:
            taken = {process.number for process in self._processes}
            number = next(number for number in itertools.count() if number not in taken)
            try:
                process = WorkerProcess(self._options, number)
            except OSError as error:
                raise WorkersFailed(f"no face worker can be started: {error.strerror}") from error
            self._processes.add(process)
        return process

    async def _serve(self, process: WorkerProcess) -> None:
        """Feed one worker, and its successors, batch after batch."""
        batch: list[_Job] = []
        try:
            while True:
                batch = await self._take_batch()
                self._busy += 1
                process = await self._look(process, batch)
                self._busy -= 1
        except EnrichError as error:
            self._fail(error)
        except Exception as error:  # a bug of ours: nobody may wait for this worker
            self._fail(WorkersFailed(f"{type(error).__name__}: {error}"))
            raise
        finally:
            for job in batch:
                _settle(job, self._failure or WorkersFailed("the face workers are closed"))

    async def _take_batch(self) -> list[_Job]:
        """The waiting photos, shared among the idle workers."""
        batch = [await self._queue.get()]
        share = math.ceil((1 + self._queue.qsize()) / (self._count - self._busy))
        while len(batch) < min(share, self._options.batch_size):
            batch.append(self._queue.get_nowait())
        return [job for job in batch if not job.done.done()]

    async def _look(
        self, process: WorkerProcess, batch: list[_Job], *, again: bool = False
    ) -> WorkerProcess:
        """Answer a batch; returns the worker to go on with.

        What a worker died over is tried ``again``, each photo alone and in a fresh worker.
        """
        if not batch:
            return process
        try:
            answer: BatchResult = await self._call(process.look, [job.photo for job in batch])
        except WorkerDied as error:
            process = await self._replace(process)
            if again:
                detail = f"the worker died over this photo: {error}"
                lost = PhotoFaces(PhotoOutcome.FAILED, detail, due_again=error.from_outside)
                _settle(batch[0], lost)
            else:
                for job in batch:
                    process = await self._look(process, [job], again=True)
            return process
        for job, result in zip(batch, answer.results, strict=True):
            _settle(job, result)
        if answer.memory > self._options.worker_memory * MIB:
            process = await self._replace(process)
        return process

    async def _replace(self, process: WorkerProcess) -> WorkerProcess:
        await self._call(process.close)
        self._processes.discard(process)
        self.replaced += 1
        return (await self._spawn())[0]

    async def _call(self, function: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)


def _settle(job: _Job, result: PhotoFaces | EnrichError) -> None:
    if job.done.done():
        return
    if isinstance(result, EnrichError):
        job.done.set_exception(result)
    else:
        job.done.set_result(result)
