"""The story of one performer: what was looked up, what was seen, and what was decided."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, select

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.birth_dates import list_unread
from enrichscrapy.database.schema import faces, lookups, photo_results, photos, proposals
from enrichscrapy.items import Performer


@dataclass(frozen=True)
class LookupStory:
    """A row of ``lookups``."""

    source: str
    mode: str
    outcome: str
    url: str | None
    http_status: int | None
    detail: str
    identity: str | None
    evidence: dict[str, Any]
    attempts: int
    blocks: int
    next_attempt_at: float | None
    updated_at: float


@dataclass(frozen=True)
class FaceStory:
    """A face as it stands, without vector and crop."""

    id: int
    source: str
    verdict: str
    trusted: bool
    reason: str
    distances: dict[str, Any]
    quality: float
    created_at: float
    updated_at: float


@dataclass(frozen=True)
class PhotoStory:
    """A photo, what the latest model made of it, and the faces it gave."""

    id: int
    url: str
    source: str
    width: int | None
    height: int | None
    outcome: str | None
    detail: str
    faces: tuple[FaceStory, ...]


@dataclass(frozen=True)
class PageProposal:
    """A name or link a page offered; nothing adopts it automatically."""

    kind: str
    value: str
    label: str | None
    source: str


@dataclass(frozen=True)
class Story:
    """``unread_birth_date`` is a text that keeps the performer from being looked up."""

    performer: Performer
    unread_birth_date: str | None
    lookups: tuple[LookupStory, ...]
    photos: tuple[PhotoStory, ...]
    proposals: tuple[PageProposal, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_story(database: PerformerDatabase, performer_id: int) -> Story | None:
    """Everything stored about a performer; None when there is no such id."""
    performer = database.get_performer(performer_id)
    if performer is None:
        return None
    with database.read() as connection:
        return Story(
            performer,
            next(
                (one.text for one in list_unread(connection) if one.performer_id == performer_id),
                None,
            ),
            tuple(_read_lookups(connection, performer_id)),
            tuple(_read_photos(connection, performer_id)),
            tuple(_read_proposals(connection, performer_id)),
        )


def _read_lookups(connection: Connection, performer_id: int) -> list[LookupStory]:
    columns = [lookups.c[name] for name in LookupStory.__dataclass_fields__]
    query = select(*columns).where(lookups.c.performer_id == performer_id)
    rows = connection.execute(query.order_by(lookups.c.updated_at)).mappings()
    return [LookupStory(**{**row, "evidence": row["evidence"] or {}}) for row in rows]


def _read_photos(connection: Connection, performer_id: int) -> list[PhotoStory]:
    query = select(photos).where(photos.c.performer_id == performer_id).order_by(photos.c.id)
    rows = connection.execute(query).all()
    results = _read_results(connection, performer_id)
    stories = _read_faces(connection, performer_id)
    found = []
    for row in rows:
        outcome, detail = results.get(row.id, (None, ""))
        seen = tuple(stories.get(row.id, ()))
        found.append(
            PhotoStory(row.id, row.url, row.source, row.width, row.height, outcome, detail, seen)
        )
    return found


def _read_results(connection: Connection, performer_id: int) -> dict[int, tuple[str, str]]:
    query = (
        select(photo_results.c.photo_id, photo_results.c.outcome, photo_results.c.detail)
        .join(photos, photos.c.id == photo_results.c.photo_id)
        .where(photos.c.performer_id == performer_id)
        .order_by(photo_results.c.model_id)  # the latest model decides
    )
    return {row.photo_id: (row.outcome, row.detail) for row in connection.execute(query)}


def _read_faces(connection: Connection, performer_id: int) -> dict[int, list[FaceStory]]:
    columns = [faces.c[name] for name in FaceStory.__dataclass_fields__]
    query = select(faces.c.photo_id, *columns).where(faces.c.performer_id == performer_id)
    found: dict[int, list[FaceStory]] = {}
    for row in connection.execute(query.order_by(faces.c.id)).mappings():
        values = {name: row[name] for name in FaceStory.__dataclass_fields__}
        values["distances"] = values["distances"] or {}
        found.setdefault(row["photo_id"], []).append(FaceStory(**values))
    return found


def _read_proposals(connection: Connection, performer_id: int) -> list[PageProposal]:
    columns = [proposals.c[name] for name in PageProposal.__dataclass_fields__]
    query = select(*columns).where(proposals.c.performer_id == performer_id)
    return [PageProposal(*row) for row in connection.execute(query.order_by(proposals.c.id))]
