"""Files about people: for their owner's eyes, replaced whole, and known to erasure beforehand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from enrichscrapy.database import PerformerDatabase


@contextmanager
def private_file(database: PerformerDatabase, kind: str, path: Path) -> Iterator[IO[bytes]]:
    """Write ``path`` anew: what was there is replaced once the block has ended without an error.

    It is registered as an artefact of ``kind`` first, and so is the file beside it that is
    written meanwhile: a process killed in the middle leaves nothing that erasure does not know.
    ``OSError`` when it cannot be written.
    """
    path = path.absolute()
    temporary = path.with_name(f"{path.name}.new")
    for name in (path, temporary):
        database.artefacts.register(kind, name)
    temporary.unlink(missing_ok=True)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
        database.artefacts.remove(temporary)
