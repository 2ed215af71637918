"""Stored faces, the models that made their vectors, and the photos they come from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, select, update

from enrichscrapy.database.connection import Database
from enrichscrapy.database.dialects.expressions import insert, listed
from enrichscrapy.database.known_photos import KnownPhotos, load_known_photos
from enrichscrapy.database.performers import load_performers
from enrichscrapy.database.reembedding import refuse_unmoved
from enrichscrapy.database.schema import (
    faces,
    models,
    photos,
    verdict_history,
)
from enrichscrapy.database.shared_photos import count_others
from enrichscrapy.database.suppressions import SuppressionStore
from enrichscrapy.database.vectors import decode_vector
from enrichscrapy.database.verdict_log import VerdictEntry, change_verdict
from enrichscrapy.database.whom import describe
from enrichscrapy.exceptions import VerdictRefused
from enrichscrapy.items import ModelInfo, Photo, Vector, Verdict


@dataclass(frozen=True)
class StoredFace:
    """A face of the database; ``vector`` is None for a rejected one."""

    id: int
    performer_id: int
    photo_id: int
    model_id: int
    source: str
    vector: Vector | None = field(repr=False, compare=False)
    quality: float
    detection_score: float
    verdict: Verdict
    trusted: bool
    reason: str
    distances: dict[str, Any]
    photo_url: str
    created_at: float
    decided_by: str

    @property
    def confirmed_by_person(self) -> bool:
        """Whether a person, not the rules, confirmed that this face is the performer's."""
        return self.decided_by in ("import", "review")

    @property
    def source_endpoint(self) -> str:
        """The source under its name in a stash-sense database."""
        return self.source


_FACE_COLUMNS = [
    *(faces.c[name] for name in StoredFace.__dataclass_fields__ if name in faces.columns),
    photos.c.url.label("photo_url"),
    select(verdict_history.c.decided_by)
    .where(verdict_history.c.face_id == faces.c.id)
    .order_by(verdict_history.c.id.desc())
    .limit(1)
    .scalar_subquery()
    .label("decided_by"),
]


def _select_faces() -> Select[Any]:
    return select(*_FACE_COLUMNS).join(photos, photos.c.id == faces.c.photo_id).order_by(faces.c.id)


def _read_stored_face(row: RowMapping) -> StoredFace:
    return StoredFace(
        **{**row, "vector": decode_vector(row["vector"]), "verdict": Verdict(row["verdict"])}
    )


def load_references(
    connection: Connection, performer_id: int, model_id: int
) -> tuple[list[StoredFace], str]:
    """The performer's faces of a model that were not rejected, and a token of their state."""
    query = _select_faces().where(
        faces.c.performer_id == performer_id,
        faces.c.model_id == model_id,
        faces.c.verdict != Verdict.REJECTED.value,
    )
    found = [_read_stored_face(row) for row in connection.execute(query).mappings()]
    state = ";".join(f"{face.id},{face.verdict},{face.trusted:d}" for face in found)
    return found, hashlib.sha256(state.encode()).hexdigest()


