"""Each trust level on evidence drawn by hand: orthogonal people and mixtures of them."""

import dataclasses
import json

import numpy as np
import pytest

from benchmarks.seed_rules import seed_rules
from enrichscrapy.items import Identity, Neighbour, Verdict
from enrichscrapy.verdicts import (
    Candidate,
    Context,
    Limits,
    Reason,
    Reference,
    Thresholds,
)
from enrichscrapy.verdicts.crowd import apart_from_crowd
from enrichscrapy.verdicts.evidence import set_apart
from enrichscrapy.verdicts.region import usual_distances
from enrichscrapy.verdicts.trusted_faces import TrustedFaces
from tests.verdicts import people
from tests.verdicts.people import ROOMY, at, photos, trusted

LEVELS = ("high", "medium", "low", "user")
# Numbers of the tests' own, so that tuning the defaults changes no case drawn by hand.
RULES = Thresholds(
    certain=(0.32, 0.33, 0.33),
    accept=(0.415, 0.43, 0.44, 0.435, 0.43),
    reject=(0.75, 0.70, 0.68),
    together=(0.455, 0.465, 0.47, 0.465, 0.46),
    profile_apart=0.27,
    margin=0.0,
    doubt_weight=0.0,
    agree=0.50,
    crowd_weight=0.3,
    together_crowd_weight=0.3,
    spread_weight=0.35,
    spread_usual=0.3,
    stranger_mean=0.875,
    stranger_sd=0.125,
)


# With these, whatever matches is certain: the only picture of a page gets in as others do.
EAGER = dataclasses.replace(RULES, certain=RULES.accept)


def verdicts(*args, **kwargs):
    return people.verdicts(*args, **{"thresholds": RULES, **kwargs})


AXIS = trusted(at(0.12, turn=30), at(0.12, turn=31), at(0.12, turn=32))


@pytest.mark.parametrize("trust", ["high", "medium"])
def test_a_near_face_is_accepted_and_becomes_a_reference(trust):
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


@pytest.mark.parametrize(
    ("company", "reason"), [(1, Reason.SUSPECTED_MERGE), (2, Reason.MATCH_BY_PROFILE)]
)
def test_two_photos_of_the_page_nearer_than_another_performer_answer_their_claim(company, reason):
    """A face in a crowd may be nearer to one of theirs than to any trusted one; a single photo that
    is nearer still may show the same stranger."""
    face = at(0.24)
    near = [face * 0.8 + at(0.18, turn=turn) for turn in range(1, 1 + company)]
    shown = photos(face, *(vector / np.linalg.norm(vector) for vector in near))
    theirs = [(Neighbour(7, 70, 0.2),), *[()] * company]
    got = verdicts(shown, AXIS, theirs, index_size=3000)[0]
    assert got[0][1] == reason
    assert all(verdict is Verdict.ACCEPTED for verdict, _ in got[1:])


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


def test_without_faces_agreeing_photos_wait_until_more_than_the_name_speaks_for_their_page():
    """A stranger's photos agree as well, and a namesake has a page on both sites."""
    shown = photos(at(0.1), at(0.1, turn=1), at(0.1, turn=2, person=1))
    for identity in (None, Identity.UNCORROBORATED):
        got, _ = verdicts(shown, identity=identity)
        assert got[:2] == [(Verdict.QUARANTINED, Reason.UNPROVEN_PAGE)] * 2
    got, judged = verdicts(shown, identity=Identity.CONFIRMED)
    assert got[:2] == [(Verdict.ACCEPTED, Reason.CORROBORATED_PAGE)] * 2
    assert got[2] == (Verdict.QUARANTINED, Reason.OUTVOTED)
    assert not any(decision.trusted for decision in judged.decisions)


def test_a_second_copy_of_a_picture_is_no_second_photo():
    twin = at(0.1) + 0.001
    got, _ = verdicts(photos(at(0.1), twin))
    assert {verdict for verdict, _ in got} == {Verdict.QUARANTINED}


