"""Faces in 8 bits a number, in lists by direction: what a large index is searched by first.

A quantiser (FAISS's IVF with 8-bit scalar codes of the residuals) is trained on a sample and
shared by all segments, so that a face is looked for in the same lists of each. What it finds is
compared again by the exact vectors; only a face in a list that was not looked into is missed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.exceptions import IndexDamaged
from enrichscrapy.index.vectors import import_faiss
from enrichscrapy.items import Vector

Found = tuple[NDArray[np.int64], Vector]
"""Rows, lists or ids (n, k), and inner products (n, k)."""
SAMPLES = 40
"""Faces a list is trained on: FAISS warns below 39."""
_SEARCHED = 2  # one list in so many is looked into
_ROUNDS = 10  # of k-means; more changed no figure of benchmarks/index.py
_ROWS_AT_ONCE = 8192


def count_lists(faces: int) -> int:
    """The power of two nearest to the square root of ``faces``."""
    return 1 << round(math.log2(faces) / 2)


class Codes:
    """Codes of the rows of one file of vectors, or of none: then it is the quantiser alone."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @classmethod
    def train(cls, sample: Vector, lists: int) -> Self:
        """A quantiser of ``lists`` lists from ``sample`` (n, d); the same sample gives the same."""
        faiss = import_faiss()
        inner = faiss.METRIC_INNER_PRODUCT
        index = faiss.index_factory(sample.shape[1], f"IVF{lists},SQ8", inner)
        index.cp.spherical = True
        index.cp.niter = _ROUNDS
        index.cp.min_points_per_centroid = 1
        index.cp.max_points_per_centroid = len(sample)
        index.train(np.ascontiguousarray(sample))
        return cls(index)

    def encode(self, matrix: Vector) -> None:
        """Add the codes of ``matrix`` (n, d), under the numbers of its rows."""
        for start in range(0, len(matrix), _ROWS_AT_ONCE):
            self._index.add(np.ascontiguousarray(matrix[start : start + _ROWS_AT_ONCE]))

    def choose_lists(self, vectors: Vector) -> Found:
        """For each of ``vectors`` (n, d) the lists to look into, with their similarities."""
        similarities, lists = self._index.quantizer.search(vectors, self._index.nprobe)
        return lists, similarities

    def search(self, vectors: Vector, k: int, lists: Found, without: NDArray[np.int64]) -> Found:
        """Rows and approximate inner products of the ``k`` nearest, and of some more.

        -1 is the row where there are no more, and in place of the rows ``without`` (m,).
        """
        numbers, near = lists
        similarities, rows = self._index.search_preassigned(
            vectors, k + len(without), numbers, near
        )
        if len(without):
            rows[np.isin(rows, without)] = -1
        return rows, similarities

    def write(self, write: Callable[[bytes], int]) -> None:
        """Hand the whole file to ``write``, piece by piece."""
        import_faiss().write_index(self._index, import_faiss().PyCallbackIOWriter(write))

    @classmethod
    def read(cls, path: Path, dimension: int, rows: int, *, mapped: bool = True) -> Self:
        """A file whose SHA-256 was checked before, of as many rows; mapped unless it is to grow."""
        faiss = import_faiss()
        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mapped else 0)
        except RuntimeError as error:
            raise IndexDamaged(f"{path} is no FAISS index; run scrapy reindex") from error
        fits = isinstance(index, faiss.IndexIVFScalarQuantizer) and index.d == dimension
        if not fits or index.ntotal != rows:
            raise IndexDamaged(f"{path} does not hold the codes meant; run scrapy reindex")
        index.nprobe = max(1, index.nlist // _SEARCHED)
        return cls(index)
