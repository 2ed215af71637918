"""Comparing everybody with everybody: the scores that thresholds are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.calibration.people import People
from enrichscrapy.calibration.rates import Rate
from enrichscrapy.verdicts.crowd import COHORT, apart_from_crowd, chance_places
from enrichscrapy.verdicts.evidence import Matrix, centroid, distances, scores
from enrichscrapy.verdicts.region import LAST, people_places
from enrichscrapy.verdicts.thresholds import Thresholds
from enrichscrapy.verdicts.trusted_faces import allowed_variety

COUNTS = (1, 2, 3, 5)
"""Numbers of trusted faces that are tried."""
INDEXED = 3
"""Faces of each other person in the index."""
Rows = NDArray[np.int64]

# Faces whose nearest strangers are looked at.
_PROBES = 1000


@dataclass(frozen=True, eq=False)
class Scores:
    """Single photos against the trusted faces: a person's own other photos (``right``) and other
    people's (``strangers``), as accept sees them; ``raw_…`` as reject does, without allowance."""

    right: Matrix
    strangers: Matrix
    raw_right: Matrix
    raw_strangers: Matrix

    def right_within(self, limit: float) -> Rate:
        return _rate_within(self.right, limit)

    def strangers_within(self, limit: float) -> Rate:
        return _rate_within(self.strangers, limit)

    def right_beyond(self, limit: float) -> Rate:
        return _rate_within(-self.raw_right, -limit)

    def strangers_beyond(self, limit: float) -> Rate:
        return _rate_within(-self.raw_strangers, -limit)


@dataclass(frozen=True, eq=False)
class Trials:
    """``single`` goes by the number of trusted faces; ``strangers`` and ``others`` are the
    ``stranger_…`` and ``people_…`` mean and deviation of :class:`Thresholds`, as these people have
    them; None where there are too few of them."""

    people: int
    faces: int
    single: dict[int, Scores]
    strangers: tuple[float, float] | None
    others: tuple[float, float] | None


def run_trials(people: People, thresholds: Thresholds, *, seed: int = 0) -> Trials:
    """Compare every person with every other person's photos, once for each number of trusted
    faces.

    Who is trusted is drawn at random, and a random half of the other people are in the index. A
    person and a stranger's photo are one trial, never counted twice; trials that share people are
    not independent, which no bound computed from their number shows.
    """
    rng = np.random.default_rng(seed)
    single = {}
    for count in COUNTS:
        drawn = [_try_person(people, owner, count, thresholds, rng) for owner in people.ids]
        found = [part for part in drawn if part is not None]
        if found:
            single[count] = _join(found)
    strangers, others = _strangers_by_chance(people, rng), _people_by_chance(people, rng)
    return Trials(len(people.ids), len(people), single, strangers, others)


def draw_index(
    people: People, others: Sequence[int], rng: np.random.Generator, known: int | None = None
) -> Rows:
    """``known`` of the ``others``, or a random half (None), with up to three faces each."""
    if known is None:
        chosen = [other for other in others if rng.random() < 0.5]
    else:
        chosen = rng.permutation(others)[:known].tolist()
    drawn = [rng.permutation(people.of(other))[:INDEXED] for other in chosen]
    return np.concatenate([np.zeros(0, np.int64), *drawn])


def _try_person(
    people: People, owner: int, count: int, thresholds: Thresholds, rng: np.random.Generator
) -> Scores | None:
    """One person with ``count`` trusted faces; None when no photo of theirs is left to try."""
    own = rng.permutation(people.of(owner))
    others = [other for other in people.ids if other != owner]
    if len(own) <= count or not others:
        return None
    index = draw_index(people, others, rng)
    foreign = np.setdiff1d(np.flatnonzero(people.owners != owner), index)
    faces = people.vectors[own[:count]]

    def compute_allowances(rows: Rows) -> Matrix:
        variety = np.full(len(rows), allowed_variety(faces, thresholds))
        if not len(index) or not len(rows):
            return variety
        others = distances(people.vectors[rows], people.vectors[index])
        near = np.sort(others, axis=1)[:, :COHORT].tolist()
        apart = [apart_from_crowd(gaps, len(index), thresholds) for gaps in near]
        return np.asarray(variety + thresholds.crowd_weight * np.asarray(apart))

    right = scores(people.vectors[own[count:]], faces)
    strangers = scores(people.vectors[foreign], faces)
    return Scores(
        right - compute_allowances(own[count:]),
        strangers - compute_allowances(foreign),
        right,
        strangers,
    )


def _strangers_by_chance(people: People, rng: np.random.Generator) -> tuple[float, float] | None:
    """Fitted to where the nearest strangers' faces lie in indexes of these people, of all of them
    and of ever smaller parts."""
    probes = rng.permutation(len(people))[:_PROBES]
    ids = rng.permutation(people.ids)
    places: list[float] = []
    gaps: list[float] = []
    while len(ids) > COHORT:
        index = np.concatenate([rng.permutation(people.of(int(o)))[:INDEXED] for o in ids])
        found = distances(people.vectors[probes], people.vectors[index])
        found[people.owners[probes][:, None] == people.owners[index][None, :]] = np.inf
        nearest = np.sort(found, axis=1)[:, :COHORT].mean(axis=0)
        places += chance_places(COHORT, len(index) - INDEXED)
        gaps += nearest.tolist()
        ids = ids[: len(ids) // 2]
    return _fit_line(places, gaps) if len(places) > COHORT else None


def _people_by_chance(people: People, rng: np.random.Generator) -> tuple[float, float] | None:
    """Fitted to where the nearest other people lie from a person's mean face, each by the nearest
    of their faces in the index."""
    ids = rng.permutation(people.with_photos(INDEXED))[:_PROBES]
    if len(ids) < 4 * LAST:
        return None
    index = np.stack([rng.permutation(people.of(int(owner)))[:INDEXED] for owner in ids])
    faces = people.vectors[index]
    means = np.concatenate([centroid(own) for own in faces])
    gaps = np.min([distances(means, faces[:, place]) for place in range(INDEXED)], axis=0)
    np.fill_diagonal(gaps, np.inf)
    nearest = np.sort(gaps, axis=1)[:, :LAST].mean(axis=0)
    return _fit_line(people_places(LAST, len(ids) - 1), nearest.tolist())


def _fit_line(places: Sequence[float], gaps: Sequence[float]) -> tuple[float, float] | None:
    if not np.isfinite(gaps).all():
        return None
    sd, mean = np.polyfit(places, gaps, 1)
    return float(mean), float(sd)


def _join(parts: Sequence[Scores]) -> Scores:
    names = ("right", "strangers", "raw_right", "raw_strangers")
    return Scores(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _rate_within(values: Matrix, limit: float) -> Rate:
    return Rate(int((values <= limit).sum()), len(values))
