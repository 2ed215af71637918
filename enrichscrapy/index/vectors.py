"""FAISS itself: an IDMap2 over a flat inner-product index, made, written, and mapped to be read."""

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
def import_faiss() -> Any:
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
        self._index = index or import_faiss().IndexIDMap2(import_faiss().IndexFlatIP(dimension))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def ids(self) -> NDArray[np.int64]:
        """Face ids (n,), in the file's own order."""
        ids: NDArray[np.int64] = import_faiss().vector_to_array(self._index.id_map)
        return ids

    @property
    def matrix(self) -> Vector:
        """Vectors (n, dimension) in the order of :attr:`ids`: a view, not to be written to."""
        if not len(self):
            return np.empty((0, self.dimension), dtype=np.float32)
        return np.asarray(_View(self._index, self.dimension))

    def add(self, ids: NDArray[np.int64], vectors: Vector) -> None:
        """Add ``vectors`` (n, dimension) under ``ids`` (n,) that are not in it yet."""
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors), ids)

    def search(
        self, vectors: Vector, k: int, without: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], Vector]:
        """Ids and inner products (n, k) of the nearest, those of ``without`` (m,) left out."""
        parameters = None
        if len(without):
            faiss = import_faiss()
            rest = faiss.IDSelectorNot(faiss.IDSelectorBatch(without))
            parameters = faiss.SearchParameters(sel=rest)
        similarities, ids = self._index.search(vectors, k, params=parameters)
        return ids, similarities

    def write(self, write: Callable[[bytes], int]) -> None:
        """Hand the whole file to ``write``, piece by piece."""
        import_faiss().write_index(self._index, import_faiss().PyCallbackIOWriter(write))

    @classmethod
    def read(cls, path: Path, dimension: int) -> Vectors:
        """Map a file whose SHA-256 was checked before: FAISS itself accepts a cut one.

        The ids are read; the vectors stay on disk until they are looked at. A mapped file may be
        removed, but must not be written to.
        """
        try:
            index = import_faiss().read_index(str(path), import_faiss().IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise IndexDamaged(f"{path} is no FAISS index; run scrapy reindex") from error
        cls._check_kind(index, path, dimension)
        return cls(dimension, index)

    @staticmethod
    def _check_kind(index: Any, path: Path, dimension: int) -> None:
        fits = (
            isinstance(index, import_faiss().IndexIDMap2)
            and isinstance(import_faiss().downcast_index(index.index), import_faiss().IndexFlat)
            and index.metric_type == import_faiss().METRIC_INNER_PRODUCT
            and index.d == dimension
        )
        if not fits:
            raise IndexDamaged(f"{path} is not the kind of index made here; run scrapy reindex")
        ids = import_faiss().vector_to_array(index.id_map)
        ascending = bool((np.diff(ids) > 0).all())  # nearly always, and quickly told
        if not ascending and len(np.unique(ids)) != len(ids):
            raise IndexDamaged(f"{path} holds an id twice; run scrapy reindex")


class _View:
    """A flat index's memory as NumPy takes it; holds the index, without which it would be gone."""

    def __init__(self, index: Any, dimension: int) -> None:
        self._index = index
        flat = import_faiss().downcast_index(index.index)
        self.__array_interface__ = {
            "version": 3,
            "shape": (int(index.ntotal), dimension),
            "typestr": "<f4",
            "data": (int(flat.get_xb()), True),
        }


def decode_usable(blob: bytes | None, dimension: int) -> Vector | None:
    """A stored vector (``dimension`` little-endian float32) if it is finite and of unit length."""
    if blob is None or len(blob) != 4 * dimension:
        return None
    vector = np.frombuffer(blob, dtype="<f4").astype(np.float32, copy=False)
    length = float(np.linalg.norm(vector.astype(np.float64)))
    return vector if abs(length - 1.0) <= UNIT_TOLERANCE else None  # False for NaN and inf too
