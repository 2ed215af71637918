import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichscrapy.reporting.progress import (
    WINDOW,
    Pacer,
    Snapshot,
    describe_progress,
    describe_time_left,
)

pytestmark = pytest.mark.on_both()


def followed(total, *seen, **options):
    pacer = Pacer(total, **options)
    for now, done in seen:
        pacer.note_snapshot(now, Snapshot(done=done, requests=4 * done))
    return pacer


def test_a_snapshot_adds_up_what_the_stats_count():
    stats = {
        "lookups/found": 3,
        "lookups/failed": 1,
        "lookups/started": 9,
        "lookups/postponed": 2,
        "requests/sent": 20,
        "requests/challenge": 1,
        "requests/disallowed": 2,
        "faces/accepted": 5,
        "faces/quarantined": 2,
    }
    assert Snapshot.of(stats) == Snapshot(
        done=4, requests=20, accepted=5, quarantined=2, refusals=3
    )
    assert Snapshot.of({}) == Snapshot()


def test_before_the_first_lookup_the_pace_alone_tells():
    pacer = followed(10, (0.0, 0), interval=3.0)
    assert pacer.per_minute is None
    assert pacer.seconds_left == 10 * 4 * 3.0
    assert followed(10, (0.0, 0)).seconds_left is None


def test_the_measured_rate_tells_once_there_is_one():
    pacer = followed(100, (0.0, 0), (60.0, 6))
    assert pacer.per_minute == 6.0
    assert pacer.seconds_left == 94 * 10.0


def test_a_pace_that_slowed_down_shows_at_once():
    pacer = followed(100, (0.0, 0), (60.0, 6), interval=30.0)
    assert pacer.seconds_left == 94 * 4 * 30.0


def test_the_rate_forgets_what_is_long_ago():
    pacer = followed(1000, (0.0, 0), (100.0, 100), (WINDOW + 100.0, 110), (WINDOW + 160.0, 116))
    assert round(pacer.per_minute, 1) == round(60 * 16 / (WINDOW + 60), 1)


def test_todays_budget_may_end_first():
    pacer = followed(100, (0.0, 0), (60.0, 10), budget_left=100)
    assert pacer.outlasts_budget
    assert "more than today's budget" in describe_time_left(pacer)
    pacer.budget_left = 1000
    assert not pacer.outlasts_budget


def test_words_for_the_end_and_the_beginning():
    assert describe_time_left(followed(5, (0.0, 5))) == "nothing left"
    assert describe_time_left(followed(5, (0.0, 0))) == "5 left"
    line = describe_progress(followed(200, (0.0, 0), (60.0, 6)))
    assert line == (
        "6 of 200 lookups (3%), 6.0 a minute, about 32 min left; "
        "faces: 0 accepted, 0 waiting for you; refusals: 0"
    )
    assert describe_progress(Pacer(0)).startswith("0 of 0 lookups, nothing left")


@given(
    st.integers(0, 10_000),
    st.lists(st.tuples(st.floats(0.01, 1e5), st.integers(0, 50)), max_size=30),
    st.floats(0, 60),
    st.none() | st.integers(0, 10_000),
)
def test_whatever_comes_the_line_can_be_told(total, steps, interval, budget_left):
    pacer, now, done = Pacer(total, interval, budget_left), 0.0, 0
    for seconds, more in steps:
        now, done = now + seconds, done + more
        pacer.note_snapshot(now, Snapshot(done=done, requests=3 * done))
        assert pacer.seconds_left is None or pacer.seconds_left >= 0
        assert describe_progress(pacer)
