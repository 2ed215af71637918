"""A small web server for one demo site: routes, an access log, and faults on request."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qs, unquote, urlsplit

from demo.sites.faults import CHALLENGE_COOKIE, Fault, Kind, challenge_page, refusal_page

ROBOTS = "User-agent: *\nDisallow: /admin\n"
CLOSED_WITHIN = 0.05
"""Seconds until a server that is to end notices."""
CHALLENGE_SCRIPTS = "/cdn-cgi/challenge-platform/"
CHALLENGES = (Kind.CHALLENGE, Kind.CHALLENGE_NEVER, Kind.CHALLENGE_HANGS)


@dataclass
class Reply:
    """An answer; ``body`` is bytes, ``location`` makes it a redirect."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    location: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "page"


def html(text: str, status: int = 200, kind: str = "page") -> Reply:
    return Reply(text.encode(), status, kind=kind)


def redirect(location: str, status: int = 302) -> Reply:
    return Reply(status=status, location=location)


class Site(Protocol):
    """What a site answers; ``path`` is unquoted and without the query."""

    name: str

    def answer(self, path: str, query: dict[str, str]) -> Reply: ...


@dataclass(frozen=True)
class Asked:
    """A request as it came; ``path`` is unquoted and without the query."""

    method: str
    path: str
    query: dict[str, str]
    headers: Message
    body: bytes = b""


@runtime_checkable
class Service(Protocol):
    """A site that answers by more than the address: a method, a header, a body."""

    name: str

    def serve(self, asked: Asked) -> Reply: ...


class AccessLog:
    """Every answered request as one JSON line, in memory and (where given) in a file."""

    def __init__(self, path: Path | None = None) -> None:
        self.entries: list[dict[str, object]] = []
        self._path = path
        self._lock = threading.Lock()

    def add(self, **entry: object) -> None:
        with self._lock:
            self.entries.append(entry)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry, ensure_ascii=False) + "\n")


