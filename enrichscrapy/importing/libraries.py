"""Where performers come from: a file, or a running Stash; each with its pictures, if it has any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from enrichscrapy.database.stash_servers import note_upto, read_upto
from enrichscrapy.importing.file_pictures import FilePictures
from enrichscrapy.importing.readers import Reader, open_reader
from enrichscrapy.importing.stash_client import StashClient
from enrichscrapy.importing.stash_file import StashFileReader
from enrichscrapy.importing.stash_server import ServerPictures, StashServerReader

if TYPE_CHECKING:
    from enrichscrapy.database.performer_database import PerformerDatabase


class Pictures(Protocol):
    """The pictures of a library, one at a time."""

    def read(self, row_id: str, wanted: str) -> bytes: ...


@dataclass(frozen=True)
class Library:
    """``name`` is what its rows are remembered under, ``label`` what messages call it; call
    ``finish`` once all of it was imported.
    """

    name: str
    label: str
    reader: Reader
    pictures: Pictures | None = None
    finish: Callable[[PerformerDatabase], None] = lambda database: None

    def close(self) -> None:
        self.reader.close()


def open_file(
    path: Path, database: PerformerDatabase, blobs: Path | None, max_bytes: int
) -> Library:
    """A library of a file; raises ``UnreadableFile``.

    ``blobs`` is where Stash keeps pictures, ``max_bytes`` how large one may be.
    """
    reader = open_reader(path, database.path)
    has_pictures = isinstance(reader, StashFileReader)
    pictures = FilePictures(path, blobs, max_bytes) if has_pictures else None
    return Library(path.name, path.name, reader, pictures)


def open_server(
    address: str, key: str, database: PerformerDatabase, max_bytes: int, *, whole: bool = False
) -> Library:
    """A library of a running Stash, as of its last change that was read; raises ``StashRefused``.

    ``whole`` reads what did not change as well.
    """
    client = StashClient(address, key)
    try:
        with database.read() as connection:
            since = None if whole else read_upto(connection, client.address)
        reader = StashServerReader(client, since)
    except BaseException:
        client.close()
        raise

    def finish(database: PerformerDatabase) -> None:
        if reader.upto is not None:
            with database.write() as connection:
                note_upto(connection, client.address, reader.upto)

    pictures = ServerPictures(client, max_bytes)
    return Library(reader.library, client.address, reader, pictures, finish)
