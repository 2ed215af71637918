"""The review page: a small web application for one person on this machine.

It listens on loopback only. Every request must name this server in its ``Host`` header (a foreign
page that resolves its own name to 127.0.0.1 does not) and carry the token: the page itself in its
link, everything else in a header that a foreign page cannot set.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from enrichscrapy.exceptions import EnrichError
from enrichscrapy.review.desk import Decided, ReviewDesk
from enrichscrapy.review.queue import Card, card, waiting
from enrichscrapy.review.shell import policy, render

LOOPBACK = "127.0.0.1"
TOKEN_HEADER = "X-Review-Token"  # noqa: S105  # the header's name
MAX_BODY = 4096
TIMEOUT = 60.0

_FACE = re.compile(r"/api/faces/(\d{1,18})")
_DECISION = re.compile(r"/api/faces/(\d{1,18})/(accept|reject|undo)")


class ReviewServer(ThreadingHTTPServer):
    """Serves the queue of ``desk.database``; ``port`` 0 takes a free one.

    ``performer_id`` and ``source`` narrow the queue.
    """

    daemon_threads = True

    def __init__(
        self,
        desk: ReviewDesk,
        port: int = 0,
        *,
        performer_id: int | None = None,
        source: str | None = None,
    ) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.desk = desk
        self.performer_id = performer_id
        self.source = source
        self.token = secrets.token_urlsafe(24)
        self.hosts = {f"{name}:{self.server_port}" for name in (LOOPBACK, "localhost")}

    @property
    def link(self) -> str:
        return f"http://{LOOPBACK}:{self.server_port}/?token={self.token}"

    def queue(self) -> list[int]:
        rows = waiting(self.desk.database, performer_id=self.performer_id, source=self.source)
        return [row.face_id for row in rows]

    def decide(self, face_id: int, action: str, options: Mapping[str, Any]) -> Decided:
        if action == "accept":
            return self.desk.accept(face_id, trusted=options.get("trusted", True) is True)
        decisions: dict[str, Callable[[int], Decided]] = {
            "reject": self.desk.reject,
            "undo": self.desk.undo,
        }
        return decisions[action](face_id)


class _Refused(Exception):
    """A request that gets no answer but a status."""

    def __init__(self, status: HTTPStatus, words: str) -> None:
        super().__init__(words)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    protocol_version = "HTTP/1.1"
    server_version = "enrichscrapy"
    sys_version = ""
    timeout = TIMEOUT

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the request line holds the token."""

    def _answer(self, handle: Callable[[], tuple[bytes, str]]) -> None:
        try:
            self._check_host()
            body, kind = handle()
            self._send(HTTPStatus.OK, body, kind)
        except _Refused as refused:
            self._send_json(refused.status, {"error": str(refused)})
        except EnrichError as error:  # somebody else decided, or the face was forgotten meanwhile
            self._send_json(HTTPStatus.CONFLICT, {"error": str(error)})

    def _get(self) -> tuple[bytes, str]:
        address = self._address()
        if address.path == "/":
            self._check_token(parse_qs(address.query).get("token", [""])[0])
            return render().encode(), "text/html; charset=utf-8"
        self._check_token(self.headers.get(TOKEN_HEADER, ""))
        if address.path == "/api/queue":
            return _json({"faces": self.server.queue()})
        if match := _FACE.fullmatch(address.path):
            shown = card(self.server.desk.database, int(match[1]))
            if shown is None:
                raise _Refused(HTTPStatus.NOT_FOUND, f"there is no face {match[1]}")
            return _json(_pictured(shown))
        raise _Refused(HTTPStatus.NOT_FOUND, "no such page")

    def _post(self) -> tuple[bytes, str]:
        body = self._body()
        self._check_token(self.headers.get(TOKEN_HEADER, ""))
        match = _DECISION.fullmatch(self._address().path)
        if match is None:
            raise _Refused(HTTPStatus.NOT_FOUND, "no such page")
        decided = self.server.decide(int(match[1]), match[2], _options(body))
        return _json({"verdict": decided.verdict.value, "words": decided.words})

    def _address(self) -> SplitResult:
        try:
            return urlsplit(self.path)
        except ValueError:
            raise _Refused(HTTPStatus.BAD_REQUEST, "the address cannot be read") from None

    def _body(self) -> bytes:
        """Read to its end in any case: what is left in the socket would be the next request."""
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            length = -1
        if not 0 <= length <= MAX_BODY:
            self.close_connection = True
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too large")
        return self.rfile.read(length)

    def _check_host(self) -> None:
        if self.headers.get("Host", "").lower() not in self.server.hosts:
            self.close_connection = True
            raise _Refused(HTTPStatus.MISDIRECTED_REQUEST, "this server has another name")

    def _check_token(self, given: str) -> None:
        known = self.server.token.encode()
        if not hmac.compare_digest(given.encode("utf-8", "replace"), known):
            raise _Refused(HTTPStatus.FORBIDDEN, "open the link that scrapy review --serve printed")

    def _send_json(self, status: HTTPStatus, value: Any) -> None:
        self._send(status, *_json(value))

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": policy(),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _options(body: bytes) -> dict[str, Any]:
    try:
        options = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        options = None
    if not isinstance(options, dict):
        raise _Refused(HTTPStatus.BAD_REQUEST, "the request is no JSON object")
    return options


def _json(value: Any) -> tuple[bytes, str]:
    return json.dumps(value).encode(), "application/json"


def _pictured(shown: Card) -> dict[str, Any]:
    """The card with its pictures as data URLs: no further request is needed to show it."""
    value = shown.to_json()
    value["crop"] = _data_url(shown.crop)
    for entry, other in zip(value["known"], shown.known, strict=True):
        entry["crop"] = _data_url(other.crop)
    if shown.rival is not None:
        value["rival"]["crop"] = _data_url(shown.rival.crop)
    return value


def _data_url(crop: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(crop).decode()}" if crop else ""
