"""The pictures of a ``stash-go.sqlite``: in its tables, or in the folder of Stash's blobs."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from enrichscrapy.exceptions import PictureMissing, UnreadableFile
from enrichscrapy.importing.sqlite_file import SqliteFile

_CHECKSUM = re.compile(r"[0-9a-f]{32}")


class FilePictures:
    """Reads one picture at a time and closes the file after each: Stash may go on writing.

    ``blobs`` is Stash's folder of blobs; without it the one beside the file is tried. Pictures of
    more than ``max_bytes`` are not read.
    """

    def __init__(self, path: Path, blobs: Path | None, max_bytes: int) -> None:
        self._path = path
        self._blobs = blobs or path.parent / "blobs"
        self._max_bytes = max_bytes

    def read(self, row_id: str, wanted: str) -> bytes:
        """The picture; :class:`PictureMissing` where it is missing or is not the one wanted."""
        try:
            with SqliteFile(self._path) as file:
                in_blobs = bool(_CHECKSUM.fullmatch(wanted)) and bool(file.list_columns("blobs"))
                table, key = ("blobs", wanted) if in_blobs else ("performers_image", int(row_id))
                data = self._read_table(file, table, key)
        except UnreadableFile as error:
            raise PictureMissing(str(error)) from error
        if not in_blobs:
            return data
        data = data or self._read_folder(wanted)
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != wanted:
            raise PictureMissing("the picture is damaged")
        return data

    def _read_table(self, file: SqliteFile, table: str, key: str | int) -> bytes:
        """Empty where Stash keeps its blobs in a folder."""
        column, name = ("blob", "checksum") if table == "blobs" else ("image", "performer_id")
        small = f"CASE WHEN length({column}) <= ? THEN {column} END"
        query = f"SELECT length({column}) AS size, {small} AS data FROM {table} WHERE {name} = ?"  # noqa: S608  # our names
        row = file.read_one(query, self._max_bytes, key)
        if row is None or (table != "blobs" and not row["size"]):
            raise PictureMissing("the picture is gone")
        self._check_size(row["size"] or 0)
        return row["data"] or b""

    def _read_folder(self, checksum: str) -> bytes:
        path = self._blobs / checksum[:2] / checksum[2:4] / checksum
        try:
            self._check_size(path.stat().st_size)
            return path.read_bytes()
        except FileNotFoundError as error:
            raise PictureMissing(
                f"not in {self._blobs}: name the folder of Stash's blobs with --blobs"
            ) from error
        except OSError as error:
            raise PictureMissing(f"{self._blobs} cannot be read: {error.strerror}") from error

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise PictureMissing(f"larger than PHOTO_MAX_BYTES={self._max_bytes}")
