"""Whole lookups simulated on faces of known people: who is right is known for every photo.

Single comparisons (``trials.py``) do not show what the photos of a page do for each other, nor
what one stranger on it gains by them. Here pages are made up from known people's photos and judged
by the very rules that judge a crawl's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.calibration.people import People
from enrichscrapy.calibration.rates import Rate
from enrichscrapy.calibration.trials import Rows, draw_index
from enrichscrapy.items import Identity, Neighbour, Vector, Verdict
from enrichscrapy.verdicts import (
    HARD_TO_TELL,
    Candidate,
    Context,
    Limits,
    Reference,
    Rules,
    Thresholds,
)
from enrichscrapy.verdicts.evidence import centroid

SIZES = range(1, 9)
"""Photos that a page shows of its person."""

# Recognition is measured, not the limits: none is reached.
_ROOM = Limits(per_source=100, total=200)
# Enough to see ten people, each with three faces.
_NEIGHBOURS = 32
# Lookups of each kind and size that are drawn before it is counted whether they suffice.
_ROUND = 20


class Page(StrEnum):
    """What the page of a lookup holds."""

    RIGHT = "right page"
    MIXED = "1 or 2 strangers mixed in"
    TWINS = "each photo again, blurred"
    WRONG = "wrong page"


@dataclass(frozen=True)
class SimulatedLookup:
    """One lookup of a performer with ``trusted`` trusted faces.

    ``right`` tells for each candidate whether it is the performer's; ``people`` names, for each,
    the performer and whose face it is; ``around`` are the neighbours of the trusted faces' mean.
    """

    trusted: int
    page: Page
    size: int
    candidates: tuple[Candidate, ...]
    right: tuple[bool, ...]
    people: tuple[tuple[int, int], ...]
    references: tuple[Reference, ...]
    neighbours: tuple[tuple[Neighbour, ...], ...]
    around: tuple[Neighbour, ...]
    index_size: int


@dataclass(frozen=True, eq=False)
class Indexed:
    """Faces of people who are only in the index: vectors (n, d) and whose they are. Both their
    owners and the faces are numbered below zero, so that they belong to no group."""

    vectors: NDArray[np.float32]
    owners: NDArray[np.int64]

    @classmethod
    def of(cls, people: People, faces: int | None = None, seed: int = 0) -> Indexed:
        """Up to three faces of everybody, ``faces`` at most."""
        rng = np.random.default_rng(seed)
        rows = draw_index(people, people.ids, rng, len(people.ids))[:faces]
        return cls(people.vectors[rows].astype(np.float32), -1 - people.owners[rows])


@dataclass(frozen=True)
class Index:
    """Who is in the index besides the performer: of ``others``, up to three faces each of people
    who never appear on a page, all of them; of the performer's own kind ``known`` people, or a
    random half (None)."""

    others: Indexed | None = None
    known: int | None = None


HALF = Index()
"""Nobody but a random half of the performer's own kind."""


@dataclass
class Tally:
    """Counts of (verdict, reason) over the faces of some lookups. ``index_size`` is
    the sum over all pages."""

    pages: int = 0
    index_size: int = 0
    right: Counter[tuple[Verdict, str]] = field(default_factory=Counter)
    strangers: Counter[tuple[Verdict, str]] = field(default_factory=Counter)
    pages_with_strangers: int = 0
    performers: set[int] = field(default_factory=set)
    hard_to_tell: set[int] = field(default_factory=set)
    pairs: set[tuple[int, int]] = field(default_factory=set)

    def right_rate(self, verdict: Verdict) -> Rate:
        return _share(self.right, verdict)

    def stranger_rate(self, verdict: Verdict) -> Rate:
        return _share(self.strangers, verdict)

    @property
    def let_in(self) -> Rate:
        """Pages that added at least one stranger."""
        return Rate(self.pages_with_strangers, self.pages)

    @property
    def held(self) -> Rate:
        """Performers with a right face that waits because people are not told apart there."""
        return Rate(len(self.hard_to_tell), len(self.performers))

    def add(self, other: Tally) -> None:
        self.pages += other.pages
        self.index_size += other.index_size
        self.right += other.right
        self.strangers += other.strangers
        self.pages_with_strangers += other.pages_with_strangers
        self.pairs |= other.pairs
        self.performers |= other.performers
        self.hard_to_tell |= other.hard_to_tell


