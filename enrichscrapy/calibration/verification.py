"""Same person or not? Distances between every two faces, and error rates from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
RESAMPLES = 200


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % bounds, and the pairs it was counted on."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Accepted:
    """The share of same-person pairs within ``threshold``, where ``wanted`` of the others are."""

    wanted: float
    threshold: float
    share: Estimate


class Pairs:
    """Cosine distances of all pairs of faces: of the same person (s,), of different ones (d,).

    Bounds come from drawing the people (not the pairs, which share people) again and again.
    """

    def __init__(self, vectors: NDArray[np.float32], owners: Whole) -> None:
        """``vectors`` is (n, d) of unit length, ``owners`` (n,) numbers the people from 0."""
        left, right = np.triu_indices(len(owners), 1)
        gaps = np.concatenate(list(_distances(vectors)) or [np.zeros(0)])
        same = owners[left] == owners[right]
        order = np.argsort(gaps[~same], kind="stable")
        self.people = int(owners.max(initial=-1)) + 1
        self.same: Floats = gaps[same]
        self.different: Floats = gaps[~same][order]
        self._owner: Whole = owners[left[same]]
        self._left: Whole = owners[left[~same]][order]
        self._right: Whole = owners[right[~same]][order]
        # How many pairs of different people are nearer than each pair of the same: ties count half.
        self._nearer = [np.searchsorted(self.different, self.same, s) for s in ("left", "right")]

    def __bool__(self) -> bool:
        """Whether there is anything to compare."""
        return bool(len(self.same) and len(self.different))

    def auc(self) -> Estimate:
        """Area under the ROC curve: how often a same pair is nearer than a different one."""
        return _estimate([self._auc(people) for people in self._draw_weights()])

    def accepted(self, wanted: float) -> Accepted | None:
        """True accepts where ``wanted`` of different people are; None with too few pairs."""
        if wanted * len(self.different) < 1:
            return None
        found = [self._accepted(people, wanted) for people in self._draw_weights()]
        threshold = self.different[int(wanted * len(self.different))]
        return Accepted(wanted, float(threshold), _estimate(found))

    def roc(self, points: int = 400) -> tuple[Floats, Floats]:
        """False accepts and true accepts, both rising, close together where false ones are few."""
        total = len(self.different)
        counts = np.unique(np.geomspace(1, total, points).astype(np.int64))
        within = np.searchsorted(np.sort(self.same), self.different[counts - 1], "right")
        return counts / total, within / len(self.same)

    def _draw_weights(self) -> Iterator[Floats]:
        """How often each person counts: once as measured, then as drawn with replacement."""
        yield np.ones(self.people)
        rng = np.random.default_rng(0)
        for _ in range(RESAMPLES):
            yield rng.multinomial(self.people, np.full(self.people, 1 / self.people)).astype(float)

    def _weights(self, people: Floats) -> tuple[Floats, Floats]:
        """Of the same pairs, and the running sum over the different ones, from 0."""
        different = np.cumsum(people[self._left] * people[self._right])
        return people[self._owner], np.concatenate([[0.0], different])

    def _auc(self, people: Floats) -> float:
        same, below = self._weights(people)
        nearer = (below[self._nearer[0]] + below[self._nearer[1]]) / 2
        total = same.sum() * below[-1]
        return 1.0 - float(same @ nearer) / total if total else np.nan

    def _accepted(self, people: Floats, wanted: float) -> float:
        same, below = self._weights(people)
        let_in = int(np.searchsorted(below, wanted * below[-1], "right")) - 1
        limit = self.different[min(let_in, len(self.different) - 1)]
        return float(same[self.same < limit].sum() / same.sum()) if same.sum() else np.nan


def to_own_person(vectors: NDArray[np.float32], owners: Whole) -> Floats:
    """Distance of each face to the mean of its person's others, (n,); NaN where there are none."""
    found = np.full(len(owners), np.nan)
    for owner in np.unique(owners):
        own = np.flatnonzero(owners == owner)
        if len(own) > 1:
            others = vectors[own].sum(axis=0, dtype=np.float64) - vectors[own]
            lengths = np.linalg.norm(others, axis=1)
            found[own] = 1 - (vectors[own] * others).sum(axis=1) / np.maximum(lengths, 1e-12)
    return found


def correlation(quality: Floats, gaps: Floats) -> float | None:
    """Pearson's r of quality and distance (the nearer to -1 the better); None without spread."""
    known = np.isfinite(gaps) & np.isfinite(quality)
    if known.sum() < 3 or not (np.ptp(quality[known]) and np.ptp(gaps[known])):
        return None
    return float(np.corrcoef(quality[known], gaps[known])[0, 1])


def percentiles(gaps: Floats) -> tuple[float, ...]:
    """The distances below which ``PERCENTILES`` of them lie."""
    return tuple(float(value) for value in np.percentile(gaps, PERCENTILES))


def _distances(vectors: NDArray[np.float32]) -> Iterator[Floats]:
    """1 - cosine of each vector to all that follow it, in ``triu_indices`` order."""
    for row in range(len(vectors) - 1):
        yield 1.0 - vectors[row + 1 :] @ vectors[row].astype(np.float64)


def _estimate(values: list[float]) -> Estimate:
    """The first value was measured, the rest were drawn."""
    low, high = np.nanpercentile(values[1:], (2.5, 97.5))
    return Estimate(values[0], float(min(low, values[0])), float(max(high, values[0])))
