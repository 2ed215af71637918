"""The same photo on several performers, and what becomes of it when it is nobody's."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, false, func, or_, select

from enrichscrapy.database.schema import photos
from enrichscrapy.database.verdict_log import quarantine_unless_a_person_ruled
from enrichscrapy.items import Photo, PhotoOutcome

REASON = "placeholder"


def count_others(connection: Connection, performer_id: int, photo: Photo) -> int:
    """How many other performers have a photo of these bytes or of this very hash."""
    query = select(func.count(photos.c.performer_id.distinct())).where(
        match_same_photo(photo), photos.c.performer_id != performer_id
    )
    return connection.scalars(query).one()


def quarantine_placeholders(connection: Connection, found: Iterable[Photo], now: float) -> None:
    """Take back what the rules accepted, of any performer, from photos now known as placeholders.

    What a person decided stands.
    """
    for photo in found:
        if photo.outcome is PhotoOutcome.PLACEHOLDER:
            quarantine_unless_a_person_ruled(connection, [match_same_photo(photo)], REASON, now)


def match_same_photo(photo: Photo) -> ColumnElement[bool]:
    """Rows of ``photos`` with these bytes or this very hash."""
    known = [
        column == value
        for column, value in ((photos.c.sha256, photo.sha256), (photos.c.phash, photo.phash))
        if value is not None
    ]
    return or_(false(), *known)