Cases = Mapping[tuple[int, Page, int], Tally]
"""By the number of trusted faces, the kind of page, and its size."""


def draw_lookups(
    people: People,
    counts: Mapping[int, int],
    *,
    pages: Collection[Page] = tuple(Page),
    seed: int = 0,
    index: Index = HALF,
) -> Iterator[SimulatedLookup]:
    """``counts`` lookups (by number of trusted faces) of every kind and size, drawn at random.

    In each, some of the other people are in the index with up to three faces (:class:`Index`);
    strangers come from all of ``people``, whether the index knows them or not.
    """
    for trusted, count in counts.items():
        for page in pages:
            for size in SIZES:
                rng = np.random.default_rng([seed, trusted, list(Page).index(page), size])
                for _ in range(count):
                    lookup = _draw(people, trusted, page, size, index, rng)
                    if lookup is not None:
                        yield lookup


def draw_enough(people: People, counts: Iterable[int], strangers: int) -> list[SimulatedLookup]:
    """Right pages, and pages with strangers until ``strangers`` of their faces were shown for
    each number of trusted faces; fewer where the people have too few photos."""
    found: list[SimulatedLookup] = []
    for count in counts:
        found += draw_lookups(people, {count: _ROUND}, pages=(Page.RIGHT,))
        shown, turn = 0, 0
        while shown < strangers and turn * _ROUND < strangers:
            pages = (Page.MIXED, Page.WRONG)
            drawn = list(draw_lookups(people, {count: _ROUND}, pages=pages, seed=turn))
            if not drawn:
                break
            found += drawn
            shown += sum(not right for lookup in drawn for right in lookup.right)
            turn += 1
    return found


def _draw(
    people: People, trusted: int, page: Page, size: int, held: Index, rng: np.random.Generator
) -> SimulatedLookup | None:
    """None where nobody has enough photos."""
    able = people.with_photos(trusted + 1)
    if not able:
        return None
    owner = int(rng.choice(able))
    own = rng.permutation(people.of(owner))
    others = [other for other in people.ids if other != owner]
    index = draw_index(people, others, rng, held.known)
    shown = own[trusted : trusted + size]
    if page is Page.WRONG:
        shown = _draw_strangers(people, others, index, size, rng)
    elif page is Page.MIXED:
        extra = _draw_strangers(people, others, index, int(rng.integers(1, 3)), rng)
        shown = np.concatenate([shown, extra])
    if not len(shown):
        return None
    candidates = [make_candidate(people, row) for row in shown]
    if page is Page.TWINS:
        candidates += [_blur(candidate, rng) for candidate in candidates]
        shown = np.concatenate([shown, shown])
    order = rng.permutation(len(candidates))
    owners = [int(people.owners[shown[place]]) for place in order]
    shown_vectors = [candidates[place].vector for place in order]
    near = find_neighbours(
        people, index, held.others, [*shown_vectors, *_mean(people, own[:trusted])]
    )
    return SimulatedLookup(
        trusted,
        page,
        size,
        candidates=tuple(candidates[place] for place in order),
        right=tuple(other == owner for other in owners),
        people=tuple((owner, other) for other in owners),
        references=tuple(make_reference(people, row) for row in own[:trusted]),
        neighbours=tuple(near[: len(order)]),
        around=near[len(order)] if trusted else (),
        index_size=len(index) + (len(held.others.owners) if held.others else 0),
    )


def _draw_strangers(
    people: People, others: Sequence[int], index: Rows, size: int, rng: np.random.Generator
) -> Rows:
    """Photos of one other person that are not in the index themselves."""
    if not others:
        return index[:0]
    rows = np.setdiff1d(people.of(int(rng.choice(others))), index)
    return rng.permutation(rows)[:size]


def make_candidate(people: People, row: int) -> Candidate:
    """A face as a page would show it."""
    return Candidate(people.single[row], float(people.quality[row]), f"photo {row}")


