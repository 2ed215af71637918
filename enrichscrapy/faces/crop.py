"""The picture of one face as the network expects it."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from enrichscrapy.faces.decode import Picture

CROP_SIZE = 160
# Pixels of the finished crop round the detected box (half on each side).
MARGIN = 14
CROP_JPEG_QUALITY = 92

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

    def share_inside(self, width: int, height: int) -> float:
        """How much of the box lies in a photo of ``width`` x ``height`` pixels."""
        x1, y1, x2, y2 = self.box
        across, down = min(x2, width) - max(x1, 0.0), min(y2, height) - max(y1, 0.0)
        return max(across, 0.0) * max(down, 0.0) / self.area

    def moved(self, dx: float, dy: float) -> Detection:
        x1, y1, x2, y2 = self.box
        box = (x1 + dx, y1 + dy, x2 + dx, y2 + dy)
        return replace(self, box=box, landmarks=tuple((x + dx, y + dy) for x, y in self.landmarks))


def widen(box: Box, width: int, height: int, margin: int = MARGIN) -> Box:
    """``box`` with its margin, cut off at the edges of a photo of ``width`` x ``height``.

    The sides keep their own lengths: the crop is stretched to a square, not squared.
    """
    x1, y1, x2, y2 = box
    dx = margin * (x2 - x1) / (CROP_SIZE - margin) / 2
    dy = margin * (y2 - y1) / (CROP_SIZE - margin) / 2
    return max(x1 - dx, 0.0), max(y1 - dy, 0.0), min(x2 + dx, width), min(y2 + dy, height)


def crop_face(picture: Picture, box: Box, margin: int = MARGIN) -> Image.Image:
    """The face at ``box`` (pixels of the whole photo) as a 160x160 RGB image."""
    wide = widen(box, picture.width, picture.height, margin)
    return picture.cut(wide, CROP_SIZE, Image.Resampling.BILINEAR)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return float(width * height / (both - width * height))


def as_array(crop: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(crop, dtype=np.uint8)


def as_jpeg(crop: Image.Image) -> bytes:
    buffer = io.BytesIO()
    crop.save(buffer, "JPEG", quality=CROP_JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()