@pytest.mark.parametrize("identity", [Identity.CONFIRMED, Identity.UNCORROBORATED])
def test_a_confirmed_page_confirms_what_another_source_showed(identity):
    thin = [Reference(5, at(0.1, turn=5), False, 0.8, "iafd")]
    got, judged = verdicts(photos(at(0.1)), thin, identity=identity)
    assert got == [(Verdict.ACCEPTED, Reason.OTHER_SOURCE)]
    proven = identity is Identity.CONFIRMED
    assert judged.confirm == ((5,) if proven else ())
    assert judged.decisions[0].trusted is proven
    same = [dataclasses.replace(thin[0], source="babepedia")]
    assert verdicts(photos(at(0.1)), same, identity=identity)[1].confirm == ()


def waiting(*vectors, source="iafd"):
    return [Reference(5 + n, v, False, 0.8, source, waiting=True) for n, v in enumerate(vectors)]


def test_a_face_that_waited_for_a_confirmed_page_comes_in_by_one():
    held = waiting(at(0.1, turn=5), at(0.1, turn=6, person=1))
    got, judged = verdicts(photos(at(0.1)), held, identity=Identity.CONFIRMED)
    assert got[0][0] is Verdict.ACCEPTED
    assert judged.confirm == (5,)
    full = Limits(per_source=1, total=1)
    assert not verdicts(photos(at(0.1)), held, identity=Identity.CONFIRMED, limits=full)[1].confirm


def test_two_pages_known_by_name_alone_never_confirm_each_other():
    held = waiting(at(0.1, turn=5), at(0.1, turn=6))
    shown = photos(at(0.1), at(0.1, turn=1))
    got, judged = verdicts(shown, held, identity=Identity.UNCORROBORATED)
    assert {verdict for verdict, _ in got} == {Verdict.QUARANTINED}
    assert not judged.confirm
    # Nor does the same source, nor the same picture again.
    for same in (waiting(at(0.1, turn=5), source="babepedia"), waiting(at(0.1))):
        assert not verdicts(shown, same, identity=Identity.CONFIRMED)[1].confirm


def test_the_users_own_photos_are_accepted_and_trusted():
    got, judged = verdicts(photos(at(0.1), at(0.1, turn=1)), trust="user")
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
    # The limit that was put to the score: the only picture's, with its allowance.
    assert record["alone_limit"] == pytest.approx(RULES.certain_at(3) + record["allowance"])
    assert record["cluster_limit"] is None


def test_the_seed_rules_take_everything_of_a_trusted_source():
    context = Context("babepedia", "high", None)
    judged = seed_rules(photos(at(0.9)), AXIS, [()], context, RULES, ROOMY)
    assert judged.decisions[0].verdict is Verdict.ACCEPTED


def around(*distances, spread=0.35):
    """Photos that agree with each other, at these distances from the person's axis."""
    vectors = []
    for turn, distance in enumerate(distances):
        vector = at(distance, turn=20)
        vector[21 + turn] = spread
        vectors.append(vector / np.linalg.norm(vector))
    return vectors


def test_photos_that_agree_are_judged_as_one():
    """Each of them would pass alone; together they show that the page is a lookalike's."""
    alike = around(0.33, 0.33, 0.33)
    for alone in alike:
        got, _ = verdicts(photos(alone), AXIS, thresholds=EAGER)
        assert got == [(Verdict.ACCEPTED, Reason.MATCH)]
    got, judged = verdicts(photos(*alike), AXIS, thresholds=EAGER)
    assert got == [(Verdict.QUARANTINED, Reason.PROFILE_DIFFERS)] * 3
    assert judged.decisions[0].distances["cluster_size"] == 3


def resembling(distance, share, turn):
    """A photo at this distance from the person's axis, with so much of somebody else in it."""
    vector = at(distance, turn=turn)
    own = vector[10 + turn]
    vector[9], vector[10 + turn] = share, np.sqrt(own**2 - share**2)
    return vector


