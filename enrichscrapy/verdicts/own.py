"""The user's own photos: their word holds unless the photos themselves speak against it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from enrichscrapy.verdicts.case import Case, Evidence
from enrichscrapy.verdicts.evidence import Matrix, independent, nearness, scores
from enrichscrapy.verdicts.ruling import Ruling, accept, quarantine
from enrichscrapy.verdicts.types import Reason


def own_photo(case: Case, item: Evidence) -> Ruling:
    """Trusted, or waiting with the reason why.

    Measured on 1,159 real people, the limits doubt 0 to 1 of 100 right folders of 2 to 10 photos
    and miss 1 to 3 of 100 strangers' photos among them.
    """
    if any(not face.earned for face in case.trusted):
        if _far_from_known(case, item):
            return quarantine(Reason.TOO_FAR)
    elif case.context.in_doubt:
        return quarantine(Reason.TWO_PEOPLE)
    elif doubt := _doubt(case, item):
        return quarantine(doubt)
    company = _company(case, item)
    if item.crowd.claim(nearness(item.vector, company) if len(company) else None) > 0:
        return quarantine(Reason.OTHER_PERFORMER)
    return accept(Reason.OWN_PHOTO, trusted=True)


def _far_from_known(case: Case, item: Evidence) -> bool:
    """Whether the faces that a person confirmed contradict it."""
    score = item.anchor if item.anchor is not None else (item.own.score if item.own else 0.0)
    return score > case.thresholds.reject_at(case.trusted_faces.anchored)


def _company(case: Case, item: Evidence) -> Matrix:
    """What else shows the performer: the folder's other photos and the trusted faces."""
    others = np.delete(case.vectors, item.index, axis=0)
    return np.concatenate([others, case.trusted_faces.vectors]) if case.count else others


def _doubt(case: Case, item: Evidence) -> Reason | None:
    """Photos far from most of the folder. A single one is doubted by itself; where several agree
    on another face, nobody knows which of the two is meant."""
    groups = sorted(case.groups, key=lambda group: -_pictures(case, group.members))
    main, others = groups[0].members, groups[1:]
    limit = (case.thresholds.agree + case.thresholds.reject_at(len(main))) / 2
    faces = case.vectors[list(main)]
    apart = [
        group.members
        for group in others
        if scores(case.vectors[list(group.members)], faces).mean() > limit
    ]
    if any(
        (pictures := _pictures(case, members)) > 1 or pictures >= _pictures(case, main)
        for members in apart
    ):
        return Reason.TWO_PEOPLE
    return Reason.UNLIKE_OTHERS if any(item.index in members for members in apart) else None


def _pictures(case: Case, members: Sequence[int]) -> int:
    """Photos of a group, copies of one picture counted once."""
    places = list(members)
    return len(independent(case.gaps[np.ix_(places, places)], case.thresholds.twin))
