"""What the database says an index must hold: the accepted faces of one model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, select

from enrichscrapy.database.connection import count_rows
from enrichscrapy.database.schema import face_changes, faces, models
from enrichscrapy.exceptions import BadSetting, IndexDamaged, IndexOfAnotherModel
from enrichscrapy.index.manifest import Change, Manifest
from enrichscrapy.index.vectors import decode_usable
from enrichscrapy.items import ModelInfo, Vector, Verdict

ROWS_AT_ONCE = 5000
_IDS_AT_ONCE = 500  # SQLite takes at most 32766 parameters, older ones 999


@dataclass(frozen=True)
class Batch:
    """Ids (n,), vectors (n, d), and the ids of accepted faces whose vector cannot be used."""

    ids: NDArray[np.int64]
    vectors: Vector
    unusable: tuple[int, ...]


def read_model_info(connection: Connection, model_id: int) -> ModelInfo:
    row = connection.execute(select(models).where(models.c.id == model_id)).one_or_none()
    if row is None:
        raise BadSetting(f"the database knows no face model number {model_id}")
    return ModelInfo(row.name, row.sha256, row.preprocessing, row.dimension)


def find_newest_model_id(connection: Connection) -> int | None:
    """The model of the last change to any accepted set."""
    query = select(face_changes.c.model_id).order_by(face_changes.c.seq.desc()).limit(1)
    return connection.execute(query).scalar_one_or_none()


def read_last_change(connection: Connection, model_id: int) -> Change:
    newest = _select_changes().where(face_changes.c.model_id == model_id)
    row = connection.execute(newest.order_by(face_changes.c.seq.desc()).limit(1)).one_or_none()
    return Change(*row[:4]) if row else Change()


def check_history(connection: Connection, model_id: int, base: Manifest) -> None:
    """Raise :class:`IndexDamaged` when changes cannot be counted on from ``base``: it is of another
    model, or of a database that has since been replaced by another one (a restored backup).
    """
    if base.model != read_model_info(connection, model_id):
        raise IndexOfAnotherModel(f"generation {base.generation} is of another model")
    if not base.change.seq:
        return
    query = _select_changes().where(face_changes.c.seq == base.change.seq)
    row = connection.execute(query).one_or_none()
    if (
        row is None
        or row.model_id != model_id
        or not _is_same(connection, base.change, Change(*row[:4]))
    ):
        raise IndexDamaged(f"generation {base.generation} was made from another database state")


def _is_same(connection: Connection, then: Change, now: Change) -> bool:
    if now == then:
        return True
    if now != replace(then, face_created_at=None):
        return False
    erased_since = select(face_changes.c.seq).where(
        face_changes.c.face_id == then.face_id, face_changes.c.seq > then.seq
    )
    return connection.execute(erased_since.limit(1)).first() is not None


def _select_changes() -> Select[Any]:
    columns = (face_changes.c.seq, face_changes.c.face_id, face_changes.c.change)
    joined = face_changes.outerjoin(faces, faces.c.id == face_changes.c.face_id)
    return select(*columns, faces.c.created_at, face_changes.c.model_id).select_from(joined)


def list_touched_faces(connection: Connection, model_id: int, after_seq: int) -> list[int]:
    """Ids of all faces that came or went since ``after_seq``, each once, ascending."""
    query = (
        select(face_changes.c.face_id)
        .where(face_changes.c.model_id == model_id, face_changes.c.seq > after_seq)
        .distinct()
        .order_by(face_changes.c.face_id)
    )
    return list(connection.execute(query).scalars())


def count(connection: Connection, model_id: int) -> int:
    return count_rows(connection, faces, *_match_accepted(model_id))


def list_kept(connection: Connection, ids: Sequence[int]) -> Iterator[int]:
    """Those of ``ids`` whose vector the database still has, whatever was decided on them."""
    for start in range(0, len(ids), _IDS_AT_ONCE):
        chunk = ids[start : start + _IDS_AT_ONCE]
        query = select(faces.c.id).where(faces.c.id.in_(chunk), faces.c.vector.is_not(None))
        yield from connection.execute(query).scalars()


def read_faces_with_ids(
    connection: Connection, model_id: int, dimension: int, ids: Sequence[int]
) -> Iterator[Batch]:
    """Those of ``ids`` that are accepted faces now."""
    for start in range(0, len(ids), _IDS_AT_ONCE):
        chunk = ids[start : start + _IDS_AT_ONCE]
        query = select(faces.c.id, faces.c.vector).where(
            *_match_accepted(model_id), faces.c.id.in_(chunk)
        )
        yield _make_batch(connection.execute(query.order_by(faces.c.id)).all(), dimension)


def read_all_faces(connection: Connection, model_id: int, dimension: int) -> Iterator[Batch]:
    """Every accepted face, by ascending id, a few thousand at a time."""
    query = (
        select(faces.c.id, faces.c.vector).where(*_match_accepted(model_id)).order_by(faces.c.id)
    )
    result = connection.execute(query.execution_options(yield_per=ROWS_AT_ONCE))
    for rows in result.partitions():
        yield _make_batch(rows, dimension)


def _match_accepted(model_id: int) -> tuple[Any, ...]:
    return (faces.c.model_id == model_id, faces.c.verdict == Verdict.ACCEPTED.value)


def _make_batch(rows: Sequence[Any], dimension: int) -> Batch:
    vectors = {row.id: decode_usable(row.vector, dimension) for row in rows}
    good = {face_id: vector for face_id, vector in vectors.items() if vector is not None}
    matrix = np.stack(list(good.values())) if good else np.empty((0, dimension), np.float32)
    return Batch(
        np.fromiter(good, dtype=np.int64, count=len(good)),
        matrix,
        tuple(face_id for face_id, vector in vectors.items() if vector is None),
    )
