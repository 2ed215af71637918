"""The evidence of one lookup, put together once: what every rule looks at and none recomputes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

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
    spread,
    stack,
)
from enrichscrapy.verdicts.thresholds import Thresholds
from enrichscrapy.verdicts.types import Candidate, Context, Reference

# Other performers' faces that tell how crowded it is round a face.
COHORT = 10


@dataclass(frozen=True)
class Group:
    """Photos of the profile that agree.

    ``size`` counts independent pictures of good enough quality; ``dominant`` is true of the one
    group that has more of them than any other; ``as_one`` is the distance of the group's mean to
    the trusted faces, with the members' mean allowance taken off.
    """

    members: tuple[int, ...]
    size: int
    dominant: bool
    as_one: float | None


@dataclass(frozen=True)
class Evidence:
    """What is known of one candidate, the ``index``-th in canonical order.

    ``allowance`` is what the rest of the index and the performer's own variety add to the
    thresholds; ``apart`` is the distance behind the index's part of it; ``anchor`` is the score
    against the faces that a person vouched for, when other trusted faces exist too; a ``witness``
    is of good enough quality to speak for others and nobody else's photo; ``picture`` is false of
    one that only repeats a better one of the same profile.
    """

    index: int
    candidate: Candidate
    own: Nearness | None
    anchor: float | None
    apart: float
    allowance: float
    other: Neighbour | None
    other_is_nearer: bool
    witness: bool
    picture: bool
    group: Group

    @property
    def score(self) -> float:
        """Distance to the trusted faces as the accept threshold sees it; 2 without any."""
        return self.own.score - self.allowance if self.own else 2.0


@dataclass(frozen=True)
class Case:
    """All of a lookup's evidence.

    ``evidence`` is in canonical order, so that no verdict depends on the order of the photos;
    ``order[i]`` is the place of its i-th entry among the candidates. ``faces`` are the trusted
    faces' vectors, ``vectors`` the candidates'.
    """

    evidence: tuple[Evidence, ...]
    order: tuple[int, ...]
    groups: tuple[Group, ...]
    vectors: Matrix
    faces: Matrix
    trusted: tuple[Reference, ...]
    untrusted: tuple[Reference, ...]
    context: Context
    thresholds: Thresholds

    @property
    def count(self) -> int:
        return len(self.trusted)

    @property
    def anchored(self) -> int:
        """How many faces the anchor scores were measured against."""
        return len(_anchors(self.trusted))


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
    near = [sorted(neighbours[index], key=_by_distance) for index in order]
    crowds = [max(context.index_size, len(neighbours[index])) for index in order]
    known = sorted(references, key=lambda face: face.face_id)
    trusted = tuple(face for face in known if face.trusted)
    vectors = stack([candidate.vector for candidate in ordered])
    faces = stack([face.vector for face in trusted])
    anchors = stack([face.vector for face in _anchors(trusted)])
    variety = allowed_variety(faces, thresholds)
    apart = [
        apart_from_crowd([other.distance for other in others], crowd, thresholds)
        for others, crowd in zip(near, crowds, strict=True)
    ]
    allowances = [thresholds.crowd_weight * gap + variety for gap in apart]
    groups = _groups(ordered, vectors, faces, allowances, thresholds)
    group_of = {index: group for group in groups for index in group.members}
    pictures = set(independent(vectors, thresholds.twin))
    evidence = []
    for index, candidate in enumerate(ordered):
        vector = vectors[[index]]
        own = nearness(vector, faces) if len(faces) else None
        other = near[index][0] if near[index] else None
        evidence.append(
            Evidence(
                index=index,
                candidate=candidate,
                own=own,
                anchor=nearness(vector, anchors).score if 0 < len(anchors) < len(faces) else None,
                apart=apart[index],
                allowance=allowances[index],
                other=other,
                other_is_nearer=_is_nearer(other, own, crowds[index], thresholds),
                witness=candidate.quality >= thresholds.low_quality and not candidate.shared,
                picture=index in pictures,
                group=group_of[index],
            )
        )
    return Case(
        evidence=tuple(evidence),
        order=tuple(order),
        groups=groups,
        vectors=vectors,
        faces=faces,
        trusted=trusted,
        untrusted=tuple(face for face in known if not face.trusted),
        context=context,
        thresholds=thresholds,
    )


def _anchors(trusted: Sequence[Reference]) -> Sequence[Reference]:
    """The faces that trust began with: those a person vouched for, else the three oldest. What
    they would have kept out stays out, however trust has grown since."""
    return [face for face in trusted if not face.earned] or trusted[:3]


def _canonical(candidate: Candidate) -> tuple[float, str, bytes]:
    vector = np.ascontiguousarray(candidate.vector, dtype=np.float32)
    return (-float(candidate.quality), candidate.photo, vector.tobytes())


def _by_distance(neighbour: Neighbour) -> tuple[float, int, int]:
    return (neighbour.distance, neighbour.performer_id, neighbour.face_id)


def _groups(
    ordered: Sequence[Candidate],
    vectors: Matrix,
    faces: Matrix,
    allowances: Sequence[float],
    thresholds: Thresholds,
) -> tuple[Group, ...]:
    found = clusters(vectors, [candidate.photo for candidate in ordered], thresholds.agree)
    sizes = [
        sum(ordered[members[place]].quality >= thresholds.low_quality for place in pictures)
        for members in found
        for pictures in [independent(vectors[members], thresholds.twin)]
    ]
    most = max(sizes, default=0)
    alone = sizes.count(most) == 1
    groups = []
    for members, size in zip(found, sizes, strict=True):
        as_one = None
        if len(faces):
            gap = distances(centroid(vectors[members]), centroid(faces))[0, 0]
            as_one = float(gap) - sum(allowances[index] for index in members) / len(members)
        groups.append(Group(tuple(members), size, alone and size == most, as_one))
    return tuple(groups)


def _is_nearer(
    other: Neighbour | None, own: Nearness | None, crowd: int, thresholds: Thresholds
) -> bool:
    """Whether another performer has the better claim: a face of theirs is nearer than any of this
    performer's trusted ones, and nearer than the nearest of so many strangers is by chance."""
    if other is None or other.distance >= chance_distances(1, crowd, thresholds)[0]:
        return False
    limit = own.nearest - thresholds.margin if own else thresholds.accept_at(1)
    return other.distance < limit


