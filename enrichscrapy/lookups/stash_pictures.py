"""Performers' pictures from the user's Stash, taken in as the user's own photos.

A picture is a person's own choice of that performer. Another one in its place replaces the face it
gave; one that two performers have is nobody's. What was looked at is remembered with its picture,
so an import that was killed goes on where it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.birth_dates import find_unread
from enrichscrapy.database.stash_pictures import (
    PREFIX,
    StashPicture,
    count_sharing,
    drop_photo,
    hold_shared,
    list_pictures_to_take,
    settle_picture,
    settle_unchanged,
)
from enrichscrapy.exceptions import PictureMissing
from enrichscrapy.items import Lookup, Performer, PhotoOutcome
from enrichscrapy.lookups.own_photos import OwnPhotos, Taken

if TYPE_CHECKING:
    from enrichscrapy.faces.engine import PhotoFaces


class PictureSource(Protocol):
    """Where pictures come from: Stash's file and folder, or a running Stash."""

    def read(self, row_id: str, wanted: str) -> bytes:
        """The picture of the performer with that number; :class:`PictureMissing` says why not."""
        ...


@dataclass(frozen=True)
class PictureReport:
    """The result of one picture; ``problem`` says why nothing did, where something should have."""

    row_id: str
    taken: Taken | None = None
    problem: str = ""


@dataclass(frozen=True)
class _Read:
    """A picture that has to be looked at; ``md5`` is of its bytes."""

    picture: StashPicture
    performer: Performer
    data: bytes = field(repr=False)
    md5: str


@dataclass(eq=False, repr=False)
class StashPictures:
    """Takes in the pictures of one library that are new or changed, ``at_once`` at a look."""

    photos: OwnPhotos
    source: PictureSource
    file: str
    at_once: int = 1

    @property
    def database(self) -> PerformerDatabase:
        return self.photos.database

    def take_all(self) -> Iterator[PictureReport]:
        """One report a picture that is to be taken in; what could not be read stays due."""
        after = ""
        while page := self._read_page(after):
            after = page[-1].row_id
            yield from self._take(page)

    def _read_page(self, after: str) -> list[StashPicture]:
        with self.database.read() as connection:
            return list_pictures_to_take(connection, self.file, after, self.at_once)

    def _take(self, page: Sequence[StashPicture]) -> Iterator[PictureReport]:
        read: list[_Read] = []
        for picture in page:
            found = self._read(picture)
            if isinstance(found, _Read):
                read.append(found)
            else:
                yield found
        seen = self.photos.looker.look([each.data for each in read])
        for each, result in zip(read, seen, strict=True):
            yield self._replace(each, result)

    def _read(self, picture: StashPicture) -> _Read | PictureReport:
        """The picture's bytes, or what there is to report where they are not needed."""
        performer = self.database.get_performer(picture.performer_id)
        if performer is None or self._is_kept_away(performer):
            return PictureReport(picture.row_id)
        if picture.wanted == picture.md5:  # the file tells pictures by what is in them
            return self._settle_unchanged(picture)
        try:
            data = self.source.read(picture.row_id, picture.wanted)
        except PictureMissing as error:
            return PictureReport(picture.row_id, problem=str(error))
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if md5 == picture.md5:
            return self._settle_unchanged(picture)
        return _Read(picture, performer, data, md5)

    def _is_kept_away(self, performer: Performer) -> bool:
        if self.database.is_minor(performer):
            return True
        with self.database.read() as connection:
            return bool(find_unread(connection, [performer.id]))

    def _replace(self, read: _Read, result: PhotoFaces) -> PictureReport:
        row_id = read.picture.row_id
        if result.due_again:
            return PictureReport(row_id, problem=f"not looked at: {result.detail}")
        if read.picture.photo_id is not None:
            with self.database.write() as connection:
                drop_photo(connection, read.picture.photo_id)
        taken = self.photos.take(
            read.performer,
            [("picture", read.data)],
            prefix=PREFIX,
            look=lambda photos: [result] * len(photos),
            before_verdicts=self._mark_shared,
        )
        if not taken.refusal:
            sha256 = hashlib.sha256(read.data).hexdigest()
            with self.database.write() as connection:
                settle_picture(connection, read.picture, read.md5, sha256)
        return PictureReport(row_id, taken)

    def _mark_shared(self, lookup: Lookup) -> None:
        """A picture that another performer has too is counted as showing neither."""
        with self.database.read() as connection:
            others = {
                photo.url: count_sharing(connection, lookup.performer.id, photo)
                for photo in lookup.photos
            }
        for photo in lookup.photos:
            if others[photo.url]:
                photo.outcome = PhotoOutcome.PLACEHOLDER
                photo.detail = f"{others[photo.url]} other performers have the same picture"
                with self.database.write() as connection:
                    hold_shared(connection, photo, self.database.clock())
        lookup.faces = [face for face in lookup.faces if not others[face.photo_url]]

    def _settle_unchanged(self, picture: StashPicture) -> PictureReport:
        with self.database.write() as connection:
            settle_unchanged(connection, picture)
        return PictureReport(picture.row_id)
