"""Photo bytes in, faces out: decoding, detection, gates, crops and vectors for a batch.

Importing this module loads no torch; building a :class:`FaceEngine` does.
"""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from enrichscrapy.faces.crop import CROP_SIZE, as_array, as_jpeg, crop_face
from enrichscrapy.faces.decode import Picture, Undecodable, decode
from enrichscrapy.faces.hashes import phash
from enrichscrapy.faces.model import resolve_model
from enrichscrapy.faces.options import FaceOptions
from enrichscrapy.faces.quality import Measures, measure, refuse, score_quality
from enrichscrapy.items import Face, ModelInfo, PhotoOutcome, Vector

if TYPE_CHECKING:
    from enrichscrapy.faces.mtcnn.detect import Detection

__all__ = ["FaceEngine", "FaceOptions", "PhotoFaces"]

logger = logging.getLogger(__name__)

# With the gates open, faces are looked for from this size in pixels (plain MTCNN's).
SMALLEST = 20.0
# Share of a photo's shorter side from which its faces are looked for first.
PORTRAIT = 0.12
# Pixels of the shorter side from which a photo is hashed.
HASHED = 128
# The share of a crop's pixels, along a side, that a face should really have.
DETAIL = 0.7


@dataclass(frozen=True)
class PhotoFaces:
    """What one photo gave: ``faces`` holds those that passed every gate, largest first.

    ``width`` and ``height`` are the upright photo's; ``detail`` names the gate or the fault.
    ``due_again``: it failed by no fault of the photo.
    """

    outcome: PhotoOutcome
    detail: str
    width: int | None = None
    height: int | None = None
    phash: str | None = None
    faces: tuple[Face, ...] = ()
    due_again: bool = False


@dataclass(frozen=True)
class _Ready:
    """A face that passed the gates and waits for its vector."""

    detection: Detection
    measures: Measures
    crop: Image.Image

    def face(self, vector: Vector) -> Face:
        return Face(
            photo_url="",
            box=self.detection.box,
            landmarks=self.detection.landmarks,
            detection_score=self.detection.score,
            quality=score_quality(self.measures),
            measures=dataclasses.asdict(self.measures),
            crop=as_jpeg(self.crop),
            vector=vector,
        )


@dataclass
class _Seen:
    """A photo on its way through the engine; ``ended`` is set when it gives no face."""

    data: bytes
    picture: Picture
    phash: str
    ended: tuple[PhotoOutcome, str] | None = None
    ready: list[_Ready] = field(default_factory=list)

    def result(self, vectors: Iterator[Vector]) -> PhotoFaces:
        outcome, detail = self.ended or (PhotoOutcome.FACES, "")
        size = self.picture.width, self.picture.height
        faces = tuple(ready.face(next(vectors)) for ready in self.ready)
        return PhotoFaces(outcome, detail, *size, self.phash, faces)


