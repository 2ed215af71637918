"""Each trust level on evidence drawn by hand: three orthogonal people and mixtures of them."""

import json
import math

import numpy as np
import pytest

from enrichscrapy.items import Identity, Verdict
from enrichscrapy.verdicts import (
    Candidate,
    Context,
    Limits,
    Neighbour,
    Reason,
    Reference,
    Thresholds,
    judge,
    seed_rules,
)

LEVELS = ("high", "medium", "low", "user")
ROOMY = Limits(per_source=50, total=100)
RULES = Thresholds()


def at(distance, spread=0.1, turn=0, person=0):
    """A unit vector at this cosine distance from a person's axis, in a direction of its own.

    ``turn`` picks the direction; vectors of different turns are at right angles off the axis.
    """
    vector = np.zeros(64, dtype=np.float32)
    vector[person] = 1.0 - distance
    vector[10 + turn] = math.sqrt(1.0 - (1.0 - distance) ** 2)
    return vector


def photos(*vectors, quality=0.8):
    return [Candidate(v, quality, f"photo-{n}.jpg") for n, v in enumerate(vectors)]


def trusted(*vectors, source="import"):
    return [Reference(100 + n, v, True, 0.8, source) for n, v in enumerate(vectors)]


def verdicts(candidates, references=(), neighbours=None, trust="high", identity=None, **rest):
    judged = judge(
        candidates,
        list(references),
        neighbours if neighbours is not None else [()] * len(candidates),
        Context("babepedia", trust, identity, "url"),
        rest.pop("thresholds", RULES),
        rest.pop("limits", ROOMY),
    )
    return [(d.verdict, d.reason) for d in judged.decisions], judged


AXIS = trusted(at(0.12, turn=30), at(0.12, turn=31), at(0.12, turn=32))


@pytest.mark.parametrize("trust", ["high", "medium"])
def test_a_near_face_is_accepted_and_vouches(trust):
    (got,), judged = verdicts(photos(at(0.2)), AXIS, trust=trust)
    assert got == (Verdict.ACCEPTED, Reason.MATCH)
    assert judged.decisions[0].trusted


@pytest.mark.parametrize("trust", LEVELS)
def test_a_face_beyond_the_reject_threshold_is_never_accepted(trust):
    (got,), _ = verdicts(photos(at(0.9)), AXIS, trust=trust)
    assert got[0] is not Verdict.ACCEPTED
    assert got[1] == Reason.TOO_FAR


def test_high_trust_quarantines_what_is_contradicted_and_medium_rejects_it():
    assert verdicts(photos(at(0.9)), AXIS, trust="high")[0][0][0] is Verdict.QUARANTINED
    assert verdicts(photos(at(0.9)), AXIS, trust="medium")[0][0][0] is Verdict.REJECTED


@pytest.mark.parametrize("trust", ["high", "medium", "low"])
def test_between_the_thresholds_another_photo_must_match(trust):
    alone, _ = verdicts(photos(at(0.42)), AXIS, trust=trust)
    assert alone == [(Verdict.QUARANTINED, Reason.BETWEEN_THRESHOLDS)]
    both, judged = verdicts(photos(at(0.42), at(0.15)), AXIS, trust=trust)
    assert both[0] == (Verdict.ACCEPTED, Reason.MATCH_BY_PROFILE)
    assert not judged.decisions[0].trusted


def test_two_photos_between_the_thresholds_do_not_lift_each_other():
    got, _ = verdicts(photos(at(0.45), at(0.45, turn=1)), AXIS)
    assert {verdict for verdict, _ in got} == {Verdict.QUARANTINED}


def test_a_face_nearer_to_another_performer_is_theirs_whatever_the_page_says():
    near = [[Neighbour(7, 70, 0.05)]]
    (got,), judged = verdicts(photos(at(0.5)), AXIS, near, identity=Identity.CONFIRMED)
    assert got == (Verdict.QUARANTINED, Reason.OTHER_PERFORMER)
    assert judged.decisions[0].distances["other_performer"] == 7
    (got,), _ = verdicts(photos(at(0.5)), AXIS, near, trust="medium")
    assert got == (Verdict.REJECTED, Reason.OTHER_PERFORMER)


def test_a_face_that_fits_two_performers_suggests_a_merge():
    (got,), _ = verdicts(photos(at(0.2)), AXIS, [[Neighbour(7, 70, 0.05)]])
    assert got == (Verdict.QUARANTINED, Reason.SUSPECTED_MERGE)