class FaceStore:
    """Reads faces and photos; changes verdicts. New faces come in by ``store_lookup`` only."""

    def __init__(self, database: Database, suppressions: SuppressionStore) -> None:
        self._database = database
        self._suppressions = suppressions

    # --- Models --------------------------------------------------------------------------------

    def find_model(self, info: ModelInfo) -> int | None:
        """The id of exactly this model, or None when it has none."""
        query = select(models.c.id).filter_by(
            name=info.name, sha256=info.sha256, preprocessing=info.preprocessing
        )
        with self._database.read() as connection:
            return connection.scalar(query)

    def ensure_model(self, info: ModelInfo) -> int:
        """The id of exactly this model, given now if it has none."""
        statement = insert(models).values(
            name=info.name,
            sha256=info.sha256,
            preprocessing=info.preprocessing,
            dimension=info.dimension,
            created_at=self._database.clock(),
        )
        while (model_id := self.find_model(info)) is None:
            with self._database.write() as connection:
                connection.execute(statement.on_conflict_do_nothing())
        return model_id

    def refuse_unmoved(self, model_id: int | None, info: ModelInfo) -> None:
        """Raise ``BadSetting`` while stored faces could, and have not, moved to this model."""
        with self._database.read() as connection:
            refuse_unmoved(connection, model_id, info)

    def get_thresholds(self, model_id: int) -> Any:
        """The calibrated thresholds in force, as they were set; None for the rules' defaults."""
        with self._database.read() as connection:
            return connection.scalar(select(models.c.thresholds).where(models.c.id == model_id))

    def set_thresholds(self, model_id: int, thresholds: Any) -> None:
        """Put thresholds (JSON-serialisable) in force; None brings the defaults back."""
        statement = update(models).where(models.c.id == model_id)
        with self._database.write() as connection:
            connection.execute(statement.values(thresholds=thresholds))

    # --- Reading -------------------------------------------------------------------------------

    def get(self, face_id: int) -> StoredFace | None:
        with self._database.read() as connection:
            row = (
                connection.execute(_select_faces().where(faces.c.id == face_id)).mappings().first()
            )
        return _read_stored_face(row) if row else None

    def list_faces(self, performer_id: int) -> list[StoredFace]:
        """All faces, of every model and verdict, in id order."""
        query = _select_faces().where(faces.c.performer_id == performer_id)
        with self._database.read() as connection:
            return [_read_stored_face(row) for row in connection.execute(query).mappings()]

    def find_references(self, performer_id: int, model_id: int) -> tuple[list[StoredFace], str]:
        """The faces that were not rejected, in id order, and a token.

        The token changes whenever one of them comes, goes, or changes its verdict or trust.
        """
        with self._database.read() as connection:
            return load_references(connection, performer_id, model_id)

    def find_known_photos(self, performer_id: int, model_id: int | None) -> KnownPhotos:
        """What need not be downloaded or looked at again for this model."""
        with self._database.read() as connection:
            return load_known_photos(connection, performer_id, model_id)

    def count_shared_photos(self, performer_id: int, found: Iterable[Photo]) -> dict[str, int]:
        """By address, how many other performers have the same photo."""
        with self._database.read() as connection:
            return {photo.url: count_others(connection, performer_id, photo) for photo in found}

    def map_performers(self, face_ids: Iterable[int]) -> dict[int, int]:
        """Performer id by face id; ids that no face has are missing."""
        query = select(faces.c.id, faces.c.performer_id).where(faces.c.id.in_(listed(face_ids)))
        with self._database.read() as connection:
            return dict(connection.execute(query).all())

    def list_performers_with_faces(
        self, model_id: int, after_id: int = 0, batch_size: int = 1000
    ) -> list[int]:
        """The next performers with faces of a model, in id order; empty after the last."""
        query = (
            select(faces.c.performer_id.distinct())
            .where(faces.c.model_id == model_id, faces.c.performer_id > after_id)
            .order_by(faces.c.performer_id)
            .limit(batch_size)
        )
        with self._database.read() as connection:
            return list(connection.scalars(query))

    # --- Decisions of people -------------------------------------------------------------------

    def decide(
        self,
        face_id: int,
        verdict: Verdict,
        reason: str,
        decided_by: str = "review",
        trusted: bool = False,
    ) -> None:
        """Rule on a stored face; ``VerdictRefused`` when it does not exist or was not kept.

        Rejecting drops vector and crop for good.
        """
        ruling = VerdictEntry(verdict, trusted, reason, decided_by, self._database.clock())
        with self._database.write() as connection:
            if verdict is Verdict.ACCEPTED:
                self._check_not_kept_out(connection, face_id)
            change_verdict(connection, face_id, ruling)

    def _check_not_kept_out(self, connection: Connection, face_id: int) -> None:
        owner = connection.scalar(select(faces.c.performer_id).where(faces.c.id == face_id))
        found = load_performers(connection, [owner] if owner is not None else [])
        if self._suppressions.find_kept_out(connection, found):
            name = describe(found[0])
            raise VerdictRefused(f"{name} is suppressed: no face of theirs is accepted")
