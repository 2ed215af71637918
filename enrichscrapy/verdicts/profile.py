"""What the photos of one profile say together, given the trusted faces."""

from __future__ import annotations

import numpy as np

from enrichscrapy.verdicts.case import Case, Evidence, Group
from enrichscrapy.verdicts.evidence import nearness
from enrichscrapy.verdicts.vouching import allowed_variety


def supporters(case: Case, item: Evidence) -> list[Evidence]:
    """Other pictures of the profile that match by themselves and may speak for this one."""
    return [
        other
        for other in case.evidence
        if other.index != item.index
        and other.candidate.photo != item.candidate.photo
        and other.speaks_for_others
        and case.gaps[item.index, other.index] > case.thresholds.twin
    ]


def together(case: Case, item: Evidence, others: list[Evidence]) -> float:
    """The score against the trusted faces and the supporters taken together."""
    pool = np.concatenate([case.vouching.faces, case.vectors[[other.index for other in others]]])
    crowd = case.thresholds.together_crowd_weight * item.crowd.apart
    allowance = crowd + allowed_variety(pool, case.thresholds)
    return nearness(item.vector, pool).score - allowance


def outvoted(case: Case, item: Evidence) -> bool:
    """More of the profile's pictures show somebody else than show the performer, this one
    included."""
    balance = int(item.matches)
    for other in case.evidence:
        if other.index == item.index or not other.picture:
            continue
        if other.against:
            balance -= 1
        elif other.matches:
            balance += 1
    return balance < 0


def differs(case: Case, group: Group) -> bool:
    """Several photos that agree are judged as one: a lookalike in one of them is not enough. A
    lookalike's page is often near and seldom certain, so that more is asked of one on which
    hardly a photo is."""
    if group.size < 2 or group.as_one is None:
        return False
    members = [case.evidence[index] for index in group.members]
    certain = sum(item.speaks_for_others and item.certain for item in members)
    rules = case.thresholds
    sure = certain > 0 and certain >= rules.sure_share * group.size
    limit = rules.profile_at(case.count) if sure else rules.unsure_at(case.count)
    return group.as_one > limit - rules.profile_gain * (1 / 2 - 1 / group.size)
