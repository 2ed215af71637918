"""The evidence of one lookup, put together once: what every rule looks at and none recomputes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from enrichscrapy.items import Neighbour
from enrichscrapy.verdicts.evidence import (
    Matrix,
    Nearness,
    centroid,
    clusters,
    distances,
    independent,
    nearness,
    stack,
)
from enrichscrapy.verdicts.thresholds import Thresholds
from enrichscrapy.verdicts.types import Candidate, Context, Reference


@dataclass(frozen=True)
class Group:
    """Photos of the profile that agree. ``size`` counts independent pictures; ``dominant`` is
    true of the one group that has more of them than any other; ``as_one`` is the distance of the
    group's mean to the trusted faces."""

    members: tuple[int, ...]
    size: int
    dominant: bool
    as_one: float | None


@dataclass(frozen=True)
class Evidence:
    """What is known of one candidate, the ``index``-th in canonical order.

    ``anchor`` is its score against the faces that a person vouched for, when other trusted faces
    exist too; a ``witness`` is of good enough quality to speak for others.
    """

    index: int
    candidate: Candidate
    own: Nearness | None
    anchor: float | None
    group: Group
    other: Neighbour | None
    other_is_nearer: bool
    witness: bool


@dataclass(frozen=True)
class Case:
    """All of a lookup's evidence. ``evidence`` is in canonical order, so that no verdict depends
    on the order of the photos; ``order[i]`` is the place of its i-th entry among the candidates."""

    evidence: tuple[Evidence, ...]
    order: tuple[int, ...]
    groups: tuple[Group, ...]
    vectors: Matrix
    trusted: tuple[Reference, ...]
    untrusted: tuple[Reference, ...]
    context: Context
    thresholds: Thresholds

    @property
    def accept(self) -> float:
        return self.thresholds.accept_at(len(self.trusted))

    @property
    def reject(self) -> float:
        return self.thresholds.reject_at(len(self.trusted))

    @property
    def profile(self) -> float:
        return self.thresholds.profile_at(len(self.trusted))


def gather(
    candidates: Sequence[Candidate],
    references: Sequence[Reference],
    neighbours: Sequence[Sequence[Neighbour]],
    context: Context,
    thresholds: Thresholds,
) -> Case:
    """Measure everything once. ``neighbours`` has one list per candidate (it may be empty)."""
    if len(neighbours) != len(candidates):
        raise ValueError("one list of neighbours per candidate is needed")
    order = sorted(range(len(candidates)), key=lambda index: _canonical(candidates[index]))
    ordered = [candidates[index] for index in order]
    vectors = stack([candidate.vector for candidate in ordered])
    references = sorted(references, key=lambda face: face.face_id)
    trusted = tuple(face for face in references if face.trusted)
    faces = stack([face.vector for face in trusted])
    anchors = stack([face.vector for face in trusted if not face.earned])
    groups = _groups(ordered, vectors, faces, thresholds)
    group_of = {index: group for group in groups for index in group.members}
    evidence = []
    for index, candidate in enumerate(ordered):
        vector = vectors[index : index + 1]
        own = nearness(vector, faces) if len(faces) else None
        other = min(neighbours[order[index]], key=_neighbour_key, default=None)
        crowd = max(context.index_size, len(neighbours[order[index]]))
        evidence.append(
            Evidence(
                index=index,
                candidate=candidate,
                own=own,
                anchor=nearness(vector, anchors).score if 0 < len(anchors) < len(faces) else None,
                group=group_of[index],
                other=other,
                other_is_nearer=_is_nearer(other, own, crowd, thresholds),
                witness=candidate.quality >= thresholds.low_quality,
            )
        )
    return Case(
        evidence=tuple(evidence),
        order=tuple(order),
        groups=groups,
        vectors=vectors,
        trusted=trusted,
        untrusted=tuple(face for face in references if not face.trusted),
        context=context,
        thresholds=thresholds,
    )


def _canonical(candidate: Candidate) -> tuple[float, str, bytes]:
    vector = np.ascontiguousarray(candidate.vector, dtype=np.float32)
    return (-float(candidate.quality), candidate.photo, vector.tobytes())


def _neighbour_key(neighbour: Neighbour) -> tuple[float, int, int]:
    return (neighbour.distance, neighbour.performer_id, neighbour.face_id)


def _groups(
    ordered: Sequence[Candidate], vectors: Matrix, faces: Matrix, thresholds: Thresholds
) -> tuple[Group, ...]:
    found = clusters(vectors, [candidate.photo for candidate in ordered], thresholds.agree)
    sizes = [len(independent(vectors[members], thresholds.twin)) for members in found]
    most = max(sizes, default=0)
    alone = sizes.count(most) == 1
    return tuple(
        Group(
            members=tuple(members),
            size=size,
            dominant=alone and size == most,
            as_one=(
                float(distances(centroid(vectors[members]), centroid(faces))[0, 0])
                if len(faces)
                else None
            ),
        )
        for members, size in zip(found, sizes, strict=True)
    )


def _is_nearer(
    other: Neighbour | None, own: Nearness | None, crowd: int, thresholds: Thresholds
) -> bool:
    """Whether another performer has the better claim: a face of theirs is nearer than any of this
    performer's trusted ones, and nearer than the nearest of so many strangers is by chance."""
    if other is None:
        return False
    if crowd * _share_of_strangers(other.distance, thresholds) >= 0.5:
        return False
    limit = own.nearest - thresholds.margin if own else thresholds.accept_at(1)
    return other.distance < limit


def _share_of_strangers(distance: float, thresholds: Thresholds) -> float:
    """The share of strangers' faces that are this near."""
    z = (distance - thresholds.stranger_mean) / thresholds.stranger_sd
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
