"""The index's generations and segments on disk. Vectors are biometric data: for their owner."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from enrichscrapy.exceptions import IndexDamaged
from enrichscrapy.files.durable import create_file, replace_file, sync_folder
from enrichscrapy.index.manifest import File

CURRENT = "current"
MANIFEST = "manifest.json"
SEGMENTS = "segments"
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


def read_mark(path: Path, *, from_disk: bool = False) -> FileMark:
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


def find_current(index_dir: Path) -> str | None:
    """As :func:`read_current`, and None when ``current`` is damaged."""
    try:
        return read_current(index_dir)
    except IndexDamaged:
        return None


def list_files(index_dir: Path) -> list[Path]:
    """What lies in the folder of the segments, named ``<generation>-…`` of the one it came with."""
    folder = index_dir / SEGMENTS
    return sorted(folder.iterdir()) if folder.is_dir() else []


@dataclass
class NewGeneration:
    """The folder of a generation in the making, and the files that came with it."""

    folder: Path
    index_dir: Path
    written: list[Path] = field(default_factory=list)

    def write(self, kind: str, produce: Callable[[Callable[[bytes], int]], None]) -> File:
        """Write and sync one more file, from what ``produce`` writes."""
        name = f"{SEGMENTS}/{self.folder.name}-{len(self.written)}.{kind}"
        self.written.append(self.index_dir / name)
        mark = write_synced(self.written[-1], produce)
        return File(name, mark.sha256, mark.size)

    def sync(self) -> None:
        """Make the names durable, of the files before that of the generation."""
        for folder in (self.index_dir / SEGMENTS, self.folder, self.index_dir):
            sync_folder(folder)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        for path in self.written:
            path.unlink(missing_ok=True)


@contextmanager
def make_generation(index_dir: Path) -> Iterator[NewGeneration]:
    """A generation with the next name; all of it is removed again when the block fails.

    Never the name ``current`` holds, not even when that folder is gone: a reader would follow
    it into a half-written one. Nor that of a file that is still there.
    """
    taken = [*list_generations(index_dir), find_current(index_dir) or "0"]
    taken += [found[0] for path in list_files(index_dir) if (found := _NAME.match(path.name))]
    new = NewGeneration(index_dir / f"{max(map(int, taken)) + 1:08d}", index_dir)
    (index_dir / SEGMENTS).mkdir(mode=0o700, exist_ok=True)
    os.mkdir(new.folder, 0o700)
    try:
        yield new
    except BaseException:
        new.remove()
        raise


def prune(index_dir: Path, keep: set[str], files: set[str]) -> None:
    """Remove all other generations, then all files but ``files``.

    What a killed publisher left unfinished goes with them.
    """
    for name in list_generations(index_dir):
        if name not in keep:
            shutil.rmtree(index_dir / name)
    for path in list_files(index_dir):
        if f"{SEGMENTS}/{path.name}" not in files:
            path.unlink()
