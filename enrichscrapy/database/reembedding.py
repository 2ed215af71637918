"""Every kept face under another model: vectors are staged batch by batch, then switched at once.

Until the switch nothing that reads faces sees a difference; a process killed before it leaves
staged vectors with which the next one goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
    update,
)

from enrichscrapy.database.connection import count_rows
from enrichscrapy.database.dialects.expressions import listed
from enrichscrapy.database.known_photos import UNSETTLED
from enrichscrapy.database.schema import (
    face_changes,
    face_vectors,
    faces,
    lookups,
    models,
    photo_results,
    photos,
)
from enrichscrapy.database.vectors import encode_vector
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.faces.crop import Box, Detection
from enrichscrapy.faces.stored_crop import StoredCrop
from enrichscrapy.items import ModelInfo, Vector, Verdict

if TYPE_CHECKING:
    from enrichscrapy.database.performer_database import PerformerDatabase


@dataclass(frozen=True)
class KeptFace:
    """A stored face whose vector is of another model; its photo's bytes have ``sha256``. The
    crop's data are empty where none is kept."""

    id: int
    performer_id: int
    crop: StoredCrop
    sha256: str | None


@dataclass(frozen=True)
class NewVector:
    """What a face becomes under the model it moves to; ``crop`` is a better picture of it, where
    one was found."""

    face_id: int
    vector: Vector = field(repr=False)
    quality: float
    measures: dict[str, float]
    crop: bytes | None = field(default=None, repr=False)
    crop_area: Box | None = None


def refuse_unmoved(connection: Connection, model_id: int | None, info: ModelInfo) -> None:
    """Raise ``BadSetting`` while faces that could move to this model (``model_id`` None: one the
    database does not know) have not: their performers would have to be looked up all over again.
    """
    unmoved = (*_match_unmoved(model_id), faces.c.crop.is_not(None))
    if count := count_rows(connection, faces, *unmoved):
        raise BadSetting(
            f"{count} faces were made by another face model than {info.name}, {info.preprocessing}"
            ": run scrapy reembed, which computes their vectors again without asking any site, or "
            "set FACE_MODEL and FACE_WEIGHTS back"
        )


def _match_unmoved(model_id: int | None) -> tuple[ColumnElement[bool], ...]:
    """Kept faces of other models. Where several models have looked at a photo, those of the one
    that came last: a photo's faces are there once."""
    return (*_match_elsewhere(model_id), faces.c.vector.is_not(None))


def _match_elsewhere(model_id: int | None) -> tuple[ColumnElement[bool], ...]:
    later = exists().where(
        photo_results.c.photo_id == faces.c.photo_id,
        or_(photo_results.c.model_id == model_id, photo_results.c.model_id > faces.c.model_id),
        _match_settled(),
    )
    # Named one by one, other models' faces are an index range; "not this model's" is every row.
    others = select(models.c.id).where(models.c.id != model_id)
    return faces.c.model_id.in_(others), ~later


def _match_settled() -> ColumnElement[bool]:
    return photo_results.c.outcome.not_in([outcome.value for outcome in UNSETTLED])


class Reembedding:
    """The move of a database's faces to the model ``model_id``."""

    def __init__(self, database: PerformerDatabase, model_id: int) -> None:
        self._database = database
        self._model_id = model_id
        self._staged = exists().where(
            face_vectors.c.face_id == faces.c.id, face_vectors.c.model_id == model_id
        )

    def begin(self) -> None:
        """Drop what an unfinished move to another model left."""
        others = delete(face_vectors).where(face_vectors.c.model_id != self._model_id)
        with self._database.write() as connection:
            connection.execute(others)

    def count(self) -> tuple[int, int]:
        """How many faces are to move, and how many of these are staged."""
        unmoved = _match_unmoved(self._model_id)
        with self._database.read() as connection:
            staged = count_rows(connection, faces, *unmoved, self._staged)
            return count_rows(connection, faces, *unmoved), staged

    def read_next_faces(self, after_id: int, batch_size: int) -> list[KeptFace]:
        """The next faces to stage with ids above ``after_id``, in id order; empty after the last.

        Every verdict that keeps a vector counts: accepted, quarantined and retired.
        """
        query = (
            select(
                faces.c.id,
                faces.c.performer_id,
                faces.c.crop,
                faces.c.crop_area,
                faces.c.box,
                faces.c.landmarks,
                faces.c.detection_score,
                photos.c.width,
                photos.c.height,
                photos.c.sha256,
            )
            .join(photos, photos.c.id == faces.c.photo_id)
            .where(*_match_unmoved(self._model_id), ~self._staged, faces.c.id > after_id)
            .order_by(faces.c.id)
            .limit(batch_size)
        )
        with self._database.read() as connection:
            return [_read_kept_face(row) for row in connection.execute(query).mappings()]

    def stage(self, found: Sequence[NewVector]) -> None:
        """Write vectors; those of faces that are gone or were rejected meanwhile are dropped.

        ``ValueError`` for a vector that is not finite or not of unit length.
        """
        with self._database.write() as connection:
            dimension = connection.scalars(
                select(models.c.dimension).where(models.c.id == self._model_id)
            ).one()
            ids = [new.face_id for new in found]
            kept = select(faces.c.id).where(
                faces.c.id.in_(listed(ids)), *_match_unmoved(self._model_id), ~self._staged
            )
            there = set(connection.scalars(kept))
            rows = [self._make_row(new, dimension) for new in found if new.face_id in there]
            if rows:
                connection.execute(insert(face_vectors), rows)
            for new in found:
                if new.crop is not None and new.face_id in there:
                    better = {"crop": new.crop, "crop_area": new.crop_area}
                    connection.execute(
                        update(faces).where(faces.c.id == new.face_id).values(better)
                    )

    def _make_row(self, new: NewVector, dimension: int) -> dict[str, Any]:
        return {
            "face_id": new.face_id,
            "model_id": self._model_id,
            "vector": encode_vector(new.vector, dimension),
            "quality": new.quality,
            "measures": new.measures,
        }

    def switch(self, lost: Collection[int]) -> int | None:
        """Take all staged vectors over in one transaction; returns how many.

        None, and nothing changed, when faces have come meanwhile that are not staged yet. ``lost``
        are faces of which no picture is left: they stay with their old model, and their lookups
        become due. Verdicts and trust stay as they are.
        """
        with self._database.write() as connection:
            left = select(faces.c.id).where(
                *_match_unmoved(self._model_id), ~self._staged, faces.c.id.not_in(listed([*lost]))
            )
            if connection.scalar(left.limit(1)) is not None:
                return None
            return _Switch(connection, self._model_id, lost).run()


