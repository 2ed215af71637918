"""When may the next request to a source leave? Pure rules over what is known of its host.

Times are UTC seconds since the epoch, because the state outlives the process; spans are seconds.
``circuit.py`` has the rules by which a host is left alone.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from enum import StrEnum

from enrichscrapy.facts.stored_dates import to_utc_day
from enrichscrapy.politeness.rules import PaceRules

RECOVERY = 0.9
"""The delay shrinks by no more than this factor with each good answer."""
SLOWED = 1.0
"""Seconds to which the delay goes at least after a 429 or 503, where the floor is lower."""
PROBE_SECONDS = 180.0
"""How long a probe may stay unanswered before another one is sent."""
_FOREVER = 10 * 365 * 86400.0


class Circuit(StrEnum):
    """``open``: nothing may be sent; ``half_open``: one request is out to see how things are."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True)
class HostState:
    """What is known of a host; the fields are the columns of ``hosts`` with the same names."""

    delay: float | None = None
    crawl_delay: float | None = None
    last_request_at: float | None = None
    not_before: float | None = None
    budget_day: str | None = None
    budget_used: int = 0
    circuit: Circuit = Circuit.CLOSED
    circuit_until: float | None = None
    circuit_pause: float | None = None
    circuit_reason: str | None = None
    refusals: int = 0
    failures: int = 0

    @property
    def untroubled(self) -> bool:
        """Nothing that a good answer would change."""
        return self.circuit is Circuit.CLOSED and not (self.refusals or self.failures)


# --- Taking a turn -------------------------------------------------------------------------------
@dataclass(frozen=True)
class Turn:
    """The request may leave at ``at``; ``probe``: it finds out whether the host answers again."""

    at: float
    probe: bool = False


@dataclass(frozen=True)
class Wait:
    """Somebody's probe is out: ask again at ``until``."""

    until: float


@dataclass(frozen=True)
class Closed:
    """No request before ``until``; ``reason`` is ``budget`` or ``blocked``, ``detail`` says why."""

    until: float
    reason: str
    detail: str


def take_turn(
    state: HostState,
    rules: PaceRules,
    now: float,
    spread: float,
    cost: int = 1,
    *,
    follows_probe: bool = False,
) -> tuple[HostState, Turn | Wait | Closed]:
    """Reserve the next slot; ``spread`` in 0..1 is the draw for the jitter.

    ``cost`` requests are charged to the day's budget at once. ``follows_probe``: the request
    belongs to what may be a probe (its challenge), so it does not wait for the probe's end.
    """
    on_its_way = follows_probe and state.circuit is Circuit.HALF_OPEN
    if (
        state.circuit is not Circuit.CLOSED
        and now < (state.circuit_until or 0.0)
        and not on_its_way
    ):
        if state.circuit is Circuit.HALF_OPEN:
            return state, Wait(min(state.circuit_until or now, now + 1.0))
        detail = f"circuit open: {state.circuit_reason or 'refused'}"
        return state, Closed(state.circuit_until or now, "blocked", detail)
    today = to_utc_day(now).isoformat()
    used = state.budget_used if state.budget_day == today else 0
    if rules.budget and used + cost > rules.budget:
        detail = f"the day's {rules.budget} requests are used up"
        midnight = (now // 86400 + 1) * 86400
        return state, Closed(midnight, "budget", detail)
    at = _find_earliest(state, rules, now, spread)
    if at - now > rules.longest_wait:
        return state, Closed(at, "blocked", "the host asks for a long pause")
    probe = state.circuit is not Circuit.CLOSED
    if probe:
        state = replace(state, circuit=Circuit.HALF_OPEN, circuit_until=at + PROBE_SECONDS)
    state = replace(state, last_request_at=at, budget_day=today, budget_used=used + cost)
    return state, Turn(at, probe)


def compute_interval(state: HostState, rules: PaceRules) -> float:
    """Seconds between two requests as things stand, before the jitter."""
    learnt = rules.start_delay if state.delay is None else state.delay
    return max(rules.floor, min(state.crawl_delay or 0.0, rules.longest_pause), learnt)


def _find_pause_end(state: HostState, rules: PaceRules, now: float) -> float:
    """When a Retry-After is over, as far as it is believed; an older version believed anything."""
    asked_at = min(state.last_request_at or now, now)
    return min(state.not_before or 0.0, asked_at + rules.longest_pause)


def _find_earliest(state: HostState, rules: PaceRules, now: float, spread: float) -> float:
    spacing = compute_interval(state, rules) * (1.0 + rules.jitter * spread)
    last = state.last_request_at
    pause_ends = _find_pause_end(state, rules, now)
    if last is None:
        return max(now, pause_ends)
    if last > now + max(spacing, rules.longest_wait):
        last = now  # the clock was set back
    return max(now, last + spacing, pause_ends)


# --- Learning from answers -----------------------------------------------------------------------
@dataclass(frozen=True)
class HostAnswer:
    """What came back: ``seen_at`` is the last moment the host can have seen the request.

    ``status`` is None when nothing came; ``latency`` and ``retry_after`` are seconds.
    """

    seen_at: float
    status: int | None = None
    latency: float | None = None
    retry_after: float | None = None


def learn_from_answer(
    state: HostState, rules: PaceRules, now: float, answer: HostAnswer
) -> HostState:
    """What an answer, or none, teaches.

    The next request counts from when the host has seen this one, or a slow connection would let it
    arrive early.
    """
    status = answer.status
    state = replace(state, last_request_at=max(state.last_request_at or 0.0, answer.seen_at))
    if status in (429, 503):
        delay = compute_interval(state, rules)
        slower = min(max(2 * delay, SLOWED), rules.max_delay)
        state = replace(state, delay=max(delay, slower))
    elif answer.latency is not None:
        delay = compute_interval(state, rules)
        state = replace(state, delay=_adapt_delay(delay, rules, answer.latency, status))
    if answer.retry_after is not None and status is not None and status >= 300:
        pause = min(answer.retry_after, rules.longest_pause)
        state = replace(state, not_before=max(_find_pause_end(state, rules, now), now + pause))
    return state


def _adapt_delay(delay: float, rules: PaceRules, latency: float, status: int | None) -> float:
    """AutoThrottle's rule, except that it recovers slowly."""
    target = latency / rules.target_concurrency
    new = max(target, (delay + target) / 2.0, delay * RECOVERY)
    if status != 200 and new <= delay:
        return delay  # errors are quick to send: they prove no fast server
    return max(rules.floor, min(new, max(rules.max_delay, rules.floor)))


def set_crawl_delay(state: HostState, seconds: float | None) -> HostState:
    """``Crawl-delay`` as robots.txt has it now; :func:`compute_interval` bounds it."""
    if seconds is not None:
        seconds = None if math.isnan(seconds) else min(seconds, _FOREVER)
    return replace(state, crawl_delay=seconds)


def resume(state: HostState) -> HostState:
    """Without the pause, refusals and failures: a person has declared them over."""
    return HostState(delay=state.delay, budget_day=state.budget_day, budget_used=state.budget_used)


def refund(state: HostState, count: int) -> HostState:
    """Requests that were charged and not made."""
    return replace(state, budget_used=max(0, state.budget_used - count))


def parse_retry_after(value: str, now: float) -> float | None:
    """Seconds to wait, from a number of seconds or a date; ``None`` for anything else."""
    value = value.strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        return min(float(value), _FOREVER)
    try:
        seconds = parsedate_to_datetime(value).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(0.0, seconds), _FOREVER)
