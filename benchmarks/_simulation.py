"""Enrichment simulated on faces of known people: who is right is known for every photo."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from enrichscrapy.calibration import People, Rate
from enrichscrapy.items import Identity, Judgement, Neighbour, Verdict
from enrichscrapy.verdicts import Candidate, Context, Limits, Reference, Thresholds

TRUSTED = (0, 1, 3, 5)
SIZES = range(1, 9)
Rules = Callable[..., Judgement]

# Recognition is measured, not room: no limit is reached.
_ROOM = Limits(per_source=100, total=200)
_INDEXED, _NEIGHBOURS = 3, 10


class Kind(StrEnum):
    """What the page of a lookup holds."""

    RIGHT = "right page"
    MIXED = "1 or 2 strangers mixed in"
    TWINS = "each photo again, blurred"
    WRONG = "wrong page"


@dataclass(frozen=True)
class Trial:
    """One lookup. ``right`` tells for each candidate whether it is the performer's."""

    trusted: int
    kind: Kind
    size: int
    candidates: tuple[Candidate, ...]
    right: tuple[bool, ...]
    references: tuple[Reference, ...]
    neighbours: tuple[tuple[Neighbour, ...], ...]
    index_size: int
    strangers: tuple[tuple[int, int], ...]


@dataclass
class Tally:
    """What became of the faces of one case."""

    pages: int = 0
    right: Counter[Verdict] = field(default_factory=Counter)
    strangers: Counter[Verdict] = field(default_factory=Counter)
    pages_with_strangers: int = 0
    pairs: set[tuple[int, int]] = field(default_factory=set)

    def right_rate(self, verdict: Verdict) -> Rate:
        return Rate(self.right[verdict], self.right.total())

    def stranger_rate(self, verdict: Verdict) -> Rate:
        return Rate(self.strangers[verdict], self.strangers.total())

    @property
    def let_in(self) -> Rate:
        """Pages that added at least one stranger."""
        return Rate(self.pages_with_strangers, self.pages)

    def add(self, other: Tally) -> None:
        self.pages += other.pages
        self.right += other.right
        self.strangers += other.strangers
        self.pages_with_strangers += other.pages_with_strangers
        self.pairs |= other.pairs


def trials(people: People, lookups: dict[int, int], seed: int = 0) -> Iterator[Trial]:
    """``lookups`` (by number of trusted faces) of every kind and size, drawn at random.

    In each, a random half of the other people are in the index with up to three faces; strangers
    come from all of them, so that about half of the strangers are somebody the index knows.
    """
    for trusted, count in lookups.items():
        for kind in Kind:
            for size in SIZES:
                rng = np.random.default_rng([seed, trusted, list(Kind).index(kind), size])
                for _ in range(count):
                    trial = _draw(people, trusted, kind, size, rng)
                    if trial is not None:
                        yield trial


def _draw(
    people: People, trusted: int, kind: Kind, size: int, rng: np.random.Generator
) -> Trial | None:
    owner = int(rng.choice(people.ids))
    mine = rng.permutation(people.of(owner))
    others = [other for other in people.ids if other != owner]
    indexed = [rng.permutation(people.of(o))[:_INDEXED] for o in others if rng.random() < 0.5]
    index = np.concatenate([mine[:0], *indexed])
    shown = mine[trusted : trusted + size]
    if kind is Kind.WRONG:
        shown = _strangers(people, others, index, size, rng)
    elif kind is Kind.MIXED:
        extra = _strangers(people, others, index, int(rng.integers(1, 3)), rng)
        shown = np.concatenate([shown, extra])
    if not len(shown):
        return None
    candidates = [_candidate(people, row) for row in shown]
    if kind is Kind.TWINS:
        candidates += [_blurred(candidate, rng) for candidate in candidates]
        shown = np.concatenate([shown, shown])
    order = rng.permutation(len(candidates))
    return Trial(
        trusted,
        kind,
        size,
        candidates=tuple(candidates[place] for place in order),
        right=tuple(bool(people.owners[shown[place]] == owner) for place in order),
        references=tuple(_reference(people, row) for row in mine[:trusted]),
        neighbours=tuple(_neighbours(people, candidates[place], index) for place in order),
        index_size=len(index),
        strangers=tuple((owner, int(people.owners[shown[place]])) for place in order),
    )


def _strangers(
    people: People, others: Sequence[int], index: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Photos of one other person that are not in the index themselves."""
    rows = np.setdiff1d(people.of(int(rng.choice(others))), index)
    return rng.permutation(rows)[:size]


def _candidate(people: People, row: int) -> Candidate:
    vector = people.vectors[row].astype(np.float32)
    return Candidate(vector, float(people.quality[row]), f"photo {row}")


def _reference(people: People, row: int) -> Reference:
    vector = people.vectors[row].astype(np.float32)
    return Reference(int(row), vector, True, float(people.quality[row]), "import")


def _blurred(candidate: Candidate, rng: np.random.Generator) -> Candidate:
    """The same picture small and blurred: measured, 48 pixels lie at 0.07 to 0.3 from 160."""
    distance = rng.uniform(0.02, 0.30)
    aside = rng.normal(size=len(candidate.vector))
    aside -= (aside @ candidate.vector) * candidate.vector
    aside /= np.linalg.norm(aside)
    cosine = 1.0 - distance
    vector = cosine * candidate.vector + np.sqrt(1.0 - cosine**2) * aside
    quality = candidate.quality * rng.uniform(0.2, 0.5)
    return Candidate(vector.astype(np.float32), quality, f"small {candidate.photo}")


def _neighbours(people: People, candidate: Candidate, index: np.ndarray) -> tuple[Neighbour, ...]:
    gaps = 1.0 - people.vectors[index] @ candidate.vector
    nearest = np.argsort(gaps)[:_NEIGHBOURS]
    return tuple(
        Neighbour(int(people.owners[index[i]]), int(index[i]), float(gaps[i])) for i in nearest
    )


def simulate(
    drawn: Sequence[Trial],
    rules: Rules,
    thresholds: Thresholds,
    *,
    trust: str,
    identity: Identity = Identity.UNCORROBORATED,
) -> dict[tuple[int, Kind, int], Tally]:
    """Judge every trial; by (trusted faces, kind, size). Faces retired for room count as right."""
    cases: dict[tuple[int, Kind, int], Tally] = defaultdict(Tally)
    for trial in drawn:
        context = Context("site", trust, identity, "url", trial.index_size)
        judged = rules(
            trial.candidates, trial.references, trial.neighbours, context, thresholds, _ROOM
        )
        tally = cases[trial.trusted, trial.kind, trial.size]
        tally.pages += 1
        added = False
        told = zip(trial.right, judged.decisions, trial.strangers, strict=True)
        for right, decision, pair in told:
            (tally.right if right else tally.strangers)[decision.verdict] += 1
            if decision.verdict is Verdict.ACCEPTED and not right:
                tally.pairs.add(pair)
                added = True
        tally.pages_with_strangers += added
    return cases
