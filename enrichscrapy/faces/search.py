"""The search for faces in photos: at which size, which way is up, which other faces count."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.faces.crop import Detection
from enrichscrapy.faces.decode import Picture
from enrichscrapy.faces.quality import Gates

if TYPE_CHECKING:
    from enrichscrapy.faces.mtcnn.detect import Detector

# With the gates open, faces are looked for from this size in pixels (plain MTCNN's).
SMALLEST = 20.0
# Share of a photo's shorter side from which its faces are looked for first. A larger one makes this
# look cheaper and more photos need a second one; over 407 photos 0.17 costs 4 % less than 0.12, and
# each box is the same to a thousandth of a pixel.
PORTRAIT = 0.17
# A face that fills its photo is found with a border round it of this share of the longer side. Of
# 71 portraits cut to 80 % of the face's box, 24 are found without and 65 with it.
BORDER = 0.3
# Such a face takes up at least this share of the photo's shorter side.
CLOSE_UP = 0.35
# Log odds of a face (see Detector.turns) below which another way of looking may show a better one,
# which a face found in another way needs, and another one that keeps the largest from being taken.
# Measured: faces of 122 upright photos have 1.9 (a face in the shade, half turned away) to 12, half
# a face at the edge -1.0, drawn ones 1.3 and more, what is no face at most 0.1: hands, balls and
# blurred corners pass for faces at one size, and seldom at others.
STEADY = 1.0
# Share of a face that lies in the picture, at least.
INSIDE = 0.5

Odds = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sighting:
    """What was found in one photo.

    ``picture`` is the photo, ``turn`` quarter turns counter-clockwise from how it came. ``faces``
    are the largest first; ``odds`` (n, 4) are those of :meth:`.Detector.rate_turns` for the
    ``sure`` ones, which pass the gate for the score.
    """

    picture: Picture
    turn: int
    faces: tuple[Detection, ...]
    sure: tuple[Detection, ...]
    odds: Odds

    @property
    def lies(self) -> int:
        """Quarter turns after which the largest sure face would be upright."""
        return int(np.argmax(self.odds[0])) if self.sure else 0

    @property
    def steadiness(self) -> float:
        """Log odds of the largest sure face as it is; minus infinity without one."""
        return float(self.odds[0, 0]) if self.sure else -math.inf

    @property
    def is_sound(self) -> bool:
        """Whether the largest sure face is upright, and certainly a face."""
        return not self.lies and self.steadiness >= STEADY

    def list_company(self) -> tuple[Detection, ...]:
        """The sure faces that count beside each other; all of them where none does by itself."""
        steady = self.odds[:, 0] >= STEADY
        return (
            tuple(face for face, counts in zip(self.sure, steady, strict=True) if counts)
            or self.sure
        )

    def move_to(self, picture: Picture, dx: float, dy: float) -> Self:
        """The same faces in ``picture``, whose corner lies at (dx, dy) of this one."""
        return replace(
            self,
            picture=picture,
            faces=tuple(face.shift(-dx, -dy) for face in self.faces),
            sure=tuple(face.shift(-dx, -dy) for face in self.sure),
        )


class FaceSearch:
    """Looks for the faces of photos, as closely as the gates ask for."""

    def __init__(self, detector: Detector, gates: Gates) -> None:
        self.gates = gates
        self._detector = detector

    def search(self, pictures: Sequence[Picture]) -> list[Sighting]:
        """One sighting a picture, upright where its faces show how it lies."""
        found = self._list_sightings(pictures, [0] * len(pictures), self._detect(pictures))
        for place, better in self._find_doubtful(found).items():
            found[place] = better
        return found

    # --- How closely -------------------------------------------------------------------------

    def _detect(self, pictures: Sequence[Picture]) -> list[list[Detection]]:
        """Every face that can pass the gates, and every one that could rival the largest.

        Where one face has to dominate, each photo is looked at from a portrait's distance first,
        and closer only when that leaves open who is largest: most of the work is in small faces.
        """
        smallest = [self._find_smallest(picture) for picture in pictures]
        sizes = [self._choose_first_size(*each) for each in zip(pictures, smallest, strict=True)]
        found = self._look(pictures, sizes)
        while True:
            closer = [self._choose_closer_size(*each) for each in zip(found, smallest, strict=True)]
            again = [i for i, size in enumerate(closer) if size < sizes[i]]
            if not again:
                return found
            looked = self._look([pictures[i] for i in again], [closer[i] for i in again])
            for i, detections in zip(again, looked, strict=True):
                found[i], sizes[i] = detections, closer[i]

    def _look(self, pictures: Sequence[Picture], sizes: Sequence[float]) -> list[list[Detection]]:
        """What the detector finds that lies in the picture: its idea of a close-up may not."""
        found = self._detector.detect(pictures, sizes)
        return [
            [
                face
                for face in faces
                if face.measure_share_inside(picture.width, picture.height) >= INSIDE
            ]
            for picture, faces in zip(pictures, found, strict=True)
        ]

    def _find_smallest(self, picture: Picture) -> float:
        """The size in pixels from which a face can pass the gates."""
        share = self.gates.min_share * max(picture.width, picture.height)
        return max(self.gates.min_size, share, SMALLEST)

    def _choose_first_size(self, picture: Picture, smallest: float) -> float:
        """The size in pixels from which faces are looked for at first."""
        if not self.gates.dominance:
            return smallest
        return max(PORTRAIT * min(picture.width, picture.height), smallest)

    def _choose_closer_size(self, detections: Sequence[Detection], smallest: float) -> float:
        """The size from which to look, given what was found: that of the least face that keeps
        the largest from dominating, or the smallest wanted while there is none to dominate."""
        sure = self._keep_sure(detections)
        if not self.gates.dominance or not sure:
            return smallest
        return max(sure[0].size / math.sqrt(self.gates.dominance), SMALLEST)

    def _keep_sure(self, detections: Sequence[Detection]) -> tuple[Detection, ...]:
        return tuple(face for face in detections if face.score >= self.gates.min_score)

    # --- Which way is up ---------------------------------------------------------------------

    def _list_sightings(
        self,
        pictures: Sequence[Picture],
        turns: Sequence[int],
        found: Sequence[Sequence[Detection]],
    ) -> list[Sighting]:
        sure = [self._keep_sure(detections) for detections in found]
        owners = [picture for picture, faces in zip(pictures, sure, strict=True) for _ in faces]
        odds = self._detector.rate_turns(owners, [face.box for faces in sure for face in faces])
        ends = np.cumsum([len(faces) for faces in sure])
        return [
            Sighting(picture, turn, tuple(detections), faces, odds[end - len(faces) : end])
            for picture, turn, detections, faces, end in zip(
                pictures, turns, found, sure, ends, strict=True
            )
        ]

    def _find_doubtful(self, found: Sequence[Sighting]) -> dict[int, Sighting]:
        """Photos whose faces lie on their side or are hardly any, by place, as they show more:
        turned, or, with no face at all, as a close-up."""
        doubtful = [place for place, sighting in enumerate(found) if not sighting.is_sound]
        tried = self._close_ups([p for p in doubtful if not found[p].sure], found)
        tried += self._turn_photos([p for p in doubtful if p not in dict(tried)], found)
        best: dict[int, Sighting] = {}
        for place, sighting in tried:
            if sighting.is_sound and sighting.steadiness > max(
                found[place].steadiness, best[place].steadiness if place in best else -math.inf
            ):
                best[place] = sighting
        return best

    def _close_ups(
        self, places: Sequence[int], found: Sequence[Sighting]
    ) -> list[tuple[int, Sighting]]:
        """Those of the photos without a face in which a border lets one be seen."""
        wholes = [found[place].picture for place in places]
        framed = [whole.add_frame(BORDER) for whole in wholes]
        sizes = [CLOSE_UP * min(whole.width, whole.height) for whole in wholes]
        seen = self._list_sightings(framed, [0] * len(framed), self._look(framed, sizes))
        return [
            (place, sighting.move_to(whole, *_find_corner(whole, sighting.picture)))
            for place, whole, sighting in zip(places, wholes, seen, strict=True)
            if sighting.is_sound
        ]

    def _turn_photos(
        self, places: Sequence[int], found: Sequence[Sighting]
    ) -> list[tuple[int, Sighting]]:
        """The photos turned: as their faces lie, or in all three ways where these do not tell."""
        trials = [
            (place, turn)
            for place in places
            for turn in ([found[place].lies] if found[place].lies else (1, 2, 3))
        ]
        pictures = [found[place].picture.turn(turn) for place, turn in trials]
        turns = [turn for _, turn in trials]
        seen = self._list_sightings(pictures, turns, self._detect(pictures))
        return [(place, sighting) for (place, _), sighting in zip(trials, seen, strict=True)]


def _find_corner(whole: Picture, framed: Picture) -> tuple[float, float]:
    return (framed.width - whole.width) / 2, (framed.height - whole.height) / 2
