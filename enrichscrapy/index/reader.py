"""Reading the index in force while a publisher may be at work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.exceptions import IndexDamaged, IndexOfAnotherModel
from enrichscrapy.index import files
from enrichscrapy.index.manifest import Manifest, compute_digest, format_digest
from enrichscrapy.index.segments import OpenSegment, check_file
from enrichscrapy.index.together import search_together
from enrichscrapy.items import ModelInfo, Vector

_ATTEMPTS = 100


class FaceIndex:
    """One generation, its segments mapped into memory and searched together.

    It stays whole when newer ones are published; safe for threads.
    """

    def __init__(self, manifest: Manifest, segments: Sequence[OpenSegment]) -> None:
        self.manifest = manifest
        self.segments = segments

    @property
    def count(self) -> int:
        return self.manifest.count

    @property
    def ids(self) -> NDArray[np.int64]:
        """All face ids (n,)."""
        return np.concatenate([np.empty(0, np.int64), *(each.ids for each in self.segments)])

    def iter_batches(self) -> Iterator[tuple[NDArray[np.int64], Vector]]:
        """All face ids (n,) and vectors (n, d), some thousands at a time."""
        for segment in self.segments:
            yield from segment.iter_batches()

    def find_vectors(self, face_ids: NDArray[np.int64]) -> dict[int, Vector]:
        """The vectors of those of ``face_ids`` (n,) that are in it."""
        found: dict[int, Vector] = {}
        for segment in self.segments:
            ids, vectors = segment.find_vectors(face_ids)
            found.update(zip(ids.tolist(), vectors, strict=True))
        return found

    def search(self, vectors: Vector, k: int) -> tuple[NDArray[np.int64], Vector]:
        """The ``k`` nearest faces of each of ``vectors`` (n, d), float32 of unit length.

        Returns face ids (n, k) and inner products (n, k), best first; where fewer than ``k``
        faces exist, the id is -1. All faces are compared up to ``manifest.exact_faces``; above it
        those in the lists nearest to each vector, and the inner products are exact all the same.
        """
        queries = np.ascontiguousarray(vectors, dtype=np.float32)
        dimension = self.manifest.model.dimension
        if queries.ndim != 2 or queries.shape[1] != dimension:
            raise ValueError(f"expected (n, {dimension}), got {queries.shape}")
        if not np.isfinite(queries).all():
            raise ValueError("a vector that is not finite has no neighbours")
        return search_together(self.segments, queries, k)

    @classmethod
    def open_current(
        cls, index_dir: Path, model: ModelInfo | None, *, thorough: bool = False
    ) -> FaceIndex | None:
        """The generation in force; None when none was published yet.

        Raises :class:`IndexDamaged` for anything that is not what was published, and its subclass
        :class:`IndexOfAnotherModel` for an index of another model than ``model`` (None takes any).
        """
        for _attempt in range(_ATTEMPTS):
            name = files.read_current(index_dir)
            if name is None:
                return None
            try:
                return cls._open(index_dir, name, model, thorough)
            except FileNotFoundError as error:
                missing = error.filename
                if files.read_current(index_dir) == name:  # else: pruned while we were reading
                    break
        raise IndexDamaged(
            f"{index_dir / files.CURRENT} names no generation that is there: {missing} is missing; "
            "run scrapy reindex"
        )

    @classmethod
    def _open(
        cls, index_dir: Path, name: str, model: ModelInfo | None, thorough: bool
    ) -> FaceIndex:
        manifest = Manifest.read(index_dir / name / files.MANIFEST)
        if model is not None and manifest.model != model:
            raise IndexOfAnotherModel(
                f"{index_dir / name} is of the model {manifest.model.name}, "
                f"{manifest.model.preprocessing}, not of the one in use; run scrapy reindex"
            )
        return cls.load(index_dir, manifest, thorough=thorough)

    @classmethod
    def load(cls, index_dir: Path, manifest: Manifest, *, thorough: bool = False) -> FaceIndex:
        """Map the segments that ``manifest`` names; each file is compared with it once a process.

        ``thorough`` reads all of them from the disk itself and computes all digests.
        Raises :class:`IndexDamaged`, or ``FileNotFoundError`` when pruned.
        """
        dimension, coded = manifest.model.dimension, manifest.count > manifest.exact_faces
        segments = [
            OpenSegment.open(index_dir, segment, dimension, coded=coded, thorough=thorough)
            for segment in manifest.segments
        ]
        found = cls(manifest, segments)
        if thorough:
            if manifest.quantiser is not None:  # only publishers use it
                check_file(index_dir, manifest.quantiser.file, from_disk=True)
            found._check_digest(index_dir / manifest.generation)
        return found

    def _check_digest(self, folder: Path) -> None:
        if len(np.unique(self.ids)) != self.count:
            raise IndexDamaged(f"{folder} holds a face twice; run scrapy reindex")
        total = sum(compute_digest(ids, vectors) for ids, vectors in self.iter_batches())
        if format_digest(total) != self.manifest.digest:
            raise IndexDamaged(f"{folder} holds other faces than its manifest says")
