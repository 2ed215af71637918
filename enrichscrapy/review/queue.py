"""What a person needs to see to decide about a face."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    func,
    select,
    tuple_,
)

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.connection import count_rows
from enrichscrapy.database.schema import aliases, faces, lookups, performers, photos
from enrichscrapy.items import Verdict
from enrichscrapy.reporting.faces import IS_WAITING
from enrichscrapy.reporting.words import describe_distances, describe_reason

BESIDE = 8
"""Known faces shown beside a candidate at most, and other faces of its page."""


@dataclass(frozen=True)
class Narrowed:
    """Which part of the queue: one performer's, one source's, or all of it."""

    performer_id: int | None = None
    source: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        given = [IS_WAITING]
        if self.performer_id is not None:
            given.append(faces.c.performer_id == self.performer_id)
        if self.source is not None:
            given.append(faces.c.source == self.source)
        return given


@dataclass(frozen=True)
class Waiting:
    """One line of the queue; ``score`` is the distance to the trusted faces."""

    face_id: int
    performer_id: int
    name: str
    source: str
    reason: str
    score: float | None
    quality: float


def list_waiting(database: PerformerDatabase, narrowed: Narrowed = Narrowed()) -> list[Waiting]:
    """The quarantined faces, those of one performer together."""
    columns = ("id", "performer_id", "source", "reason", "distances", "quality")
    query: Select[Any] = (
        select(*(faces.c[name] for name in columns), performers.c.canonical_name)
        .join(performers, performers.c.id == faces.c.performer_id)
        .where(*narrowed.conditions())
        .order_by(faces.c.performer_id, faces.c.id)
    )
    with database.read() as connection:
        return [_make_waiting(row) for row in connection.execute(query)]


def count_waiting(connection: Connection, narrowed: Narrowed = Narrowed()) -> int:
    return count_rows(connection, faces, *narrowed.conditions())


def list_waiting_after(
    connection: Connection, face_id: int, limit: int, narrowed: Narrowed = Narrowed()
) -> list[int]:
    """The next faces of the queue after one of them (0: from its beginning)."""
    owner = connection.scalar(select(faces.c.performer_id).where(faces.c.id == face_id)) or 0
    query = (
        select(faces.c.id)
        .where(*narrowed.conditions())
        .where(tuple_(faces.c.performer_id, faces.c.id) > tuple_(owner, face_id))
        .order_by(faces.c.performer_id, faces.c.id)
        .limit(limit)
    )
    return list(connection.scalars(query))


def list_waiting_of_page(connection: Connection, face: Row[Any]) -> list[int]:
    """What waits of the page a face is from: its performer's faces from its source."""
    page = Narrowed(face.performer_id, face.source)
    query = select(faces.c.id).where(*page.conditions()).order_by(faces.c.id)
    return list(connection.scalars(query))


def _make_waiting(row: Row[Any]) -> Waiting:
    score = (row.distances or {}).get("score")
    return Waiting(
        face_id=row.id,
        performer_id=row.performer_id,
        name=row.canonical_name,
        source=row.source,
        reason=row.reason,
        score=None if score is None else float(score),
        quality=row.quality,
    )


@dataclass(frozen=True)
class Beside:
    """A face to compare with; ``crop`` is JPEG, empty when it was not kept."""

    face_id: int
    performer_id: int
    name: str
    source: str
    trusted: bool
    quality: float
    crop: bytes


@dataclass(frozen=True)
class Card:
    """A candidate beside the faces it has to be compared with.

    ``known`` are the performer's accepted faces, trusted and good ones first; ``page`` are the
    others of its page that wait; ``rival`` is the nearest face of somebody else, when the rules saw
    one; ``distances`` is in words.
    """

    face_id: int
    performer_id: int
    name: str
    aliases: tuple[str, ...]
    source: str
    verdict: str
    trusted: bool
    reason: str
    distances: str
    quality: float
    photo_url: str
    page_url: str | None
    crop: bytes
    known: tuple[Beside, ...]
    page: tuple[Beside, ...]
    rival: Beside | None

    def to_json(self) -> dict[str, Any]:
        """Without the pictures."""
        shown = asdict(self)
        del shown["crop"]
        for other in (*shown["known"], *shown["page"], shown["rival"]):
            if other:
                del other["crop"]
        return shown


def read_card(database: PerformerDatabase, face_id: int) -> Card | None:
    """Everything about one face, whatever its verdict; None when there is no such face."""
    query = (
        select(faces, photos.c.url, performers.c.canonical_name)
        .join(photos, photos.c.id == faces.c.photo_id)
        .join(performers, performers.c.id == faces.c.performer_id)
        .where(faces.c.id == face_id)
    )
    with database.read() as connection:
        row = connection.execute(query).first()
        return None if row is None else _make_card(connection, row)


def _make_card(connection: Connection, row: Row[Any]) -> Card:
    distances = row.distances or {}
    return Card(
        face_id=row.id,
        performer_id=row.performer_id,
        name=row.canonical_name,
        aliases=_read_aliases(connection, row.performer_id),
        source=row.source,
        verdict=row.verdict,
        trusted=row.trusted,
        reason=describe_reason(row.reason),
        distances=describe_distances(distances),
        quality=row.quality,
        photo_url=row.url,
        page_url=_find_page(connection, row),
        crop=row.crop or b"",
        known=_read_known(connection, row),
        page=_read_others_of_page(connection, row),
        rival=_find_rival(connection, distances.get("other_face"), row.performer_id),
    )


def _read_aliases(connection: Connection, performer_id: int) -> tuple[str, ...]:
    query = select(aliases.c.alias).where(aliases.c.performer_id == performer_id)
    return tuple(connection.scalars(query.order_by(aliases.c.id)))


def _find_page(connection: Connection, row: Row[Any]) -> str | None:
    query = (
        select(lookups.c.url)
        .where(lookups.c.performer_id == row.performer_id, lookups.c.source == row.source)
        .order_by(lookups.c.updated_at.desc())
    )
    return connection.scalar(query.limit(1))


def _select_beside() -> Select[Any]:
    """Rows as the fields of :class:`Beside`."""
    return select(
        faces.c.id,
        faces.c.performer_id,
        performers.c.canonical_name,
        faces.c.source,
        faces.c.trusted,
        faces.c.quality,
        func.coalesce(faces.c.crop, b""),
    ).join(performers, performers.c.id == faces.c.performer_id)


def _read_known(connection: Connection, row: Row[Any]) -> tuple[Beside, ...]:
    query = (
        _select_beside()
        .where(
            faces.c.performer_id == row.performer_id,
            faces.c.model_id == row.model_id,
            faces.c.verdict == Verdict.ACCEPTED.value,
            faces.c.id != row.id,
        )
        .order_by(faces.c.trusted.desc(), faces.c.quality.desc(), faces.c.id)
        .limit(BESIDE)
    )
    return tuple(Beside(*other) for other in connection.execute(query))


def _read_others_of_page(connection: Connection, row: Row[Any]) -> tuple[Beside, ...]:
    query = (
        _select_beside()
        .where(*Narrowed(row.performer_id, row.source).conditions(), faces.c.id != row.id)
        .order_by(faces.c.id)
        .limit(BESIDE)
    )
    return tuple(Beside(*other) for other in connection.execute(query))


def _find_rival(connection: Connection, face_id: int | None, performer_id: int) -> Beside | None:
    query = _select_beside().where(faces.c.id == face_id, faces.c.performer_id != performer_id)
    row = connection.execute(query).first()
    return Beside(*row) if row else None
