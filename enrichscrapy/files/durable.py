"""Files that survive a power cut: written, synced, renamed, and the folder synced, in that order.

Only their owner can read them. Each call goes through ``os`` by name, so that a test can
record the order, and stop the process at each of them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def open_private(path: Path) -> BinaryIO:
    """A new file that only its owner may read; ``FileExistsError`` when it is there already."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


@contextmanager
def create_file(path: Path) -> Iterator[BinaryIO]:
    """As :func:`open_private`, and synced when the block ends."""
    with open_private(path) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def replace_file(path: Path, temporary: Path | None = None) -> Iterator[BinaryIO]:
    """Write ``path`` whole or not at all: it is replaced when the block ends without an error.

    What is written meanwhile lies in the same folder; leftovers of a killed process are removed.
    """
    temporary = temporary or name_temporary(path)
    temporary.unlink(missing_ok=True)
    try:
        with create_file(temporary) as file:
            yield file
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def create_once(path: Path, data: bytes) -> None:
    """Write a file that is whole whenever it is there; one that is there already stays."""
    if path.exists():
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with create_file(temporary) as file:
            file.write(data)
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def name_temporary(path: Path) -> Path:
    """Where :func:`replace_file` writes."""
    return path.with_name(f"{path.name}.new")


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
