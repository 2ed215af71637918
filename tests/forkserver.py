"""A process that has imported everything and forks a ``scrapy`` for each request.

A command is a process of its own all the same, with its own signals and its own end; only the
seconds of imports that each of hundreds would cost are paid once. With the path of a socket as
its argument the server imports torch as well: it serves the commands that look at photos
themselves, and by that socket the face workers of crawls (``ForkedWorker``).

In: one JSON line a command (arguments, environment, folder, the files for its output, perhaps the
workers' socket). Out: ``{"pid": …}`` at once and ``{"pid": …, "status": …}`` when it has ended.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

READY_MADE = (
    "scrapy.commands",
    "scrapy.extensions",
    "scrapy.downloadermiddlewares",
    "scrapy.spidermiddlewares",
    "scrapy.core.engine",
    "scrapy.dupefilters",
    "scrapy.pqueues",
    "scrapy.robotstxt",
    "scrapy.squeues",
    "scrapy_playwright.provider",
    "enrichscrapy.commands",
    "enrichscrapy.spiders",
    "enrichscrapy.pipelines",
    "enrichscrapy.extensions",
    "enrichscrapy.downloadermiddlewares",
    "enrichscrapy.core",
    "enrichscrapy.reporting",
    "enrichscrapy.index",
    "enrichscrapy.database.dialects.postgresql",
    "demo.stand_in",
    "faiss",
    "numpy.ma.core",
    "psycopg",
    "pydantic.dataclasses",
    "sqlalchemy.dialects.postgresql.psycopg",
    "tldextract",
)
TORCH = (
    "enrichscrapy.faces.worker",
    "enrichscrapy.faces.mtcnn.detect",
    "enrichscrapy.faces.facenet.network",
)


class Server:
    def __init__(self, path: str | None = None) -> None:
        self.buffer = b""
        # By its process id, the connection that asked for a worker.
        self.workers: dict[int, socket.socket] = {}
        self.listener: socket.socket | None = None
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.listener.listen()

    def serve(self) -> Callable[[], None] | None:
        """What to run, in a child; None when there is no more to do, in the server."""
        sources: list[int | socket.socket] = [0, *([self.listener] if self.listener else [])]
        while True:
            ready, _, _ = select.select(sources, [], [], 0.02)
            self.report_ended()
            if self.listener in ready and (job := self.fork_worker(self.listener)):
                return job
            if 0 in ready:
                received = os.read(0, 65536)
                if not received:
                    return None
                *lines, self.buffer = (self.buffer + received).split(b"\n")
                for line in lines:
                    child = os.fork()
                    if child == 0:
                        return partial(run_command, json.loads(line))
                    report(pid=child)

    def fork_worker(self, listener: socket.socket) -> Callable[[], None] | None:
        connection, _ = listener.accept()
        message, fds, _, _ = socket.recv_fds(connection, 1 << 20, 2)
        child = os.fork()
        if child == 0:
            connection.close()
            return partial(run_worker, json.loads(message), fds)
        for fd in fds:
            os.close(fd)
        self.workers[child] = connection
        with contextlib.suppress(OSError):  # the crawl may have been killed meanwhile
            connection.sendall(b"%d\n" % child)
        return None

    def report_ended(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            if (connection := self.workers.pop(pid, None)) is None:
                report(pid=pid, status=code)
                continue
            with connection, contextlib.suppress(OSError):  # the crawl may have ended before it
                connection.sendall(b"%d\n" % code)


def report(**message: int) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


def run_command(request: dict[str, Any]) -> None:
    """Take over what makes a process of its own, and run ``scrapy``."""
    os.setsid()
    # As from a terminal: a shell's background jobs ignore it, and what they start as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["folder"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for name, target in (("out", 1), ("err", 2)):
        os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), target)
    take_environment(request["environment"])
    sys.path.insert(0, request["folder"])
    sys.argv = ["scrapy", *request["arguments"]]
    import enrichscrapy.settings

    importlib.reload(enrichscrapy.settings)  # it read the environment of this server
    if request["workers"]:
        from enrichscrapy.faces import workers

        vars(workers)["subprocess"] = forking_at(request["workers"])
    from scrapy.cmdline import execute

    execute()


def run_worker(environment: dict[str, str], fds: list[int]) -> None:
    os.setpgid(0, 0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for target in (0, 1):
        os.dup2(nothing, target)
    take_environment(environment)
    sys.argv = ["-c", *map(str, fds)]
    from enrichscrapy.faces.worker import main

    main()


def take_environment(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    if ahead := float(os.environ.get("CLOCK_AHEAD", "0")):  # this machine's clock is wrong
        real = time.time
        time.time = lambda: real() + ahead
    sys.path[:0] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


def forking_at(path: str) -> SimpleNamespace:
    """The module ``subprocess`` for ``faces/workers.py``: it has a worker forked at that socket."""
    return SimpleNamespace(**{**vars(subprocess), "Popen": partial(ForkedWorker, path)})


class ForkedWorker:
    """Stands for the ``Popen`` of a face worker: forked where torch is imported already."""

    def __init__(
        self,
        path: str,
        _command: list[str],
        *,
        pass_fds: Sequence[int],
        env: dict[str, str],
        **_: object,
    ) -> None:
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(path)
        socket.send_fds(self.connection, [json.dumps(env).encode()], pass_fds)
        self.answers = self.connection.makefile("rb")
        self.pid = int(self.answers.readline())
        self.returncode: int | None = None

    def kill(self) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self.connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("face worker", timeout or 0.0)
            self.returncode = int(self.answers.readline() or -signal.SIGKILL)
        return self.returncode


if __name__ == "__main__":
    from scrapy.utils.misc import walk_modules_iter

    from enrichscrapy.facts import nicknames

    gc.disable()
    for name in (*READY_MADE, *(TORCH if sys.argv[1:] else ())):
        list(walk_modules_iter(name) if name.count(".") == 1 else [importlib.import_module(name)])
    nicknames.is_first_name("Ada")  # reads their table
    gc.freeze()  # else each command goes through all that was imported, copying its pages
    gc.enable()
    if (job := Server(*sys.argv[1:]).serve()) is not None:
        job()
