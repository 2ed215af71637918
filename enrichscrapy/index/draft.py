"""A generation in the making: vectors, and the count and digest they must end up with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.index.accepted import Batch
from enrichscrapy.index.files import FileMark
from enrichscrapy.index.manifest import Change, Manifest, digest_hex, digest_of
from enrichscrapy.index.vectors import Vectors
from enrichscrapy.items import ModelInfo

if TYPE_CHECKING:
    from enrichscrapy.database.connection import Database


@dataclass
class Draft:
    """The digest follows what the database said, not what FAISS made of it: reading the file back
    and computing the digest again therefore proves the file.
    """

    model: ModelInfo
    change: Change
    vectors: Vectors
    digest: int = 0
    skipped: set[int] = field(default_factory=set)
    added: int = 0
    removed: int = 0

    def add(self, batch: Batch) -> None:
        self.vectors.add(batch.ids, batch.vectors)
        self.digest += digest_of(batch.ids, batch.vectors)
        self.skipped.update(batch.unusable)
        self.added += len(batch.ids)

    def remove(self, face_ids: NDArray[np.int64]) -> None:
        """Take out those of ``face_ids`` (n,) that are in it."""
        gone, rows = self.vectors.lookup(face_ids)
        self.digest -= digest_of(gone, rows)
        self.vectors.remove(gone)
        self.skipped.difference_update(face_ids.tolist())
        self.removed += len(gone)

    def make_manifest(
        self, generation: str, previous: str | None, mark: FileMark, db: Database
    ) -> Manifest:
        return Manifest(
            generation=generation,
            previous=previous,
            model=self.model,
            count=len(self.vectors),
            change=self.change,
            digest=digest_hex(self.digest),
            file_sha256=mark.sha256,
            file_size=mark.size,
            created_at=db.clock(),
            skipped=tuple(sorted(self.skipped)),
            database=db.token,
        )
