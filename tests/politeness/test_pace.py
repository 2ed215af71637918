import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.politeness.pace import (
    Circuit,
    Closed,
    HostAnswer,
    HostState,
    Turn,
    compute_interval,
    learn_from_answer,
    parse_retry_after,
    refund,
    resume,
    set_crawl_delay,
    take_turn,
)
from enrichscrapy.politeness.rules import PaceRules
from enrichscrapy.settings_reader import read_settings

RULES = PaceRules("babepedia", floor=3.0)
NOW = 1_800_000_000.0  # a Friday morning, UTC
MIDNIGHT = 1_800_057_600.0


def turn(state, rules=RULES, now=NOW, spread=0.0, cost=1):
    return take_turn(state, rules, now, spread, cost)


def test_the_first_request_leaves_at_once_and_the_next_after_the_floor():
    state, first = turn(HostState())
    assert first == Turn(NOW)
    state, second = turn(state, now=NOW + 0.1)
    assert second == Turn(NOW + 3.0)
    _, third = turn(state, now=NOW + 0.2)
    assert third == Turn(NOW + 6.0)


def test_jitter_only_lengthens():
    state, _ = turn(HostState())
    times = [turn(state, spread=spread)[1].at for spread in (0.0, 0.5, 1.0)]
    assert times == pytest.approx([NOW + 3.0, NOW + 3.45, NOW + 3.9])


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 30),  # idle time before asking
            st.floats(0, 1),  # the draw for the jitter
            st.sampled_from([200, 302, 404, 429, 500, 503, None]),
            st.one_of(st.none(), st.floats(0, 200)),  # latency
            st.one_of(st.none(), st.floats(0, 500)),  # Retry-After
            st.one_of(st.none(), st.floats(0, 20)),  # Crawl-delay from then on
        ),
        max_size=30,
    ),
    st.floats(0, 5),
)
def test_no_history_makes_a_request_early(history, floor):
    rules = replace(RULES, floor=floor, longest_wait=1e9)
    state, now, seen_before, not_before = HostState(), NOW, None, 0.0
    for idle, spread, status, latency, retry_after, crawl_delay in history:
        now += idle
        state, decision = take_turn(state, rules, now, spread)
        assert isinstance(decision, Turn)
        now = max(now, decision.at)
        least = max(rules.floor, state.crawl_delay or 0.0)
        assert seen_before is None or now - seen_before >= least - 1e-6
        assert now >= not_before
        seen_before = now + (latency or 0.0)
        answer = HostAnswer(seen_before, status, latency if status else None, retry_after)
        state = learn_from_answer(state, rules, seen_before, answer)
        if retry_after is not None and status is not None and status >= 300:
            not_before = max(not_before, seen_before + retry_after)
        now = seen_before
        state = set_crawl_delay(state, crawl_delay)
        assert compute_interval(state, rules) >= rules.floor


def test_the_delay_counts_from_when_the_host_has_seen_the_request():
    state, _ = turn(HostState())
    state = learn_from_answer(
        state, RULES, NOW + 2.0, HostAnswer(seen_at=NOW + 1.5, status=200, latency=1.5)
    )
    assert turn(state, now=NOW + 2.0)[1].at == NOW + 4.5


def test_autothrottle_follows_a_slow_host_and_keeps_the_floor():
    slow = learn_from_answer(
        HostState(), RULES, NOW, HostAnswer(seen_at=NOW, status=200, latency=10.0)
    )
    assert compute_interval(slow, RULES) == 10.0
    fast = learn_from_answer(
        HostState(), RULES, NOW, HostAnswer(seen_at=NOW, status=200, latency=0.01)
    )
    assert compute_interval(fast, RULES) == 3.0


