"""A photo at falling sizes, side by side on one canvas: P-Net then runs once a photo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from enrichscrapy.faces.decode import OVERSAMPLING, Picture

CELL, STRIDE = 12, 2
FACTOR = 0.709
PLAIN_MIN_SIZE = 20
# P-Net's windows are square and a face's box is about this much higher than wide, so that windows
# of this many times the smallest width still hold every face wanted. Of 208 faces of 1 to 1.35
# times that width, plain MTCNN's finds were all found with windows of 1.1 times, all but one
# with 1.6.
HEIGHT = 1.4


def list_scales(width: float, height: float, min_size: float) -> list[float]:
    """Scales of the plain pyramid, from the finest that faces ``min_size`` wide need downwards.

    Plain MTCNN begins at 12/20 and multiplies by 0.709; beginning at one of its own levels
    keeps the proposals the same.
    """
    window = max(min_size * HEIGHT, PLAIN_MIN_SIZE)
    first = math.floor(math.log(PLAIN_MIN_SIZE / window) / math.log(FACTOR) + 1e-9)
    scale = CELL / PLAIN_MIN_SIZE * FACTOR**first
    found = []
    while min(width, height) * scale >= CELL:
        found.append(scale)
        scale *= FACTOR
    return found


@dataclass(frozen=True)
class Mosaic:
    """The levels on a ``canvas`` (h, w, 3); ``levels`` (h', w') says in which of them each cell of
    P-Net lies whole (-1: in none), ``corners`` (n, 2) where each begins, in cells."""

    canvas: NDArray[np.uint8]
    levels: NDArray[np.int64]
    corners: NDArray[np.int64]
    list_scales: NDArray[np.float32]

    @classmethod
    def of(cls, picture: Picture, found: Sequence[float]) -> Self:
        """``found`` are the levels' scales, the finest first, one at least."""
        sizes = [_scale_size(picture, scale) for scale in found]
        places = _lay_out(sizes)
        width = _round_up_to_even(max(x + w for (x, _), (w, _) in zip(places, sizes, strict=True)))
        height = _round_up_to_even(sizes[0][1])
        canvas = np.zeros((height, width, 3), np.uint8)
        levels = np.full(((height - CELL) // STRIDE + 1, (width - CELL) // STRIDE + 1), -1)
        for number, ((x, y), (w, h), scale) in enumerate(zip(places, sizes, found, strict=True)):
            level = picture.reduce(scale * OVERSAMPLING).resize((w, h), Image.Resampling.BOX)
            canvas[y : y + h, x : x + w] = np.asarray(level)
            rows, columns = _find_cells(y, h), _find_cells(x, w)
            levels[rows, columns] = number
        corners = np.array(places, np.int64) // STRIDE
        return cls(canvas, levels, corners, np.array(found, np.float32))


def _scale_size(picture: Picture, scale: float) -> tuple[int, int]:
    return int(picture.width * scale + 1), int(picture.height * scale + 1)


def _lay_out(sizes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Corners on even pixels: columns as high as the first level, filled from the left."""
    places = []
    x, y, across = 0, 0, 0
    for width, height in sizes:
        if y and y + height > sizes[0][1]:
            x, y, across = _round_up_to_even(x + across), 0, 0
        places.append((x, y))
        y, across = _round_up_to_even(y + height), max(across, width)
    return places


def _find_cells(start: int, length: int) -> slice:
    """The cells that lie whole in ``length`` pixels from ``start``."""
    return slice(start // STRIDE, start // STRIDE + (length - CELL) // STRIDE + 1)


def _round_up_to_even(pixels: int) -> int:
    return pixels + pixels % 2
