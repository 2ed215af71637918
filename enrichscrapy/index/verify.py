"""The proof: every id and vector of the index against the accepted faces of the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection

from enrichscrapy.exceptions import IndexDamaged
from enrichscrapy.index import accepted
from enrichscrapy.index.manifest import Manifest
from enrichscrapy.index.reader import FaceIndex
from enrichscrapy.items import Vector

if TYPE_CHECKING:
    from enrichscrapy.database import PerformerDatabase


@dataclass(frozen=True)
class Difference:
    """One way in which index and database disagree.

    ``kind``: ``other_database``, ``missing_index``, ``damaged``, ``other_model``,
    ``other_history`` and ``behind`` (of the index as a whole); ``missing`` (accepted, not
    indexed), ``extra`` (indexed, not accepted), ``different`` (another vector), ``unusable`` (the
    database's vector is not finite or not of unit length).
    """

    kind: str
    detail: str
    face_id: int | None = None

    def __str__(self) -> str:
        where = f"face {self.face_id}: " if self.face_id is not None else ""
        return f"{self.kind}: {where}{self.detail}"


def verify(db: PerformerDatabase, index_dir: Path, model_id: int | None) -> list[Difference]:
    """All differences between the published index and the database, by ascending face id.

    ``model_id`` None: the database has no model whose faces could be in an index. Empty means:
    the index holds exactly the accepted faces of the model, vector by vector.
    """
    return list(list_differences(db, index_dir, model_id))


def list_differences(
    db: PerformerDatabase, index_dir: Path, model_id: int | None, *, up_to_date: bool = True
) -> Iterator[Difference]:
    """As :func:`verify`, one by one.

    Not ``up_to_date``: a crawl is running, and what changed since the index was published is its
    own next publishing's business.
    """
    try:
        index = FaceIndex.open_current(index_dir, None, thorough=True)
    except IndexDamaged as error:
        yield Difference("damaged", str(error))
        return
    with db.read() as connection:
        if index is None:
            if model_id is not None and (count := accepted.count(connection, model_id)):
                yield Difference("missing_index", f"{count} accepted faces are in no index")
            return
        if index.manifest.database not in ("", db.token):
            detail = "the index was made from another database; see scrapy reindex --force"
            yield Difference("other_database", detail)
            return
        known = accepted.read_model_info(connection, model_id) if model_id is not None else None
        if model_id is None or index.manifest.model != known:
            yield Difference("other_model", f"the index is of {index.manifest.model.name}")
            return
        found = chain(
            _check_state(connection, model_id, index.manifest),
            _check_faces(connection, model_id, index),
        )
        if up_to_date:
            yield from found
            return
        late = set(accepted.list_touched_faces(connection, model_id, index.manifest.change.seq))
        yield from (each for each in found if each.kind != "behind" and each.face_id not in late)


def _check_state(connection: Connection, model_id: int, manifest: Manifest) -> Iterator[Difference]:
    try:
        accepted.check_history(connection, model_id, manifest)
    except IndexDamaged as error:
        yield Difference("other_history", str(error))
        return
    last = accepted.read_last_change(connection, model_id)
    if last.seq > manifest.change.seq:
        detail = f"published up to change {manifest.change.seq}, the database is at {last.seq}"
        yield Difference("behind", detail)


def _check_faces(connection: Connection, model_id: int, index: FaceIndex) -> Iterator[Difference]:
    """Walk both sides by ascending id; vectors are in memory a page of the database at a time."""
    ids, seen = np.sort(index.ids), 0
    dimension = index.manifest.model.dimension
    for batch in accepted.read_all_faces(connection, model_id, dimension):
        last = max(batch.ids[-1] if len(batch.ids) else 0, *batch.unusable, 0)
        until = int(np.searchsorted(ids, last, side="right"))
        yield from _compare(batch, index.find_vectors(ids[seen:until]))
        seen = until
    yield from (_describe_extra(face_id) for face_id in ids[seen:])


def _compare(batch: accepted.Batch, indexed: Mapping[int, Vector]) -> Iterator[Difference]:
    expected = dict(zip(batch.ids.tolist(), batch.vectors, strict=True))
    for face_id in sorted(expected.keys() | indexed.keys() | set(batch.unusable)):
        if face_id in batch.unusable:
            yield Difference("unusable", "its vector in the database is no unit vector", face_id)
        elif face_id not in indexed:
            yield Difference("missing", "accepted in the database, not in the index", face_id)
        elif face_id not in expected:
            yield _describe_extra(face_id)
        elif not np.array_equal(expected[face_id], indexed[face_id]):
            gap = float(np.abs(expected[face_id] - indexed[face_id]).max())
            yield Difference("different", f"the vectors differ by up to {gap:.3g}", face_id)


def _describe_extra(face_id: int) -> Difference:
    return Difference("extra", "in the index, not accepted in the database", int(face_id))
