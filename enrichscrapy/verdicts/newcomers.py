"""Performers without a trusted face yet, and how a face becomes a reference."""

from __future__ import annotations

from collections import Counter

from enrichscrapy.items import Identity
from enrichscrapy.verdicts.case import Case, Evidence
from enrichscrapy.verdicts.evidence import centroid, distances, nearness, stack
from enrichscrapy.verdicts.page_faces import differs
from enrichscrapy.verdicts.ruling import Ruling, accept, quarantine, reject
from enrichscrapy.verdicts.types import Limits, Reason, Reference, Trust


def without_trusted(case: Case, item: Evidence, trust: Trust, shown: set[int]) -> Ruling:
    """The page must be confirmed, or show who a confirmed page of another source showed: a
    stranger's photos agree with each other as well as anybody's."""
    if item.other_is_nearer:
        high = trust is Trust.HIGH
        return (quarantine if high else reject)(Reason.OTHER_PERFORMER)
    if trust is Trust.LOW:
        return reject(Reason.NO_REFERENCES)
    if _far_from_accepted(case, item):
        return quarantine(Reason.CONTRADICTS_ACCEPTED)
    if not item.group.dominant:
        return quarantine(Reason.OUTVOTED)
    proven = case.context.identity is Identity.CONFIRMED
    if shown:
        return accept(Reason.OTHER_SOURCE, trusted=proven and item.witness)
    if trust is Trust.MEDIUM:
        return quarantine(Reason.NO_REFERENCES)
    if proven:
        return accept(Reason.CORROBORATED_PAGE)
    return quarantine(Reason.UNPROVEN_PAGE if item.group.size > 1 else Reason.SINGLE_PHOTO)


def _far_from_accepted(case: Case, item: Evidence) -> bool:
    if not case.untrusted:
        return False
    accepted = stack([face.vector for face in case.untrusted])
    gap = nearness(item.vector, accepted).score
    return gap > case.thresholds.reject_at(len(case.untrusted))


def shown_elsewhere(case: Case) -> set[int]:
    """Ids of faces that another source showed, of the same person in other pictures: accepted ones
    that are not trusted yet and, where this page is confirmed, those that waited for such a page.
    Two pages of which only the name speaks never confirm each other: a namesake has both."""
    proven = case.context.identity is Identity.CONFIRMED
    elsewhere = [
        face
        for face in (*case.untrusted, *(case.waiting if proven else ()))
        if face.source != case.context.source and face.quality >= case.thresholds.low_quality
    ]
    if case.context.identity is Identity.MISMATCH or not elsewhere:
        return set()
    return _by_trusted(case, elsewhere) if case.trusted else _by_profile(case, elsewhere)


def confirmed(case: Case, shown: set[int], limits: Limits) -> set[int]:
    """Those of the faces ``shown`` elsewhere that are accepted and may be references from now on.

    Faces that waited come in as far as there is room.
    """
    if not case.trusted and case.context.identity is not Identity.CONFIRMED:
        return set()
    kept = {face.face_id for face in case.untrusted} & shown
    sources = Counter(face.source for face in (*case.trusted, *case.untrusted))
    room = limits.total - sources.total() - len(case.evidence)
    for face in case.waiting:
        if face.face_id in shown and sources[face.source] < limits.per_source and room > 0:
            kept.add(face.face_id)
            sources[face.source] += 1
            room -= 1
    return kept


def _by_trusted(case: Case, elsewhere: list[Reference]) -> set[int]:
    """A face accepted on thin evidence, which the trusted faces and a certain photo confirm."""
    certain = [
        item.vector
        for item in case.evidence
        if item.speaks_for_others and item.certain and not differs(case, item.group)
    ]
    limit = case.thresholds.accept_at(case.count)
    return {
        face.face_id
        for face in elsewhere
        if nearness(own := stack([face.vector]), case.trusted_faces.vectors).score <= limit
        and any(case.thresholds.twin < distances(own, seen)[0, 0] <= limit for seen in certain)
    }


def _by_profile(case: Case, elsewhere: list[Reference]) -> set[int]:
    """There is no reference yet: two sources that show one person in different pictures do."""
    group = next((group for group in case.groups if group.dominant), None)
    if group is None:
        return set()
    shown = case.vectors[list(group.members)]
    accepted = stack([face.vector for face in elsewhere])
    if distances(shown, accepted).min() <= case.thresholds.twin:
        return set()
    as_one = float(distances(centroid(shown), centroid(accepted))[0, 0])
    if as_one > case.thresholds.accept_at(len(elsewhere)):
        return set()
    limit = case.thresholds.accept_at(len(shown))
    return {
        face.face_id
        for face, vector in zip(elsewhere, accepted, strict=True)
        if nearness(vector[None, :], shown).score <= limit
    }
