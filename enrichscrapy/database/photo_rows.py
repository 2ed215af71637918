"""Photos of a lookup: which are new, which are known bytes under another address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select, update

from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.known_photos import UNSETTLED
from enrichscrapy.database.performers import read_new_id
from enrichscrapy.database.schema import photo_results, photos
from enrichscrapy.items import Photo, PhotoOutcome


@dataclass
class PhotoRows:
    """The stored photos of a lookup.

    ``ids`` gives, by address, the row that holds the photo's content: an older one where the
    bytes were known. ``settled`` are addresses whose content this model had seen before: their
    faces are stored already. ``duplicates`` lead to bytes known under another address.
    """

    ids: dict[str, int] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    duplicates: set[str] = field(default_factory=set)


def write_photos(
    connection: Connection,
    performer_id: int,
    source: str,
    found: Iterable[Photo],
    model_id: int | None,
    now: float,
) -> PhotoRows:
    """Write photos and, with a model, what it saw in them.

    Bytes are stored once for a performer: a second address gets a row without ``sha256`` that
    points to the first. A result that exists is never overwritten.
    """
    rows = PhotoRows()
    for photo in found:
        row_id, holder_id = _write_photo(connection, performer_id, source, photo, now)
        rows.ids[photo.url] = holder_id
        if row_id != holder_id:
            rows.duplicates.add(photo.url)
        if model_id is None or photo.outcome is None:
            continue
        outcome, detail = photo.outcome, photo.detail
        if row_id != holder_id:
            _write_result(connection, row_id, model_id, PhotoOutcome.DUPLICATE, "known photo", now)
            if outcome is PhotoOutcome.DUPLICATE:
                rows.settled.add(photo.url)
                continue
        if not _write_result(connection, holder_id, model_id, outcome, detail, now):
            rows.settled.add(photo.url)
    return rows


def _write_photo(
    connection: Connection, performer_id: int, source: str, photo: Photo, now: float
) -> tuple[int, int]:
    """The photo's own row and the row that holds its content."""
    owned = photos.c.performer_id == performer_id
    same_url = select(photos.c.id, photos.c.sha256).where(owned, photos.c.url == photo.url)
    row = connection.execute(same_url).first()
    holder = None
    if photo.sha256 is not None:
        holder = connection.scalar(
            select(photos.c.id).where(owned, photos.c.sha256 == photo.sha256)
        )
        if row is not None and row.sha256 not in (None, photo.sha256):
            _set_aside(connection, row.id, photo.url, row.sha256)
            row = None
    own = holder is None or (row is not None and row.id == holder)
    values: dict[str, Any] = {
        "sha256": photo.sha256 if own else None,
        "duplicate_of": None if own else holder,
    }
    seen = {"phash": photo.phash, "width": photo.width, "height": photo.height}
    values |= {name: value for name, value in seen.items() if value is not None}
    if row is None:
        values |= {"performer_id": performer_id, "url": photo.url, "source": source, "seen_at": now}
        row_id = read_new_id(connection.execute(insert(photos).values(values)))
    else:
        row_id = row.id
        if photo.sha256 is not None:
            connection.execute(update(photos).where(photos.c.id == row_id).values(values))
    return row_id, holder if holder is not None else row_id


def _set_aside(connection: Connection, photo_id: int, url: str, sha256: str) -> None:
    """An address shows other bytes now: what it showed before stays known, as its own photo."""
    statement = update(photos).where(photos.c.id == photo_id)
    connection.execute(statement.values(url=f"{url}#was-{sha256[:16]}"))


def _write_result(
    connection: Connection,
    photo_id: int,
    model_id: int,
    outcome: PhotoOutcome,
    detail: str,
    now: float,
) -> bool:
    """Write a model's result; False when there is one already."""
    values = {"outcome": outcome.value, "detail": detail, "created_at": now}
    statement = insert(photo_results).values(photo_id=photo_id, model_id=model_id, **values)
    statement = statement.on_conflict_do_update(
        index_elements=["photo_id", "model_id"],
        set_=values,
        where=photo_results.c.outcome.in_([unsettled.value for unsettled in UNSETTLED]),
    )
    return connection.execute(statement).rowcount > 0