def make_reference(people: People, row: int) -> Reference:
    """A face as its person's own photo; its id is its row."""
    return Reference(int(row), people.single[row], True, float(people.quality[row]), "import")


def _blur(candidate: Candidate, rng: np.random.Generator) -> Candidate:
    """The same picture small and blurred: measured, 48 pixels lie at 0.07 to 0.3 from 160."""
    distance = rng.uniform(0.02, 0.30)
    aside = rng.normal(size=len(candidate.vector))
    aside -= (aside @ candidate.vector) * candidate.vector
    aside /= np.linalg.norm(aside)
    cosine = 1.0 - distance
    vector = cosine * candidate.vector + np.sqrt(1.0 - cosine**2) * aside
    quality = candidate.quality * rng.uniform(0.2, 0.5)
    return Candidate(vector.astype(np.float32), quality, f"small {candidate.photo}")


def find_neighbours(
    people: People, index: Rows, others: Indexed | None, vectors: Sequence[Vector]
) -> list[tuple[Neighbour, ...]]:
    """For each vector the nearest faces of an index; none of them may be its performer's."""
    shown = np.stack(vectors)
    gaps = 1.0 - (shown @ people.single.T)[:, index]
    owners, faces = people.owners[index], index
    if others is not None:
        gaps = np.concatenate([gaps, 1.0 - shown @ others.vectors.T], axis=1)
        owners = np.concatenate([owners, others.owners])
        faces = np.concatenate([faces, -1 - np.arange(len(others.owners))])
    return [
        tuple(Neighbour(int(owners[i]), int(faces[i]), float(row[i])) for i in _nearest(row))
        for row in gaps
    ]


def _nearest(gaps: NDArray[np.float32]) -> NDArray[np.int64]:
    """The places of the nearest few, nearest first."""
    few = np.arange(len(gaps))
    if len(gaps) > _NEIGHBOURS:
        few = np.argpartition(gaps, _NEIGHBOURS)[:_NEIGHBOURS]
    return np.asarray(few[np.argsort(gaps[few], kind="stable")])


def _mean(people: People, rows: Rows) -> list[Vector]:
    """The mean direction of these faces, if there are any."""
    return [np.asarray(centroid(people.vectors[rows])[0], np.float32)] if len(rows) else []


def judge_lookups(
    drawn: Iterable[SimulatedLookup],
    rules: Rules,
    thresholds: Thresholds,
    *,
    trust: str = "high",
    identity: Identity = Identity.UNCORROBORATED,
    weak: bool = False,
) -> Cases:
    """Judge every lookup by ``rules``. Faces retired for room count as right."""
    cases: dict[tuple[int, Page, int], Tally] = defaultdict(Tally)
    for lookup in drawn:
        context = Context("site", trust, identity, lookup.index_size, lookup.around, weak)
        judged = rules(
            lookup.candidates, lookup.references, lookup.neighbours, context, thresholds, _ROOM
        )
        tally = cases[lookup.trusted, lookup.page, lookup.size]
        tally.pages += 1
        tally.index_size += lookup.index_size
        added = False
        judgements = zip(lookup.right, judged.decisions, lookup.people, strict=True)
        for right, decision, pair in judgements:
            became = (decision.verdict, decision.reason)
            (tally.right if right else tally.strangers)[became] += 1
            tally.performers.add(pair[0])
            if right and decision.reason in HARD_TO_TELL:
                tally.hard_to_tell.add(pair[0])
            if decision.verdict is Verdict.ACCEPTED and not right:
                tally.pairs.add(pair)
                added = True
        tally.pages_with_strangers += added
    return cases


def pool_cases(
    cases: Cases,
    counts: Collection[int],
    pages: Collection[Page],
    sizes: Collection[int] = SIZES,
) -> Tally:
    """The cases with these numbers of trusted faces, kinds of page and sizes, taken together."""
    total = Tally()
    for (count, page, size), tally in cases.items():
        if count in counts and page in pages and size in sizes:
            total.add(tally)
    return total


def _share(faces: Counter[tuple[Verdict, str]], verdict: Verdict) -> Rate:
    return Rate(sum(n for (given, _), n in faces.items() if given is verdict), faces.total())