class FaceEngine:
    """Looks at photos in this process; the crawl uses it through ``FaceWorkers``."""

    def __init__(self, options: FaceOptions) -> None:
        from enrichscrapy.faces.facenet.network import pick_device, pick_dtype
        from enrichscrapy.faces.mtcnn.detect import Detector

        self.options = options
        self._model = resolve_model(options.model).load(options.model_options)
        device = pick_device(options.device)
        self._detector = Detector(device, pick_dtype(device))

    @property
    def info(self) -> ModelInfo:
        return self._model.info

    def look(self, photos: Sequence[bytes]) -> list[PhotoFaces]:
        """One result a photo, in order; a photo that cannot be used never raises."""
        try:
            return self._look(photos)
        except Exception as error:
            if len(photos) > 1:
                return [result for photo in photos for result in self.look([photo])]
            logger.exception("A photo of %d bytes failed", len(photos[0]))
            return [PhotoFaces(PhotoOutcome.FAILED, f"{type(error).__name__}: {error}")]

    def _look(self, photos: Sequence[bytes]) -> list[PhotoFaces]:
        opened = [self._open(data) for data in photos]
        going = [photo for photo in opened if isinstance(photo, _Seen) and photo.ended is None]
        for photo, detections in zip(going, self._detect(going), strict=True):
            self._choose(photo, detections)
        vectors = iter(self._embed([ready.crop for photo in going for ready in photo.ready]))
        return [each.result(vectors) if isinstance(each, _Seen) else each for each in opened]

    def _open(self, data: bytes) -> _Seen | PhotoFaces:
        picture = decode(data, self.options.limits)
        if isinstance(picture, Undecodable):
            return PhotoFaces(picture.outcome, picture.detail, picture.width, picture.height)
        photo = _Seen(
            data, picture, phash(picture.reduced(HASHED / min(picture.width, picture.height)))
        )
        shorter, least = min(picture.width, picture.height), self.options.gates.photo_min_side
        if shorter < least:
            photo.ended = PhotoOutcome.LOW_QUALITY, f"photo_size {shorter}, limit {least}"
        return photo

    def _detect(self, photos: Sequence[_Seen]) -> list[list[Detection]]:
        """Every face that can pass the gates, and every one that could rival the largest.

        Where one face has to dominate, each photo is looked at from a portrait's distance first,
        and closer only when that leaves open who is largest: most of the work is in small faces.
        """
        pictures = [photo.picture for photo in photos]
        smallest = [self._smallest(picture) for picture in pictures]
        sizes = [self._first_size(*each) for each in zip(pictures, smallest, strict=True)]
        found = self._detector.detect(pictures, sizes)
        while True:
            closer = [self._closer(*each) for each in zip(found, smallest, strict=True)]
            again = [i for i, size in enumerate(closer) if size < sizes[i]]
            if not again:
                return found
            looked = self._detector.detect([pictures[i] for i in again], [closer[i] for i in again])
            for i, detections in zip(again, looked, strict=True):
                found[i], sizes[i] = detections, closer[i]

    def _smallest(self, picture: Picture) -> float:
        """The size in pixels from which a face can pass the gates."""
        gates = self.options.gates
        share = gates.min_share * max(picture.width, picture.height)
        return max(gates.min_size, share, SMALLEST)

    def _first_size(self, picture: Picture, smallest: float) -> float:
        """The size in pixels from which faces are looked for at first."""
        if not self.options.gates.dominance:
            return smallest
        return max(PORTRAIT * min(picture.width, picture.height), smallest)

    def _closer(self, detections: Sequence[Detection], smallest: float) -> float:
        """The size from which to look, given what was found: that of the least face that keeps
        the largest from dominating, or the smallest wanted while there is none to dominate."""
        gates = self.options.gates
        sure = [face.size for face in detections if face.score >= gates.min_score]
        if not gates.dominance or not sure:
            return smallest
        return max(sure[0] / math.sqrt(gates.dominance), SMALLEST)

    def _choose(self, photo: _Seen, detections: Sequence[Detection]) -> None:
        """Take the faces that pass, or end the photo with the reason why none does."""
        gates = self.options.gates
        sure = [face for face in detections if face.score >= gates.min_score]
        if gates.dominance and len(sure) > 1:
            ratio = sure[0].area / sure[1].area
            if ratio < gates.dominance:
                detail = f"{len(sure)} faces, the largest {ratio:.3g} times the next"
                photo.ended = PhotoOutcome.SEVERAL_FACES, detail
                return
        wanted = (sure or list(detections))[:1] if gates.dominance else detections
        reasons = [self._examine(photo, detection) for detection in wanted]
        if not reasons:
            photo.ended = PhotoOutcome.NO_FACE, "no face found"
        elif not photo.ready:
            photo.ended = PhotoOutcome.LOW_QUALITY, reasons[0] or ""

    def _examine(self, photo: _Seen, detection: Detection) -> str | None:
        """Crop and measure one face; the reason when a gate refuses it."""
        crop = crop_face(self._in_detail(photo, detection), detection.box)
        longer = max(photo.picture.width, photo.picture.height)
        measures = measure(
            as_array(crop), detection.box, detection.landmarks, detection.score, longer
        )
        reason = refuse(measures, self.options.gates)
        if reason is None:
            photo.ready.append(_Ready(detection, measures, crop))
        return reason

    def _in_detail(self, photo: _Seen, detection: Detection) -> Picture:
        """The photo at a scale at which the face fills its crop, decoded again if need be."""
        wanted = min(DETAIL * CROP_SIZE / max(detection.size, 1.0), 1.0)
        if photo.picture.scale < min(wanted, 0.99):
            picture = decode(photo.data, self.options.limits, scale=wanted)
            if isinstance(picture, Picture):
                photo.picture = picture
        return photo.picture

    def _embed(self, crops: Sequence[Image.Image]) -> Sequence[Vector]:
        if not crops:
            return []
        batch = self.options.batch_size
        stack = np.stack([as_array(crop) for crop in crops])
        parts = [
            self._model.embed(stack[start : start + batch]) for start in range(0, len(stack), batch)
        ]
        return list(np.concatenate(parts))
