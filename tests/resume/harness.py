"""Real crawls in subprocesses, against a site whose every answer the test holds in its hand."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support import PATIENCE, Workplace, fork_server


class HeldSite:
    """Answers 404 (an ended lookup) unless told otherwise; remembers who asked for what, and when
    (``times``, monotonic seconds, robots.txt included).

    ``hold(test)`` keeps requests whose path passes ``test`` waiting until ``release``;
    ``status_of`` gives the status of a path; each answer takes ``delay`` seconds.
    """

    delay = 0.0

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.times: list[float] = []
        self.status_of: Callable[[str], int] = lambda _path: 404
        self._held: Callable[[str], bool] = lambda _path: False
        self._released = threading.Event()
        self._arrived = threading.Condition()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.times.append(time.monotonic())
                if self.path == "/robots.txt":
                    self._answer(404)
                    return
                with site._arrived:
                    site.paths.append(self.path)
                    site._arrived.notify_all()
                if site._held(self.path):
                    site._released.wait()
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


class Crawl:
    """A ``scrapy crawl`` that runs while the test goes on; ``workers``: where it gets its own."""

    def __init__(
        self,
        place: Workplace,
        spider: str,
        *flags: str,
        workers: Path | None = None,
        **settings: object,
    ) -> None:
        self._server = fork_server()
        self._log = place.folder / f"{spider}-{time.monotonic_ns()}.log"
        self._log.touch()
        arguments = place.command("crawl", spider, *flags, **settings)[3:]
        self.pid = self._server.start(arguments, place.environment(), self._log, workers=workers)

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

    def end(self) -> int:
        """Wait for the end; the exit code."""
        code = self._server.exit_code(self.pid, PATIENCE)
        assert code is not None, f"it hangs: {self.output}"
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
    deadline = time.monotonic() + PATIENCE
    while (left := [pid for pid in pids if _alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