@pytest.mark.parametrize("status", [429, 503])
def test_a_fast_refusal_slows_down_and_recovery_is_slow(status):
    state = learn_from_answer(
        HostState(), RULES, NOW, HostAnswer(seen_at=NOW, status=status, latency=0.01)
    )
    assert compute_interval(state, RULES) == 6.0
    state = learn_from_answer(
        state, RULES, NOW, HostAnswer(seen_at=NOW, status=status, latency=0.01)
    )
    assert compute_interval(state, RULES) == 12.0
    steps = 0
    while compute_interval(state, RULES) > RULES.floor:
        before = compute_interval(state, RULES)
        state = learn_from_answer(
            state, RULES, NOW, HostAnswer(seen_at=NOW, status=200, latency=0.01)
        )
        assert compute_interval(state, RULES) >= before * 0.9 - 1e-9
        steps += 1
    assert steps > 10


def test_slowing_ends_at_the_longest_delay_and_starts_from_nothing_too():
    rules = replace(RULES, floor=0.0, max_delay=60.0)
    state, delays = HostState(), []
    for _ in range(9):
        state = learn_from_answer(
            state, rules, NOW, HostAnswer(seen_at=NOW, status=429, latency=0.0)
        )
        delays.append(compute_interval(state, rules))
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_quick_errors_do_not_speed_up():
    slow = learn_from_answer(
        HostState(), RULES, NOW, HostAnswer(seen_at=NOW, status=200, latency=10.0)
    )
    for status in (404, 500, 302):
        same = learn_from_answer(
            slow, RULES, NOW, HostAnswer(seen_at=NOW, status=status, latency=0.01)
        )
        assert compute_interval(same, RULES) == 10.0


def test_crawl_delay_is_a_floor_while_robots_txt_has_it():
    state, _ = turn(set_crawl_delay(HostState(), 7.0))
    assert turn(state)[1].at == NOW + 7.0
    assert turn(set_crawl_delay(state, None))[1].at == NOW + 3.0


def test_retry_after_pauses_the_host():
    state = learn_from_answer(
        HostState(), RULES, NOW, HostAnswer(seen_at=NOW, status=429, latency=0.1, retry_after=120.0)
    )
    assert turn(state, now=NOW + 1)[1].at == NOW + 120.0
    shorter = learn_from_answer(
        state, RULES, NOW + 1, HostAnswer(seen_at=NOW, status=503, retry_after=5.0)
    )
    assert turn(shorter, now=NOW + 1)[1].at == NOW + 120.0


def test_a_pause_longer_than_a_crawl_sits_out_closes():
    state = learn_from_answer(
        HostState(), RULES, NOW, HostAnswer(seen_at=NOW, status=429, retry_after=601.0)
    )
    after, decision = turn(state)
    assert decision == Closed(NOW + 601.0, "blocked", "the host asks for a long pause")
    assert after == state


def test_the_budget_is_of_a_utc_day():
    rules = replace(RULES, budget=2)
    state, _ = turn(HostState(), rules)
    state, _ = turn(state, rules)
    same, decision = turn(state, rules)
    assert same == state
    assert decision == Closed(MIDNIGHT, "budget", "the day's 2 requests are used up")
    state, decision = turn(state, rules, now=MIDNIGHT + 1)
    assert isinstance(decision, Turn)
    assert state.budget_used == 1


def test_requests_charged_together_and_given_back():
    rules = replace(RULES, budget=10)
    state, _ = turn(HostState(), rules, cost=8)
    assert isinstance(turn(state, rules, cost=3)[1], Closed)
    assert refund(state, 5).budget_used == 3


def test_a_clock_set_back_does_not_stop_the_crawl():
    state, _ = turn(HostState())
    assert turn(state, now=NOW - 86400.0)[1].at == NOW - 86400.0 + 3.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("Fri, 15 Jan 2027 08:02:00 GMT", 120.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("9" * 400, 315360000.0),
        ("Fri, 15 Jan 99999 08:02:00 GMT", None),
    ],
)
def test_retry_after(value, expected):
    assert parse_retry_after(value, NOW) == expected


