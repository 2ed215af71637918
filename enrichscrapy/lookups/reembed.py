"""All kept faces under the face model now set, from their stored crops: no site is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.reembedding import KeptFace, NewVector, Reembedding
from enrichscrapy.faces.crop import overlap
from enrichscrapy.faces.engine import PhotoFaces, StoredCrop
from enrichscrapy.faces.workers import FaceWorkers
from enrichscrapy.files.kept_photos import kept_photo
from enrichscrapy.items import Face

BATCH = 256
"""Faces staged in one transaction: what a kill costs at most."""
SAME_BOX = 0.5
"""Intersection over union from which a box found again is the stored face's."""


@dataclass(frozen=True)
class Moved:
    """How many faces were taken over, and the ids of those of which no picture is left."""

    faces: int
    lost: tuple[int, ...]


async def reembed(
    database: PerformerDatabase,
    workers: FaceWorkers,
    model_id: int,
    photos: Path | None,
    progress: Callable[[int, int], object],
) -> Moved:
    """Move every kept face to the model; ``workers`` must have started with it.

    ``photos`` is the folder of ``KEEP_PHOTOS``, looked into where a crop cannot be read.
    ``progress`` is told how many faces of how many are done. Killed at any time, the next call
    goes on where this one ended.
    """
    moving = Reembedding(database, model_id)
    moving.begin()
    lost: set[int] = set()
    while (moved := moving.switch(lost)) is None:
        after_id = 0
        while page := moving.next_faces(after_id, BATCH):
            after_id = page[-1].id
            faces = await _look(workers, page, photos)
            moving.stage(
                [
                    NewVector(kept.id, face.vector, face.quality, face.measures)
                    for kept, face in zip(page, faces, strict=True)
                    if face is not None and face.vector is not None
                ]
            )
            lost |= {kept.id for kept, face in zip(page, faces, strict=True) if face is None}
            total, staged = moving.count()
            progress(staged + len(lost), total)
    return Moved(moved, tuple(sorted(lost)))


async def _look(
    workers: FaceWorkers, page: Sequence[KeptFace], photos: Path | None
) -> list[Face | None]:
    """Each face anew from its crop, else from its kept photo; None where neither is of use."""
    seen = await workers.look(
        [StoredCrop(kept.crop or b"", kept.detection, kept.longer_side) for kept in page]
    )
    faces = [result.faces[0] if result.faces else None for result in seen]
    for place, (kept, face) in enumerate(zip(page, faces, strict=True)):
        data = None if face or photos is None else _photo(photos, kept)
        if data is not None:
            faces[place] = _same_face(kept, (await workers.look([data]))[0])
    return faces


def _photo(folder: Path, kept: KeptFace) -> bytes | None:
    return None if kept.sha256 is None else kept_photo(folder, kept.performer_id, kept.sha256)


def _same_face(kept: KeptFace, seen: PhotoFaces) -> Face | None:
    """The face of a photo that lies where the stored one did."""
    for face in seen.faces:
        if overlap(face.box, kept.detection.box) >= SAME_BOX:
            return face
    return None
