"""Shares of trials, and what they prove."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Two-sided 95 %.
_Z = 1.959963984540054


@dataclass(frozen=True)
class Rate:
    """``hits`` of ``trials``, with the 95 % bounds of Wilson's interval.

    The bounds take the trials for independent. Trials that share people are not: their number
    proves less than it seems to.
    """

    hits: int
    trials: int

    @property
    def value(self) -> float:
        return self.hits / self.trials if self.trials else math.nan

    @property
    def low(self) -> float:
        return self._bound(-1) if self.hits else 0.0

    @property
    def high(self) -> float:
        return self._bound(+1) if self.hits < self.trials else 1.0

    def _bound(self, side: int) -> float:
        n, share = self.trials, self.value
        middle = share + _Z**2 / (2 * n)
        spread = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
        return min(max((middle + side * spread) / (1 + _Z**2 / n), 0.0), 1.0)

    def __str__(self) -> str:
        if not self.trials:
            return "no trials"
        digits = 1 if self.value > 0.05 else 3
        low, value, high = (f"{100 * x:.{digits}f}" for x in (self.low, self.value, self.high))
        return f"{value} % ({low} to {high}; {self.hits:,} of {self.trials:,})"


def count_trials_needed(share: float) -> int:
    """How many trials without a single hit it takes to show that hits are rarer than ``share``."""
    return math.ceil(_Z**2 * (1 - share) / share)