@given(st.text(max_size=60))
def test_retry_after_never_raises(value):
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= 315360000.0


# --- The settings --------------------------------------------------------------------------------
def rules_of(source, on_loopback, **given):
    return PaceRules.from_settings(read_settings(given), source, on_loopback)


@pytest.mark.parametrize(
    ("source", "floors", "expected"),
    [
        ("babepedia", {"babepedia": 3, "iafd": 2}, 3.0),
        ("iafd", {"babepedia": 3, "iafd": 2}, 2.0),
        ("iafd", {}, 2.0),
        ("babepedia", {"babepedia": "4.5"}, 4.5),
        ("new-site", {}, 3.0),
    ],
)
def test_floors(source, floors, expected):
    assert rules_of(source, False, DELAY_FLOORS=floors).floor == expected


@pytest.mark.parametrize(("source", "floor"), [("babepedia", 2.9), ("iafd", 0), ("new-site", 1)])
def test_floors_are_lowered_on_loopback_only(source, floor):
    lowered = {source: floor}
    with pytest.raises(BadSetting, match=f"{source.upper()}_BASE_URL"):
        rules_of(source, False, DELAY_FLOORS=lowered)
    assert rules_of(source, True, DELAY_FLOORS=lowered).floor == floor


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DELAY_JITTER", -0.5),
        ("AUTOTHROTTLE_TARGET_CONCURRENCY", 0),
        ("REQUESTS_PER_DAY", "many"),
        ("LONGEST_WAIT", float("nan")),
        ("DELAY_FLOORS", {"babepedia": "fast"}),
        ("DELAY_FLOORS", "fast"),
        ("DELAY_FLOORS", "[3]"),
        ("DELAY_FLOORS", 3),
        ("CIRCUIT_PAUSE", None),
    ],
)
def test_settings_that_cannot_be_used_are_named(name, value):
    with pytest.raises(BadSetting, match=name):
        rules_of("babepedia", True, **{name: value})


WEEK = 7 * 86400.0
ENDLESS = ["Fri, 01 Jan 2100 00:00:00 GMT", "9" * 400, "315360000"]


@pytest.mark.parametrize("value", ENDLESS)
def test_a_bogus_retry_after_is_believed_for_a_week(value):
    state, _ = turn(HostState())
    seconds = parse_retry_after(value, NOW)
    state = learn_from_answer(
        state, RULES, NOW, HostAnswer(seen_at=NOW, status=429, retry_after=seconds)
    )
    _, decision = turn(state)
    assert decision.until == NOW + WEEK
    state, decision = turn(state, now=NOW + WEEK)
    assert isinstance(decision, Turn)
    assert decision.at <= NOW + WEEK + RULES.max_delay


def test_one_that_an_older_version_believed_ends_too():
    state = HostState(last_request_at=NOW, not_before=NOW + 3650 * 86400)
    assert turn(state)[1].until == NOW + WEEK
    assert isinstance(turn(state, now=NOW + WEEK)[1], Turn)


@pytest.mark.parametrize("delay", [math.inf, 1e300, 1e9])
def test_a_bogus_crawl_delay_is_believed_for_a_week(delay):
    state, _ = turn(set_crawl_delay(HostState(), delay))
    assert turn(state)[1].until <= NOW + WEEK * (1 + RULES.jitter)
    assert isinstance(turn(state, now=NOW + WEEK * (1 + RULES.jitter))[1], Turn)
    assert set_crawl_delay(HostState(), math.nan).crawl_delay is None


def test_a_person_can_end_a_pause():
    paused = HostState(
        5.0, 1e9, NOW, NOW + 9e9, "2027-01-15", 7, Circuit.OPEN, NOW + 9, 1.0, "x", 3, 4
    )
    state = resume(paused)
    assert (state.delay, state.budget_day, state.budget_used) == (5.0, "2027-01-15", 7)
    assert isinstance(turn(state)[1], Turn)
