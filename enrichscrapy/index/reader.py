"""Reading the index in force while a publisher may be at work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.exceptions import IndexDamaged, IndexOfAnotherModel
from enrichscrapy.index import files
from enrichscrapy.index.manifest import Manifest, digest_hex, digest_of
from enrichscrapy.index.vectors import Vectors
from enrichscrapy.items import ModelInfo, Vector

_ATTEMPTS = 100


class FaceIndex:
    """One generation in memory. It stays whole when newer ones are published; safe for threads."""

    def __init__(self, manifest: Manifest, vectors: Vectors) -> None:
        self.manifest = manifest
        self.vectors = vectors

    @property
    def count(self) -> int:
        return len(self.vectors)

    def search(self, vectors: Vector, k: int) -> tuple[NDArray[np.int64], Vector]:
        """The ``k`` nearest faces of each of ``vectors`` (n, d), float32 of unit length.

        Returns face ids (n, k) and inner products (n, k), best first; where fewer than ``k``
        faces exist, the id is -1.
        """
        queries = np.ascontiguousarray(vectors, dtype=np.float32)
        if queries.ndim != 2 or queries.shape[1] != self.vectors.dimension:
            raise ValueError(f"expected (n, {self.vectors.dimension}), got {queries.shape}")
        if not np.isfinite(queries).all():
            raise ValueError("a vector that is not finite has no neighbours")
        return self.vectors.search(queries, k)

    @classmethod
    def open_current(cls, index_dir: Path, model: ModelInfo | None) -> FaceIndex | None:
        """The generation in force; None when none was published yet.

        Raises :class:`IndexDamaged` for anything that is not what was published, and its subclass
        :class:`IndexOfAnotherModel` for an index of another model than ``model`` (None takes any).
        """
        for _attempt in range(_ATTEMPTS):
            name = files.read_current(index_dir)
            if name is None:
                return None
            try:
                return cls._open(index_dir / name, model)
            except FileNotFoundError:
                if files.read_current(index_dir) == name:  # else: pruned while we were reading
                    break
        raise IndexDamaged(f"{index_dir / files.CURRENT} names no generation that is there")

    @classmethod
    def _open(cls, folder: Path, model: ModelInfo | None) -> FaceIndex:
        manifest = Manifest.read(folder / files.MANIFEST)
        if model is not None and manifest.model != model:
            raise IndexOfAnotherModel(
                f"{folder} is of the model {manifest.model.name}, {manifest.model.preprocessing}, "
                f"not of the one in use; run scrapy reindex"
            )
        return cls.load(folder, manifest)

    @classmethod
    def load(cls, folder: Path, manifest: Manifest, *, thorough: bool = False) -> FaceIndex:
        """Read ``faces.faiss`` and compare it with its manifest.

        ``thorough`` reads it from the disk itself and recomputes the digest of all ids and
        vectors too. Raises :class:`IndexDamaged`, or ``FileNotFoundError`` when pruned.
        """
        path = folder / files.FACES
        expected = files.FileMark(manifest.file_sha256, manifest.file_size)
        if files.mark_of(path, from_disk=thorough) != expected:
            raise IndexDamaged(f"{path} is not the file its manifest names; run scrapy reindex")
        vectors = Vectors.read(path, manifest.model.dimension)
        if len(vectors) != manifest.count:
            raise IndexDamaged(f"{path} holds {len(vectors)} faces, not {manifest.count}")
        if thorough and digest_hex(digest_of(vectors.ids, vectors.matrix)) != manifest.digest:
            raise IndexDamaged(f"{path} holds other vectors than its manifest says")
        return cls(manifest, vectors)
