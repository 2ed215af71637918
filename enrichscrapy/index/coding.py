"""Which segments have codes, and when the quantiser is retrained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.index.codes import SAMPLES, Codes, count_lists
from enrichscrapy.index.files import NewGeneration
from enrichscrapy.index.manifest import Quantiser, Segment, is_sampled
from enrichscrapy.index.segments import OpenSegment, check_file
from enrichscrapy.items import Vector

_GROWN = 4
"""Times as many faces as it was trained on: from then on a quantiser has too few lists."""
_SHARE = 16
"""A segment of less than ``exact_faces`` / this has no codes: all such are soon compared."""


@dataclass(frozen=True)
class Coder:
    """Writes the codes that a generation's segments lack."""

    index_dir: Path
    new: NewGeneration
    dimension: int
    exact_faces: int

    def code(
        self,
        segments: Sequence[Segment],
        quantiser: Quantiser | None,
        dropped: NDArray[np.int64],
    ) -> tuple[tuple[Segment, ...], Quantiser | None]:
        """The segments with their codes, and what these were made with.

        None up to ``exact_faces`` faces. Trained and coded again when there are ``_GROWN``
        times as many faces, and when a face of ``dropped`` (n,) took part: a list's middle may be
        one person's.
        """
        count = sum(segment.live for segment in segments)
        if count <= self.exact_faces:
            return tuple(replace(segment, codes=None) for segment in segments), None
        if quantiser is None or count >= _GROWN * quantiser.faces or quantiser.saw(dropped):
            segments = [replace(segment, codes=None) for segment in segments]
            quantiser = self._train(segments, count)
        return tuple(self._encode(segment, quantiser) for segment in segments), quantiser

    def _train(self, segments: Sequence[Segment], count: int) -> Quantiser:
        lists = count_lists(count)
        every = max(1, count // (SAMPLES * lists))
        sample = np.concatenate(list(self._draw(segments, every)))
        trained = Codes.train(sample, lists)
        file = self.new.write("trained", trained.write)
        return Quantiser(file, count, every, max(segment.last_id for segment in segments))

    def _draw(self, segments: Sequence[Segment], every: int) -> Iterator[Vector]:
        for segment in segments:
            for ids, vectors in self._open(segment).iter_batches():
                yield vectors[is_sampled(ids, every)]

    def _encode(self, segment: Segment, quantiser: Quantiser) -> Segment:
        if segment.codes is not None or segment.count * _SHARE < self.exact_faces:
            return segment
        path = check_file(self.index_dir, quantiser.file)
        codes = Codes.read(path, self.dimension, 0, mapped=False)
        codes.encode(self._open(segment).matrix)
        return replace(segment, codes=self.new.write("codes", codes.write))

    def _open(self, segment: Segment) -> OpenSegment:
        return OpenSegment.open(self.index_dir, segment, self.dimension)