def test_two_photos_in_doubt_that_resemble_each_other_may_show_one_stranger():
    helper, near = at(0.15, turn=1), resembling(0.42, 0.4, turn=2)
    far, other = resembling(0.62, 0.6, turn=3), at(0.62, turn=4)
    easy = dataclasses.replace(RULES, together=(0.49,))
    careful = dataclasses.replace(easy, doubt_alike=0.7, doubt_weight=0.3)
    in_company = photos(near, helper, far)
    assert 0.5 < 1 - float(near @ far) < 0.6

    def got(page, thresholds):
        return verdicts(page, AXIS, thresholds=thresholds)[0][0]

    assert got(photos(near, helper), careful) == (Verdict.ACCEPTED, Reason.MATCH_BY_PROFILE)
    assert got(photos(near, helper, other), careful)[0] is Verdict.ACCEPTED
    assert got(in_company, easy)[0] is Verdict.ACCEPTED
    assert got(in_company, careful) == (Verdict.QUARANTINED, Reason.BETWEEN_THRESHOLDS)
    # A bad photo accuses nobody.
    bad = dataclasses.replace(in_company[2], quality=RULES.low_quality - 0.1)
    assert got([*in_company[:2], bad], careful)[0] is Verdict.ACCEPTED
    # The same picture again is no second photo.
    again = [*photos(near, helper), Candidate(near + 0.001, 0.8, "again.jpg")]
    reasons = {reason for _, reason in verdicts(again, AXIS, thresholds=careful)[0]}
    assert reasons == {Reason.MATCH, Reason.MATCH_BY_PROFILE, Reason.DUPLICATE}


def test_the_only_picture_of_a_page_must_be_certain_unless_the_page_is_confirmed():
    near, stranger = at(0.37), at(0.1, turn=1, person=1)
    blurred = Candidate(near + 0.001, 0.2, "small.jpg")
    waits = (Verdict.QUARANTINED, Reason.BETWEEN_THRESHOLDS)
    assert verdicts(photos(near), AXIS)[0] == [waits]
    assert verdicts([*photos(near), blurred], AXIS)[0][0] == waits
    confirmed, _ = verdicts(photos(near), AXIS, identity=Identity.CONFIRMED)
    assert confirmed == [(Verdict.ACCEPTED, Reason.MATCH)]
    with_another, _ = verdicts(photos(near, at(0.5, turn=2)), AXIS)
    assert with_another[0] == (Verdict.ACCEPTED, Reason.MATCH)
    assert verdicts(photos(near, stranger), AXIS)[0][0][0] is Verdict.ACCEPTED
    assert verdicts(photos(at(0.25)), AXIS)[0] == [(Verdict.ACCEPTED, Reason.MATCH)]


def test_photos_that_differ_as_a_group_speak_for_nobody():
    """Some of a lookalike's photos match by themselves: they must not help another of theirs."""
    alike = around(0.33, 0.33, 0.33)
    strange = at(0.5, turn=9)
    easy = dataclasses.replace(RULES, together=(0.6,))
    assert verdicts(photos(alike[0], strange), AXIS, thresholds=easy)[0][1][0] is Verdict.ACCEPTED
    got, _ = verdicts(photos(*alike, strange), AXIS, thresholds=easy)
    assert {verdict for verdict, _ in got} == {Verdict.QUARANTINED}


def test_a_certain_photo_waits_when_those_that_agree_with_it_differ():
    lookalike = [at(0.2, turn=20), at(0.6, turn=20), at(0.63, turn=20)]
    thin = Reference(7, around(0.3)[0], False, 0.8, "iafd")
    got, judged = verdicts(photos(lookalike[0]), [*AXIS, thin])
    assert got == [(Verdict.ACCEPTED, Reason.MATCH)]
    assert judged.confirm == (7,)
    got, judged = verdicts(photos(*lookalike), [*AXIS, thin])
    assert got == [(Verdict.QUARANTINED, Reason.PROFILE_DIFFERS)] * 3
    assert judged.confirm == ()


