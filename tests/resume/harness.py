"""Real crawls in subprocesses, against a site whose every answer the test holds in its hand."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support import PROJECT, Workplace

PATIENCE = 60.0


class HeldSite:
    """Answers 404 (an ended lookup) unless told otherwise; remembers who asked for what.

    ``hold(test)`` keeps requests whose path passes ``test`` waiting until ``release``;
    ``status_of`` gives the status of a path; each answer takes ``delay`` seconds.
    """

    delay = 0.0

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.status_of: Callable[[str], int] = lambda _path: 404
        self._held: Callable[[str], bool] = lambda _path: False
        self._released = threading.Event()
        self._arrived = threading.Condition()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/robots.txt":
                    self._answer(404)
                    return
                with site._arrived:
                    site.paths.append(self.path)
                    site._arrived.notify_all()
                if site._held(self.path):
                    site._released.wait(PATIENCE)
                time.sleep(site.delay)
                self._answer(site.status_of(self.path))

            def _answer(self, status: int) -> None:
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    self.close_connection = True  # the crawl was killed meanwhile

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator[HeldSite]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._released.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def hold(self, test: Callable[[str], bool]) -> None:
        self._released.clear()
        self._held = test

    def release(self) -> None:
        self._held = lambda _path: False
        self._released.set()

    def wait_for(self, count: int) -> None:
        """Until ``count`` requests have come in since the beginning."""
        with self._arrived:
            come = self._arrived.wait_for(lambda: len(self.paths) >= count, PATIENCE)
        assert come, f"{len(self.paths)} requests came, not {count}: {self.paths}"

    @property
    def asked(self) -> Counter[str]:
        return Counter(self.paths)


class ForkServer:
    """Starts crawls in processes that need not import anything; see ``forkserver.py``."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.resume.forkserver"],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._started: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._codes: dict[int, int] = {}
        self._ended = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self._process.stdout:
            message = json.loads(line)
            if "status" not in message:
                self._started.put(message["pid"])
                continue
            with self._ended:
                self._codes[message["pid"]] = message["status"]
                self._ended.notify_all()

    def start(self, arguments: list[str], environment: dict[str, str], log: Path) -> int:
        """The process id of a new ``scrapy <arguments>``."""
        request = {"arguments": arguments, "environment": environment, "log": str(log)}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        return self._started.get(timeout=PATIENCE)

    def exit_code(self, pid: int, timeout: float = 0.0) -> int | None:
        """How it ended, negative for a signal; None while it has not, after ``timeout``."""
        with self._ended:
            self._ended.wait_for(lambda: pid in self._codes, timeout)
            return self._codes.get(pid)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Crawl:
    """A ``scrapy crawl`` that runs while the test goes on."""

    def __init__(
        self, server: ForkServer, place: Workplace, spider: str, *flags: str, **settings: object
    ) -> None:
        self._server = server
        self._log = place.folder / f"{spider}-{time.monotonic_ns()}.log"
        self._log.touch()
        arguments = place.command("crawl", spider, *flags, **settings)[3:]
        self.pid = server.start(arguments, place.environment(), self._log)

    @property
    def output(self) -> str:
        return self._log.read_text()

    @property
    def runs(self) -> bool:
        return self._server.exit_code(self.pid) is None

    def signal(self, number: int = signal.SIGINT) -> None:
        if self.runs:
            os.kill(self.pid, number)

    def wait_for(self, text: str) -> None:
        """Until ``text`` stands in the output."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.output:
            assert self.runs, self.output
            assert time.monotonic() < deadline, f"{text!r} is not in: {self.output}"
            time.sleep(0.02)  # a file tells nobody that it grew

    def end(self, timeout: float = PATIENCE) -> int:
        """Wait for the end; the exit code."""
        code = self._server.exit_code(self.pid, timeout)
        assert code is not None, f"it did not end within {timeout} s: {self.output}"
        return code

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.end()


def children(pid: int) -> list[int]:
    """All processes below ``pid``, and those that lost their parents but share its session."""
    return [other for other in _pids() if other != pid and _session(other) == pid]


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def wait_until_gone(pids: list[int]) -> list[int]:
    """Those of ``pids`` that still run after some patience."""
    deadline = time.monotonic() + 20
    while (left := [pid for pid in pids if _alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
