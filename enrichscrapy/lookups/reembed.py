"""All kept faces under the face model now set, from their stored crops: no site is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.reembedding import KeptFace, NewVector, Reembedding
from enrichscrapy.faces.crop import Box, CropShape, measure_overlap
from enrichscrapy.faces.workers import FaceWorkers
from enrichscrapy.files.kept_photos import read_kept_photo
from enrichscrapy.items import Face

BATCH = 256
"""Faces staged in one transaction: the most that a kill can lose."""
SAME_BOX = 0.5
"""Intersection over union from which a box found again is the stored face's."""


ENOUGH = 0.98
"""Of what a model wants to see, the share from which on a stored crop shows it all: up to what is
at a photo's edge anyway."""


@dataclass(frozen=True)
class Moved:
    """How many faces were taken over, and the ids of those of which no picture is left.

    ``narrow`` of them have an old crop that shows less than the model wants to see; ``shown`` is
    the share that these show on average.
    """

    faces: int
    lost: tuple[int, ...]
    narrow: int = 0
    shown: float = 1.0


@dataclass
class _Tally:
    """Counts of faces by result so far."""

    lost: set[int] = field(default_factory=set)
    narrow: list[float] = field(default_factory=list)

    def sum_up(self, faces: int) -> Moved:
        shown = sum(self.narrow) / len(self.narrow) if self.narrow else 1.0
        return Moved(faces, tuple(sorted(self.lost)), len(self.narrow), shown)


async def reembed(
    database: PerformerDatabase,
    workers: FaceWorkers,
    model_id: int,
    shape: CropShape,
    photos: Path | None,
    progress: Callable[[int, int], object],
) -> Moved:
    """Move every kept face to the model; ``workers`` must have started with it, and ``shape`` is
    what it wants to see.

    ``photos`` is the folder of ``KEEP_PHOTOS``, looked into where a crop cannot be read or shows
    too little. ``progress`` is told how many faces of how many are done. After a kill at any time
    the next call goes on where this one ended.
    """
    moving, tally = Reembedding(database, model_id), _Tally()
    moving.begin()
    while (moved := moving.switch(tally.lost)) is None:
        after_id = 0
        while page := moving.read_next_faces(after_id, BATCH):
            after_id = page[-1].id
            moving.stage(await _look(workers, page, shape, photos, tally))
            total, staged = moving.count()
            progress(staged + len(tally.lost), total)
    return tally.sum_up(moved)


async def _look(
    workers: FaceWorkers,
    page: Sequence[KeptFace],
    shape: CropShape,
    photos: Path | None,
    tally: _Tally,
) -> list[NewVector]:
    """Each face again: from its crop, and from its kept photo where that shows more of it."""
    found = []
    seen = await workers.look([kept.crop for kept in page])
    for kept, result in zip(page, seen, strict=True):
        face = result.faces[0] if result.faces else None
        shown = kept.crop.measure_shown(shape) if face else 0.0
        if shown < ENOUGH and (better := await _find_in_photo(workers, kept, photos)):
            found.append(_make_vector(kept, better, better.crop, better.crop_area))
        elif face is None:
            tally.lost.add(kept.id)
        else:
            found.append(_make_vector(kept, face))
            if shown < ENOUGH:
                tally.narrow.append(shown)
    return found


def _make_vector(
    kept: KeptFace, face: Face, crop: bytes | None = None, area: Box | None = None
) -> NewVector:
    if face.vector is None:
        raise ValueError("a face worker gave a face without a vector")
    return NewVector(kept.id, face.vector, face.quality, face.measures, crop, area)


async def _find_in_photo(workers: FaceWorkers, kept: KeptFace, photos: Path | None) -> Face | None:
    """The face as its kept photo shows it, where the stored one lay."""
    if photos is None or kept.sha256 is None:
        return None
    data = read_kept_photo(photos, kept.performer_id, kept.sha256)
    if data is None:
        return None
    (seen,) = await workers.look([data])
    box = kept.crop.detection.box
    return next((face for face in seen.faces if measure_overlap(face.box, box) >= SAME_BOX), None)
