"""Photos kept on disk, where ``KEEP_PHOTOS`` is set: one folder a performer, names are hashes."""

from __future__ import annotations

import os
import re
from pathlib import Path

from enrichscrapy.files.durable import replace_file

_SUFFIXES = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"GIF8", ".gif"),
)


def keep_photo(folder: Path, performer_id: int, sha256: str, data: bytes) -> Path:
    """Write a photo, whole or not at all, readable by its owner only; returns its path.

    Nothing of the photo's address or of a name is in the path: both may hold anything.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ValueError("sha256 must be 64 hexadecimal digits")
    own = find_folder(folder, performer_id)
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = own / f"{sha256}{_choose_suffix(data)}"
    if path.exists():
        return path
    # Two sources may show the same photo at once: each crawl writes its own file.
    with replace_file(path, own / f".{path.name}.{os.getpid()}.new") as file:
        file.write(data)
    return path


def read_kept_photo(folder: Path, performer_id: int, sha256: str) -> bytes | None:
    """The bytes of a photo that was kept; None where it was not."""
    for path in find_folder(folder, performer_id).glob(f"{sha256}.*"):
        return path.read_bytes()
    return None


def find_folder(folder: Path, performer_id: int) -> Path:
    return folder / str(int(performer_id))


def _choose_suffix(data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    return next((suffix for magic, suffix in _SUFFIXES if data.startswith(magic)), ".bin")
