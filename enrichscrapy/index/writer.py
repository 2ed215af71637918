"""Writing faces as segments, none larger than ``LARGEST``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.index import tiers
from enrichscrapy.index.files import NewGeneration
from enrichscrapy.index.manifest import Segment, compute_digest, format_digest
from enrichscrapy.index.vectors import Vectors
from enrichscrapy.items import Vector


class SegmentWriter:
    """Takes faces in any number; one segment of them is in memory at a time."""

    def __init__(self, new: NewGeneration, dimension: int) -> None:
        self._new = new
        self._dimension = dimension
        self._written: list[Segment] = []
        self._begin()

    def _begin(self) -> None:
        self._vectors = Vectors(self._dimension)
        self._digest = 0

    def add(self, ids: NDArray[np.int64], vectors: Vector) -> None:
        """Faces ``ids`` (n,) with their ``vectors`` (n, d)."""
        while len(ids):
            room = tiers.LARGEST - len(self._vectors)
            self._vectors.add(ids[:room], vectors[:room])
            self._digest += compute_digest(ids[:room], vectors[:room])
            ids, vectors = ids[room:], vectors[room:]
            if len(self._vectors) == tiers.LARGEST:
                self._write()

    def finish(self) -> tuple[Segment, ...]:
        """Write what is left; the segments that came of it all."""
        if len(self._vectors):
            self._write()
        return tuple(self._written)

    def _write(self) -> None:
        ids = self._vectors.ids
        file = self._new.write("faiss", self._vectors.write)
        digest = format_digest(self._digest)
        segment = Segment(file, len(ids), digest, int(ids.min()), int(ids.max()))
        self._written.append(segment)
        self._begin()
