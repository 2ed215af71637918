"""One's own photos are believed, unless they contradict each other or fit somebody else better."""

from __future__ import annotations

import numpy as np
import pytest

from enrichscrapy.items import Neighbour, Verdict
from enrichscrapy.verdicts import Candidate, Context, Limits, Reason, Reference, Thresholds, judge

LIMITS = Limits(10, 20)
BASIS = np.linalg.qr(np.random.default_rng(5).normal(size=(512, 64)))[0].T


def shot(person: int, number: int, apart: float = 0.25) -> np.ndarray:
    """A photo of a person, about ``apart`` from the others of the same person."""
    own, noise = BASIS[person], BASIS[16 + 8 * person + number]
    vector = np.sqrt(1 - apart) * own + np.sqrt(apart) * noise
    return vector.astype(np.float32)


def rule(*shots, known=(), near=None, in_doubt=False):
    """Verdict and reason of each photo of a folder; ``near`` are others' faces, by place."""
    judgement = judge(
        [Candidate(vector, 0.8, f"p{place}") for place, vector in enumerate(shots)],
        [Reference(9 + n, v, True, 0.8, "import") for n, v in enumerate(known)],
        [(near or {}).get(place, ()) for place in range(len(shots))],
        Context("import", "user", None, index_size=1000, in_doubt=in_doubt),
        Thresholds(),
        LIMITS,
    )
    return [(each.verdict, each.reason) for each in judgement.decisions]


OWN = (Verdict.ACCEPTED, Reason.OWN_PHOTO)


def waits(reason):
    return (Verdict.QUARANTINED, reason)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_photos_of_one_person_are_trusted(count):
    assert rule(*(shot(1, number) for number in range(count))) == [OWN] * count


@pytest.mark.parametrize("place", range(4))
def test_the_one_that_contradicts_the_others_waits(place):
    shots = [shot(1, number) for number in range(3)]
    shots.insert(place, shot(2, 0))
    expected = [OWN] * 3
    expected.insert(place, waits(Reason.UNLIKE_OTHERS))
    assert rule(*shots) == expected


@pytest.mark.parametrize(("first", "second"), [(1, 1), (2, 2), (3, 2), (5, 2), (2, 5)])
def test_a_folder_of_two_people_is_not_trusted_at_all(first, second):
    shots = [shot(1, number) for number in range(first)] + [shot(2, n) for n in range(second)]
    assert rule(*shots) == [waits(Reason.TWO_PEOPLE)] * (first + second)


def test_copies_of_one_stranger_are_one_photo():
    copy = shot(2, 0) + 0.02 * BASIS[63]
    shots = [shot(1, 0), shot(1, 1), shot(2, 0), (copy / np.linalg.norm(copy)).astype(np.float32)]
    reasons = [reason for _, reason in rule(*shots)]
    assert reasons[:2] == [Reason.OWN_PHOTO] * 2
    assert set(reasons[2:]) == {Reason.UNLIKE_OTHERS}


def test_a_photo_that_only_shows_its_person_badly_is_trusted():
    assert rule(shot(1, 0), shot(1, 1), shot(1, 2), shot(1, 3, apart=0.62))[3] == OWN


def test_several_bad_photos_are_nobody_elses():
    strangers = [shot(2, 0), shot(3, 0)]
    found = rule(*(shot(1, number) for number in range(4)), *strangers)
    assert found == [OWN] * 4 + [waits(Reason.UNLIKE_OTHERS)] * 2


def test_the_one_nearer_to_another_performer_waits():
    shots = [shot(1, number) for number in range(3)]
    near = {1: (Neighbour(7, 70, 0.1),), 2: (Neighbour(7, 71, 0.6),)}
    assert rule(*shots, near=near) == [OWN, waits(Reason.OTHER_PERFORMER), OWN]


def test_a_single_photo_that_is_another_performers_waits():
    assert rule(shot(1, 0), near={0: (Neighbour(7, 70, 0.3),)}) == [waits(Reason.OTHER_PERFORMER)]
    assert rule(shot(1, 0), near={0: (Neighbour(7, 70, 0.55),)}) == [OWN]


def test_once_somebody_has_decided_the_known_faces_tell():
    known = [shot(1, 5), shot(1, 6)]
    shots = [shot(1, 0), shot(2, 0), shot(2, 1)]
    assert rule(*shots, known=known) == [OWN, waits(Reason.TOO_FAR), waits(Reason.TOO_FAR)]
    assert rule(shot(1, 0), known=known, in_doubt=True) == [OWN]


def test_more_photos_do_not_decide_what_waits_for_a_person():
    assert rule(shot(1, 0), in_doubt=True) == [waits(Reason.TWO_PEOPLE)]
