"""The published index, as far as its manifest describes it; ``scrapy verify`` reads it all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select

from enrichscrapy.database.connection import count_rows
from enrichscrapy.database.schema import face_changes, faces
from enrichscrapy.exceptions import IndexDamaged
from enrichscrapy.index import Manifest
from enrichscrapy.index.files import MANIFEST, read_current
from enrichscrapy.items import Verdict
from enrichscrapy.reporting.faces import Model


@dataclass(frozen=True)
class IndexState:
    """``count`` faces are published in ``generation``, ``accepted`` are in the database;
    ``behind`` changes are not published yet. ``problem`` says why nothing can be told."""

    generation: str | None
    count: int
    accepted: int
    behind: int
    published_at: float | None
    problem: str = ""


def read_index_state(connection: Connection, index_dir: Path, model: Model | None) -> IndexState:
    """Compare the manifest in force with the database, without reading any vector."""
    model_id = model.id if model else None
    is_accepted = (faces.c.model_id == model_id, faces.c.verdict == Verdict.ACCEPTED.value)
    accepted = count_rows(connection, faces, *is_accepted)
    try:
        manifest = _read_manifest(index_dir)
    except IndexDamaged as error:
        return IndexState(None, 0, accepted, accepted, None, str(error))
    if manifest is None:
        return IndexState(None, 0, accepted, accepted, None)
    if model is None or not model.is_of(manifest.model):
        problem = f"the index is of another model ({manifest.model.name}); run scrapy reindex"
        return IndexState(
            manifest.generation, manifest.count, accepted, accepted, manifest.created_at, problem
        )
    behind = _count_changes_after(connection, model.id, manifest.change.seq)
    return IndexState(manifest.generation, manifest.count, accepted, behind, manifest.created_at)


def _read_manifest(index_dir: Path) -> Manifest | None:
    generation = read_current(index_dir)
    if generation is None:
        return None
    try:
        return Manifest.read(index_dir / generation / MANIFEST)
    except FileNotFoundError as error:
        raise IndexDamaged(f"{index_dir / generation} is gone; run scrapy reindex") from error


def _count_changes_after(connection: Connection, model_id: int, seq: int) -> int:
    later = (face_changes.c.model_id == model_id, face_changes.c.seq > seq)
    query = select(func.count(face_changes.c.face_id.distinct())).where(*later)
    return int(connection.scalar(query) or 0)
