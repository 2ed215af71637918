"""What people are like for whom a face model is known to work, as a statistic of many.

A group that the index does not hold leaves no trace in it, but its faces lie where those of
ordinary people seldom do. As speaker verification has long done, a Gaussian background model tells
so: a mean, and axes along which one person's photos vary by one and people by more or less. It is
made by ``benchmarks/_background.py`` from some hundred people's photos and holds nobody's vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from typing import Self

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.verdicts.evidence import Matrix, centroid

# Vectors with more than this share of their squared length outside the model's space are
# another network's.
_FOREIGN = 0.05
_FIELDS = ("mean", "basis", "axes", "between", "usual")


@dataclass(frozen=True, eq=False)
class Background:
    """``mean`` is (d,); ``basis`` (k, d) spans the space in which the network's vectors lie;
    ``axes`` (k, k) turns and scales it so that one person's photos vary by 1 along each, and people
    by ``between`` (k,). ``usual`` (n, 2) holds, for 1 to n photos of a person, the median of
    :meth:`_unlikeness` over people and how much higher it is for one in ten."""

    mean: NDArray[np.float64]
    basis: Matrix
    axes: Matrix
    between: NDArray[np.float64]
    usual: Matrix

    @classmethod
    def load(cls, name: str) -> Self:
        """The one of this name that the program ships."""
        source = files("enrichscrapy.verdicts").joinpath(f"{name}.npz")
        with as_file(source) as path, np.load(path) as stored:
            return cls(*(stored[field].astype(np.float64) for field in _FIELDS))

    def unfamiliar(self, faces: Matrix) -> float:
        """How unlike ordinary people somebody is whom these (n, d) faces show: the median is 0, one
        in ten is above 1. Also 0 for vectors of another network, of which nothing is known."""
        if faces.shape[1] != len(self.mean):
            return 0.0
        offset = centroid(faces)[0] - self.mean
        inside = self.basis @ offset
        if inside @ inside < (1 - _FOREIGN) * (offset @ offset):
            return 0.0
        middle, spread = self.usual[min(len(faces), len(self.usual)) - 1]
        return float((self._unlikeness(inside, len(faces)) - middle) / spread)

    def _unlikeness(self, inside: Matrix, photos: int) -> float:
        return float(np.mean((self.axes @ inside) ** 2 / (self.between + 1 / photos)))


@lru_cache(maxsize=4)
def background(name: str) -> Background | None:
    """The background model of this name, read once; None for no name."""
    return Background.load(name) if name else None
