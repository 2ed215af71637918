"""Landmarks looked at again in upright windows, for models that align faces by them.

O-Net's landmarks lean towards an upright face: of drawn ones, tilted by up to 40 degrees, moved and
scaled, they put a point up to 26 pixels of a 112-pixel crop from where they put it in the upright
picture. Seen again upright, in three windows and their mirror images, three times over: 0.17.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.faces.crop import Detection, Floats, PointsCrop, fit_similarity
from enrichscrapy.faces.decode import Picture

SIDE = 48
# Where eyes, nose and mouth corners usually lie in the window that O-Net was trained on.
USUAL = np.array([[0.31, 0.38], [0.69, 0.38], [0.5, 0.57], [0.345, 0.76], [0.655, 0.76]])
MIRRORED = (1, 0, 2, 4, 3)
# Windows, in times the usual one's side.
WINDOWS = (0.9, 1.0, 1.1)
ROUNDS = 3
# Points that move by more than this share of the face's size, on average, have lost the face.
LOST = 0.3

Look = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""(n, 48, 48, 3) windows -> (n, 5, 2) landmarks as shares of the window's side."""


def settle(look: Look, picture: Picture, face: Detection) -> Detection:
    """``face`` (in pixels of the photo that ``picture`` is of) with landmarks that do not depend on
    how it is tilted, moved and scaled; as it is where that loses it."""
    found = face
    try:
        for _ in range(ROUNDS):
            points = np.mean(
                [_find_upright_landmarks(look, picture, found, size) for size in WINDOWS], axis=0
            )
            found = replace(found, landmarks=tuple((float(x), float(y)) for x, y in points))
    except ValueError:  # all in one place
        return face
    moved = np.linalg.norm(np.subtract(found.landmarks, face.landmarks), axis=1).mean()
    return found if moved <= LOST * max(face.size, 1.0) else face


def _find_upright_landmarks(look: Look, picture: Picture, face: Detection, size: float) -> Floats:
    """(5, 2) landmarks in the photo, as seen upright in a window of this size."""
    usual = ((USUAL - 0.5) / size + 0.5) * SIDE - 0.5
    window = PointsCrop(SIDE, tuple((x, y) for x, y in usual))
    upright = window.cut(picture, face)
    here, there = look(np.stack([upright, upright[:, ::-1]]))
    there = (there * (-1, 1) + (1, 0))[list(MIRRORED)]
    points = (here + there) / 2 * SIDE - 0.5
    turn, shift = fit_similarity(face.landmarks, window.points)
    spots = (points @ (1, 1j) - shift) / turn
    return np.column_stack([spots.real, spots.imag])
