"""For whom a face model is known to work, as a statistic of many people.

A group that the index does not hold leaves no trace in it, but the model's own space tells of it.
Two statistics of some thousand people say how doubtful it is that people are told apart where a
face lies:

- how *unlike* ordinary people it is: as in speaker verification, a Gaussian background model, with
  axes along which one person's photos vary by one and people by more or less;
- how often people who lie in its direction are *confused*: a ridge regression of the share of other
  people's photos within reach, on the same axes.

``benchmarks/_background.py`` makes it from photos; it holds nobody's vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.verdicts.evidence import Matrix, centroid

# Vectors with more than this share of their squared length outside the model's space are
# another network's.
_FOREIGN = 0.05
# Of being unlike others and of being confused, each on its own scale.
CONFUSED = 1.6
# How much a person's photos vary is drawn towards the usual as if by so many more.
_USUAL_PHOTOS = 4
_FIELDS = ("mean", "basis", "axes", "between", "usual", "confused")


@dataclass(frozen=True, eq=False)
class Background:
    """``mean`` is (d,); ``basis`` (k, d) spans the space in which the network's vectors lie;
    ``axes`` (k, k) turns and scales it so that one person's photos vary by 1 along each, and people
    by ``between`` (k,). ``usual`` (n, 2) holds, for 1 to n photos of a person, the median of
    :meth:`_unlikeness` over people and how much higher it is for one in ten. ``confused`` (k + 1,)
    are the regression's coefficients and constant, on the same scale of 0 and 1."""

    mean: NDArray[np.float64]
    basis: Matrix
    axes: Matrix
    between: NDArray[np.float64]
    usual: Matrix
    confused: NDArray[np.float64]

    @classmethod
    def load(cls, name: str) -> Self:
        """The one of this name that the program ships, or a file (``.npz``)."""
        if name.endswith(".npz"):
            return cls._read(Path(name))
        with as_file(files("enrichscrapy.verdicts").joinpath(f"{name}.npz")) as path:
            return cls._read(path)

    @classmethod
    def _read(cls, path: Path) -> Self:
        with np.load(path) as stored:
            return cls(*(stored[field].astype(np.float64) for field in _FIELDS))

    def risk(self, faces: Matrix) -> float:
        """How doubtful it is that somebody is told from others whom these (n, d) faces show: the
        median over people is about 0, one in ten is above 1. Also 0 for vectors of another
        network, of which nothing is known.

        Ordinary people who are unlike others are seldom confused; the sum is high where both come
        together, or one is extreme."""
        inside = self.place(faces)
        if inside is None:
            return 0.0
        unlike = self.unfamiliar(inside, len(faces), self.variance(faces))
        return unlike + CONFUSED * self.confusion(inside)

    def place(self, faces: Matrix) -> Matrix | None:
        """Where the mean of (n, d) faces lies on the axes, (k,); None for another network's."""
        if faces.shape[1] != len(self.mean):
            return None
        offset = centroid(faces)[0] - self.mean
        inside = self.basis @ offset
        if inside @ inside < (1 - _FOREIGN) * (offset @ offset):
            return None
        return np.asarray(self.axes @ inside)

    def variance(self, faces: Matrix) -> float:
        """How much (n, d) faces of one person vary along an axis; 1 is usual. The mean of photos
        that vary more may lie farther off."""
        inside = (faces - self.mean) @ self.basis.T @ self.axes.T
        squares = float(((inside - inside.mean(axis=0)) ** 2).sum() / inside.shape[1])
        return (_USUAL_PHOTOS + squares) / (_USUAL_PHOTOS + len(faces) - 1)

    def unfamiliar(self, place: Matrix, photos: int, variance: float = 1.0) -> float:
        # A person's photos have more in common than chance: more of them tell little more.
        count = min(photos, len(self.usual))
        middle, spread = self.usual[count - 1]
        return float((self._unlikeness(place, variance / count) - middle) / spread)

    def confusion(self, place: Matrix) -> float:
        return float(self.confused[:-1] @ place + self.confused[-1])

    def _unlikeness(self, place: Matrix, within: float) -> float:
        return float(np.mean(place**2 / (self.between + within)))


@lru_cache(maxsize=8)
def background(name: str) -> Background | None:
    """The background model of this name, read once; None for no name."""
    return Background.load(name) if name else None
