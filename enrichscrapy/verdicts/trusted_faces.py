"""A performer's trusted faces: how near a face is to them, and which faces they refuse."""

from __future__ import annotations

from collections.abc import Sequence

from enrichscrapy.verdicts.evidence import Matrix, Nearness, nearness, spread, stack
from enrichscrapy.verdicts.thresholds import Thresholds
from enrichscrapy.verdicts.types import Reference


class TrustedFaces:
    """A performer's trusted faces, in the order they came, taken together.

    ``vectors`` is (n, d); ``variety`` is :func:`allowed_variety`. The *anchors* are those that
    trust began with: the faces a person confirmed, else the three oldest. What they would have kept
    out stays out, however trust has grown since.
    """

    def __init__(self, trusted: Sequence[Reference], thresholds: Thresholds) -> None:
        given = [face for face in trusted if not face.earned] or trusted[:3]
        self.vectors = stack([face.vector for face in trusted])
        self.count = len(trusted)
        self.anchored = len(given)
        self.variety = allowed_variety(self.vectors, thresholds)
        self._anchors = stack([face.vector for face in given])
        self._thresholds = thresholds

    def nearness(self, vector: Matrix) -> Nearness | None:
        """Of a (1, d) vector to the trusted faces; None where there are none."""
        return nearness(vector, self.vectors) if self.count else None

    def anchor(self, vector: Matrix) -> float | None:
        """The score against the anchors; None where all trusted faces are anchors."""
        if self.anchored == self.count:
            return None
        return nearness(vector, self._anchors).score

    def refuse(self, own: Nearness | None, anchor: float | None) -> bool:
        """Whether a face is beyond the reject threshold, from all of them or from the anchors."""
        if own is None:
            return False
        if own.score > self._thresholds.reject_at(self.count):
            return True
        return anchor is not None and anchor > self._thresholds.reject_at(self.anchored)


def allowed_variety(faces: Matrix, thresholds: Thresholds) -> float:
    """A person whose photos are all alike is expected to be like them. One who varies gets nothing
    for it: a stranger among the trusted faces would bring others."""
    if not len(faces):
        return 0.0
    more = spread(faces, thresholds.spread_usual) - thresholds.spread_usual
    return thresholds.spread_weight * min(thresholds.bounded(more), 0.0)
