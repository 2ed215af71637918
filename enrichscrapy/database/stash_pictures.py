"""The pictures that performers have in the user's Stash: which are still to be taken in, and the
photo that each gave.

What identifies a picture (``wanted``) depends on the library: a checksum from the file, a time of
change from the server. Only the bytes' MD5, which Stash itself uses, tells whether it is another
picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, delete, func, or_, select, update

from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.minors import find_minors
from enrichscrapy.database.schema import photos, stash_pictures
from enrichscrapy.database.shared_photos import match_same_photo
from enrichscrapy.database.verdict_log import log_photo_removals, quarantine_unless_a_person_ruled
from enrichscrapy.items import Photo

PREFIX = "import:stash:"
"""What the addresses of such photos begin with; the SHA-256 follows."""
_SHARED = "placeholder"


@dataclass(frozen=True)
class StashPicture:
    """A performer's picture in the library ``file``, where it has the number ``row_id``."""

    file: str
    row_id: str
    performer_id: int
    wanted: str
    md5: str | None
    photo_id: int | None


def note_pictures(
    connection: Connection, file: str, found: Iterable[tuple[str, int, str]], now: float
) -> None:
    """Remember (row id, performer, what tells the picture) as to be taken in; of minors nothing."""
    found = list(found)
    minors = find_minors(connection, [performer_id for _, performer_id, _ in found], now)
    rows = [
        {"file": file, "row_id": row_id, "performer_id": performer_id, "wanted": wanted}
        for row_id, performer_id, wanted in found
        if performer_id not in minors
    ]
    if not rows:
        return
    statement = insert(stash_pictures)
    given, there = statement.excluded, stash_pictures.c
    is_theirs = there.performer_id == given.performer_id
    statement = statement.on_conflict_do_update(
        index_elements=["file", "row_id"],
        set_={
            "performer_id": given.performer_id,
            "wanted": given.wanted,
            "taken": case((is_theirs, there.taken)),
            "md5": case((is_theirs, there.md5)),
        },
    )
    connection.execute(statement, rows)


def list_pictures_to_take(
    connection: Connection, file: str, after: str, limit: int
) -> list[StashPicture]:
    """The next pictures of a library that were not looked at as they are now, by row id."""
    names = StashPicture.__dataclass_fields__
    query = (
        select(*(stash_pictures.c[name] for name in names))
        .where(*_match_due(file), stash_pictures.c.row_id > after)
        .order_by(stash_pictures.c.row_id)
        .limit(limit)
    )
    return [StashPicture(**row) for row in connection.execute(query).mappings()]


def count_to_take(connection: Connection, file: str) -> int:
    return connection.scalar(select(func.count()).where(*_match_due(file))) or 0


def drop_photo(connection: Connection, photo_id: int) -> None:
    """Remove a photo that is no longer the performer's picture, with the faces it gave."""
    log_photo_removals(connection, photo_id)
    connection.execute(delete(photos).where(photos.c.id == photo_id))


def settle_picture(connection: Connection, picture: StashPicture, md5: str, sha256: str) -> None:
    """The picture has been looked at; its photo is remembered where it is of this very picture."""
    photo = select(photos.c.id).where(
        photos.c.performer_id == picture.performer_id, photos.c.url == PREFIX + sha256
    )
    _settle(connection, picture, {"md5": md5, "photo_id": photo.scalar_subquery()})


def settle_unchanged(connection: Connection, picture: StashPicture) -> None:
    """Something else of the performer changed: the picture is the one that was looked at."""
    _settle(connection, picture, {})


def count_sharing(connection: Connection, performer_id: int, photo: Photo) -> int:
    """How many other performers have the same picture in Stash."""
    query = select(func.count(photos.c.performer_id.distinct())).where(
        *_match_same_picture(photo), photos.c.performer_id != performer_id
    )
    return connection.scalars(query).one()


def hold_shared(connection: Connection, photo: Photo, now: float) -> None:
    """Let the faces wait that this picture gave its first performer: it is nobody's own."""
    quarantine_unless_a_person_ruled(
        connection, _match_same_picture(photo), _SHARED, now, persons=("review",)
    )


def _match_same_picture(photo: Photo) -> list[ColumnElement[bool]]:
    return [match_same_photo(photo), photos.c.url.startswith(PREFIX, autoescape=True)]


def _match_due(file: str) -> list[ColumnElement[bool]]:
    taken = stash_pictures.c.taken
    return [
        stash_pictures.c.file == file,
        or_(taken.is_(None), taken != stash_pictures.c.wanted),
    ]


def _settle(connection: Connection, picture: StashPicture, values: dict[str, Any]) -> None:
    statement = update(stash_pictures).filter_by(file=picture.file, row_id=picture.row_id)
    connection.execute(statement.values(taken=picture.wanted, **values))
