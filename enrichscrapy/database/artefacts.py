"""Files a crawl wrote that may name a performer: erasure must find them again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from enrichscrapy.database.schema import artefacts

if TYPE_CHECKING:
    from enrichscrapy.database.performer_database import PerformerDatabase


class ArtefactStore:
    """Paths by kind: ``jobdir``, ``log``, ``report``, ``export``, ``backup``, and ``photos``:
    one performer's folder.
    """

    def __init__(self, database: PerformerDatabase) -> None:
        self._database = database

    def register(self, kind: str, path: Path) -> None:
        """Remember a file or folder; again does nothing."""
        values = {"kind": kind, "path": str(path.absolute()), "created_at": self._database.clock()}
        with self._database.write() as connection:
            connection.execute(insert(artefacts).values(values).on_conflict_do_nothing())

    def paths(self, kind: str | None = None) -> list[Path]:
        """What was registered, oldest first; it may be gone by now."""
        query = select(artefacts.c.path).order_by(artefacts.c.id)
        if kind is not None:
            query = query.where(artefacts.c.kind == kind)
        with self._database.read() as connection:
            return [Path(path) for path in connection.scalars(query)]

    def remove(self, path: Path) -> None:
        """Forget that this file was written."""
        with self._database.write() as connection:
            connection.execute(delete(artefacts).where(artefacts.c.path == str(path.absolute())))
