"""A generation in the making: what stands, what is rewritten, and what it all must add up to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.index import tiers
from enrichscrapy.index.accepted import Batch
from enrichscrapy.index.coding import Coder
from enrichscrapy.index.files import NewGeneration
from enrichscrapy.index.manifest import (
    EXACT_FACES,
    Change,
    Manifest,
    Quantiser,
    Segment,
    compute_digest,
    format_digest,
)
from enrichscrapy.index.segments import OpenSegment
from enrichscrapy.index.writer import SegmentWriter
from enrichscrapy.items import ModelInfo, Vector

if TYPE_CHECKING:
    from enrichscrapy.database.connection import Database


@dataclass
class Draft:
    """The digest follows what the database said, not what FAISS made of it: reading the files back
    and computing the digest again therefore proves them.

    ``dropped`` are gone faces whose vector the database no longer has either: no file keeps them.
    """

    index_dir: Path
    model: ModelInfo
    change: Change
    exact_faces: int = EXACT_FACES
    segments: tuple[Segment, ...] = ()
    quantiser: Quantiser | None = None
    digest: int = 0
    skipped: set[int] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)
    added: int = 0
    removed: int = 0

    @classmethod
    def on(cls, base: Manifest, index_dir: Path, change: Change, exact_faces: int) -> Self:
        """What ``base`` holds, to be changed."""
        return cls(
            index_dir,
            base.model,
            change,
            exact_faces,
            base.segments,
            base.quantiser,
            int(base.digest, base=16),
            set(base.skipped),
        )

    @property
    def count(self) -> int:
        return sum(segment.live for segment in self.segments)

    @property
    def gone(self) -> list[int]:
        """Ids of all that count no more but are in a file, or were trained on."""
        found = {face_id for segment in self.segments for face_id in segment.gone}
        return sorted(found.union(self.quantiser.gone if self.quantiser else ()))

    def take_out(self, face_ids: NDArray[np.int64]) -> list[int]:
        """Mark those of ``face_ids`` (n,) that are in it as gone, and return them.

        Only segments that may hold one are opened.
        """
        self.skipped.difference_update(face_ids.tolist())
        found: list[int] = []
        segments = []
        for segment in self.segments:
            ids, vectors = self._find(segment, face_ids)
            self.digest -= compute_digest(ids, vectors)
            gone = tuple(sorted({*segment.gone, *ids.tolist()}))
            segments.append(replace(segment, gone=gone) if len(ids) else segment)
            found += ids.tolist()
        self.segments = tuple(segments)
        self.removed += len(found)
        return found

    def _find(
        self, segment: Segment, face_ids: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], Vector]:
        near = face_ids[(face_ids >= segment.first_id) & (face_ids <= segment.last_id)]
        if not len(near):
            return np.empty(0, np.int64), np.empty((0, self.model.dimension), np.float32)
        return self._open(segment).find_vectors(near)

    def _open(self, segment: Segment) -> OpenSegment:
        return OpenSegment.open(self.index_dir, segment, self.model.dimension)

    def write_segments(self, new: NewGeneration, incoming: Iterable[Batch], expected: int) -> None:
        """Write about ``expected`` faces of ``incoming``, with the segments that are merged."""
        merged = tiers.choose_segments(self.segments, expected, self.dropped)
        writer = SegmentWriter(new, self.model.dimension)
        for segment in merged:
            for ids, vectors in self._open(segment).iter_batches():
                writer.add(ids, vectors)
        for ids, vectors in self._take_in(incoming):
            writer.add(ids, vectors)
        if self.quantiser is not None:
            left_behind = [face_id for segment in merged for face_id in segment.gone]
            self.quantiser = self.quantiser.remember_gone(np.array(left_behind, dtype=np.int64))
        stay = tuple(segment for segment in self.segments if segment not in merged)
        self.segments = stay + writer.finish()

    def write_codes(self, new: NewGeneration) -> None:
        """Write the codes that segments lack; training may take a minute."""
        coder = Coder(self.index_dir, new, self.model.dimension, self.exact_faces)
        self.segments, self.quantiser = coder.code(
            self.segments, self.quantiser, np.array(sorted(self.dropped), dtype=np.int64)
        )

    def _take_in(self, incoming: Iterable[Batch]) -> Iterator[tuple[NDArray[np.int64], Vector]]:
        for batch in incoming:
            self.digest += compute_digest(batch.ids, batch.vectors)
            self.skipped.update(batch.unusable)
            self.added += len(batch.ids)
            yield batch.ids, batch.vectors

    def make_manifest(self, generation: str, previous: str | None, db: Database) -> Manifest:
        return Manifest(
            generation=generation,
            previous=previous,
            model=self.model,
            count=self.count,
            change=self.change,
            digest=format_digest(self.digest),
            segments=self.segments,
            created_at=db.clock(),
            quantiser=self.quantiser,
            exact_faces=self.exact_faces,
            skipped=tuple(sorted(self.skipped)),
            database=db.token,
        )