def apart_from_crowd(others: Sequence[float], crowd: int, thresholds: Thresholds) -> float:
    """By how much ``others`` (nearest first) lie farther than the nearest of ``crowd`` strangers'
    faces do by chance. A face that stands apart from everybody else's may be a little farther from
    its own; one in a crowd (a blurred face is like many) must be nearer. The nearest of ``others``
    counts a third, the mean of the nearest ten the rest: a single lookalike matters, and does not
    decide alone."""
    near = others[:COHORT]
    if not near:
        return 0.0
    by_chance = chance_distances(len(near), crowd, thresholds)
    nearest = near[0] - by_chance[0]
    mean = (sum(near) - sum(by_chance)) / len(near)
    return _bounded((nearest + 2 * mean) / 3, thresholds.allowance_bound)


def allowed_variety(faces: Matrix, thresholds: Thresholds) -> float:
    """A person whose photos are all alike is expected to be like them; one who varies, less so."""
    if not len(faces):
        return 0.0
    more = spread(faces, thresholds.spread_usual) - thresholds.spread_usual
    return thresholds.spread_weight * _bounded(more, thresholds.allowance_bound)


def _bounded(value: float, bound: float) -> float:
    return min(max(value, -bound), bound)


@lru_cache(maxsize=4096)
def chance_distances(nearest: int, crowd: int, thresholds: Thresholds) -> tuple[float, ...]:
    """Where the ``nearest`` of ``crowd`` strangers' faces lie by chance (the median of each)."""
    strangers = NormalDist(thresholds.stranger_mean, thresholds.stranger_sd)
    # The usual approximation of the median of a Beta distribution.
    shares = ((place + 2 / 3) / (max(crowd, nearest) + 1 / 3) for place in range(nearest))
    return tuple(strangers.inv_cdf(share) for share in shares)