def test_strangers_on_the_page_do_not_outvote_a_photo_that_another_helps():
    strangers = [at(0.1, turn=turn, person=turn) for turn in range(1, 5)]
    got, _ = verdicts(photos(at(0.42), at(0.15), *strangers), AXIS)
    assert got[:2] == [
        (Verdict.ACCEPTED, Reason.MATCH_BY_PROFILE),
        (Verdict.ACCEPTED, Reason.MATCH),
    ]


def test_a_single_match_among_strangers_needs_to_be_certain():
    strangers = [at(0.1, turn=turn, person=turn + 1) for turn in range(2)]
    got, _ = verdicts(photos(at(0.36), *strangers), AXIS)
    assert got[0] == (Verdict.QUARANTINED, Reason.OUTVOTED)
    got, _ = verdicts(photos(at(0.15), *strangers), AXIS)
    assert got[0] == (Verdict.ACCEPTED, Reason.MATCH)


def test_a_poor_photo_does_not_help_another_in():
    helper = at(0.15)
    poor = [Candidate(at(0.42), 0.8, "a"), Candidate(helper, RULES.low_quality - 0.1, "b")]
    assert verdicts(poor, AXIS)[0][0] == (Verdict.QUARANTINED, Reason.BETWEEN_THRESHOLDS)
    good = [Candidate(at(0.42), 0.8, "a"), Candidate(helper, RULES.low_quality, "b")]
    assert verdicts(good, AXIS)[0][0] == (Verdict.ACCEPTED, Reason.MATCH_BY_PROFILE)
    alone = [Candidate(at(0.42), RULES.low_quality - 0.1, "a")]
    assert verdicts(alone, AXIS)[0] == [(Verdict.QUARANTINED, Reason.LOW_QUALITY)]


def test_without_faces_a_poor_copy_is_no_second_photo():
    copy = Candidate(at(0.1, turn=1), RULES.low_quality - 0.1, "small.jpg")
    got, _ = verdicts([*photos(at(0.1)), copy])
    assert {verdict for verdict, _ in got} == {Verdict.QUARANTINED}


def test_without_faces_two_people_who_tie_both_wait():
    pages = [at(0.1, turn=n, person=n % 2) for n in range(4)]
    got, _ = verdicts(photos(*pages), identity=Identity.CONFIRMED)
    assert got == [(Verdict.QUARANTINED, Reason.OUTVOTED)] * 4


def test_two_faces_of_one_photo_are_two_people():
    both = [Candidate(at(0.1), 0.8, "group.jpg"), Candidate(at(0.1, turn=1), 0.8, "group.jpg")]
    got, _ = verdicts(both)
    assert {verdict for verdict, _ in got} == {Verdict.QUARANTINED}


def test_a_match_with_a_single_trusted_face_is_accepted_but_becomes_a_reference_only_with_company():
    one = AXIS[:1]
    got, judged = verdicts(photos(at(0.1)), one)
    assert got == [(Verdict.ACCEPTED, Reason.MATCH)]
    assert not judged.decisions[0].trusted
    _, judged = verdicts(photos(at(0.1), at(0.1, turn=1)), one)
    assert all(decision.trusted for decision in judged.decisions)


def test_a_picture_that_is_there_already_is_not_taken_again():
    got, _ = verdicts(photos(AXIS[0].vector), AXIS)
    assert got == [(Verdict.REJECTED, Reason.DUPLICATE)]
    got, _ = verdicts(photos(at(0.1), at(0.1)), AXIS)
    assert [reason for _, reason in got] == [Reason.MATCH, Reason.DUPLICATE]


