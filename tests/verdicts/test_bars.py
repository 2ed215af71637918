"""The bars of ``benchmarks/verdicts.py`` on a small draw, and what its made-up people are worth."""

import pytest

from benchmarks import histories, made_up
from benchmarks._synthetic import make_people
from benchmarks.seed_rules import seed_rules
from benchmarks.verdicts import TARGET_QUARANTINED, TARGET_RIGHT, TARGET_STRANGERS
from enrichscrapy.calibration import Page, draw_lookups, judge_lookups, pooled
from enrichscrapy.items import Verdict
from enrichscrapy.verdicts import Thresholds, judge

SEEDS = range(70_000, 70_004)
PAGES = (Page.RIGHT, Page.MIXED, Page.WRONG)


@pytest.fixture(scope="module")
def lookups():
    """With three trusted faces each, of people on whom nothing was tuned."""
    drawn = []
    for seed in SEEDS:
        _, people = make_people(240, 14, seed).halves(seed)
        drawn += draw_lookups(people, {3: 15}, pages=PAGES, seed=seed)
    return drawn


def tallied(lookups, rules, *pages, trust="high"):
    return pooled(judge_lookups(lookups, rules, Thresholds(), trust=trust), {3}, pages)


def test_right_faces_get_in_and_strangers_do_not(lookups):
    found = tallied(lookups, judge, *PAGES)
    assert found.right.total() > 4000
    assert found.right_rate(Verdict.ACCEPTED).value >= TARGET_RIGHT
    assert found.right_rate(Verdict.QUARANTINED).value <= TARGET_QUARANTINED
    assert found.stranger_rate(Verdict.ACCEPTED).value <= TARGET_STRANGERS


@pytest.mark.parametrize("trust", ["high", "medium", "low"])
def test_a_wrong_page_adds_nothing(lookups, trust):
    assert not tallied(lookups, judge, Page.WRONG, trust=trust).pages_with_strangers


def test_the_older_rules_take_whatever_a_trusted_source_shows(lookups):
    assert tallied(lookups, seed_rules, Page.WRONG).let_in.value == 1.0


@pytest.mark.parametrize("own", [1, 3])
def test_what_was_accepted_opens_the_door_to_nobody(own):
    """Three pages in turn, each with two photos of the same lookalike: who was let in on one page
    brings no others in on the next, and the performer's own photos are known as well or better."""
    pages = sum(
        histories.let_in(make_people(120, 18, seed), judge, "high", own, 60, seed) for seed in SEEDS
    )
    right, shown, strangers, _ = pages.T.tolist()
    assert right[2] - right[0] > (0.02 if own == 1 else -0.01) * shown[0]
    assert max(strangers[1:]) <= strangers[0] + 1


def test_made_up_people_are_spread_like_real_ones():
    """Shares of strangers are told by a few pairs each: the half to the triple of the real ones."""
    made = made_up.average(100)
    for name, real in made_up.REAL.items():
        if name.startswith("right missed"):
            assert made[name] == pytest.approx(real, abs=2.5), name
        elif name.startswith("strangers within"):
            assert real / 2 <= made[name] <= 3 * real, name
    assert made["area under the curve"] == pytest.approx(0.9943, abs=0.001)
    assert made["strangers' mean distance"] == pytest.approx(0.89, abs=0.01)
    assert made["its standard deviation"] == pytest.approx(0.13, abs=0.01)