def test_a_wrong_page_never_adds_a_face():
    wrong = photos(*(at(0.1, turn=n, person=1) for n in range(6)))
    for trust in LEVELS:
        got, judged = verdicts(wrong, AXIS, trust=trust)
        assert Verdict.ACCEPTED not in {verdict for verdict, _ in got}
        assert not judged.confirm


def test_a_mismatched_page_is_rejected_at_every_level():
    for trust in LEVELS:
        (got,), _ = verdicts(photos(at(0.1)), AXIS, trust=trust, identity=Identity.MISMATCH)
        assert got == (Verdict.REJECTED, Reason.WRONG_PAGE)


def test_without_faces_one_uncorroborated_photo_is_not_enough():
    for identity in (None, Identity.UNCORROBORATED):
        (got,), _ = verdicts(photos(at(0.1)), identity=identity)
        assert got == (Verdict.QUARANTINED, Reason.SINGLE_PHOTO)
    (got,), judged = verdicts(photos(at(0.1)), identity=Identity.CONFIRMED)
    assert got == (Verdict.ACCEPTED, Reason.CORROBORATED_PAGE)
    assert not judged.decisions[0].trusted


def test_without_faces_two_agreeing_photos_are_accepted_but_do_not_vouch():
    got, judged = verdicts(photos(at(0.1), at(0.1, turn=1), at(0.1, turn=2, person=1)))
    assert got[:2] == [(Verdict.ACCEPTED, Reason.AGREEING_PHOTOS)] * 2
    assert got[2] == (Verdict.QUARANTINED, Reason.OUTVOTED)
    assert not any(decision.trusted for decision in judged.decisions)


def test_a_second_copy_of_a_picture_is_no_second_photo():
    twin = at(0.1) + 0.001
    got, _ = verdicts(photos(at(0.1), twin))
    assert {verdict for verdict, _ in got} == {Verdict.QUARANTINED}


def test_another_source_confirms_what_was_accepted_on_thin_evidence():
    thin = [Reference(5, at(0.1, turn=5), False, 0.8, "iafd")]
    got, judged = verdicts(photos(at(0.1)), thin)
    assert got == [(Verdict.ACCEPTED, Reason.OTHER_SOURCE)]
    assert judged.confirm == (5,)
    assert judged.decisions[0].trusted
    _, judged = verdicts(photos(at(0.1)), [Reference(5, at(0.1, turn=5), False, 0.8, "babepedia")])
    assert judged.confirm == ()


def test_the_users_own_photos_are_accepted_and_trusted():
    got, judged = verdicts(photos(at(0.1), at(0.1, person=1)), trust="user")
    assert got == [(Verdict.ACCEPTED, Reason.OWN_PHOTO)] * 2
    assert all(decision.trusted for decision in judged.decisions)


def test_limits_hold_and_the_best_stay():
    many = [Candidate(at(0.1, turn=n), 0.5 + n / 20, f"{n}.jpg") for n in range(8)]
    got, _ = verdicts(many, AXIS, limits=Limits(5, 7))
    kept = [n for n, (verdict, _) in enumerate(got) if verdict is Verdict.ACCEPTED]
    assert kept == [4, 5, 6, 7]
    assert {got[n] for n in range(4)} == {(Verdict.RETIRED, Reason.NO_ROOM)}


def test_a_clearly_better_face_replaces_a_weaker_one_of_the_same_source():
    weak = Reference(9, at(0.1, turn=9), False, 0.2, "babepedia")
    got, judged = verdicts(photos(at(0.1), quality=0.9), [*AXIS, weak], limits=Limits(1, 9))
    assert got[0][0] is Verdict.ACCEPTED
    assert judged.retire == ((9, Reason.REPLACED),)


def test_every_decision_can_be_written_as_json():
    _, judged = verdicts(photos(at(0.2)), AXIS, [[Neighbour(7, 70, 0.9)]])
    record = judged.decisions[0].distances
    assert json.loads(json.dumps(record)) == record
    assert record["references"] == [100, 101, 102]
    assert record["nearest"] is not None


def test_the_seed_rules_take_everything_of_a_trusted_source():
    context = Context("babepedia", "high", None, "url")
    judged = seed_rules(photos(at(0.9)), AXIS, [()], context, RULES, ROOMY)
    assert judged.decisions[0].verdict is Verdict.ACCEPTED