def test_in_a_large_index_a_stranger_is_near_by_chance():
    def got(other, size):
        near = [[Neighbour(7, 70, other)]]
        return verdicts(photos(at(0.30)), AXIS, near, index_size=size, thresholds=EAGER)[0][0]

    assert got(0.36, 60) == (Verdict.QUARANTINED, Reason.SUSPECTED_MERGE)
    assert got(0.36, 300_000)[0] is Verdict.ACCEPTED
    assert got(0.1, 300_000)[0] is Verdict.QUARANTINED


def test_one_lookalike_crowds_a_face_and_ten_crowd_it_more():
    lonely, lookalike, crowded = ([0.7] * 10, [0.5] + [0.7] * 9, [0.5] * 10)
    allowed = [apart_from_crowd(others, 100, RULES) for others in (lonely, lookalike, crowded)]
    assert allowed[0] > allowed[1] > allowed[2]
    assert apart_from_crowd([], 100, RULES) == 0
    more = [apart_from_crowd([0.5] * 10, size, RULES) for size in (10, 1000, 100_000)]
    assert more == sorted(more)


def test_a_face_in_a_crowd_must_be_nearer_than_one_that_stands_apart():
    def accepted(other):
        near = [[Neighbour(7, 70, other)]]
        (got,), _ = verdicts(photos(at(0.36)), AXIS, near, index_size=60, thresholds=EAGER)
        return got[0] is Verdict.ACCEPTED

    assert accepted(0.62)
    assert not accepted(0.47)


def test_trust_that_grew_lets_nobody_in_whom_it_began_without():
    """Faces that earned trust one from the other may not lead away from the user's own."""
    own = trusted(at(0.05, turn=30), at(0.05, turn=31))
    led = trusted(at(0.6), at(0.6, turn=0), at(0.6), first=200, source="site", earned=True)
    stranger = photos(at(0.85))
    assert verdicts(stranger, led)[0][0][0] is Verdict.ACCEPTED
    got, _ = verdicts(stranger, [*own, *led])
    assert got == [(Verdict.QUARANTINED, Reason.TOO_FAR)]


def test_a_thin_face_is_confirmed_by_a_certain_photo_of_another_source():
    thin = Reference(7, at(0.3, turn=3), False, 0.8, "iafd")
    _, judged = verdicts(photos(at(0.05)), [*AXIS, thin])
    assert judged.confirm == (7,)
    stranger = Reference(7, at(0.3, person=2), False, 0.8, "iafd")
    assert verdicts(photos(at(0.05)), [*AXIS, stranger])[1].confirm == ()


@pytest.mark.parametrize("trust", ["high", "medium"])
def test_faces_accepted_before_can_be_contradicted(trust):
    thin = [Reference(5, at(0.1, person=3), False, 0.8, "iafd")]
    got, _ = verdicts(photos(at(0.1), at(0.1, turn=1)), thin, trust=trust)
    assert got == [(Verdict.QUARANTINED, Reason.CONTRADICTS_ACCEPTED)] * 2


def test_the_users_own_photo_waits_when_the_users_other_photos_contradict_it():
    got, _ = verdicts(photos(at(0.1, person=3)), AXIS, trust="user")
    assert got == [(Verdict.QUARANTINED, Reason.TOO_FAR)]
    led = trusted(at(0.1, person=4), source="site", earned=True)
    assert verdicts(photos(at(0.1)), led, trust="user")[0] == [(Verdict.ACCEPTED, Reason.OWN_PHOTO)]


def test_a_vector_without_direction_is_refused():
    for bad in (np.zeros(64), np.full(64, np.nan), np.full(64, np.inf)):
        with pytest.raises(ValueError, match="not finite or has no length"):
            verdicts(photos(bad.astype(np.float32)), AXIS)


def test_every_candidate_needs_its_neighbours():
    with pytest.raises(ValueError, match="one list of neighbours"):
        verdicts(photos(at(0.1)), AXIS, [])


