"""The evidence of one lookup, put together once: what every rule looks at and none recomputes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from enrichscrapy.items import Identity, Neighbour
from enrichscrapy.verdicts.background import background
from enrichscrapy.verdicts.crowd import Crowd
from enrichscrapy.verdicts.evidence import (
    Matrix,
    Nearness,
    clusters,
    distances,
    independent,
    set_apart,
    stack,
)
from enrichscrapy.verdicts.region import (
    NO_CAUTION,
    Caution,
    Region,
    apart_with_care,
    caution,
    lessen,
    with_care,
)
from enrichscrapy.verdicts.thresholds import Thresholds
from enrichscrapy.verdicts.trusted_faces import TrustedFaces
from enrichscrapy.verdicts.types import Candidate, Context, Reason, Reference


@dataclass(frozen=True)
class Group:
    """Photos of the profile that agree.

    ``size`` counts independent pictures of good enough quality; ``dominant`` is true of the one
    group that has more of them than any other; ``apart`` is how far its pictures and the trusted
    faces are set apart, None of a single picture; ``caution`` is by where both lie.
    """

    members: tuple[int, ...]
    size: int
    dominant: bool
    apart: float | None
    caution: Caution


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of one candidate, the ``index``-th in canonical order; ``vector`` is (1, d).

    ``care`` is the group's caution as far as the page does not vouch for the face. ``allowance`` is
    what the rest of the index, the performer's own variety and that care add to the thresholds,
    ``usual_allowance`` what they add where people are told apart; ``picture`` is false of a photo
    that only repeats a better one of the profile.
    """

    index: int
    candidate: Candidate
    vector: Matrix
    trusted_faces: TrustedFaces
    crowd: Crowd
    care: Caution
    allowance: float
    usual_allowance: float
    group: Group
    picture: bool
    thresholds: Thresholds

    @cached_property
    def own(self) -> Nearness | None:
        """How near the trusted faces are; None where there are none."""
        return self.trusted_faces.nearness(self.vector)

    @cached_property
    def anchor(self) -> float | None:
        """The score against the faces that trust began with, where others are trusted too."""
        return self.trusted_faces.anchor(self.vector)

    @cached_property
    def score(self) -> float:
        """Distance to the trusted faces as the thresholds see it; 2 without any."""
        return self.own.score + self.claim - self.allowance if self.own else 2.0

    @property
    def resembles(self) -> bool:
        """Whether it is as near as faces are accepted where people are known to be told apart."""
        if self.own is None:
            return False
        near = self.own.score - self.usual_allowance
        return near <= self.thresholds.accept_at(self.trusted_faces.count)

    @property
    def other(self) -> Neighbour | None:
        """The nearest face of another performer."""
        return self.crowd.nearest

    @cached_property
    def claim(self) -> float:
        """By how much another performer has the better claim (:meth:`Crowd.claim`)."""
        return self.crowd.claim(self.own)

    @property
    def other_is_nearer(self) -> bool:
        return self.claim > (self.thresholds.margin if self.own else 0.0)

    @property
    def witness(self) -> bool:
        """Whether it may speak for others: of good enough quality and nobody else's photo."""
        good = self.candidate.quality >= self.thresholds.low_quality
        return good and not self.candidate.shared

    @property
    def certain(self) -> bool:
        """So near the trusted faces that only photos that agree with it can cast doubt on it, and
        that it needs no other picture beside it."""
        return self.score <= self.thresholds.certain_at(self.trusted_faces.count)

    @property
    def matches(self) -> bool:
        """Near enough to the trusted faces to be accepted, and to speak for others."""
        return self.score <= self.thresholds.accept_at(self.trusted_faces.count)

    @property
    def matches_but_for_claim(self) -> bool:
        return self.score - self.claim <= self.thresholds.accept_at(self.trusted_faces.count)

    @cached_property
    def against(self) -> tuple[Reason, ...]:
        """What speaks against the face by itself, whatever the rest of the profile says."""
        if self.own is None:
            return ()
        found = []
        if self.other_is_nearer and self.other is not None:
            both = self.resembles and self.other.distance <= self.thresholds.accept_at(1)
            found.append(Reason.SUSPECTED_MERGE if both else Reason.OTHER_PERFORMER)
        if self.trusted_faces.refuse(self.own, self.anchor):
            found.append(Reason.TOO_FAR)
        return tuple(found)

    @cached_property
    def fits(self) -> bool:
        """Whether it matches and nothing speaks against it."""
        return self.matches and not self.against

    @property
    def speaks_for_others(self) -> bool:
        """Whether it shows that the page is the performer's."""
        return self.witness and self.fits


@dataclass(frozen=True, eq=False)
class Case:
    """All of a lookup's evidence.

    ``evidence`` is in canonical order, so that no verdict depends on the order of the photos;
    ``order[i]`` is the place of its i-th entry among the candidates. ``vectors`` are the
    candidates', ``gaps`` the distances between them.
    """

    evidence: tuple[Evidence, ...]
    order: tuple[int, ...]
    groups: tuple[Group, ...]
    vectors: Matrix
    gaps: Matrix
    trusted_faces: TrustedFaces
    trusted: tuple[Reference, ...]
    untrusted: tuple[Reference, ...]
    waiting: tuple[Reference, ...]
    context: Context
    thresholds: Thresholds

    @property
    def count(self) -> int:
        """Trusted faces."""
        return len(self.trusted)

    @cached_property
    def lone(self) -> bool:
        """Whether the page has but one picture, perhaps in several copies, and only the name says
        whose page it is."""
        pictures = sum(item.picture for item in self.evidence)
        return pictures == 1 and self.context.identity is not Identity.CONFIRMED


