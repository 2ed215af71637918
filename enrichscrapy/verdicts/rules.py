"""The rules: from the evidence of one lookup to a verdict on each of its faces.

References are frozen for the length of a lookup: nothing accepted here speaks for anything else
accepted here. Each trust level is one function of the same evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enrichscrapy.items import Decision, Identity, Judgement, Neighbour, Verdict
from enrichscrapy.verdicts.case import Case, Evidence, Group, gather
from enrichscrapy.verdicts.evidence import centroid, distances, stack
from enrichscrapy.verdicts.room import make_room
from enrichscrapy.verdicts.thresholds import Thresholds
from enrichscrapy.verdicts.types import (
    Candidate,
    Context,
    Limits,
    Reason,
    Reference,
    Trust,
)

RULE_VERSION = "1"


@dataclass(frozen=True)
class Ruling:
    """A verdict before it is written out."""

    verdict: Verdict
    reason: Reason
    trusted: bool = False


def judge(
    candidates: Sequence[Candidate],
    references: Sequence[Reference],
    neighbours: Sequence[Sequence[Neighbour]],
    context: Context,
    thresholds: Thresholds,
    limits: Limits,
) -> Judgement:
    """Judge the faces of one lookup against the accepted faces of its performer.

    ``references`` are the performer's accepted faces; ``neighbours`` holds, per candidate, the
    nearest faces of other performers (ten are enough). The same input gives the same verdicts,
    whatever the order of the photos. Raises ``ValueError`` for a vector without direction.
    """
    case = gather(candidates, references, neighbours, context, thresholds)
    confirm = _confirmed(case)
    rulings = [_rule(case, item, confirm) for item in case.evidence]
    rulings, retire = make_room(case, rulings, references, limits)
    decisions: list[Decision | None] = [None] * len(candidates)
    for place, item, ruling in zip(case.order, case.evidence, rulings, strict=True):
        decisions[place] = _written(case, item, ruling)
    return Judgement(
        decisions=tuple(decision for decision in decisions if decision is not None),
        retire=retire,
        confirm=tuple(sorted(confirm)),
    )


def _rule(case: Case, item: Evidence, confirm: set[int]) -> Ruling:
    if case.context.identity is Identity.MISMATCH:
        return Ruling(Verdict.REJECTED, Reason.WRONG_PAGE)
    trust = Trust(case.context.trust)
    if trust is Trust.USER:
        return _own_photo(case, item)
    if case.trusted:
        return _compared(case, item, trust)
    return _without_trusted(case, item, trust, confirm)


def _own_photo(case: Case, item: Evidence) -> Ruling:
    """The user's word holds unless the faces the user vouched for before contradict it."""
    given = [face for face in case.trusted if not face.earned]
    distance = item.anchor if item.anchor is not None else (item.own.score if item.own else None)
    if given and distance is not None and distance > case.thresholds.reject_at(len(given)):
        return Ruling(Verdict.QUARANTINED, Reason.TOO_FAR)
    return Ruling(Verdict.ACCEPTED, Reason.OWN_PHOTO, trusted=True)


def _compared(case: Case, item: Evidence, trust: Trust) -> Ruling:
    """With trusted faces: nothing may contradict, and something must match."""
    against = _contradictions(case, item)
    if against:
        return _contradicted(case, item, against, trust)
    if trust is Trust.LOW and not item.group.dominant:
        return Ruling(Verdict.REJECTED, Reason.OUTVOTED)
    if _matches(case, item):
        vouches = item.witness and (len(case.trusted) > 1 or item.group.size > 1)
        return Ruling(Verdict.ACCEPTED, Reason.MATCH, trusted=vouches)
    if _another_matches(case, item):
        return Ruling(Verdict.ACCEPTED, Reason.MATCH_BY_PROFILE)
    return Ruling(Verdict.QUARANTINED, Reason.BETWEEN_THRESHOLDS)


def _matches(case: Case, item: Evidence) -> bool:
    return item.own is not None and item.own.score <= case.accept


def _another_matches(case: Case, item: Evidence) -> bool:
    """Another picture of the same group that would be accepted on its own and may vouch."""
    for index in item.group.members:
        other = case.evidence[index]
        if index == item.index or not other.witness or not _matches(case, other):
            continue
        gap = float(distances(case.vectors[[item.index]], case.vectors[[index]])[0, 0])
        if gap > case.thresholds.twin and not other.other_is_nearer:
            return True
    return False


def _contradictions(case: Case, item: Evidence) -> list[Reason]:
    """Everything that speaks against the face, the strongest first."""
    against: list[Reason] = []
    if item.own is None:
        return against
    given = sum(not face.earned for face in case.trusted)
    if item.other_is_nearer:
        both = item.other is not None and item.other.distance <= case.thresholds.accept_at(1)
        merge = both and _matches(case, item)
        against.append(Reason.SUSPECTED_MERGE if merge else Reason.OTHER_PERFORMER)
    if item.own.score > case.reject or (
        item.anchor is not None and item.anchor > case.thresholds.reject_at(given)
    ):
        against.append(Reason.TOO_FAR)
    if _differs(case, item.group):
        against.append(Reason.PROFILE_DIFFERS)
    elif any(group.dominant and _differs(case, group) for group in case.groups):
        against.append(Reason.OUTVOTED)
    return against