def test_an_unknown_trust_level_is_refused():
    with pytest.raises(ValueError, match="absolute"):
        verdicts(photos(at(0.1)), AXIS, trust="absolute")


def test_nothing_to_judge_is_no_trouble():
    assert verdicts([], AXIS)[1].decisions == ()


def test_a_photo_that_another_performer_shows_waits_and_speaks_for_nobody():
    near, lone = photos(at(0.2), at(0.45))
    shared = dataclasses.replace(near, shared=True)
    got, _ = verdicts([near, lone], AXIS)
    assert [verdict for verdict, _ in got] == [Verdict.ACCEPTED] * 2
    got, _ = verdicts([shared, lone], AXIS)
    assert got[0] == (Verdict.QUARANTINED, Reason.SHARED_PHOTO)
    assert got[1][0] is Verdict.QUARANTINED
    got, _ = verdicts([dataclasses.replace(photos(at(0.9))[0], shared=True)], AXIS, trust="medium")
    assert got == [(Verdict.REJECTED, Reason.TOO_FAR)]
    got, _ = verdicts([shared], AXIS, trust="user")
    assert got == [(Verdict.ACCEPTED, Reason.OWN_PHOTO)]


def test_without_the_users_faces_trust_cannot_walk_away_from_where_it_began():
    began = trusted(*(at(0.05, turn=30 + n) for n in range(3)), source="site", earned=True)
    later = trusted(*(at(0.62, turn=0) for _ in range(4)), first=200, source="site", earned=True)
    got, _ = verdicts(photos(at(0.75)), [*began, *later])
    assert got == [(Verdict.QUARANTINED, Reason.TOO_FAR)]
    swapped = [
        Reference(300 - face.face_id, face.vector, True, 0.8, "site", earned=True)
        for face in [*began, *later]
    ]
    assert verdicts(photos(at(0.75)), swapped)[0][0][0] is Verdict.ACCEPTED


def test_a_copy_of_a_photo_and_another_performers_face_help_nobody_in():
    zone = at(0.42)
    copy = zone + np.float32(0.004)
    got, _ = verdicts(photos(zone, copy), AXIS)
    assert {verdict for verdict, _ in got} == {Verdict.QUARANTINED}
    theirs = [(), [Neighbour(7, 70, 0.01)]]
    got, _ = verdicts(photos(zone, at(0.15)), AXIS, theirs)
    assert got[0] == (Verdict.QUARANTINED, Reason.OUTVOTED)


def ring(*distances, first=7):
    """Faces of as many other people."""
    return tuple(Neighbour(first + n, 70 + n, gap) for n, gap in enumerate(distances))


CAUTIOUS = dataclasses.replace(EAGER, crowd_weight=0.0, crowd_caution=5.0, remote_caution=1.0)
USUAL = tuple(usual_distances(10, 3000, RULES))


def among(people, weak=False, distance=0.3, identity=None):
    """The verdict on a face at ``distance``, with these people near it and its trusted faces."""
    near = ring(*people)
    (got,), _ = verdicts(
        photos(at(distance)),
        AXIS,
        [near],
        index_size=3000,
        around=near,
        weak=weak,
        identity=identity,
        thresholds=CAUTIOUS,
    )
    return got


def test_where_people_lie_as_usual_a_near_face_is_accepted():
    assert among(USUAL)[0] is Verdict.ACCEPTED


def test_a_face_in_a_dense_region_waits():
    assert among([0.34] * 10, distance=0.25) == (Verdict.QUARANTINED, Reason.CROWDED)


def test_a_few_who_stand_out_from_all_the_rest_are_a_dense_group():
    few = [0.37, 0.39, 0.41, *(gap + 0.08 for gap in USUAL[3:])]
    assert among(few, distance=0.25) == (Verdict.QUARANTINED, Reason.CROWDED)


def test_a_face_far_from_everybody_waits_too():
    """Nobody near is no evidence: the person may be of a group the index does not hold."""
    assert among([gap + 0.25 for gap in USUAL]) == (Verdict.QUARANTINED, Reason.UNFAMILIAR)


