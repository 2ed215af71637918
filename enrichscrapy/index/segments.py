"""A segment's files, checked, mapped and searched."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.exceptions import IndexDamaged
from enrichscrapy.index import files
from enrichscrapy.index.codes import Codes, Found
from enrichscrapy.index.manifest import File, Segment, compute_digest, format_digest
from enrichscrapy.index.vectors import Vectors
from enrichscrapy.items import Vector

_ROWS_AT_ONCE = 4096
_FILES_REMEMBERED = 10_000
NONE = float(np.finfo(np.float32).min)
"""FAISS's own inner product with a face that is not there, whose id is -1."""


def check_file(index_dir: Path, file: File, *, from_disk: bool = False) -> Path:
    """Its path; :class:`IndexDamaged` when it is not the file that was written.

    A process reads it once, and again when it was written to since; ``from_disk`` reads it now,
    and asks the kernel to forget its cached copy.
    """
    path = index_dir / file.name
    if from_disk:
        mark = files.read_mark(path, from_disk=True)
    else:
        now = path.stat()
        stamp = (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
        mark = _read_mark(path.absolute(), stamp)
    if mark != files.FileMark(file.sha256, file.size):
        raise IndexDamaged(f"{path} is not the file its manifest names; run scrapy reindex")
    return path


@functools.lru_cache(_FILES_REMEMBERED)
def _read_mark(path: Path, _stamp: tuple[int, ...]) -> files.FileMark:
    return files.read_mark(path)


class OpenSegment:
    """One segment, mapped: it stays whole when its files are removed. Safe for threads."""

    def __init__(self, segment: Segment, vectors: Vectors, codes: Codes | None) -> None:
        self.segment = segment
        self.codes = codes
        self._vectors = vectors
        self._gone = np.array(segment.gone, dtype=np.int64)
        self._ids = vectors.ids
        gone = np.isin(self._ids, self._gone)
        self._live, self._gone_rows = np.flatnonzero(~gone), np.flatnonzero(gone)

    @classmethod
    def open(
        cls,
        index_dir: Path,
        segment: Segment,
        dimension: int,
        *,
        coded: bool = False,
        thorough: bool = False,
    ) -> OpenSegment:
        """With its codes where they are wanted (``coded``) and there are any.

        ``thorough`` reads the files from the disk itself and computes the digest of all ids and
        vectors. Raises :class:`IndexDamaged`, or ``FileNotFoundError`` when pruned.
        """
        path = check_file(index_dir, segment.file, from_disk=thorough)
        vectors, codes = Vectors.read(path, dimension), None
        if len(vectors) != segment.count:
            raise IndexDamaged(f"{path} holds {len(vectors)} faces, not {segment.count}")
        if segment.codes is not None and (coded or thorough):
            codes_path = check_file(index_dir, segment.codes, from_disk=thorough)
            codes = Codes.read(codes_path, dimension, segment.count)
        found = cls(segment, vectors, codes)
        if len(found.ids) != segment.live:
            raise IndexDamaged(f"{path} does not hold all that is gone; run scrapy reindex")
        if thorough and found.compute_digest() != segment.digest:
            raise IndexDamaged(f"{path} holds other vectors than its manifest says")
        return found

    @property
    def ids(self) -> NDArray[np.int64]:
        """Face ids (n,) of those that are not gone."""
        ids: NDArray[np.int64] = self._ids[self._live]
        return ids

    @property
    def matrix(self) -> Vector:
        """The vectors of all in the file, in the file's order, as they lie on the disk."""
        return self._vectors.matrix

    def compute_digest(self) -> str:
        return format_digest(compute_digest(self._ids, self.matrix))

    def find_vectors(self, face_ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], Vector]:
        """Those of ``face_ids`` that are in it and not gone, with their vectors."""
        rows = self._live[np.isin(self._ids[self._live], face_ids)]
        return self._ids[rows], self.matrix[rows]

    def iter_batches(self) -> Iterator[tuple[NDArray[np.int64], Vector]]:
        """All that are not gone, some thousands at a time."""
        for start in range(0, len(self._live), _ROWS_AT_ONCE):
            rows = self._live[start : start + _ROWS_AT_ONCE]
            yield self._ids[rows], self.matrix[rows]

    def search(self, vectors: Vector, k: int) -> Found:
        """Face ids and inner products (n, k) of the nearest by the exact vectors."""
        return self._vectors.search(vectors, k, self._gone)

    def search_codes(self, codes: Codes, vectors: Vector, k: int, lists: Found) -> Found:
        """Rows and approximate inner products (n, k) of the nearest by ``codes``, its own."""
        rows, near = codes.search(vectors, k, lists, self._gone_rows)
        return rows, np.where(rows < 0, NONE, near)

    def compare(self, rows: NDArray[np.int64], vector: Vector) -> Found:
        """Face ids and exact inner products (m,) of ``rows`` (m,) with ``vector`` (d,)."""
        return self._ids[rows], self.matrix[rows] @ vector
