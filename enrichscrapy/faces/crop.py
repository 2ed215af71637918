"""Where a face lies in a photo, and the picture of it that a network wants to see.

A model says what it wants with a :class:`BoxCrop` or a :class:`PointsCrop`. Nothing else knows the
difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from enrichscrapy.faces.decode import Picture

CROP_SIZE = 160
# Pixels of the finished crop around the detected box (half on each side).
MARGIN = 14
# Points along a side at which it is asked how much of a crop a picture shows.
PROBES = 24

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Detection:
    """A face in pixels of the upright photo: eyes, nose and mouth corners are its landmarks."""

    box: Box
    landmarks: tuple[tuple[float, float], ...]
    score: float

    @property
    def size(self) -> float:
        """The shorter side of the box."""
        x1, y1, x2, y2 = self.box
        return min(x2 - x1, y2 - y1)

    @property
    def area(self) -> float:
        x1, y1, x2, y2 = self.box
        return max(x2 - x1, 1.0) * max(y2 - y1, 1.0)

    def measure_share_inside(self, width: float, height: float) -> float:
        """How much of the box lies in a photo of ``width`` x ``height`` pixels."""
        x1, y1, x2, y2 = self.box
        across, down = min(x2, width) - max(x1, 0.0), min(y2, height) - max(y1, 0.0)
        return max(across, 0.0) * max(down, 0.0) / self.area

    def shift(self, dx: float, dy: float) -> Detection:
        x1, y1, x2, y2 = self.box
        box = (x1 + dx, y1 + dy, x2 + dx, y2 + dy)
        return replace(self, box=box, landmarks=tuple((x + dx, y + dy) for x, y in self.landmarks))


@dataclass(frozen=True)
class BoxCrop:
    """The detected box with a margin, stretched to a square of ``side`` pixels.

    ``margin`` are the finished crop's pixels around the box, half on each side.
    """

    side: int = CROP_SIZE
    margin: int = MARGIN

    def cut(self, picture: Picture, face: Detection) -> NDArray[np.uint8]:
        """(side, side, 3) RGB; ``face`` is in pixels of the photo that ``picture`` is of."""
        wide = self.widen(face.box, picture.width, picture.height)
        return np.asarray(picture.cut(wide, self.side, Image.Resampling.BILINEAR))

    def widen(self, box: Box, width: float, height: float) -> Box:
        """``box`` with its margin, cut off at the edges of a photo of ``width`` x ``height``.

        The sides keep their own lengths: the crop is stretched to a square, not squared.
        """
        x1, y1, x2, y2 = box
        dx = self.margin * (x2 - x1) / (self.side - self.margin) / 2
        dy = self.margin * (y2 - y1) / (self.side - self.margin) / 2
        return max(x1 - dx, 0.0), max(y1 - dy, 0.0), min(x2 + dx, width), min(y2 + dy, height)

    def list_places(self, face: Detection) -> Floats:
        """(n, 2) points of the photo, evenly spread over what the crop shows of it."""
        x1, y1, x2, y2 = self.widen(face.box, np.inf, np.inf)
        return _make_grid() * (x2 - x1, y2 - y1) + (x1, y1)


@dataclass(frozen=True)
class PointsCrop:
    """Eyes, nose and mouth corners brought to ``points``, by a similarity transform.

    ``points`` are pixels of the finished crop of ``side`` pixels, counted from the middle of the
    first one, as the template of the ArcFace family is written. What lies outside the photo is
    black, as these networks were trained.
    """

    side: int
    points: tuple[tuple[float, float], ...]

    def cut(self, picture: Picture, face: Detection) -> NDArray[np.uint8]:
        """(side, side, 3) RGB; ``face`` is in pixels of the photo that ``picture`` is of.

        Drawn at twice its size and averaged, so that fine detail does not alias.
        """
        turn, shift = self._to_photo(face)
        source = picture.reduce(2 / max(abs(turn), 1e-6))
        across, down = source.width / picture.width, source.height / picture.height
        half = turn / 2
        matrix = (
            (half.real * across, -half.imag * across, shift.real * across),
            (half.imag * down, half.real * down, shift.imag * down),
        )
        twice = source.transform(
            (2 * self.side, 2 * self.side),
            Image.Transform.AFFINE,
            (*matrix[0], *matrix[1]),
            Image.Resampling.BILINEAR,
        )
        return np.asarray(twice.reduce(2))

    def list_places(self, face: Detection) -> Floats:
        """(n, 2) points of the photo, evenly spread over what the crop shows of it."""
        turn, shift = self._to_photo(face)
        spots = turn * (_make_grid() * self.side @ (1, 1j)) + shift
        return np.column_stack([spots.real, spots.imag])

    def _to_photo(self, face: Detection) -> tuple[complex, complex]:
        """(turn, shift): a point z of the crop shows the photo's turn * z + shift, with x + iy for
        (x, y) and whole numbers at the corners of pixels."""
        turn, shift = fit_similarity(face.landmarks, self.points)
        middle = 0.5 + 0.5j
        return 1 / turn, middle - (middle + shift) / turn


CropShape = BoxCrop | PointsCrop


def fit_similarity(
    points: Sequence[tuple[float, float]], targets: Sequence[tuple[float, float]]
) -> tuple[complex, complex]:
    """(turn, shift) with turn * z + shift nearest to ``targets`` by least squares, x + iy for
    (x, y): the plane's case of Umeyama (1991), in which a mirror image cannot come out.

    ``ValueError`` for points that all lie in one place.
    """
    z, w = (np.asarray(each, np.float64) @ (1, 1j) for each in (points, targets))
    around, aims = z - z.mean(), w - w.mean()
    spread = float((abs(around) ** 2).sum())
    turn = complex(np.vdot(around, aims)) / spread if spread > 0 else 0j
    if not np.isfinite(turn) or not turn:
        raise ValueError("the landmarks of a face all lie in one place")
    return turn, complex(w.mean() - turn * z.mean())


def _make_grid() -> Floats:
    """(n, 2) points evenly spread over the square from 0 to 1."""
    steps = (np.arange(PROBES) + 0.5) / PROBES
    return np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)


def measure_overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return float(width * height / (both - width * height))