def test_where_the_database_says_that_the_model_is_weak_faces_wait():
    assert among(USUAL, weak=True) == (Verdict.QUARANTINED, Reason.CROWDED)
    assert among(USUAL, weak=True, identity=Identity.CONFIRMED)[0] is Verdict.QUARANTINED


def test_a_page_known_to_be_theirs_leaves_less_of_little_doubt_and_all_of_much():
    """Known by what it says of its person, or by photos that are not set apart from the trusted
    ones. A page may show others too: where people are alike, faces wait all the same."""
    little, proven = [gap - 0.11 for gap in USUAL], Identity.CONFIRMED
    waits = (Verdict.QUARANTINED, Reason.CROWDED)
    assert among(little, distance=0.2) == waits
    assert among(little, distance=0.2, identity=proven)[0] is Verdict.ACCEPTED
    assert among([gap - 0.12 for gap in USUAL], distance=0.2, identity=proven) == waits
    near = ring(*little)
    shown = photos(at(0.2), at(0.12, turn=33), at(0.12, turn=34), at(0.12, turn=35))
    got, judged = verdicts(
        shown, AXIS, [near] * 4, index_size=3000, around=near, thresholds=CAUTIOUS
    )
    assert got[0][0] is Verdict.ACCEPTED
    assert judged.decisions[0].distances["caution"] < 0.15


@pytest.mark.parametrize(
    ("distance", "reason"),
    [(0.36, Reason.MATCH), (0.38, Reason.SUSPECTED_MERGE), (0.42, Reason.BETWEEN_THRESHOLDS)],
)
def test_another_performer_a_little_nearer_counts_and_does_not_decide(distance, reason):
    claimed = dataclasses.replace(EAGER, margin=0.04, crowd_weight=0.0, spread_weight=0.0)
    face = photos(at(distance))
    own = TrustedFaces(AXIS, claimed).nearness(face[0].vector[None])
    theirs = [[Neighbour(7, 70, own.nearest - 0.03)]]
    assert verdicts(face, AXIS, theirs, thresholds=claimed)[0][0][1] == reason
    nearer = [[Neighbour(7, 70, own.nearest - 0.05)]]
    assert verdicts(face, AXIS, nearer, thresholds=claimed)[0][0][0] is not Verdict.ACCEPTED


def test_another_person_hardly_farther_than_the_trusted_faces_leaves_it_open():
    assert among([0.41, *USUAL[1:]])[0] is Verdict.ACCEPTED
    assert among([0.37, *USUAL[1:]])[0] is Verdict.QUARANTINED
    assert among(USUAL)[0] is Verdict.ACCEPTED


def test_photos_of_one_person_are_not_set_apart_however_much_they_vary():
    rng = np.random.default_rng(0)

    def shown(person, count, vary):
        made = np.eye(1, 256, person) + vary * rng.normal(size=(count, 256)) / 16
        return made / np.linalg.norm(made, axis=1, keepdims=True)

    for vary in (0.3, 0.8):
        assert set_apart(shown(0, 40, vary), shown(0, 40, vary)) == pytest.approx(0, abs=0.01)
        assert set_apart(shown(0, 40, vary), shown(1, 40, vary)) > 0.5
    assert set_apart(shown(0, 1, 0.3), shown(0, 40, 0.3)) == pytest.approx(0, abs=0.05)
    assert set_apart(shown(0, 1, 0.3), shown(0, 1, 0.3)) is None


def test_trusted_faces_that_vary_let_nobody_in_whom_others_would_keep_out():
    varied = trusted(*(at(0.3, turn=30 + n) for n in range(3)))
    alike = trusted(*(at(0.3, turn=30) for _ in range(3)))
    assert TrustedFaces(varied, RULES).variety == 0
    assert TrustedFaces(alike, RULES).variety < -0.05
