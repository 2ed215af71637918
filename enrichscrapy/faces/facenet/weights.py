"""The weights file: found or fetched, read once, and refused unless its SHA-256 is expected."""

from __future__ import annotations

import hashlib
from pathlib import Path

import platformdirs

from enrichscrapy.exceptions import WeightsError
from enrichscrapy.faces.facenet.download import DownloadError, fetch

NAMED_FILE = "20180402-114759-vggface2.pt"
NAMED_SHA256 = "281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b"
# Where facenet-pytorch publishes it (111,898,327 bytes).
NAMED_URL = f"https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/{NAMED_FILE}"


def find_default_path() -> Path:
    """Where the named file is kept after the download."""
    return Path(platformdirs.user_cache_dir("enrichscrapy")) / NAMED_FILE


def read(path: Path | None, sha256: str) -> tuple[bytes, str]:
    """The file's bytes and SHA-256, hashed as read: what was checked is what is loaded."""
    path = locate(path, sha256)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _describe_unreadable(path, error) from error
    return data, _check(path, hashlib.sha256(data).hexdigest(), sha256)


def verify(path: Path | None, sha256: str) -> str:
    """The SHA-256 of the file; ``WeightsError`` when it is missing or not the expected one."""
    path = locate(path, sha256)
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _describe_unreadable(path, error) from error
    return _check(path, found, sha256)


def locate(path: Path | None, sha256: str, url: str = NAMED_URL, named: str = NAMED_SHA256) -> Path:
    """The file to read: ``path``, or the named file, fetched into the cache when not there yet."""
    if path is not None:
        return path
    if sha256:
        raise WeightsError(
            "FACE_WEIGHTS_SHA256 is set without FACE_WEIGHTS: name the file that has this "
            "SHA-256, or leave both empty to have the published weights fetched"
        )
    path = find_default_path()
    if path.exists():
        return path
    try:
        return fetch(url, path, named, "Fetching the face weights, once")
    except DownloadError as error:
        raise WeightsError(
            f"cannot fetch the face weights from {url} ({error}): fetch that file elsewhere and "
            "set FACE_WEIGHTS to where it is"
        ) from error


def _check(path: Path, found: str, expected: str) -> str:
    wanted = (expected or NAMED_SHA256).strip().lower()
    if found != wanted:
        hint = "" if expected else "; another file needs its own FACE_WEIGHTS_SHA256"
        raise WeightsError(f"FACE_WEIGHTS: {path} has SHA-256 {found}, expected {wanted}{hint}")
    return found


def _describe_unreadable(path: Path, error: OSError) -> WeightsError:
    return WeightsError(
        f"cannot read the face weights {path} ({error.strerror or error}): set FACE_WEIGHTS to a "
        "file that is there, or leave it empty to have the published weights fetched"
    )
