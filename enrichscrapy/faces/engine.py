"""Photo bytes in, faces out: decoding, detection, gates, crops and vectors for a batch.

Importing this module loads no torch; building a :class:`FaceEngine` does.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.faces.crop import CROP_SIZE, BoxCrop, Detection, PointsCrop
from enrichscrapy.faces.decode import Picture, Undecodable, decode
from enrichscrapy.faces.hashes import compute_phash
from enrichscrapy.faces.model import find_crop_shape, resolve_model
from enrichscrapy.faces.options import FaceOptions
from enrichscrapy.faces.quality import Measures, measure, refuse, score_quality
from enrichscrapy.faces.search import FaceSearch, Sighting
from enrichscrapy.faces.stored_crop import StoredCrop
from enrichscrapy.facts.text import fold_line
from enrichscrapy.items import Face, ModelInfo, PhotoOutcome, Vector

__all__ = ["FaceEngine", "FaceOptions", "PhotoFaces", "StoredCrop"]

logger = logging.getLogger(__name__)

# Pixels of the shorter side from which a photo is hashed.
HASHED = 128
# The share of a crop's pixels, along a side, that a face should really have.
DETAIL = 0.7
# How far a vector's length may be from 1.
UNIT_TOLERANCE = 1e-3


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


@dataclass
class _Ready:
    """A face that passed the gates and waits for its vector; ``crop`` is what the model sees."""

    stored: StoredCrop
    measures: Measures
    crop: NDArray[np.uint8]

    def make_face(self, vector: Vector) -> Face:
        detection = self.stored.detection
        return Face(
            photo_url="",
            box=detection.box,
            landmarks=detection.landmarks,
            detection_score=detection.score,
            quality=score_quality(self.measures),
            measures=dataclasses.asdict(self.measures),
            crop=self.stored.data,
            crop_area=self.stored.area,
            vector=vector,
        )


@dataclass
class _Seen:
    """A photo on its way through the engine; ``ended`` is set when it gives no face."""

    data: bytes
    picture: Picture
    phash: str
    turn: int = 0
    ended: tuple[PhotoOutcome, str] | None = None
    ready: list[_Ready] = field(default_factory=list)

    def take_turn(self, sighting: Sighting) -> None:
        """Go on with the photo turned upright."""
        if sighting.turn:
            self.picture, self.turn = sighting.picture, sighting.turn
            self.phash = _hash_picture(self.picture)

    def make_result(self, vectors: Iterator[Vector]) -> PhotoFaces:
        outcome, detail = self.ended or (PhotoOutcome.FACES, "")
        size = round(self.picture.width), round(self.picture.height)
        made = [(ready, next(vectors)) for ready in self.ready]
        faces = tuple(ready.make_face(vector) for ready, vector in made if _is_sound(vector))
        if made and not faces:
            outcome, detail = PhotoOutcome.FAILED, "the face model gave no usable vector"
        return PhotoFaces(outcome, detail, *size, self.phash, faces)


class FaceEngine:
    """Looks at photos in this process; the crawl uses it through ``FaceWorkers``."""

    def __init__(self, options: FaceOptions) -> None:
        from enrichscrapy.faces.facenet.network import pick_device
        from enrichscrapy.faces.mtcnn.detect import Detector

        self.options = options
        self._model = resolve_model(options.model).load(options.model_options)
        self._detector = Detector(pick_device(options.device))
        self._shape = find_crop_shape(self._model)
        self._batch = options.batch_size

    @property
    def info(self) -> ModelInfo:
        return self._model.info

    def look(self, photos: Sequence[bytes | StoredCrop]) -> list[PhotoFaces]:
        """One result a photo, in order; a photo that cannot be used never raises.

        A stored crop is embedded as it is: nothing is looked for in it, and no gate is asked.
        """
        try:
            return self._look(photos)
        except Exception as error:
            if len(photos) > 1:
                return [result for photo in photos for result in self.look([photo])]
            logger.exception("A photo of %d bytes failed", len(_take_bytes(photos[0])))
            detail = fold_line(f"{type(error).__name__}: {error}")
            return [PhotoFaces(PhotoOutcome.FAILED, detail)]

    def _look(self, photos: Sequence[bytes | StoredCrop]) -> list[PhotoFaces]:
        opened = [self._open(photo) for photo in photos]
        seen = [photo for photo in opened if isinstance(photo, _Seen)]
        going = [photo for photo in seen if photo.ended is None and not photo.ready]
        search = FaceSearch(self._detector, self.options.gates)
        sightings = search.search([photo.picture for photo in going])
        for photo, sighting in zip(going, sightings, strict=True):
            self._choose(photo, sighting)
        vectors = self._embed([ready for photo in seen for ready in photo.ready])
        return [each.make_result(vectors) if isinstance(each, _Seen) else each for each in opened]

    def _open(self, item: bytes | StoredCrop) -> _Seen | PhotoFaces:
        if isinstance(item, StoredCrop):
            return self._open_stored(item)
        picture = decode(item, self.options.limits)
        if isinstance(picture, Undecodable):
            return _report_undecodable(picture)
        photo = _Seen(item, picture, _hash_picture(picture))
        shorter, least = min(picture.width, picture.height), self.options.gates.photo_min_side
        if shorter < least:
            photo.ended = PhotoOutcome.LOW_QUALITY, f"photo_size {shorter}, limit {least}"
        return photo

    def _open_stored(self, crop: StoredCrop) -> _Seen | PhotoFaces:
        """A photo of which only this part is left; no gate is asked again."""
        opened = crop.open(self.options.limits)
        if isinstance(opened, Undecodable):
            return _report_undecodable(opened)
        picture, face = opened
        return _Seen(crop.data, picture, "", ready=[self._prepare(crop, picture, face)])

    def _choose(self, photo: _Seen, sighting: Sighting) -> None:
        """Take the faces that pass, or end the photo with the reason why none does."""
        gates, sure = self.options.gates, sighting.list_company()
        photo.take_turn(sighting)
        if (roll := 90 * min(sighting.lies, 4 - sighting.lies)) > gates.max_roll:
            detail = f"roll {roll}, limit {gates.max_roll:.3g}"
            photo.ended = PhotoOutcome.LOW_QUALITY, detail
            return
        if gates.dominance and len(sure) > 1:
            ratio = sure[0].area / sure[1].area
            if ratio < gates.dominance:
                detail = f"{len(sure)} faces, the largest {ratio:.3g} times the next"
                photo.ended = PhotoOutcome.SEVERAL_FACES, detail
                return
        wanted = (sure or sighting.faces)[:1] if gates.dominance else sighting.faces
        reasons = [self._examine(photo, detection) for detection in wanted]
        if not reasons:
            photo.ended = PhotoOutcome.NO_FACE, "no face found"
        elif not photo.ready:
            photo.ended = PhotoOutcome.LOW_QUALITY, reasons[0] or ""

    def _examine(self, photo: _Seen, detection: Detection) -> str | None:
        """Cut and measure one face; the reason when a gate refuses it."""
        stored = StoredCrop.cut(self._decode_closer(photo, detection), detection)
        opened = stored.open(self.options.limits)
        if isinstance(opened, Undecodable):
            return f"crop: {opened.detail}"
        ready = self._prepare(stored, *opened)
        reason = refuse(ready.measures, self.options.gates)
        if reason is None:
            photo.ready.append(ready)
        return reason

    def _prepare(self, stored: StoredCrop, picture: Picture, face: Detection) -> _Ready:
        """Measure a face and cut what the model wants to see; ``face`` lies in ``picture``.

        The gates look at the default network's crop, whatever the model sees.
        """
        usual, wanted = BoxCrop(), self._shape
        crop = usual.cut(picture, face)
        measures = measure(crop, face.box, face.landmarks, face.score, stored.longer_side)
        if isinstance(wanted, PointsCrop):
            face = self._detector.settle(picture, face)
        return _Ready(stored, measures, crop if wanted == usual else wanted.cut(picture, face))

    def _decode_closer(self, photo: _Seen, detection: Detection) -> Picture:
        """The photo at a scale at which the face fills its crop, decoded again if need be."""
        wanted = min(DETAIL * CROP_SIZE / max(detection.size, 1.0), 1.0)
        if photo.picture.scale < min(wanted, 0.99):
            picture = decode(photo.data, self.options.limits, scale=wanted)
            if isinstance(picture, Picture):
                photo.picture = picture.turn(photo.turn)
        return photo.picture

    def _embed(self, faces: Sequence[_Ready]) -> Iterator[Vector]:
        """Their vectors, in order; what only the network can measure is entered."""
        start = 0
        while batch := faces[start : start + self._batch]:
            try:
                vectors = self._embed_batch(batch)
            except Exception as error:  # torch and ONNX Runtime have classes of their own for it
                if len(batch) == 1 or "memory" not in str(error).lower():
                    raise
                self._batch = len(batch) // 2
                logger.warning("memory is short: faces are embedded %d at a time", self._batch)
                continue
            yield from vectors
            start += len(batch)

    def _embed_batch(self, batch: Sequence[_Ready]) -> NDArray[np.float32]:
        crops = np.stack([face.crop for face in batch])
        embed_measured = getattr(self._model, "embed_measured", None)
        if embed_measured is None:
            return self._model.embed(crops)
        vectors: NDArray[np.float32]
        vectors, gaps = embed_measured(crops)
        for face, gap in zip(batch, gaps, strict=True):
            face.measures = dataclasses.replace(face.measures, mirror=float(gap))
        return vectors


def _is_sound(vector: Vector) -> bool:
    """Finite and of unit length: whatever a model does, nothing else is stored."""
    return bool(abs(np.linalg.norm(vector) - 1) < UNIT_TOLERANCE)


def _hash_picture(picture: Picture) -> str:
    return compute_phash(picture.reduce(HASHED / min(picture.width, picture.height)))


def _take_bytes(item: bytes | StoredCrop) -> bytes:
    return item if isinstance(item, bytes) else item.data


def _report_undecodable(picture: Undecodable) -> PhotoFaces:
    return PhotoFaces(picture.outcome, picture.detail, picture.width, picture.height)
