"""Files that may name a performer: written privately, and known to erasure beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import ColumnElement, delete

from enrichscrapy.database import machines
from enrichscrapy.database.connection import Database
from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.schema import artefacts
from enrichscrapy.files.durable import name_temporary, replace_file

OWN_FOLDER = ".enrichscrapy"
"""The file by which a registered folder is known to be this program's own, not a later one."""


class ArtefactStore:
    """Paths by kind: ``jobdir``, ``log``, ``report``, ``export``, ``backup``, and ``photos``:
    one performer's folder.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, kind: str, path: Path) -> None:
        """Remember a file or folder; again does nothing."""
        database = self._database
        values = {"kind": kind, "path": str(path.absolute()), "machine": database.machine}
        with database.write() as connection:
            now = database.read_now(connection)
            if database.is_shared:
                machines.note(connection, database, now)
            statement = insert(artefacts).values(created_at=now, **values)
            connection.execute(statement.on_conflict_do_nothing())

    def remove(self, path: Path) -> None:
        """Forget that this file was written."""
        with self._database.write() as connection:
            is_it = artefacts.c.path == str(path.absolute())
            connection.execute(delete(artefacts).where(is_it, self._is_ours()))

    def _is_ours(self) -> ColumnElement[bool]:
        return artefacts.c.machine == self._database.machine

    @contextmanager
    def write_private(self, kind: str, path: Path) -> Iterator[IO[bytes]]:
        """Write ``path`` readable by its owner only; it is replaced once the block ends without an
        error.

        It is registered as an artefact of ``kind`` first, and so is the file beside it that is
        written meanwhile: a process killed in the middle leaves nothing that erasure does not
        know. ``OSError`` when it cannot be written.
        """
        path = path.absolute()
        temporary = name_temporary(path)
        for name in (path, temporary):
            self.register(kind, name)
        try:
            with replace_file(path) as file:
                yield file
        finally:
            self.remove(temporary)
