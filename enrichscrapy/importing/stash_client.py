"""Asking a running Stash: GraphQL and pictures over plain HTTP, to that one address only.

The API key goes to the address that the user named and nowhere else: redirects are not followed,
and links in Stash's answers, which may lead to another host, are not used. It is in no message.
"""

from __future__ import annotations

import json
import time
from pathlib import PureWindowsPath
from typing import Any, Self
from urllib.parse import urlsplit

import urllib3

from enrichscrapy.exceptions import PictureMissing, StashRefused, StashSays
from enrichscrapy.facts.text import fold_line

KEY_VARIABLE = "STASH_API_KEY"
CONNECT, READ = 10.0, 60.0
"""Seconds for a connection, and between two pieces of an answer."""
WHOLE = 300.0
"""Seconds for an answer."""
MAX_ANSWER = 64_000_000
"""Bytes of an answer that is no picture."""
_CHUNK = 1 << 16
_SHOWN = 200


class StashClient:
    """One Stash; ``key`` may be empty where nobody has to log in. Close it, or use it in ``with``.

    Every error is a :class:`StashRefused` of one line.
    """

    def __init__(self, address: str, key: str = "") -> None:
        self.address = read_address(address)
        self._key = _read_key(key)
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=CONNECT, read=READ),
            retries=urllib3.Retry(0, connect=2, redirect=0, backoff_factor=0.2),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.clear()

    def ask(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """``data`` of the answer; :class:`StashSays` for one with errors in it."""
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        status, _, data = self._request("POST", "/graphql", body, MAX_ANSWER)
        if len(data) > MAX_ANSWER:
            raise StashRefused(f"{self.address} sends more than {MAX_ANSWER} bytes: is it a Stash?")
        answer = _parse_json(data)
        if answer is None or not {"data", "errors"} & answer.keys():
            self._refuse_status(status)
            raise self.refuse_foreign()
        if answer.get("errors"):
            raise StashSays(f"Stash says: {self._hide_key(_read_message(answer['errors']))}")
        self._refuse_status(status)
        found = answer.get("data")
        if not isinstance(found, dict):
            raise self.refuse_foreign()
        return found

    def open(self, query: str) -> tuple[dict[str, Any], str]:
        """The answer to a query that asks for ``systemStatus``, and the name of Stash's database
        file.
        """
        try:
            opening = self.ask(query)
            status = opening["systemStatus"]["status"]
            path = str(opening["systemStatus"].get("databasePath") or "")
        except (StashSays, KeyError, TypeError) as error:
            raise self.refuse_foreign(error) from error
        if status != "OK":
            raise StashRefused(
                f"Stash at {self.address} waits for its setup or for the migration of its "
                "database: open it in a browser and finish that first"
            )
        return opening, PureWindowsPath(path).name  # reads both kinds of path

    def refuse_foreign(self, error: Exception | None = None) -> StashRefused:
        """The error for what does not answer as a Stash does; with what it says, if it does."""
        said = f" ({error})" if isinstance(error, StashSays) else ""
        return StashRefused(f"what answers at {self.address} is no Stash{said}")

    def read_picture(self, number: str, max_bytes: int) -> bytes:
        """A performer's picture; :class:`PictureMissing` where there is none of that size."""
        path = f"/performer/{int(number)}/image"
        status, kind, data = self._request("GET", path, None, max_bytes)
        if status in (401, 403) or 300 <= status < 400:  # to its page for logging in
            self._refuse_status(401)
        if status != 200:
            raise PictureMissing(f"Stash answered with HTTP {status}")
        if kind.startswith("image/svg") or not data:
            raise PictureMissing("Stash has no picture of theirs")
        if len(data) > max_bytes:
            raise PictureMissing(f"larger than PHOTO_MAX_BYTES={max_bytes}")
        return data

    def _request(
        self, method: str, path: str, body: bytes | None, max_bytes: int
    ) -> tuple[int, str, bytes]:
        """Status, content type and body; of one that is too large a byte more than may be."""
        headers = {"User-Agent": "enrichscrapy", "Accept-Encoding": "identity"}
        headers |= {"ApiKey": self._key} if self._key else {}
        headers |= {"Content-Type": "application/json"} if body is not None else {}
        url = self.address + path
        try:
            answer = self._http.request(
                method, url, body=body, headers=headers, redirect=False, preload_content=False
            )
            data = _read(answer, max_bytes)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise StashRefused(self._describe(error)) from None  # its text may hold anything
        return answer.status, answer.headers.get("Content-Type", ""), data

    def _refuse_status(self, status: int) -> None:
        """Raise an error that explains a status without an answer."""
        if status in (401, 403) and self._key:
            raise StashRefused(
                f"Stash at {self.address} refuses the key in {KEY_VARIABLE}: copy it from Stash's "
                "Settings > Security"
            )
        if status in (401, 403):
            raise StashRefused(
                f"Stash at {self.address} asks for its API key (Settings > Security): put it into "
                f"the environment as {KEY_VARIABLE}"
            )
        if 300 <= status < 400:
            raise StashRefused(
                f"{self.address} redirects to another address: give the one that Stash answers at"
            )
        if status >= 500:
            raise StashRefused(f"Stash at {self.address} fails (HTTP {status}): see its own log")

    def _describe(self, error: Exception) -> str:
        """One line on why there is no answer."""
        while isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason is not None:
            error = error.reason
        match error:
            case urllib3.exceptions.NameResolutionError():
                return f"no host is called {urlsplit(self.address).hostname}: check the address"
            case urllib3.exceptions.ConnectTimeoutError() | urllib3.exceptions.NewConnectionError():
                return f"nothing answers at {self.address}: is Stash running there?"
            case urllib3.exceptions.ReadTimeoutError() | TimeoutError():
                return f"{self.address} did not answer in time: try again when Stash is less busy"
            case urllib3.exceptions.SSLError():
                cause = _describe_cause(error)
                return f"the connection to {self.address} is not secure: {cause}"
        return f"{self.address} closed the connection early: {_describe_cause(error)}"

    def _hide_key(self, text: str) -> str:
        return text.replace(self._key, "…") if self._key else text


def is_address(text: str) -> bool:
    """Whether the text names a server, not a file."""
    return text.lower().startswith(("http://", "https://"))


def read_address(text: str) -> str:
    """A Stash's address without what leads into it: ``http://nas:9999/graphql`` or ``…/``.

    ``StashRefused`` for one that cannot be used, without repeating a password or key in it.
    """
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        raise StashRefused("the address of a Stash looks like http://localhost:9999")
    if parts.username is not None or parts.query or parts.fragment:
        raise StashRefused(
            f"give Stash's address without user, password or key, as {parts.scheme}://{host}:9999, "
            f"and its API key in the environment as {KEY_VARIABLE}"
        )
    path = parts.path.rstrip("/").removesuffix("/graphql").rstrip("/")
    return f"{parts.scheme.lower()}://{parts.netloc}{path}"


def _read_key(key: str) -> str:
    key = key.strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise StashRefused(
            f"{KEY_VARIABLE} holds no API key: copy it from Stash's Settings > Security"
        )
    return key


def _read(answer: urllib3.BaseHTTPResponse, max_bytes: int) -> bytes:
    """The body, or one byte more than ``max_bytes`` of it; always releases the connection."""
    until = time.monotonic() + WHOLE
    data = b""
    pieces = [data]
    size = 0
    try:
        while size <= max_bytes and (data := answer.read1(_CHUNK)):
            pieces.append(data)
            size += len(data)
            if time.monotonic() > until:
                raise TimeoutError
    finally:
        if data:  # not read to its end: this connection cannot be used again
            answer.close()
        answer.release_conn()
    return b"".join(pieces)


def _parse_json(data: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _read_message(errors: Any) -> str:
    first = errors[0] if isinstance(errors, list) else errors
    text = first.get("message") if isinstance(first, dict) else first
    return fold_line(str(text), _SHOWN)


def _describe_cause(error: Exception) -> str:
    return fold_line(str(error).rpartition(": ")[2] or type(error).__name__, _SHOWN)
