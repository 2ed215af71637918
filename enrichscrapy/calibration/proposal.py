"""From trials to thresholds, and only as far as the trials prove anything."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from enrichscrapy.calibration.rates import Rate, trials_needed
from enrichscrapy.calibration.trials import Scores, Trials
from enrichscrapy.verdicts.thresholds import Thresholds

# The share of right faces that the reject threshold may keep out.
_REJECTED_RIGHT = 0.01
# Thresholds that keep their proportion to accept: trials with single photos do not measure them.
_FOLLOW = ("certain", "together", "profile", "unsure")


@dataclass(frozen=True)
class Proposal:
    """``thresholds`` is None where the trials cannot show the wanted share; ``why`` says so."""

    wanted: float
    thresholds: Thresholds | None
    why: str = ""


def propose(trials: Trials, base: Thresholds, wanted: float) -> Proposal:
    """Thresholds by which at most the share ``wanted`` of strangers' single photos is accepted,
    taken by the upper 95 % bound and not by the figure measured.

    What the trials say nothing about (twins, quality, weights) is kept from ``base``.
    """
    needed = trials_needed(wanted)
    usable = {
        count: scores
        for count, scores in sorted(trials.single.items())
        if len(scores.strangers) >= needed and len(scores.right)
    }
    if 1 not in usable:
        most = max((len(scores.strangers) for scores in trials.single.values()), default=0)
        return Proposal(wanted, None, _too_few(most, needed, wanted))
    accept = {count: accept_limit(scores, wanted) for count, scores in usable.items()}
    reject = {
        count: max(_reject_limit(scores), accept[count], base.reject_at(count))
        for count, scores in usable.items()
    }
    values = {"accept": _by_count(accept), "reject": _by_count(reject)}
    for name in _FOLLOW:
        values[name] = _by_count(
            {
                count: limit * getattr(base, f"{name}_at")(count) / base.accept_at(count)
                for count, limit in accept.items()
            }
        )
    changed: dict[str, Any] = values
    return Proposal(wanted, replace(base, **changed))


def fitted(base: Thresholds, trials: Trials) -> Thresholds:
    """``base`` with the strangers' distances of these trials; to be tried before a proposal."""
    mean, sd = round(trials.stranger_mean, 3), max(round(trials.stranger_sd, 3), 0.001)
    return replace(base, stranger_mean=mean, stranger_sd=sd)


def accept_limit(scores: Scores, wanted: float) -> float:
    """The largest threshold whose upper bound on strangers let in is ``wanted`` at most."""
    ordered = np.sort(scores.strangers)
    hits = 0
    while hits < len(ordered) and Rate(hits + 1, len(ordered)).high <= wanted:
        hits += 1
    nearest_out = float(ordered[hits]) if hits < len(ordered) else 2.0
    return max(math.floor((nearest_out - 1e-9) * 1000) / 1000, 0.0)


def _reject_limit(scores: Scores) -> float:
    """What would keep out that share of right faces; only ever loosens: a clean set of photos
    does not show how far the person's other photos may lie."""
    return math.ceil(float(np.quantile(scores.raw_right, 1 - _REJECTED_RIGHT)) * 1000) / 1000


def _by_count(values: dict[int, float]) -> tuple[float, ...]:
    """A list by the number of trusted faces; numbers not tried take the next smaller one's."""
    last = max(values)
    known = {count: values[max(c for c in values if c <= count)] for count in range(1, last + 1)}
    return tuple(round(known[count], 3) for count in sorted(known))


def _too_few(most: int, needed: int, wanted: float) -> str:
    if not most:
        return "there is nobody to compare: at least two people with two faces each are needed"
    return (
        f"{most:,} trials with strangers cannot show {100 * wanted:g} %: at least {needed:,} are "
        f"needed, and without one hit these show {100 * Rate(0, most).high:.2g} %"
    )
