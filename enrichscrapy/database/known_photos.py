"""A performer's photos that a face model has seen already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from enrichscrapy.database.schema import faces, photo_results, photos
from enrichscrapy.database.vectors import decode_vector
from enrichscrapy.items import PhotoOutcome, Vector

UNSETTLED = (PhotoOutcome.FAILED, PhotoOutcome.REFUSED, PhotoOutcome.MISSING)
"""Outcomes of a photo whose bytes were never looked at: it may be requested again."""


@dataclass(frozen=True)
class KnownPicture:
    """What one photo shows: its perceptual hash and the vectors of its faces."""

    phash: str
    vectors: tuple[Vector, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True)
class KnownPhotos:
    """A performer's photos that a model has seen.

    ``urls`` lead to them; ``sha256s`` give the photo's id by its bytes.
    """

    urls: frozenset[str]
    sha256s: Mapping[str, int]
    pictures: Sequence[KnownPicture]


def load_known_photos(
    connection: Connection, performer_id: int, model_id: int | None
) -> KnownPhotos:
    """Photos of a performer whose bytes this model has looked at."""
    query = (
        select(photos.c.id, photos.c.url, photos.c.sha256, photos.c.phash)
        .join(photo_results, photo_results.c.photo_id == photos.c.id)
        .where(
            photos.c.performer_id == performer_id,
            photo_results.c.model_id == model_id,
            photo_results.c.outcome.not_in([outcome.value for outcome in UNSETTLED]),
        )
        .order_by(photos.c.id)
    )
    rows = connection.execute(query).all()
    vectors = _read_vectors(connection, performer_id, model_id)
    return KnownPhotos(
        frozenset(row.url for row in rows),
        {row.sha256: row.id for row in rows if row.sha256 is not None},
        [
            KnownPicture(row.phash, tuple(vectors.get(row.id, ())))
            for row in rows
            if row.phash is not None
        ],
    )


def _read_vectors(
    connection: Connection, performer_id: int, model_id: int | None
) -> dict[int, list[Vector]]:
    """The performer's vectors by photo; a rejected face has none."""
    query = select(faces.c.photo_id, faces.c.vector).where(
        faces.c.performer_id == performer_id, faces.c.model_id == model_id
    )
    vectors: dict[int, list[Vector]] = {}
    for photo_id, data in connection.execute(query):
        vector = decode_vector(data)
        if vector is not None:
            vectors.setdefault(photo_id, []).append(vector)
    return vectors
