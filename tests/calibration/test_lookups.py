"""Whole lookups made up from known people, and thresholds that keep their word in them."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks._synthetic import make_people
from enrichscrapy.calibration.lookups import (
    SIZES,
    Page,
    draw_enough,
    draw_lookups,
    judge_lookups,
    pool_cases,
)
from enrichscrapy.calibration.people import People, gather_people
from enrichscrapy.calibration.proposal import Proposal, tighten
from enrichscrapy.calibration.report import report_lookups
from enrichscrapy.items import Verdict
from enrichscrapy.verdicts import Thresholds, judge

WANTED = 0.01


@pytest.fixture(scope="module")
def people():
    return make_people(30, 8, seed=11)


@pytest.fixture(scope="module")
def lookups(people):
    return draw_enough(people, (1, 3), 400)


@pytest.mark.parametrize("page", list(Page))
def test_a_page_shows_what_its_kind_says(people, page):
    for lookup in draw_lookups(people, {3: 2}, pages=(page,)):
        owners = {owner for owner, _ in lookup.people}
        assert len(owners) == 1
        assert lookup.right == tuple(owner == shown for owner, shown in lookup.people)
        strangers = {shown for _, shown in lookup.people} - owners
        assert len(strangers) <= 1
        assert any(lookup.right) is (page is not Page.WRONG)
        assert all(lookup.right) is (page in (Page.RIGHT, Page.TWINS))
        assert len(lookup.references) == lookup.trusted == 3


def test_nobody_meets_a_photo_of_their_own_again(people):
    """A candidate is neither a trusted face nor in the index, and no neighbour is the owner's."""
    for lookup in draw_lookups(people, {3: 2}):
        owner = lookup.people[0][0]
        trusted = {face.vector.tobytes() for face in lookup.references}
        assert not trusted & {candidate.vector.tobytes() for candidate in lookup.candidates}
        for near in lookup.neighbours:
            assert owner not in {neighbour.performer_id for neighbour in near}
            assert min(neighbour.distance for neighbour in near) > 1e-6


def test_the_same_seed_draws_the_same_lookups(people):
    def drawn(seed):
        return [lookup.people for lookup in draw_lookups(people, {1: 1}, seed=seed)]

    assert drawn(1) == drawn(1) != drawn(2)


def test_enough_strangers_are_shown_or_none_can_be(people, lookups):
    for count in (1, 3):
        mine = [lookup for lookup in lookups if lookup.trusted == count]
        assert sum(not right for lookup in mine for right in lookup.right) >= 400
        assert {lookup.size for lookup in mine} == set(SIZES)
    assert draw_enough(people, (8,), 400) == []  # nobody has a ninth photo
    assert list(draw_lookups(make_people(1, 9), {3: 1}, pages=(Page.WRONG,))) == []
    assert draw_enough(gather_people({}), (1,), 400) == []


def test_every_face_is_counted_once_by_verdict_and_reason(lookups):
    cases = judge_lookups(lookups, judge, Thresholds())
    total = pool_cases(cases, {1, 3}, tuple(Page))
    faces = sum(len(lookup.candidates) for lookup in lookups)
    assert total.pages == len(lookups)
    assert total.right.total() + total.strangers.total() == faces
    shares = [total.right_rate(verdict).value for verdict in Verdict]
    assert sum(shares) == pytest.approx(1.0)
    assert total.right_rate(Verdict.ACCEPTED).value > 0.7
    told = "\n".join(report_lookups(cases))
    assert f"{len(lookups):,} whole lookups" in told
    assert "with 1 trusted face\n" in told
    assert "match_by_profile" in told
    assert "wrong pages that added a face" in told


def loosened(by):
    """The default thresholds with everything that lets in farther by a factor."""
    base = Thresholds()
    names = ("certain", "accept", "together")
    return replace(
        base,
        reject=(1.0,),
        profile_apart=by * base.profile_apart,
        **{name: tuple(by * value for value in getattr(base, name)) for name in names},
    )


def strangers_let_in(lookups, thresholds, count):
    cases = judge_lookups(lookups, judge, thresholds)
    return pool_cases(cases, {count}, tuple(Page)).stranger_rate(Verdict.ACCEPTED)


@pytest.mark.long
def test_thresholds_too_far_are_drawn_in_until_they_keep_their_word(people, lookups):
    loose = loosened(1.35)
    assert strangers_let_in(lookups, loose, 3).high > WANTED
    kept = tighten(Proposal(WANTED, loose), lookups).thresholds
    assert kept is not None
    for count in (1, 3):
        assert strangers_let_in(lookups, kept, count).high <= WANTED
        assert kept.accept_at(count) <= loose.accept_at(count)
    # No nearer than needed: right faces still get in.
    right = pool_cases(judge_lookups(lookups, judge, kept), {3}, (Page.RIGHT,))
    assert right.right_rate(Verdict.ACCEPTED).value > 0.8
    assert kept.reject == loose.reject


def test_thresholds_that_hold_stay_as_they_are(lookups):
    near = loosened(0.6)
    kept = tighten(Proposal(WANTED, near), lookups).thresholds
    for count in (1, 2, 3, 5):
        assert kept.accept_at(count) == pytest.approx(near.accept_at(count), abs=0.001)
        assert kept.together_at(count) == pytest.approx(near.together_at(count), abs=0.001)


def test_a_refusal_stays_one_and_too_few_strangers_prove_nothing(lookups):
    refused = Proposal(WANTED, None, "for a reason")
    assert tighten(refused, lookups) == refused
    kept = tighten(Proposal(0.0001, loosened(0.6)), lookups)
    assert kept.thresholds is None
    assert "cannot show 0.01 %" in kept.why


@pytest.mark.long
def test_photos_under_the_wrong_name_are_suspected(people):
    """Two names for one person: no threshold keeps one of them from the other."""
    twice = People(
        np.concatenate([people.vectors, people.vectors]),
        np.concatenate([people.owners, people.owners + 100]),
        np.concatenate([people.quality, people.quality]),
    )
    kept = tighten(Proposal(0.005, loosened(1.5)), draw_enough(twice, (3,), 2500))
    assert kept.thresholds is None
    assert "labelled with the right person" in kept.why
