"""The accepted faces of one model, read row by row from one state of the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, func, select

from enrichscrapy.database.connection import count_rows
from enrichscrapy.database.dialects.expressions import listed
from enrichscrapy.database.schema import faces, models, performers, photos, stashbox_ids
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.facts.stashboxes import KNOWN, make_domain_id
from enrichscrapy.index.vectors import decode_usable
from enrichscrapy.items import ModelInfo, Vector, Verdict

BATCH = 2000
"""Faces read at once: 4 MB of vectors, and about 20 MB of crops."""


@dataclass(frozen=True)
class Owner:
    """The performer of a face; ``ids`` are (stash-box, id), the best known boxes first."""

    performer_id: int
    name: str
    gender: str | None
    country: str | None
    image_url: str | None
    ids: tuple[tuple[str, str], ...]

    @property
    def domain_ids(self) -> list[str]:
        """Stash-box ids as they travel: ``stashdb.org:<uuid>``."""
        return [make_domain_id(box, value) for box, value in self.ids]


@dataclass(frozen=True)
class ExportedFace:
    """One accepted face; ``created_at`` in UTC seconds, ``crop`` a JPEG or None."""

    face_id: int
    owner: Owner
    source: str
    photo_url: str
    quality: float
    trusted: bool
    reason: str
    created_at: float
    vector: Vector
    crop: bytes | None


class AcceptedFaces:
    """All accepted faces of one model on one connection, so that every pass sees the same ones."""

    def __init__(self, connection: Connection, model_id: int) -> None:
        self._connection = connection
        self._accepted = (
            faces.c.model_id == model_id,
            faces.c.verdict == Verdict.ACCEPTED.value,
        )
        row = connection.execute(select(models).where(models.c.id == model_id)).one()
        self.model = ModelInfo(row.name, row.sha256, row.preprocessing, row.dimension)

    @cached_property
    def count(self) -> int:
        return count_rows(self._connection, faces, *self._accepted)

    @cached_property
    def owners(self) -> int:
        """How many performers the faces are of."""
        distinct = func.count(faces.c.performer_id.distinct())
        return int(self._connection.execute(select(distinct).where(*self._accepted)).scalar_one())

    def batches(self, *, crops: bool = False) -> Iterator[list[ExportedFace]]:
        """The faces by ascending id, ``BATCH`` at a time; crops only when they are asked for.

        ``EnrichError`` for a vector that cannot be used.
        """
        columns = [
            faces.c.id,
            faces.c.performer_id,
            faces.c.source,
            photos.c.url,
            faces.c.quality,
            faces.c.trusted,
            faces.c.reason,
            faces.c.created_at,
            faces.c.vector,
            *([faces.c.crop] if crops else []),
        ]
        joined = faces.join(photos, photos.c.id == faces.c.photo_id)
        query = select(*columns).select_from(joined).where(*self._accepted).order_by(faces.c.id)
        result = self._connection.execute(query.execution_options(yield_per=BATCH))
        for rows in result.partitions():
            owners = self._owners(rows)
            yield [self._face(row, owners[row.performer_id], crops) for row in rows]

    def _face(self, row: Row[Any], owner: Owner, crops: bool) -> ExportedFace:
        if (vector := decode_usable(row.vector, self.model.dimension)) is None:
            raise EnrichError("a stored vector cannot be used: scrapy verify names its face")
        return ExportedFace(
            row.id,
            owner,
            row.source,
            row.url,
            row.quality,
            row.trusted,
            row.reason,
            row.created_at,
            vector,
            row.crop if crops else None,
        )

    def _owners(self, rows: Sequence[Row[Any]]) -> dict[int, Owner]:
        wanted = listed({row.performer_id for row in rows})
        ids = defaultdict[int, list[tuple[str, str]]](list)
        boxes = select(stashbox_ids).where(stashbox_ids.c.performer_id.in_(wanted))
        for row in self._connection.execute(boxes):
            ids[row.performer_id].append((row.endpoint, row.stashbox_performer_id))
        people = select(performers).where(performers.c.id.in_(wanted))
        return {
            row.id: Owner(
                row.id,
                row.canonical_name,
                row.gender,
                row.country,
                row.image_url,
                tuple(sorted(ids[row.id], key=_rank_box)),
            )
            for row in self._connection.execute(people)
        }


def _rank_box(stashbox_id: tuple[str, str]) -> tuple[int, str, str]:
    known = list(KNOWN)
    box, value = stashbox_id
    return (known.index(box) if box in KNOWN else len(known), box, value)
