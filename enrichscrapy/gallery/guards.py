"""Who may ask the gallery, and what its pages may do.

It listens on loopback only. Every request must name this server in its ``Host`` header (a foreign
page that resolves its own name to 127.0.0.1 does not) and have the token as the first part of its
path: unlike a cookie, browsers give a path to no other server on this machine. What changes
something must also come from a page of this server, by its ``Origin`` and by a second token that
stands in its forms.
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
CSRF = "csrf"
CSRF_HEADER = "X-Gallery-Token"
FORM = "gallery.form"
"""Where a request's scope holds the fields that were sent with it."""
MAX_BODY = 4096

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "img-src 'self' data:",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Referrer-Policy": "same-origin",  # with none at all browsers send forms without an origin
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Secrets:
    """The two tokens of one server, new each time it starts."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(24)
        self.csrf = secrets.token_urlsafe(24)

    @property
    def base(self) -> str:
        """What every path of this server begins with."""
        return f"/{self.token}"


class Refused(Exception):
    """A request that gets no answer but a status and a line."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Guards:
    """Lets nothing through to ``app`` that does not come from its own pages."""

    def __init__(self, app: ASGIApp, known: Secrets, port: int) -> None:
        self._app = app
        self._known = known
        self._hosts = {f"{name}:{port}" for name in (LOOPBACK, "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    sent[name] = value
                sent.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            self._check_host(headers)
            self._check_token(scope["path"])
            scope = {**scope, "root_path": self._known.base}
            if scope["method"] == "POST":
                body = await _read_body(headers, receive)
                scope[FORM] = _parse_fields(headers, body)
                self._check_origin(headers, scope[FORM])
        except Refused as refused:
            answer = PlainTextResponse(str(refused), refused.status, {"Connection": "close"})
            await answer(scope, receive, send_guarded)
            return
        try:
            await self._app(scope, receive, send_guarded)
        except Exception:  # the page has said so; the path holds the token and is left out
            logger.exception("a page of the gallery failed")

    def _check_host(self, headers: Headers) -> None:
        if headers.get("host", "").lower() not in self._hosts:
            raise Refused(421, "this server has another name")

    def _check_token(self, path: str) -> None:
        given = path[1:].partition("/")[0]
        if not _is_same(given, self._known.token):
            raise Refused(403, "open the link that scrapy gallery printed")

    def _check_origin(self, headers: Headers, form: Mapping[str, str]) -> None:
        origin = headers.get("origin")
        known = origin is None or origin.lower().removeprefix("http://") in self._hosts
        foreign = headers.get("sec-fetch-site", "same-origin") != "same-origin"
        if not known or foreign:
            raise Refused(403, "this was asked by another page")
        if not _is_same(headers.get(CSRF_HEADER) or form.get(CSRF, ""), self._known.csrf):
            raise Refused(403, "this page is of another session: open the gallery's link again")


def _is_same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())


async def _read_body(headers: Headers, receive: Receive) -> bytes:
    """All of it, within bounds; ``Refused`` where it is longer, or does not say how long it is."""
    length = headers.get("content-length", "")
    if not (length.isdecimal() and len(length) < 10 and int(length) <= MAX_BODY):
        raise Refused(413, "the request is too large")
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def _parse_fields(headers: Headers, body: bytes) -> dict[str, str]:
    """What a form or a JSON object holds, as text."""
    try:
        if headers.get("content-type", "").startswith("application/json"):
            given = json.loads(body or b"{}")
            return {str(name): str(value) for name, value in given.items()}
        fields = parse_qs(body.decode(), keep_blank_values=True)
    except (ValueError, RecursionError, AttributeError):
        raise Refused(400, "the request cannot be read") from None
    return {name: values[-1] for name, values in fields.items()}


def read_form(request: Request) -> Mapping[str, str]:
    """The fields that came with a request that changes something."""
    fields: Mapping[str, str] = request.scope.get(FORM, {})
    return fields
