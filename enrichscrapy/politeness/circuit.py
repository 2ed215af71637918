"""When is a host left alone, and when is it tried again? Pure; see ``pace.py`` for the rest.

An open circuit lets nothing through. After its pause one request goes out as a probe
(``half_open``): a good answer closes the circuit, anything else opens it for twice as long.
"""

from __future__ import annotations

from dataclasses import replace

from enrichscrapy.politeness.pace import Circuit, HostState
from enrichscrapy.politeness.refusals import RefusalKind
from enrichscrapy.politeness.rules import PaceRules

_AT_ONCE = (RefusalKind.CHALLENGE, RefusalKind.BLOCK)


def note_success(state: HostState) -> HostState:
    """The host answered as it should: failures are reset, and a probe closes the circuit."""
    state = replace(state, refusals=0, failures=0)
    if state.circuit is Circuit.HALF_OPEN:
        state = replace(
            state,
            circuit=Circuit.CLOSED,
            circuit_until=None,
            circuit_pause=None,
            circuit_reason=None,
        )
    return state


def note_refusal(
    state: HostState, rules: PaceRules, now: float, kind: RefusalKind, detail: str
) -> HostState:
    """The host refused; blocks, challenges that did not open and repetition open the circuit."""
    state = replace(state, refusals=state.refusals + 1)
    repeated = state.refusals >= rules.refusals_to_open
    if kind in _AT_ONCE or repeated or state.circuit is Circuit.HALF_OPEN:
        return open_circuit(state, rules, now, detail)
    return state


def note_failure(state: HostState, rules: PaceRules, now: float, detail: str) -> HostState:
    """The host was out of reach or broken; only many times in a row does that open the circuit."""
    state = replace(state, failures=state.failures + 1)
    if state.failures >= rules.failures_to_open or state.circuit is Circuit.HALF_OPEN:
        return open_circuit(state, rules, now, detail)
    return state


def open_circuit(state: HostState, rules: PaceRules, now: float, detail: str) -> HostState:
    """Leave the host alone: for ``circuit_pause``, twice as long after each failed probe."""
    if state.circuit is Circuit.OPEN and now < (state.circuit_until or 0.0):
        return state
    pause = rules.circuit_pause
    if state.circuit is not Circuit.CLOSED and state.circuit_pause:
        pause = min(2 * state.circuit_pause, max(rules.circuit_pause_max, rules.circuit_pause))
    until = max(now + pause, state.not_before or 0.0)
    return replace(
        state,
        circuit=Circuit.OPEN,
        circuit_until=until,
        circuit_pause=pause,
        circuit_reason=detail,
    )


def give_up_probe(state: HostState, now: float) -> HostState:
    """The probe was never sent: the next request may be one."""
    if state.circuit is not Circuit.HALF_OPEN:
        return state
    return replace(state, circuit=Circuit.OPEN, circuit_until=now)
