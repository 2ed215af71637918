"""One file, fetched once: resumable, verified, and never half-written under its final name."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import sys
import urllib.error
import urllib.request
from io import BufferedRandom
from pathlib import Path
from typing import BinaryIO, TextIO

from enrichscrapy.files.durable import sync_folder
from enrichscrapy.files.locks import FileLock

CHUNK = 1 << 18
ATTEMPTS = 4
MAX_BYTES = 2_000_000_000
"""Of any model's weights; the named ones are 112 MB."""
TIMEOUT = 30.0
AGENT = "enrichscrapy"
NETWORK_ERRORS = (OSError, http.client.HTTPException)  # URLError is an OSError


class DownloadError(Exception):
    """The file could not be fetched; the message says why in one line."""


class Progress:
    """A bar on a terminal; a line every quarter elsewhere."""

    def __init__(self, label: str, stream: TextIO | None = None) -> None:
        self._label = label
        self._stream = stream or sys.stderr
        self._last = -1

    def show(self, done: int, total: int | None) -> None:
        percent = 100 * done // total if total else 0
        step = percent if self._stream.isatty() else percent - percent % 25
        if step == self._last:
            return
        self._last = step
        text = f"{self._label}: {step:3d} % of {(total or done) / 1e6:.0f} MB"
        if self._stream.isatty():
            bar = ("#" * (step * 30 // 100)).ljust(30)
            self._stream.write(f"\r{text} [{bar}]" + ("\n" if step >= 100 else ""))
        else:
            self._stream.write(text + "\n")
        self._stream.flush()


def fetch(url: str, target: Path, sha256: str, label: str) -> Path:
    """Have ``url``'s file, of that SHA-256, at ``target``; raises :class:`DownloadError`.

    Bytes gather in ``target`` + ``.part``, from which a later call goes on; more than ``MAX_BYTES``
    are never taken. Of several processes one fetches, the others wait for it.
    """
    if not url.startswith(("https://", "http://")):
        raise DownloadError(f"{url} is no address on the web")
    try:
        with FileLock(target.with_name(target.name + ".lock"), "fetching"):
            if not target.exists():
                _fetch(url, target, sha256, Progress(label))
    except NETWORK_ERRORS as error:
        raise DownloadError(" ".join(str(error).split()) or type(error).__name__) from error
    return target


def _open_own(path: Path) -> BufferedRandom:
    """Open or create a file that lies here itself: a link could lead anywhere."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b")


def _fetch(url: str, target: Path, sha256: str, progress: Progress) -> None:
    part = target.with_name(target.name + ".part")
    resumed = part.exists()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _go_on(url, part, progress)
            break
        except urllib.error.HTTPError:
            raise
        except NETWORK_ERRORS:
            if attempt == ATTEMPTS:
                raise
    with _open_own(part) as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    if found != sha256:
        part.unlink()
        if resumed:  # its beginning may have come from another file
            return _fetch(url, target, sha256, progress)
        raise DownloadError(f"what it sent has SHA-256 {found}, expected {sha256}")
    part.replace(target)
    return sync_folder(target.parent)


def _go_on(url: str, part: Path, progress: Progress) -> None:
    """Append what is missing to ``part``; start again when the server cannot go on."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": AGENT} | ({"Range": f"bytes={have}-"} if have else {})
    # The scheme was checked: no file: address gets here.
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
            start = _start(response)
            total = _read_total(response, start)
            if total is not None and total > MAX_BYTES:
                raise DownloadError(f"it would be {total} bytes, more than {MAX_BYTES}")
            with _open_own(part) as file:
                file.truncate(start)
                file.seek(start)
                _copy(response, file, total, progress)
    except urllib.error.HTTPError as error:
        # 416: nothing is left to send, or ours is not a beginning of theirs; the hash will tell.
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
            raise


def _start(response: http.client.HTTPResponse) -> int:
    """The offset at which the answer begins: 0 unless the server honoured the range."""
    if response.status != http.client.PARTIAL_CONTENT:
        return 0
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    if not match:
        raise OSError("a partial answer without its range")
    return int(match[1])


def _read_total(response: http.client.HTTPResponse, start: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return start + int(length) if length.isdigit() else None


def _copy(
    response: http.client.HTTPResponse, file: BinaryIO, total: int | None, progress: Progress
) -> None:
    while chunk := response.read(CHUNK):
        if file.tell() + len(chunk) > MAX_BYTES:
            raise DownloadError(f"it sends more than {MAX_BYTES} bytes")
        file.write(chunk)
        progress.show(file.tell(), total)
    if total is not None and file.tell() < total:
        raise OSError(f"the connection ended after {file.tell()} of {total} bytes")
