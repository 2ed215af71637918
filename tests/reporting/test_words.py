import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichscrapy.items import Outcome, PhotoOutcome, ReferenceSiteMode, Verdict
from enrichscrapy.reporting import words
from enrichscrapy.verdicts import Reason

pytestmark = pytest.mark.on_both()


@pytest.mark.parametrize(
    ("codes", "known"),
    [
        (Outcome, words.OUTCOMES),
        (PhotoOutcome, words.PHOTOS),
        (Verdict, words.VERDICTS),
        (Reason, words.REASONS),
        (ReferenceSiteMode, words.MODES),
    ],
)
def test_every_code_has_words(codes, known):
    assert [code for code in codes if code.value not in known] == []


def test_an_unknown_reason_is_shown_as_it_is():
    assert words.describe_reason("some_new_rule") == "some new rule"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-3, "0 s"),
        (40, "40 s"),
        (600, "10 min"),
        (11_100, "3 h 05 min"),
        (4 * 86_400, "4 days"),
    ],
)
def test_durations_in_the_unit_one_would_choose(seconds, told):
    assert words.format_duration(seconds) == told


@given(st.floats(0, 1e9))
def test_a_duration_never_falls_apart(seconds):
    assert words.format_duration(seconds)[0].isdigit()


def test_distances_are_one_clause_each_and_missing_ones_are_left_out():
    told = words.describe_distances({"score": 0.314, "accept": 0.43, "references": [1]})
    assert told == "0.31 from the 1 trusted face (accepted up to 0.43)"
    assert words.describe_distances({}) == ""
    together = {"together_score": 0.471, "together": 0.5, "alone_limit": 0.52, "score": 0.61}
    assert words.describe_distances(together | {"accept": 0.46, "references": [1, 2]}) == (
        "0.61 from the 2 trusted faces (accepted up to 0.52); "
        "0.47 with the page's matches (accepted up to 0.50)"
    )
    agreeing = {"cluster_size": 3, "photos": 5, "cluster_distance": 0.4, "cluster_limit": 0.33}
    assert words.describe_distances(agreeing) == (
        "agrees with 2 of the page's 4 other faces: 0.40 apart as one (accepted up to 0.33)"
    )
    other = words.describe_distances({"other_distance": 0.7, "other_performer": 9})
    assert other == "the nearest other performer (9) is 0.70 away"
