"""A server that does as it is told and remembers every request, and crawls against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support import PATIENCE, open_database

HOME = "https://www.example.com"
SITE = {
    "NAME": "probe",
    "HOME": HOME,
    "HOSTS": ["www.example.com", "example.com"],
    "PHOTO_HOSTS": ["img.example.com"],
}


@dataclass
class Seen:
    """One request as it reached the server; ``at`` is monotonic, ``overlap`` counts others."""

    path: str
    at: float
    overlap: int
    headers: dict[str, str]
    ended: float = 0.0


Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """``answers`` maps a path to a function on the handler; other paths answer 200."""

    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    http: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [each.path for each in self.seen]

    def gaps(self) -> list[float]:
        times = [each.at for each in self.seen]
        return [later - earlier for earlier, later in pairwise(times)]


class QuietServer(ThreadingHTTPServer):
    """Clients that hang up are part of what is tested."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _reply(
    body: bytes | str = b"<html><h1>page</h1></html>", status: int = 200, **headers: object
) -> Answer:
    """An answer with a length and a type; ``Retry_After=…`` becomes ``Retry-After``."""
    data = body.encode() if isinstance(body, str) else body

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        fields = {"Content-Type": "text/html; charset=utf-8", "Content-Length": len(data)}
        for name, value in (fields | {k.replace("_", "-"): v for k, v in headers.items()}).items():
            if value is not None:
                handler.send_header(name, str(value))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def _in_turn(*answers: Answer) -> Answer:
    """Another answer each time; the last one for good."""
    left = list(answers)
    return lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)


@pytest.fixture
def make_server() -> Iterator[Callable[..., Server]]:
    servers: list[ThreadingHTTPServer] = []

    def start(**answers: Answer) -> Server:
        lock, active = threading.Lock(), 0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                nonlocal active
                with lock:
                    seen = Seen(self.path, time.monotonic(), active, dict(self.headers.items()))
                    made.seen.append(seen)
                    active += 1
                try:
                    path = self.path.partition("?")[0]
                    with suppress(ConnectionError):
                        made.answers.get(path, _reply())(self)
                finally:
                    with lock:
                        active -= 1
                        seen.ended = time.monotonic()

            def log_message(self, *args: object) -> None:
                pass

        http = QuietServer(("127.0.0.1", 0), Handler)
        http.daemon_threads = True
        made = Server(http.server_port, http=http)
        made.answers["/robots.txt"] = _reply(status=404)
        made.answers |= answers
        threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(http)
        return made

    yield start
    for http in servers:
        http.shutdown()
        http.server_close()


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    return make_server()


@dataclass
class Crawled:
    results: list[dict[str, Any] | None]
    stats: dict[str, Any]
    error: str | None
    log: str

    @property
    def details(self) -> list[str | None]:
        return [each.get("detail") if each else None for each in self.results]


class Probe:
    """One process for the crawls of all tests: starting one costs more than most crawls."""

    def __init__(self, **environment: str) -> None:
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("probe.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ
            | {"SCRAPY_SETTINGS_MODULE": "enrichscrapy.settings", "PYTHONPATH": str(root)}
            | environment,
        )
        assert self.process.stdin
        assert self.process.stdout
        self._asked, self._told = self.process.stdin, self.process.stdout

    def crawl(self, spec: dict[str, Any], timeout: float) -> Crawled:
        watch = threading.Timer(timeout, self.process.kill)
        watch.start()
        try:
            self._asked.write(json.dumps(spec) + "\n")
            self._asked.flush()
            line = self._told.readline()
        finally:
            watch.cancel()
        assert line, f"the probe died: {self.process.communicate()[1]}"
        return Crawled(**json.loads(line))

    def close(self) -> None:
        try:
            self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


@pytest.fixture(scope="session")
def probe() -> Iterator[Probe]:
    started = Probe()
    yield started
    started.close()


@pytest.fixture
def make_probe() -> Iterator[Callable[..., Probe]]:
    """Further processes to crawl in, with an environment of their own."""
    started: list[Probe] = []

    def start(**environment: str) -> Probe:
        started.append(Probe(**environment))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def crawl(tmp_path: Path, server: Server, probe: Probe) -> Callable[..., Crawled]:
    """Run requests (paths of the home host, or whole URLs) through the project's middlewares."""

    path = tmp_path / "crawl.db"
    open_database(path).close()  # no crawl makes one

    def run(
        *requests: str | dict[str, Any],
        together: bool = False,
        site: dict[str, object] | None = None,
        base: str | None = None,
        timeout: float = PATIENCE,
        by: Probe | None = None,
        **settings: object,
    ) -> Crawled:
        wanted = [r if isinstance(r, dict) else {"url": r} for r in requests]
        for each in wanted:
            if each["url"].startswith("/"):
                each["url"] = HOME + each["url"]
        spec = {
            "site": site or SITE,
            "requests": wanted,
            "together": together,
            "settings": {
                "PROBE_BASE_URL": server.url if base is None else base,
                "DATABASE_URL": f"sqlite:///{path}",
                "DELAY_FLOORS": {"probe": 0},
                "CHALLENGE_TIMEOUT": PATIENCE,
                **settings,
            },
        }
        return (by or probe).crawl(spec, timeout)

    return run


@pytest.fixture
def reply() -> Callable[..., Answer]:
    return _reply


@pytest.fixture
def in_turn() -> Callable[..., Answer]:
    return _in_turn


@pytest.fixture
def photo() -> Callable[[str], dict[str, Any]]:
    return lambda path: {"url": path, "photo": True}
