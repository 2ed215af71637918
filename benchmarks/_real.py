"""Real people from a file as groups to be judged, nobody by a background model made of them.

Whoever is in a large file is in one of five parts, drawn once for all. Each is judged by itself, by
a background model made of the other four; the last is held out: nothing is chosen on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks import _background
from benchmarks.made_up import Kind, Measured, dense_figures, together
from enrichscrapy.calibration.lookups import Index, Indexed
from enrichscrapy.calibration.people import People

PARTS = {"tune": range(4), "held": range(4, 5), "all": range(5)}
"""Which fifths of the people are meant."""
_SEED = 2026
# A pair of photos of different people is nearer than one of the same person this seldom where
# the network tells people apart.
_TOLD_APART = 0.985
# Fewer people than this are one group, and judged by the shipped background model: one made of so
# few tells nothing.
_WHOLE = 200
# Somebody whose photos are near those of fewer others has a lookalike: that is no dense group.
_OTHERS = 3


def fifths(groups: Sequence[Sequence[int]]) -> list[list[list[int]]]:
    """Five parts of each group of people, always the same."""
    rng = np.random.default_rng(_SEED)
    found = []
    for ids in groups:
        drawn = rng.permutation(np.asarray(ids, np.int64))
        ends = [int(len(ids) * part / 5) for part in range(6)]
        found.append([drawn[start:end].tolist() for start, end in pairwise(ends)])
    return found


@dataclass(frozen=True)
class Asked:
    """Which ``part`` of the people; who else is in the index (of ``around`` no more than ``faces``,
    and of their own kind ``known`` or half); ``weak``: the database tells that they are."""

    part: str = "all"
    around: People | None = None
    faces: int | None = None
    known: int | None = None
    weak: bool = False

    def index(self, others: People | None = None) -> Index:
        whole = [each for each in (self.around, others) if each is not None and len(each)]
        held = Indexed.of(together(whole), self.faces) if whole else None
        return Index(held, self.known)

    def kind(self, dense: bool) -> Kind:
        if dense and self.known == 0 and not self.weak:
            return Kind.ABSENT
        return Kind.DENSE if dense else Kind.ORDINARY


def groups(people: People, asked: Asked, folder: Path) -> Iterator[Measured]:
    """A small file's people as one group, or a large one's :func:`large_groups`."""
    if len(people.ids) >= _WHOLE:
        yield from large_groups(people, asked, folder)
    else:
        dense = dense_figures(people)["area under the curve"] < _TOLD_APART
        yield Measured("people", asked.kind(dense), people, asked.index())


def large_groups(people: People, asked: Asked, folder: Path) -> Iterator[Measured]:
    """Ordinary people, and those in most near pairs, of each of the file's parts that are asked
    for; ``folder`` takes the background models."""
    dense = _background.dense_people(people)
    ordinary = [owner for owner in people.ids if owner not in set(dense)]
    drawn = fifths([ordinary, dense])
    alike = _lookalikes(people, dense)
    for number in PARTS[asked.part]:
        path = folder / f"{number}.npz"
        judged = [owner for group in drawn for owner in group[number]]
        _background.save(_background.fit(_without(people, judged), set(dense)), path)
        common, close = (group[number] for group in drawn)
        common += [owner for owner in close if owner in alike]
        close = [owner for owner in close if owner not in alike]
        yield Measured(
            "people",
            asked.kind(dense=False),
            people.keep_only(common),
            asked.index(_without(people, common)),
            str(path),
        )
        yield Measured(
            "those in most near pairs",
            asked.kind(dense=True),
            people.keep_only(close),
            asked.index(_without(people, dense)),
            str(path),
        )


def _lookalikes(people: People, dense: Collection[int]) -> set[int]:
    """Those of the ``dense`` who take part in many near pairs, but with one or two others."""
    pairs = np.unique(np.sort(_background.near_pairs(people)), axis=0)
    return {owner for owner in dense if (pairs == owner).any(axis=1).sum() < _OTHERS}


def _without(people: People, group: Collection[int]) -> People:
    return people.keep_only(sorted(set(people.ids) - set(group)))