class DemoSite:
    """One site on a loopback port of the system's choice.

    ``entries`` are its requests so far; ``set_fault`` makes a path (or, with a trailing ``*``,
    all that begin like it) misbehave. Most specific and latest faults come first.
    """

    def __init__(self, site: Site | Service, log: AccessLog, robots: str = ROBOTS) -> None:
        self.site = site
        self.log = log
        self.robots = robots
        self._faults: list[tuple[str, Fault]] = []
        self._server = _Server(("127.0.0.1", 0), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(CLOSED_WITHIN,), daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def entries(self) -> list[dict[str, object]]:
        return [entry for entry in list(self.log.entries) if entry["site"] == self.site.name]

    def paths(self, kind: str | None = None) -> list[str]:
        """The paths asked for so far, of one kind (page, photo, search, robots) or all."""
        return [str(e["path"]) for e in self.entries if kind is None or e["kind"] == kind]

    def set_fault(self, path: str, fault: Fault) -> None:
        self._faults.append((path, fault))

    def clear_faults(self) -> None:
        self._faults.clear()

    def fault_for(self, path: str) -> Fault | None:
        for pattern, fault in reversed(self._faults):
            exact = pattern == path
            if (
                exact or (pattern.endswith("*") and path.startswith(pattern[:-1]))
            ) and fault.spend():
                return fault
        return None

    @contextlib.contextmanager
    def running(self) -> Iterator[DemoSite]:
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def reply(self, asked: Asked) -> Reply:
        if asked.path == "/robots.txt":
            return Reply(self.robots.encode(), content_type="text/plain", kind="robots")
        if asked.path.startswith(CHALLENGE_SCRIPTS):
            return Reply(content_type="application/javascript", kind="challenge")
        if isinstance(self.site, Service):
            return self.site.serve(asked)
        return self.site.answer(asked.path, asked.query)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, address: tuple[str, int], demo: DemoSite) -> None:
        self.demo = demo
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away (a killed crawl does) is no error of the server's."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body leave on their own, and neither waits
    server_version = "demo"
    sys_version = ""

    def log_message(self, format: str, *args: object) -> None:
        pass  # the access log is kept by DemoSite

    def do_GET(self) -> None:
        begun = time.time()
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        own = path.startswith(CHALLENGE_SCRIPTS)  # what a challenge's page loads is not challenged
        fault = None if own else self.server.demo.fault_for(path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self.server.demo.reply(Asked(self.command, path, query, self.headers, body))
        self._log(begun, path, reply, fault)
        if fault is None or self._passed(fault):
            self._send(reply)
        else:
            _Misbehaviour(self, fault, reply).run()

    do_POST = do_GET  # noqa: N815

    def _passed(self, fault: Fault) -> bool:
        """A client that solved the challenge brings its cookie."""
        cookies = self.headers.get("Cookie", "")
        return fault.kind is Kind.CHALLENGE and f"{CHALLENGE_COOKIE}=passed" in cookies

    def _log(self, begun: float, path: str, reply: Reply, fault: Fault | None) -> None:
        fault = None if fault and self._passed(fault) else fault
        self.server.demo.log.add(
            site=self.server.demo.site.name,
            time=begun,
            path=path,
            kind=reply.kind,
            status=fault.status_for(reply.status) if fault else reply.status,
            fault=fault.kind.value if fault else None,
            user_agent=self.headers.get("User-Agent", ""),
            host=self.headers.get("Host", ""),
        )

    def _send(self, reply: Reply, extra: dict[str, str] | None = None) -> None:
        self.send_response(reply.status)
        if reply.location:
            self.send_header("Location", reply.location)
        for name, value in {**reply.headers, **(extra or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)


class _Misbehaviour:
    """One fault acted out on one connection."""

    def __init__(self, handler: _Handler, fault: Fault, reply: Reply) -> None:
        self.handler = handler
        self.fault = fault
        self.reply = reply
        self.status = fault.status_for(reply.status)

    def run(self) -> None:
        kind = self.fault.kind
        if kind in CHALLENGES:
            host = self.handler.headers.get("Host", "")
            self._html(challenge_page(kind, host), {"cf-mitigated": "challenge"})
        else:
            getattr(self, f"_{kind.value}")()

    def _html(self, text: str, headers: dict[str, str] | None = None) -> None:
        headers = {"Server": "cloudflare", **(headers or {}), **self.fault.headers}
        self.handler._send(html(text, self.status), headers)

    def _retry_after(self) -> dict[str, str]:
        return {"Retry-After": self.fault.retry_after} if self.fault.retry_after else {}

    def _status(self) -> None:
        self._html(f"<html><body>{self.status}</body></html>", self._retry_after())

    def _block(self) -> None:
        self._html(refusal_page(Kind.BLOCK))

    def _rate_limit(self) -> None:
        self._html(refusal_page(Kind.RATE_LIMIT), self._retry_after())

    def _origin_down(self) -> None:
        self._html("<html><body>Web server is down</body></html>")

    def _unknown_shape(self) -> None:
        self._html(refusal_page(Kind.UNKNOWN_SHAPE))

    def _layout_change(self) -> None:
        text = re.sub(r'\s(class|id)="[^"]*"', "", self.reply.body.decode(errors="replace"))
        self._html(text)

    def _body(self) -> None:
        self.handler._send(Reply(self.fault.body.encode(), content_type="text/plain"))

    def _delay(self) -> None:
        time.sleep(self.fault.seconds)
        self.handler._send(self.reply)

    def _redirect(self) -> None:
        self.handler._send(redirect(self.fault.location, self.status))

    def _redirect_loop(self) -> None:
        self.handler._send(redirect(self.handler.path))

    def _wrong_type(self) -> None:
        self.handler._send(Reply(self.reply.body, content_type="application/pdf"))

    def _cookies(self) -> None:
        self.handler.send_response(200)
        for number in range(500):
            self.handler.send_header("Set-Cookie", f"c{number}={'x' * 100}; path=/")
        self.handler.send_header("Content-Type", self.reply.content_type)
        self.handler.send_header("Content-Length", str(len(self.reply.body)))
        self.handler.end_headers()
        self.handler.wfile.write(self.reply.body)

    def _gzip_bomb(self) -> None:
        body = gzip.compress(b"\0" * self.fault.size)
        self.handler._send(Reply(body), {"Content-Encoding": "gzip"})

    def _huge(self) -> None:
        self.handler._send(Reply(b"<html>" + b"x" * self.fault.size))

    def _head(self, length: int | None) -> None:
        self.handler.close_connection = True
        self.handler.send_response(200)
        self.handler.send_header("Content-Type", self.reply.content_type)
        if length is not None:
            self.handler.send_header("Content-Length", str(length))
        self.handler.send_header("Connection", "close")
        self.handler.end_headers()

    def _wrong_length(self) -> None:
        self._head(len(self.reply.body) + 1000)
        self.handler.wfile.write(self.reply.body)

    def _drip(self) -> None:
        self._head(len(self.reply.body) or 1000)
        for byte in self.reply.body or b"x" * 1000:
            self.handler.wfile.write(bytes([byte]))
            time.sleep(self.fault.seconds)

    def _endless(self) -> None:
        self._head(None)
        while True:  # until the client hangs up
            self.handler.wfile.write(b"x" * 65536)

    def _reset(self) -> None:
        self._head(len(self.reply.body) + 1000)
        self.handler.wfile.write(self.reply.body[: len(self.reply.body) // 2])
        connection = self.handler.connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