def gather(
    candidates: Sequence[Candidate],
    references: Sequence[Reference],
    neighbours: Sequence[Sequence[Neighbour]],
    context: Context,
    thresholds: Thresholds,
) -> Case:
    """Put the evidence together. ``neighbours`` has one list per candidate (it may be empty)."""
    if len(neighbours) != len(candidates):
        raise ValueError("one list of neighbours per candidate is needed")
    order = sorted(range(len(candidates)), key=lambda index: _canonical(candidates[index]))
    ordered = [candidates[index] for index in order]
    known = sorted(references, key=lambda face: face.face_id)
    trusted = tuple(face for face in known if face.trusted and not face.waiting)
    trusted_faces = TrustedFaces(trusted, thresholds)
    crowds = [
        Crowd(neighbours[index], max(context.index_size, len(neighbours[index])), thresholds)
        for index in order
    ]
    vectors = stack([candidate.vector for candidate in ordered])
    gaps = distances(vectors, vectors)
    groups = _groups(ordered, vectors, gaps, trusted_faces, context, thresholds)
    group_of = {index: group for group in groups for index in group.members}
    cares = {
        index: lessen(group.caution, _vouch(group, context, thresholds), thresholds)
        for group in groups
        for index in group.members
    }
    pictures = set(independent(gaps, thresholds.twin))
    return Case(
        evidence=tuple(
            Evidence(
                index=index,
                candidate=candidate,
                vector=vectors[[index]],
                trusted_faces=trusted_faces,
                crowd=crowds[index],
                care=cares[index],
                allowance=_allow(trusted_faces, crowds[index], cares[index], thresholds),
                usual_allowance=_allow(trusted_faces, crowds[index], NO_CAUTION, thresholds),
                group=group_of[index],
                picture=index in pictures,
                thresholds=thresholds,
            )
            for index, candidate in enumerate(ordered)
        ),
        order=tuple(order),
        groups=groups,
        vectors=vectors,
        gaps=gaps,
        trusted_faces=trusted_faces,
        trusted=trusted,
        untrusted=tuple(face for face in known if not face.trusted and not face.waiting),
        waiting=tuple(face for face in known if face.waiting),
        context=context,
        thresholds=thresholds,
    )


def _take_care(
    trusted_faces: TrustedFaces, shown: Matrix, context: Context, thresholds: Thresholds
) -> Caution:
    """By where the trusted faces lie; there is nothing to be taken off without any. Few photos tell
    little of how well the model knows people there: those of the page are asked as well."""
    if not trusted_faces.count:
        return caution(Region(), context.weak, thresholds)
    model = background(thresholds.background)
    asked = (trusted_faces.vectors, shown)
    risk = sum(model.risk(faces) for faces in asked) / len(asked) if model else 0.0
    region = Region.of(context.around, context.index_size, risk, thresholds)
    return caution(region, context.weak, thresholds)


def _vouch(group: Group, context: Context, thresholds: Thresholds) -> float:
    """How far the page is known to be the performer's (0 to 1): by what it says of its person, or
    by how little its photos that agree are set apart from the trusted ones."""
    if context.identity is Identity.CONFIRMED:
        return 1.0
    if group.apart is None or not thresholds.page_fits:
        return 0.0
    return min(max(1 - group.apart / thresholds.page_fits, 0.0), 1.0)


def _allow(
    trusted_faces: TrustedFaces, crowd: Crowd, care: Caution, thresholds: Thresholds
) -> float:
    apart = apart_with_care(crowd.apart, care, thresholds)
    variety = with_care(trusted_faces.variety, care, thresholds)
    return variety + thresholds.crowd_weight * apart


def _canonical(candidate: Candidate) -> tuple[float, str, bytes]:
    vector = np.ascontiguousarray(candidate.vector, dtype=np.float32)
    return (-float(candidate.quality), candidate.photo, vector.tobytes())


def _groups(
    ordered: Sequence[Candidate],
    vectors: Matrix,
    gaps: Matrix,
    trusted_faces: TrustedFaces,
    context: Context,
    thresholds: Thresholds,
) -> tuple[Group, ...]:
    found = clusters(vectors, [candidate.photo for candidate in ordered], thresholds.agree)
    pictures = [
        [members[place] for place in independent(gaps[np.ix_(members, members)], thresholds.twin)]
        for members in found
    ]
    sizes = [
        sum(ordered[index].quality >= thresholds.low_quality for index in shown)
        for shown in pictures
    ]
    faces = trusted_faces.vectors
    most = max(sizes, default=0)
    alone = sizes.count(most) == 1
    return tuple(
        Group(
            tuple(members),
            size,
            alone and size == most,
            set_apart(vectors[shown], faces) if size > 1 and len(faces) else None,
            _take_care(trusted_faces, vectors[shown], context, thresholds),
        )
        for members, shown, size in zip(found, pictures, sizes, strict=True)
    )
