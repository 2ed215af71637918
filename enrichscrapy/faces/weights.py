"""The weights file: found, read once, and refused unless its SHA-256 is the expected one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import platformdirs

from enrichscrapy.exceptions import WeightsError

NAMED_FILE = "20180402-114759-vggface2.pt"
NAMED_SHA256 = "281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b"
CHUNK = 1 << 20


def default_path() -> Path:
    """Where the named file is kept once it was fetched."""
    return Path(platformdirs.user_cache_dir("enrichscrapy")) / NAMED_FILE


def read(path: Path | None, sha256: str) -> tuple[bytes, str]:
    """The file's bytes, hashed as read (so that what was checked is what is loaded)."""
    path = path or default_path()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    return data, _check(path, hashlib.sha256(data).hexdigest(), sha256)


def verify(path: Path | None, sha256: str) -> str:
    """The SHA-256 of the file; ``WeightsError`` when it is missing or not the expected one."""
    path = path or default_path()
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error
    return _check(path, found, sha256)


def _check(path: Path, found: str, expected: str) -> str:
    wanted = (expected or NAMED_SHA256).strip().lower()
    if found != wanted:
        hint = "" if expected else "; another file needs its own FACE_WEIGHTS_SHA256"
        raise WeightsError(f"FACE_WEIGHTS: {path} has SHA-256 {found}, expected {wanted}{hint}")
    return found


def _unreadable(path: Path, error: OSError) -> WeightsError:
    return WeightsError(
        f"cannot read the face weights {path} ({error.strerror or error}): set FACE_WEIGHTS to a "
        "file that is there, or leave it empty to have the published weights fetched"
    )