class _Switch:
    """The one transaction in which everything becomes the new model's."""

    def __init__(self, connection: Connection, model_id: int, lost: Collection[int]) -> None:
        self.connection = connection
        self.model_id = model_id
        self.lost = listed([*lost])
        self.abandoned = select(faces.c.photo_id).where(
            faces.c.id.in_(self.lost),
            faces.c.photo_id.not_in(
                select(faces.c.photo_id).join(face_vectors, face_vectors.c.face_id == faces.c.id)
            ),
        )

    def run(self) -> int:
        moving = select(faces.c.id).where(
            faces.c.id.in_(select(face_vectors.c.face_id)), *_match_unmoved(self.model_id)
        )
        ids = list(self.connection.scalars(moving.order_by(faces.c.id)))
        self._log_changes(ids)
        self._move_faces(ids)
        self._move_photo_results()
        self._move_lookups()
        self.connection.execute(
            update(faces).where(faces.c.id.in_(self.lost)).values(crop=None)  # cannot be read
        )
        self.connection.execute(delete(face_vectors))
        return len(ids)

    def _log_changes(self, ids: list[int]) -> None:
        """All leave the old models' indexes and come into the new one's."""
        accepted = (faces.c.id.in_(listed(ids)), faces.c.verdict == Verdict.ACCEPTED.value)
        for model, change in ((faces.c.model_id, "removed"), (literal(self.model_id), "added")):
            rows = select(faces.c.id, model, literal(change)).where(*accepted).order_by(faces.c.id)
            columns = ["face_id", "model_id", "change"]
            self.connection.execute(insert(face_changes).from_select(columns, rows))

    def _move_faces(self, ids: list[int]) -> None:
        staged = face_vectors.c
        taken_over = {
            "model_id": staged.model_id,
            "vector": staged.vector,
            "quality": staged.quality,
            "measures": staged.measures,
        }
        self.connection.execute(
            update(faces)
            .where(faces.c.id.in_(listed(ids)), faces.c.id == staged.face_id)
            .values(taken_over)
        )
        rejected = (
            faces.c.verdict == Verdict.REJECTED.value,
            faces.c.photo_id.not_in(self.abandoned),
            *_match_elsewhere(self.model_id),
        )
        self.connection.execute(update(faces).where(*rejected).values(model_id=self.model_id))

    def _move_photo_results(self) -> None:
        """What was seen in a photo stands, or it would be asked for again; a result that this
        model has of its own stands too."""
        mine = photo_results.alias()
        others = select(photo_results.c.model_id).where(photo_results.c.model_id != self.model_id)
        for old in sorted(self.connection.scalars(others.distinct()), reverse=True):
            old_ones = (photo_results.c.model_id == old, _match_settled())
            replaced = select(photo_results.c.photo_id).where(*old_ones)
            self.connection.execute(
                delete(photo_results).where(
                    photo_results.c.model_id == self.model_id,
                    ~_match_settled(),
                    photo_results.c.photo_id.in_(replaced),
                )
            )
            has_own = exists().where(
                mine.c.photo_id == photo_results.c.photo_id, mine.c.model_id == self.model_id
            )
            self.connection.execute(
                update(photo_results)
                .where(*old_ones, photo_results.c.photo_id.not_in(self.abandoned), ~has_own)
                .values(model_id=self.model_id)
            )

    def _move_lookups(self) -> None:
        lost = faces.alias()
        loses = exists().where(
            lost.c.id.in_(self.lost),
            lost.c.performer_id == lookups.c.performer_id,
            lost.c.source == lookups.c.source,
        )
        self.connection.execute(
            update(lookups)
            .where(lookups.c.model_id != self.model_id, ~loses)
            .values(model_id=self.model_id)
        )


def _read_kept_face(row: RowMapping) -> KeptFace:
    x1, y1, x2, y2 = (float(edge) for edge in row["box"])
    marks = tuple((float(x), float(y)) for x, y in row["landmarks"])
    face = Detection((x1, y1, x2, y2), marks, row["detection_score"])
    data, size = row["crop"] or b"", (row["width"] or 0, row["height"] or 0)
    if row["crop_area"] is None:
        crop = StoredCrop.of_old(data, face, *size)
    else:
        left, top, right, bottom = row["crop_area"]
        crop = StoredCrop(data, (left, top, right, bottom), face, *size)
    return KeptFace(row["id"], row["performer_id"], crop, row["sha256"])
