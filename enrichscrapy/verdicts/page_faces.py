"""What the photos of one profile say together, given the trusted faces."""

from __future__ import annotations

import numpy as np

from enrichscrapy.verdicts.case import Case, Evidence, Group
from enrichscrapy.verdicts.evidence import nearness
from enrichscrapy.verdicts.region import apart_with_care, with_care
from enrichscrapy.verdicts.trusted_faces import allowed_variety
from enrichscrapy.verdicts.types import Reason


def supporters(case: Case, item: Evidence) -> list[Evidence]:
    """Other pictures of the profile that match by themselves and may speak for this one. Those that
    differ as a group support nobody: a lookalike's page has some that match.
    """
    return [
        other
        for other in case.evidence
        if other.index != item.index
        and other.candidate.photo != item.candidate.photo
        and other.speaks_for_others
        and not differs(case, other.group)
        and case.gaps[item.index, other.index] > case.thresholds.twin
    ]


def speaks_against(case: Case, item: Evidence, others: list[Evidence]) -> tuple[Reason, ...]:
    """What speaks against it once its supporters are known: another performer's face that is
    nearer than any trusted one has no better claim where two supporters are nearer still. One may
    show the same stranger."""
    gaps = sorted(float(case.gaps[item.index, other.index]) for other in others)
    if item.other is None or len(gaps) < 2 or item.other.distance < gaps[1]:
        return item.against
    return tuple(reason for reason in item.against if reason is Reason.TOO_FAR)


def together(case: Case, item: Evidence, others: list[Evidence]) -> float:
    """The score against the trusted faces and the supporters taken together."""
    pool = np.concatenate(
        [case.trusted_faces.vectors, case.vectors[[other.index for other in others]]]
    )
    rules, care = case.thresholds, item.care
    crowd = rules.together_crowd_weight * apart_with_care(item.crowd.apart, care, rules)
    allowance = crowd + with_care(allowed_variety(pool, rules), care, rules)
    near = nearness(item.vector, pool)
    claim = item.crowd.claim(near)
    return near.score + claim - allowance + _in_bad_company(case, item)


def _in_bad_company(case: Case, item: Evidence) -> float:
    """What is to be made up for by a photo that resembles another good one in doubt: both may show
    the same stranger, whereas photos that show their person badly are seldom alike."""
    rules = case.thresholds
    gaps = [
        float(case.gaps[item.index, other.index])
        for other in case.evidence
        if other.index != item.index and other.witness and not other.fits
    ]
    nearest = min((gap for gap in gaps if gap > rules.twin), default=rules.doubt_alike)
    return rules.doubt_weight * max(rules.doubt_alike - nearest, 0.0)


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


def differs(case: Case, group: Group, give: float = 0.0) -> bool:
    """Several photos that agree are judged as one: a lookalike in one of them is not enough.
    ``give`` is added to how far they may be set apart."""
    return group.apart is not None and group.apart > group_limit(case, group) + give


def group_limit(case: Case, group: Group) -> float:
    """How far photos that agree may be set apart from the trusted faces."""
    rules = case.thresholds
    return rules.profile_apart - rules.profile_caution * group.caution.distance
