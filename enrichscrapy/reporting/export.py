"""``scrapy export``: the accepted faces as files that other programs read."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, func, select

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import faces, models, performers, photos, stashbox_ids
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.items import Verdict

VECTORS = "faces.npz"
TABLE = "faces.csv"
COLUMNS = (
    "face_id",
    "performer_id",
    "name",
    "stashbox_ids",
    "source",
    "photo_url",
    "quality",
    "trusted",
    "reason",
    "created_at",
)
_BATCH = 2000
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Exported:
    """The files written and the faces in them."""

    vectors: Path
    table: Path
    faces: int


def export_faces(database: PerformerDatabase, folder: Path, model_id: int) -> Exported:
    """Write ``faces.npz`` and ``faces.csv``, one row a face in the same order (of face ids).

    ``faces.npz`` holds ``face_ids`` and ``performer_ids`` (n,) int64, ``vectors`` (n, d) float32 of
    unit length, and ``model`` (name, sha256, preprocessing), readable without pickles. Both files
    are of one state of the database, private and registered for erasure. Vectors are streamed: a
    million faces need no memory. ``OSError`` when they cannot be written, ``EnrichError`` for a
    damaged vector.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (
        database.read() as connection,
        database.artefacts.private_file("export", folder / VECTORS) as vectors,
        database.artefacts.private_file("export", folder / TABLE) as table,
    ):
        model = connection.execute(select(models).where(models.c.id == model_id)).one()
        count = _write_vectors(connection, vectors, model)
        _write_table(connection, table, model_id)
    return Exported(folder / VECTORS, folder / TABLE, count)


def _write_vectors(connection: Connection, file: IO[bytes], model: Row[Any]) -> int:
    accepted = (faces.c.model_id == model.id, faces.c.verdict == Verdict.ACCEPTED.value)
    ids = connection.execute(
        select(faces.c.id, faces.c.performer_id).where(*accepted).order_by(faces.c.id)
    ).all()
    table = np.asarray(ids, dtype=np.int64).reshape(len(ids), 2)
    named = np.asarray([model.name, model.sha256, model.preprocessing])
    with zipfile.ZipFile(file, "w") as archive:
        _write_array(archive, "face_ids", table[:, 0])
        _write_array(archive, "performer_ids", table[:, 1])
        _write_array(archive, "model", named)
        query = select(faces.c.vector).where(*accepted).order_by(faces.c.id)
        rows = connection.execution_options(yield_per=_BATCH).execute(query)
        shape = (len(ids), int(model.dimension))
        _write_rows(archive, "vectors", shape, (row.vector for row in rows))
    return len(ids)


def _write_array(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    with archive.open(f"{name}.npy", "w") as entry:
        np.lib.format.write_array(entry, np.ascontiguousarray(array), allow_pickle=False)


def _write_rows(
    archive: zipfile.ZipFile, name: str, shape: tuple[int, int], rows: Iterable[bytes]
) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
        np.lib.format.write_array_header_1_0(entry, header)
        for data in rows:
            if len(data) != 4 * shape[1]:
                raise EnrichError("a stored vector cannot be used: scrapy verify names its face")
            entry.write(data)  # the database, too, keeps little-endian float32


def _write_table(connection: Connection, file: IO[bytes], model_id: int) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in _rows(connection, model_id):
        writer.writerow([plain(value) for value in row])
    text.detach()  # the file is closed by whoever opened it


def _rows(connection: Connection, model_id: int) -> Iterator[tuple[Any, ...]]:
    owned = stashbox_ids.c.endpoint + ":" + stashbox_ids.c.stashbox_performer_id
    boxes = (
        select(func.group_concat(owned, " "))
        .where(stashbox_ids.c.performer_id == faces.c.performer_id)
        .scalar_subquery()
    )
    query = (
        select(
            faces.c.id,
            faces.c.performer_id,
            performers.c.canonical_name,
            func.coalesce(boxes, ""),
            faces.c.source,
            photos.c.url,
            faces.c.quality,
            faces.c.trusted,
            faces.c.reason,
            func.datetime(faces.c.created_at, "unixepoch"),
        )
        .join(performers, performers.c.id == faces.c.performer_id)
        .join(photos, photos.c.id == faces.c.photo_id)
        .where(faces.c.model_id == model_id, faces.c.verdict == Verdict.ACCEPTED.value)
        .order_by(faces.c.id)
    )
    for row in connection.execution_options(yield_per=_BATCH).execute(query):
        yield tuple(int(value) if isinstance(value, bool) else value for value in row)


def plain(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: text that looks like one gets a quote."""
    if isinstance(value, str) and value.startswith(_FORMULAS):
        return f"'{value}"
    return value