def _differs(case: Case, group: Group) -> bool:
    """Several photos that agree are judged as one: a lookalike in one of them is not enough."""
    return group.size > 1 and group.as_one is not None and group.as_one > case.profile


def _contradicted(case: Case, item: Evidence, against: list[Reason], trust: Trust) -> Ruling:
    """At high trust a person decides, unless two things speak against the face independently."""
    reason = against[0]
    if reason is Reason.SUSPECTED_MERGE:
        return Ruling(Verdict.QUARANTINED, reason)
    certain = {Reason.OTHER_PERFORMER, Reason.TOO_FAR}
    if trust is Trust.HIGH:
        return Ruling(Verdict.REJECTED if certain <= set(against) else Verdict.QUARANTINED, reason)
    return Ruling(Verdict.REJECTED if certain & set(against) else Verdict.QUARANTINED, reason)


def _without_trusted(case: Case, item: Evidence, trust: Trust, confirm: set[int]) -> Ruling:
    """Nobody vouches yet: photos that agree, a corroborated page or another source must."""
    if item.other_is_nearer:
        verdict = Verdict.QUARANTINED if trust is Trust.HIGH else Verdict.REJECTED
        return Ruling(verdict, Reason.OTHER_PERFORMER)
    if trust is Trust.LOW:
        return Ruling(Verdict.REJECTED, Reason.NO_REFERENCES)
    if _far_from_accepted(case, item):
        return Ruling(Verdict.QUARANTINED, Reason.CONTRADICTS_ACCEPTED)
    if len(case.groups) > 1 and not item.group.dominant:
        return Ruling(Verdict.QUARANTINED, Reason.OUTVOTED)
    if confirm:
        return Ruling(Verdict.ACCEPTED, Reason.OTHER_SOURCE, trusted=item.witness)
    if trust is Trust.MEDIUM:
        return Ruling(Verdict.QUARANTINED, Reason.NO_REFERENCES)
    if item.group.size > 1:
        return Ruling(Verdict.ACCEPTED, Reason.AGREEING_PHOTOS)
    if case.context.identity is Identity.CONFIRMED:
        return Ruling(Verdict.ACCEPTED, Reason.CORROBORATED_PAGE)
    return Ruling(Verdict.QUARANTINED, Reason.SINGLE_PHOTO)


def _far_from_accepted(case: Case, item: Evidence) -> bool:
    if not case.untrusted:
        return False
    own = case.vectors[[item.index]]
    accepted = stack([face.vector for face in case.untrusted])
    gap = float(distances(own, centroid(accepted))[0, 0])
    return gap > case.thresholds.reject_at(len(case.untrusted))


def _confirmed(case: Case) -> set[int]:
    """Accepted faces of other sources that the photos of this profile confirm, independently."""
    if case.trusted or case.context.identity is Identity.MISMATCH:
        return set()
    elsewhere = [face for face in case.untrusted if face.source != case.context.source]
    group = next((group for group in case.groups if group.dominant), None)
    if group is None or not elsewhere:
        return set()
    accepted = stack([face.vector for face in elsewhere])
    gaps = distances(case.vectors[list(group.members)], accepted)
    mean = centroid(case.vectors[list(group.members)])
    as_one = float(distances(mean, centroid(accepted))[0, 0])
    if as_one > case.thresholds.accept_at(len(elsewhere)) or gaps.min() <= case.thresholds.twin:
        return set()
    return {
        face.face_id
        for face, gap in zip(elsewhere, distances(accepted, mean)[:, 0], strict=True)
        if gap <= case.thresholds.accept_at(len(group.members))
        and face.quality >= case.thresholds.low_quality
    }


def _written(case: Case, item: Evidence, ruling: Ruling) -> Decision:
    return Decision(
        verdict=ruling.verdict,
        reason=ruling.reason.value,
        trusted=ruling.trusted,
        distances=_record(case, item),
        rule_version=RULE_VERSION,
    )


def _record(case: Case, item: Evidence) -> dict[str, object]:
    """Everything the verdict was taken on, rounded, JSON-serialisable."""
    own = item.own
    return {
        "nearest": _rounded(own.nearest if own else None),
        "k_of_n": _rounded(own.k_of_n if own else None),
        "k": own.k if own else None,
        "centroid": _rounded(own.centroid if own else None),
        "score": _rounded(own.score if own else None),
        "references": [face.face_id for face in case.trusted],
        "other_performer": item.other.performer_id if item.other else None,
        "other_face": item.other.face_id if item.other else None,
        "other_distance": _rounded(item.other.distance if item.other else None),
        "cluster_size": item.group.size,
        "cluster_dominant": item.group.dominant,
        "cluster_distance": _rounded(item.group.as_one),
        "photos": len(case.evidence),
        "quality": _rounded(item.candidate.quality),
        "accept": case.accept if case.trusted else None,
        "reject": case.reject if case.trusted else None,
        "profile": case.profile if case.trusted else None,
        "trust": str(case.context.trust),
        "identity": case.context.identity.value if case.context.identity else None,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)
