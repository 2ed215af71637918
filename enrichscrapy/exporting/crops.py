"""Accepted crops, one folder a performer: what any other program can embed again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from enrichscrapy.exporting.rows import AcceptedFaces, ExportedFace, Owner
from enrichscrapy.exporting.tables import COLUMNS, make_row, write_rows
from enrichscrapy.files.durable import open_private

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')  # in names of some file system
_MAX_BYTES = 180  # of a name; file systems take 255, and the id is still to come


def write_crops(folder: Path, faces: AcceptedFaces) -> int:
    """Write ``<name> (id <performer>)/<face>.jpg`` and ``faces.csv`` into an empty folder.

    Returns how many accepted faces have no stored crop and are left out.
    """
    left_out = 0

    def rows() -> Iterator[tuple[object, ...]]:
        nonlocal left_out
        for batch in faces.batches(crops=True):
            for face in batch:
                if face.crop is None:
                    left_out += 1
                else:
                    yield (_write_crop(folder, face, face.crop), *make_row(face))

    with open_private(folder / "faces.csv") as table:
        write_rows(table, ("file", *COLUMNS), rows())
    return left_out


def _write_crop(folder: Path, face: ExportedFace, crop: bytes) -> str:
    own = folder / name_folder(face.owner)
    own.mkdir(mode=0o700, exist_ok=True)
    path = own / f"{face.face_id}.jpg"
    with open_private(path) as file:
        file.write(crop)
    return str(path.relative_to(folder))


def name_folder(owner: Owner) -> str:
    """A name that every file system takes, told apart from namesakes by the performer's id."""
    name = " ".join(_UNSAFE.sub(" ", owner.name).split()).strip(" .")
    name = name.encode()[:_MAX_BYTES].decode(errors="ignore").strip(" .")
    return f"{name} (id {owner.performer_id})".strip()
