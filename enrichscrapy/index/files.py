"""The index's generations on disk. Vectors are biometric data: for their owner's eyes only."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from enrichscrapy.exceptions import IndexDamaged
from enrichscrapy.files.durable import create_file, replace_file

CURRENT = "current"
FACES = "faces.faiss"
MANIFEST = "manifest.json"
_NAME = re.compile(r"\d{8,}")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class FileMark:
    """What a file holds, by SHA-256, and how many bytes."""

    sha256: str
    size: int


def write_synced(path: Path, produce: Callable[[Callable[[bytes], int]], None]) -> FileMark:
    """Create ``path`` (it must not exist) from what ``produce`` writes, and sync it."""
    sha256, size = hashlib.sha256(), 0
    with create_file(path) as file:

        def write(data: bytes) -> int:
            nonlocal size
            _write_all(file.fileno(), data)
            sha256.update(data)
            size += len(data)
            return len(data)

        produce(write)
    return FileMark(sha256.hexdigest(), size)


def write_bytes_synced(path: Path, content: bytes) -> FileMark:
    """As :func:`write_synced`, for content that is at hand."""

    def produce(write: Callable[[bytes], int]) -> None:
        write(content)

    return write_synced(path, produce)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def mark_of(path: Path, *, from_disk: bool = False) -> FileMark:
    """Read a file and return its mark; ``from_disk`` asks the kernel to forget its cached copy."""
    sha256, size = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as file:
        if from_disk and hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
            size += len(chunk)
    return FileMark(sha256.hexdigest(), size)


def read_current(index_dir: Path) -> str | None:
    """The generation in force, or None when nothing was published yet."""
    try:
        text = (index_dir / CURRENT).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    name = text.removesuffix("\n")
    if not _NAME.fullmatch(name):
        raise IndexDamaged(f"{index_dir / CURRENT} names no generation; run scrapy reindex")
    return name


def swap_current(index_dir: Path, generation: str) -> None:
    """Point ``current`` at a generation that is already whole and synced."""
    with replace_file(index_dir / CURRENT) as file:
        _write_all(file.fileno(), f"{generation}\n".encode())


def list_generations(index_dir: Path) -> list[str]:
    """Names of the folders that look like generations, oldest first."""
    names = [entry.name for entry in index_dir.iterdir() if _NAME.fullmatch(entry.name)]
    return sorted(names, key=int)


def name_in_force(index_dir: Path) -> str | None:
    """As :func:`read_current`, and None when ``current`` is damaged."""
    try:
        return read_current(index_dir)
    except IndexDamaged:
        return None


@contextmanager
def make_generation(index_dir: Path) -> Iterator[Path]:
    """A folder with the next name; removed again when the block fails.

    Never the name ``current`` holds, not even when that folder is gone: a reader would follow
    it into a half-written one.
    """
    taken = [*list_generations(index_dir), name_in_force(index_dir) or "0"]
    folder = index_dir / f"{max(map(int, taken)) + 1:08d}"
    os.mkdir(folder, 0o700)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def prune(index_dir: Path, keep: set[str]) -> None:
    """Remove all other generations, those a killed publisher left unfinished included."""
    for name in list_generations(index_dir):
        if name not in keep:
            shutil.rmtree(index_dir / name)
