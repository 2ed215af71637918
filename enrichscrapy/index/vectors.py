"""FAISS itself: an IDMap2 over a flat inner-product index, made, read and written."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.exceptions import IndexDamaged
from enrichscrapy.items import Vector

UNIT_TOLERANCE = 1e-3


@functools.cache
def _import_faiss() -> Any:
    """The library, imported where it is used: it takes a while, and every command imports this.

    Untyped: its stubs know neither the callbacks nor the arrays that its own wrappers accept.
    """
    import faiss

    return faiss


class Vectors:
    """Unit vectors by face id.

    A thin cover over FAISS that keeps its traps out: ids stay unique (FAISS would keep both),
    vectors stay finite and of unit length (FAISS would take NaN).
    """

    def __init__(self, dimension: int, index: Any = None) -> None:
        self.dimension = dimension
        self._index = index or _import_faiss().IndexIDMap2(_import_faiss().IndexFlatIP(dimension))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def ids(self) -> NDArray[np.int64]:
        """Face ids (n,), in the file's own order."""
        ids: NDArray[np.int64] = _import_faiss().vector_to_array(self._index.id_map)
        return ids

    @property
    def matrix(self) -> Vector:
        """Vectors (n, dimension) in the order of :attr:`ids`; a view, valid while self lives."""
        flat = _import_faiss().downcast_index(self._index.index)
        if not len(self):
            return np.empty((0, self.dimension), dtype=np.float32)
        view: Vector = _import_faiss().rev_swig_ptr(flat.get_xb(), len(self) * self.dimension)
        return view.reshape(len(self), self.dimension)

    def add(self, ids: NDArray[np.int64], vectors: Vector) -> None:
        """Add ``vectors`` (n, dimension) under ``ids`` (n,) that are not in it yet."""
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors), ids)

    def remove(self, ids: NDArray[np.int64]) -> None:
        if len(ids):
            self._index.remove_ids(ids)

    def lookup(self, face_ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], Vector]:
        """Those of ``face_ids`` that are in it, with copies of their vectors."""
        found = np.flatnonzero(np.isin(self.ids, face_ids))
        return self.ids[found], self.matrix[found]

    def search(self, vectors: Vector, k: int) -> tuple[NDArray[np.int64], Vector]:
        similarities, ids = self._index.search(np.ascontiguousarray(vectors), k)
        return ids, similarities

    def write(self, write: Callable[[bytes], int]) -> None:
        """Hand the whole file to ``write``, piece by piece."""
        _import_faiss().write_index(self._index, _import_faiss().PyCallbackIOWriter(write))

    @classmethod
    def read(cls, path: Path, dimension: int) -> Vectors:
        """Load a file whose SHA-256 was checked before: FAISS itself accepts a cut one."""
        try:
            index = _import_faiss().read_index(str(path))
        except RuntimeError as error:
            raise IndexDamaged(f"{path} is no FAISS index; run scrapy reindex") from error
        cls._check_kind(index, path, dimension)
        return cls(dimension, index)

    @staticmethod
    def _check_kind(index: Any, path: Path, dimension: int) -> None:
        fits = (
            isinstance(index, _import_faiss().IndexIDMap2)
            and isinstance(_import_faiss().downcast_index(index.index), _import_faiss().IndexFlat)
            and index.metric_type == _import_faiss().METRIC_INNER_PRODUCT
            and index.d == dimension
        )
        if not fits:
            raise IndexDamaged(f"{path} is not the kind of index made here; run scrapy reindex")
        if len(np.unique(_import_faiss().vector_to_array(index.id_map))) != index.ntotal:
            raise IndexDamaged(f"{path} holds an id twice; run scrapy reindex")


def decode_usable(blob: bytes | None, dimension: int) -> Vector | None:
    """A stored vector (``dimension`` little-endian float32) if it is finite and of unit length."""
    if blob is None or len(blob) != 4 * dimension:
        return None
    vector = np.frombuffer(blob, dtype="<f4").astype(np.float32, copy=False)
    length = float(np.linalg.norm(vector.astype(np.float64)))
    return vector if abs(length - 1.0) <= UNIT_TOLERANCE else None  # False for NaN and inf too
