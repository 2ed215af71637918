"""From trials to thresholds, only as far as the trials are evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from enrichscrapy.calibration.lookups import SimulatedLookup, judge_lookups
from enrichscrapy.calibration.rates import Rate, count_trials_needed
from enrichscrapy.calibration.trials import Scores, Trials
from enrichscrapy.items import Verdict
from enrichscrapy.verdicts import judge
from enrichscrapy.verdicts.region import people_places
from enrichscrapy.verdicts.thresholds import Thresholds

# The share of right faces that the reject threshold may keep out.
_REJECTED_RIGHT = 0.01
# Thresholds that keep their proportion to accept: trials with single photos do not measure them.
_FOLLOW = ("certain", "together")
# People in a large index.
_MANY = 1000
# The factor by which two scales of distances differ when they are not one model's.
_SAME_SCALE = 1.3
# Steps by which thresholds are lowered until whole lookups accept few enough strangers.
_NEARER = tuple(1 - step / 50 for step in range(16))


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
    needed = count_trials_needed(wanted)
    usable = {
        count: scores
        for count, scores in sorted(trials.single.items())
        if len(scores.strangers) >= needed and len(scores.right)
    }
    if 1 not in usable:
        most = max((len(scores.strangers) for scores in trials.single.values()), default=0)
        return Proposal(wanted, None, _say_too_few(most, needed, wanted))
    accept = {count: accept_limit(scores, wanted) for count, scores in usable.items()}
    reject = {
        count: max(_reject_limit(scores), accept[count], base.reject_at(count))
        for count, scores in usable.items()
    }
    values = {"accept": _list_by_count(accept), "reject": _list_by_count(reject)}
    for name in _FOLLOW:
        values[name] = _list_by_count(
            {
                count: limit * getattr(base, f"{name}_at")(count) / base.accept_at(count)
                for count, limit in accept.items()
            }
        )
    nearest = min(limit / base.accept_at(count) for count, limit in accept.items())
    changed: dict[str, Any] = {**values, "profile_apart": round(base.profile_apart * nearest, 3)}
    return Proposal(wanted, replace(base, **changed))


def tighten(proposal: Proposal, lookups: Sequence[SimulatedLookup]) -> Proposal:
    """The proposal made nearer, for each number of trusted faces by itself, until it holds in whole
    lookups too: by the upper 95 % bound on the strangers they accept.

    A stranger gains by the photos it stands beside, so that thresholds which hold for single
    photos may not hold for pages.
    """
    if proposal.thresholds is None:
        return proposal
    nearer: dict[int, float] = {}
    for count in sorted({lookup.trusted for lookup in lookups}):
        remaining = [lookup for lookup in lookups if lookup.trusted == count]
        strangers = sum(not right for lookup in remaining for right in lookup.right)
        needed = count_trials_needed(proposal.wanted)
        if strangers < needed:
            return replace(
                proposal, thresholds=None, why=_say_too_few(strangers, needed, proposal.wanted)
            )
        for factor in _NEARER:
            tried = _scale_limits(proposal.thresholds, {**nearer, count: factor})
            counted = [(lookup, _let_in(lookup, tried)) for lookup in remaining]
            if Rate(sum(hits for _, hits in counted), strangers).high <= proposal.wanted:
                nearer[count] = factor
                break
            # Whoever a threshold keeps out, a nearer one does, but for rare turns of a page's
            # evidence: those show in the report, which judges all lookups again.
            remaining = [lookup for lookup, hits in counted if hits]
        else:
            return replace(proposal, thresholds=None, why=_say_never_near_enough(count))
    return replace(proposal, thresholds=_scale_limits(proposal.thresholds, nearer))


def _let_in(lookup: SimulatedLookup, thresholds: Thresholds) -> int:
    """Strangers' faces that the rules accept."""
    (tally,) = judge_lookups([lookup], judge, thresholds).values()
    return tally.stranger_rate(Verdict.ACCEPTED).hits


def _scale_limits(thresholds: Thresholds, factors: Mapping[int, float]) -> Thresholds:
    """Every limit that lets in, times the factor for its number of trusted faces; numbers without
    one take the next smaller one's, or the least known."""
    most = max([*factors, *(len(getattr(thresholds, name)) for name in ("accept", *_FOLLOW))])

    def factor(count: int) -> float:
        return factors[max((known for known in factors if known <= count), default=min(factors))]

    changed: dict[str, Any] = {
        name: tuple(
            round(getattr(thresholds, f"{name}_at")(count) * factor(count), 3)
            for count in range(1, most + 1)
        )
        for name in ("accept", *_FOLLOW)
    }
    changed["profile_apart"] = round(thresholds.profile_apart * min(factors.values()), 3)
    return replace(thresholds, **changed)


def fit_to_trials(base: Thresholds, trials: Trials) -> Thresholds:
    """``base`` with the strangers' distances of these trials; to be tried before a proposal.

    Where other people usually are is only taken over if that is farther than ``base`` has it, or
    on another scale: in a database of people who are all alike, a crowd must not become what is
    usual.
    """
    changed: dict[str, Any] = {}
    scale = 1.0
    if trials.strangers is not None:
        mean, sd = trials.strangers
        scale = mean / base.stranger_mean
        changed |= {"stranger_mean": round(mean, 3), "stranger_sd": max(round(sd, 3), 0.001)}
    if trials.others is not None:
        mean, sd = trials.others
        place = people_places(1, _MANY)[0]
        farther = mean + sd * place > base.people_mean + base.people_sd * place
        if farther or not 1 / _SAME_SCALE < scale < _SAME_SCALE:
            changed |= {"people_mean": round(mean, 3), "people_sd": max(round(sd, 3), 0.001)}
    return replace(base, **changed)


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


def _list_by_count(values: dict[int, float]) -> tuple[float, ...]:
    """A list by the number of trusted faces; numbers not tried take the next smaller one's."""
    last = max(values)
    known = {count: values[max(c for c in values if c <= count)] for count in range(1, last + 1)}
    return tuple(round(known[count], 3) for count in sorted(known))


def _say_never_near_enough(count: int) -> str:
    return (
        f"with {count} trusted, strangers get in by whole lookups however near the thresholds are: "
        "are all photos labelled with the right person?"
    )


def _say_too_few(most: int, needed: int, wanted: float) -> str:
    if not most:
        return "there is nobody to compare: at least two people with two faces each are needed"
    return (
        f"{most:,} trials with strangers cannot show {100 * wanted:g} %: at least {needed:,} are "
        f"needed, and without one hit these show {100 * Rate(0, most).high:.2g} %"
    )
