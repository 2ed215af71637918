from dataclasses import replace

import pytest

from enrichscrapy.politeness.circuit import (
    give_up_probe,
    note_failure,
    note_refusal,
    note_success,
    open_circuit,
)
from enrichscrapy.politeness.pace import (
    PROBE_SECONDS,
    Circuit,
    Closed,
    HostState,
    Turn,
    Wait,
    take_turn,
)
from enrichscrapy.politeness.refusals import RefusalKind
from enrichscrapy.politeness.rules import PaceRules

RULES = PaceRules("iafd", floor=2.0, circuit_pause=900.0, circuit_pause_max=3000.0)
NOW = 1_800_000_000.0


@pytest.mark.parametrize("kind", [RefusalKind.BLOCK, RefusalKind.CHALLENGE])
def test_some_refusals_open_at_once(kind):
    state = note_refusal(HostState(), RULES, NOW, kind, "why")
    assert (state.circuit, state.circuit_until) == (Circuit.OPEN, NOW + 900.0)
    assert take_turn(state, RULES, NOW + 899, 0.0)[1] == Closed(
        NOW + 900.0, "blocked", "circuit open: why"
    )


@pytest.mark.parametrize(
    "kind", [RefusalKind.FORBIDDEN, RefusalKind.RATE_LIMIT, RefusalKind.ORIGIN_DOWN]
)
def test_the_others_open_when_repeated_without_a_good_answer(kind):
    state = HostState()
    for _ in range(4):
        state = note_refusal(state, RULES, NOW, kind, "why")
    assert state.circuit is Circuit.CLOSED
    assert note_refusal(note_success(state), RULES, NOW, kind, "why").circuit is Circuit.CLOSED
    assert note_refusal(state, RULES, NOW, kind, "why").circuit is Circuit.OPEN


def test_failures_open_after_many():
    state = HostState()
    for _ in range(19):
        state = note_failure(state, RULES, NOW, "timeout")
    assert state.circuit is Circuit.CLOSED
    assert note_failure(state, RULES, NOW, "timeout").circuit is Circuit.OPEN


def half_open():
    state = open_circuit(HostState(refusals=7), RULES, NOW, "why")
    return take_turn(state, RULES, NOW + 900.0, 0.0)


def test_after_the_pause_one_probe_goes_out_and_the_others_wait():
    state, turn = half_open()
    assert turn == Turn(NOW + 900.0, probe=True)
    assert take_turn(state, RULES, NOW + 901.0, 0.0)[1] == Wait(NOW + 902.0)


def test_a_good_answer_closes_and_forgets():
    state, _ = half_open()
    assert note_success(state) == replace(
        HostState(), last_request_at=NOW + 900.0, budget_day="2027-01-15", budget_used=1
    )


def test_a_probe_in_vain_doubles_the_pause_up_to_the_maximum():
    state, now, pauses = open_circuit(HostState(), RULES, NOW, "why"), NOW, []
    for _ in range(4):
        now = state.circuit_until
        state, _ = take_turn(state, RULES, now, 0.0)
        state = note_failure(state, RULES, now, "timeout")
        pauses.append(state.circuit_until - now)
    assert pauses == [1800.0, 3000.0, 3000.0, 3000.0]


def test_a_lost_probe_is_followed_by_another():
    state, _ = half_open()
    _, turn = take_turn(state, RULES, NOW + 900.0 + PROBE_SECONDS, 0.0)
    assert turn.probe


def test_a_probe_that_never_left_is_free_again():
    state, _ = half_open()
    _, turn = take_turn(give_up_probe(state, NOW + 905.0), RULES, NOW + 905.0, 0.0)
    assert turn.probe


def test_retry_after_outlasts_the_pause():
    state = replace(HostState(), not_before=NOW + 5000.0)
    assert open_circuit(state, RULES, NOW, "why").circuit_until == NOW + 5000.0


def test_an_open_circuit_is_not_prolonged_by_what_was_still_under_way():
    state = open_circuit(HostState(), RULES, NOW, "first")
    assert open_circuit(state, RULES, NOW + 10, "second") == state
    assert note_success(state).circuit is Circuit.OPEN
