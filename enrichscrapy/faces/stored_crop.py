"""The picture of a face that is kept: wide and sharp enough for the networks of today.

Every vector is made from this picture, also the first one: what a model sees again years later is
what it saw then, to the last bit.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.faces.crop import Box, BoxCrop, CropShape, Detection, Floats
from enrichscrapy.faces.decode import DecodeLimits, Picture, Undecodable, decode

# The side of what is kept, in times the longer side of the face's box, as far as the photo reaches.
# The template of the ArcFace family takes about 1.05 of it, and half as much again where the head
# is tilted. Of 313 looks at photographed and drawn faces 1.5 shows it whole in 98 %, the others to
# 99 % (1.6: all; 1.3: 84 %).
WIDTH = 1.5
# Pixels of the shorter side of the box, at most: networks of 160 pixels look at 146 of them. At
# this size and quality a face of a large photo takes 20 KB (7 before); the vector's cosine to the
# one without JPEG is .9996 (.9989 at the least); no larger size or quality got it to .9999.
FACE_SIDE = 160
JPEG_QUALITY = 92


@dataclass(frozen=True)
class StoredCrop:
    """A JPEG of the part ``area`` of a photo of ``width`` x ``height`` pixels, in which
    ``detection`` was found; area and detection are in pixels of the upright photo."""

    data: bytes = field(repr=False)
    area: Box
    detection: Detection
    width: int
    height: int

    @classmethod
    def cut(cls, picture: Picture, face: Detection) -> Self:
        """The picture to keep of a face that was found in ``picture``."""
        width, height = round(picture.width), round(picture.height)
        x1, y1, x2, y2 = area = _choose_area(face.box, width, height)
        scale = min(FACE_SIDE / max(face.size, 1.0), picture.scale)
        size = (max(round((x2 - x1) * scale), 1), max(round((y2 - y1) * scale), 1))
        data = io.BytesIO()
        picture.cut_to_size(area, size).save(data, "JPEG", quality=JPEG_QUALITY, subsampling=0)
        return cls(data.getvalue(), area, face, width, height)

    @classmethod
    def of_old(cls, data: bytes, face: Detection, width: int, height: int) -> Self:
        """A crop from before the area was stored: cut to the default network."""
        area = BoxCrop().widen(face.box, width or math.inf, height or math.inf)
        return cls(data, area, face, width, height)

    @property
    def longer_side(self) -> int:
        """The photo's, in pixels; 1 when it is not known."""
        return max(self.width, self.height, 1)

    def open(self, limits: DecodeLimits) -> tuple[Picture, Detection] | Undecodable:
        """The picture and where the face lies in it: a photo of its own, of the area's size."""
        picture = decode(self.data, limits, scale=1.0)
        if isinstance(picture, Undecodable):
            return picture
        x1, y1, x2, y2 = self.area
        return Picture(picture.image, x2 - x1, y2 - y1), self.detection.shift(-x1, -y1)

    def measure_shown(self, shape: CropShape) -> float:
        """How much of what a model wants to see of this photo is kept, from 0 to 1."""
        places = shape.list_places(self.detection)
        in_photo = _are_inside(places, (0, 0, self.width or math.inf, self.height or math.inf))
        kept = in_photo & _are_inside(places, self.area)
        return float(kept.sum() / max(in_photo.sum(), 1))


def _choose_area(box: Box, width: int, height: int) -> Box:
    """Whole pixels around the box, at the edges of the photo at most."""
    x1, y1, x2, y2 = box
    half = WIDTH * max(x2 - x1, y2 - y1) / 2
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    left, top = max(math.floor(x - half), 0), max(math.floor(y - half), 0)
    right, bottom = min(math.ceil(x + half), width), min(math.ceil(y + half), height)
    return float(left), float(top), float(max(right, left + 1)), float(max(bottom, top + 1))


def _are_inside(places: Floats, area: Box) -> NDArray[np.bool_]:
    x1, y1, x2, y2 = area
    x, y = places.T
    return np.asarray((x >= x1) & (x <= x2) & (y >= y1) & (y <= y2))
