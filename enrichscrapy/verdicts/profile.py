"""What the photos of one profile say together, given the trusted faces."""

from __future__ import annotations

import numpy as np

from enrichscrapy.verdicts.case import Case, Evidence, Group, allowed_variety
from enrichscrapy.verdicts.evidence import distances, nearness
from enrichscrapy.verdicts.types import Reason


def contradictions(case: Case, item: Evidence) -> tuple[Reason, ...]:
    """What speaks against the face by itself, whatever the rest of the profile says."""
    if item.own is None:
        return ()
    against = []
    if item.other_is_nearer and item.other is not None:
        both = item.other.distance <= case.thresholds.accept_at(1) and matches(case, item)
        against.append(Reason.SUSPECTED_MERGE if both else Reason.OTHER_PERFORMER)
    if item.own.score > case.thresholds.reject_at(case.count) or _far_from_anchors(case, item):
        against.append(Reason.TOO_FAR)
    return tuple(against)


def _far_from_anchors(case: Case, item: Evidence) -> bool:
    limit = case.thresholds.reject_at(case.anchored)
    return item.anchor is not None and item.anchor > limit


def matches(case: Case, item: Evidence) -> bool:
    """Near enough to the trusted faces to be accepted if it were the only photo."""
    return item.score <= case.thresholds.accept_at(case.count)


def is_certain(case: Case, item: Evidence) -> bool:
    """So near that only photos that agree with it can cast doubt on it."""
    return item.score <= case.thresholds.certain_at(case.count)


def supporters(case: Case, item: Evidence) -> list[Evidence]:
    """Other pictures of the profile that match by themselves and may speak for this one."""
    return [
        other
        for other in case.evidence
        if other.index != item.index
        and other.candidate.photo != item.candidate.photo
        and other.witness
        and matches(case, other)
        and not contradictions(case, other)
        and not _repeats(case, item, other)
    ]


def _repeats(case: Case, item: Evidence, other: Evidence) -> bool:
    gap = distances(case.vectors[[item.index]], case.vectors[[other.index]])[0, 0]
    return bool(gap <= case.thresholds.twin)


def together(case: Case, item: Evidence, others: list[Evidence]) -> float:
    """The score against the trusted faces and the supporters taken together."""
    pool = np.concatenate([case.faces, case.vectors[[other.index for other in others]]])
    crowd = case.thresholds.together_crowd_weight * item.apart
    allowance = crowd + allowed_variety(pool, case.thresholds)
    return nearness(case.vectors[[item.index]], pool).score - allowance


def outvoted(case: Case, item: Evidence) -> bool:
    """More of the profile's pictures show somebody else than show the performer, this one
    included."""
    balance = int(matches(case, item))
    for other in case.evidence:
        if other.index == item.index or not other.picture:
            continue
        if contradictions(case, other):
            balance -= 1
        elif matches(case, other):
            balance += 1
    return balance < 0


def differs(case: Case, group: Group) -> bool:
    """Several photos that agree are judged as one: a lookalike in one of them is not enough. A
    lookalike's page is often near and seldom certain, so that more is asked of one on which
    hardly a photo is."""
    if group.size < 2 or group.as_one is None:
        return False
    members = [case.evidence[index] for index in group.members]
    certain = sum(
        item.witness and is_certain(case, item) and not contradictions(case, item)
        for item in members
    )
    rules = case.thresholds
    sure = certain > 0 and certain >= rules.sure_share * group.size
    limit = rules.profile_at(case.count) if sure else rules.unsure_at(case.count)
    return group.as_one > limit - rules.profile_gain * (1 / 2 - 1 / group.size)
