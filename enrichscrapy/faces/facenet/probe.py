"""A face drawn by code, the same on every machine: what the self-test looks at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.faces.crop import CROP_SIZE

Field = NDArray[np.int64]

SKIN, SHADE = (224, 168, 140), (176, 116, 92)
BACKGROUND, HAIR = (40, 96, 168), (72, 44, 28)
WHITE, IRIS, BROW, LIPS = (238, 240, 242), (60, 110, 60), (60, 38, 26), (190, 60, 70)


def draw() -> NDArray[np.uint8]:
    """(160, 160, 3) RGB, in whole numbers only, so that no rounding differs between machines.

    Red, green and blue differ strongly: with two of them swapped it is another picture.
    """
    y, x = np.mgrid[0:CROP_SIZE, 0:CROP_SIZE].astype(np.int64)
    picture = np.empty((CROP_SIZE, CROP_SIZE, 3), np.int64)
    picture[:] = BACKGROUND
    _fill(picture, _make_ellipse(x, y, 80, 66, 70, 68), HAIR)
    _fill(picture, _make_ellipse(x, y, 80, 88, 54, 70), SKIN)
    _fill(picture, _make_ellipse(x, y, 80, 88, 54, 70) & (x > 112), SHADE)
    for eye in (58, 102):
        _fill(picture, _make_ellipse(x, y, eye, 72, 12, 6), WHITE)
        _fill(picture, _make_ellipse(x, y, eye, 72, 5, 5), IRIS)
        _fill(picture, _make_ellipse(x, y, eye, 72, 2, 2), (8, 8, 8))
        _fill(picture, _make_ellipse(x, y, eye, 58, 15, 3), BROW)
    _fill(picture, _make_ellipse(x, y, 80, 100, 9, 5), SHADE)
    _fill(picture, _make_ellipse(x, y, 76, 86, 3, 14), (236, 184, 158))
    _fill(picture, _make_ellipse(x, y, 80, 122, 20, 7), LIPS)
    _fill(picture, _make_ellipse(x, y, 80, 121, 17, 1), (110, 30, 40))
    light = 232 + (CROP_SIZE - x) // 6 - y // 12
    lit: NDArray[np.uint8] = np.clip(picture * light[..., None] // 256, 0, 255).astype(np.uint8)
    return lit


def _make_ellipse(x: Field, y: Field, cx: int, cy: int, rx: int, ry: int) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = ((x - cx) * ry) ** 2 + ((y - cy) * rx) ** 2 <= (rx * ry) ** 2
    return inside


def _fill(picture: Field, where: NDArray[np.bool_], colour: tuple[int, int, int]) -> None:
    picture[where] = colour
