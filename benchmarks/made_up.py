"""How like real photographs the made-up people are: ``python -m benchmarks.made_up``.

Figures of VGGFace2's vectors on 480 aligned photographs of 24 public figures, beside the same
figures of made-up people, many draws of as many. Where strangers lie at all was not published:
its two lines stand between two estimates. The published shares near 0.35, 0.40 and 0.45 lie on the
tail of a normal distribution with mean 0.88 and deviation 0.13; the ORL faces have a mean of 0.90
and a deviation of 0.16 (grey photos of one studio).

Real populations are not of one kind. :func:`population` makes groups of unequal density for one
index: ordinary people, some who have more in common, dense groups in which the network hardly tells
people apart (their figures are set beside those of five real East Asian singers), and such of
which nobody is in the index. What a dense group has in common lies where other people hardly
differ, as it does with real ones, so that a background model of others sees that it is unlike them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from benchmarks import _background
from benchmarks._synthetic import ORDINARY, Group, make_group, make_people
from enrichscrapy.calibration.lookups import Index, Indexed
from enrichscrapy.calibration.people import People
from enrichscrapy.verdicts.background import Background

PEOPLE, PHOTOS = 24, 20
REAL = {
    "right missed at 0.35, %": 55.0,
    "right missed at 0.40, %": 42.0,
    "right missed at 0.45, %": 30.0,
    "strangers within 0.35, %": 0.002,
    "strangers within 0.40, %": 0.006,
    "strangers within 0.45, %": 0.043,
    "area under the curve": 0.9943,
    "right missed, nearest of 3 at 0.40, %": 18.3,
    "right missed, nearest of 5 at 0.40, %": 11.8,
    "strangers within, nearest of 3 at 0.40, %": 0.019,
    "strangers within, nearest of 5 at 0.40, %": 0.034,
    "strangers' mean distance": 0.89,
    "its standard deviation": 0.13,
}


# Distances in a dense group, of which a set of five real people shows what they are like.
DENSE = Group(shared=0.6, kin=0.7, clarity=(8, 0.5), odd=True)
REAL_DENSE = {
    "one person's photos, median": 0.324,
    "one person's photos, 95 %": 0.506,
    "different people's, 1 %": 0.277,
    "different people's, 5 %": 0.345,
    "different people's, median": 0.542,
    "area under the curve": 0.91,
}
# How doubtful the background model finds it that they are told apart (``Background.risk`` by three
# photos): of ordinary people 5 % are above 1.0.
REAL_DOUBT = {"doubt of the background model, 5 %": 1.51, "its median": 2.01}


class Kind(StrEnum):
    """What is expected of a group: the bars of ``verdicts.py``."""

    ORDINARY = "ordinary"
    DENSE = "dense"
    UNTUNED = "left out of all tuning"
    ABSENT = "dense, nobody in the index"


@dataclass(frozen=True, eq=False)
class Measured:
    """A group to be judged by itself, and what is in the index round it; ``background`` is a model
    made of others where the shipped one was made of these people."""

    name: str
    kind: Kind
    people: People
    index: Index
    background: str = ""


# Name, kind, what they are like, how many people, how many of them are in the index (None: half).
GROUPS = (
    ("ordinary people", Kind.ORDINARY, ORDINARY, 600, None),
    ("people with more in common", Kind.ORDINARY, Group(shared=0.15), 300, None),
    ("a dense group", Kind.DENSE, DENSE, 40, None),
    ("a dense group, three of it known", Kind.DENSE, DENSE, 10, 3),
    ("a group left out of all tuning", Kind.UNTUNED, Group(0.5, 0.3, (6, 0.5), odd=True), 12, 3),
    ("a dense group, none of it known", Kind.ABSENT, DENSE, 10, 0),
)


# Of whom a world's background model is made.
TAUGHT = ((ORDINARY, 600), (Group(shared=0.15), 300), (DENSE, 40))


def population(photos: int, seed: int, folder: Path) -> list[Measured]:
    """Groups of unequal density in one index of some 3,000 faces; everybody has ``photos``.

    ``folder`` takes a background model of other people of the same world, as the program ships one
    of other people of the same network.
    """
    background = folder / f"{seed}.npz"
    _background.save(teach(seed), background)
    made = [
        make_group(group, count, photos, seed, 100 * seed + number)
        for number, (_, _, group, count, _) in enumerate(GROUPS)
    ]
    found = []
    for number, (name, kind, _, _, known) in enumerate(GROUPS):
        rest = [
            people for other, people in enumerate(made) if other != number and GROUPS[other][4] != 0
        ]
        index = Index(Indexed.of(together(rest), seed=seed), known)
        found.append(Measured(name, kind, made[number], index, str(background)))
    return found


def teach(world: int) -> Background:
    """A background model of people of this world, of whom none is in a group that is judged."""
    first = 100 * world + len(GROUPS)
    people = together(
        [
            make_group(group, count, _background.PHOTOS, world, first + number)
            for number, (group, count) in enumerate(TAUGHT)
        ]
    )
    return _background.fit(people, set(_background.dense_people(people)))


def together(groups: Sequence[People]) -> People:
    """All groups as one, their people renumbered."""
    firsts = np.cumsum([0, *(1 + int(group.owners.max(initial=-1)) for group in groups)])
    return People(
        np.concatenate([group.vectors for group in groups]),
        np.concatenate(
            [group.owners + first for group, first in zip(groups, firsts, strict=False)]
        ),
        np.concatenate([group.quality for group in groups]),
    )


def dense_figures(people: People) -> dict[str, float]:
    """The figures named in ``REAL_DENSE``."""
    gaps = 1.0 - people.vectors @ people.vectors.T
    pairs = np.triu_indices(len(gaps), 1)
    same = (people.owners[:, None] == people.owners)[pairs]
    right, strangers = np.sort(gaps[pairs][same]), gaps[pairs][~same]
    found = [
        *np.quantile(right, [0.5, 0.95]),
        *np.quantile(strangers, [0.01, 0.05, 0.5]),
        (np.searchsorted(right, strangers) / len(right)).mean(),
    ]
    return dict(zip(REAL_DENSE, map(float, found), strict=True))


def average_dense(groups: int, seed: int = 0) -> dict[str, float]:
    """The figures' means over as many dense groups of the real set's size."""
    drawn = [
        dense_figures(make_group(DENSE, 5, PHOTOS, seed, seed + 1 + number))
        for number in range(groups)
    ]
    return {name: float(np.mean([each[name] for each in drawn])) for name in REAL_DENSE}


def pool_doubt(groups: int, seed: int = 0) -> dict[str, float]:
    """The figures named in ``REAL_DOUBT`` of as many dense groups of one world, pooled."""
    model = teach(seed)
    drawn = [make_group(DENSE, 5, 3, seed, seed + 1 + number) for number in range(groups)]
    doubts = [
        model.risk(people.vectors[people.of(owner)]) for people in drawn for owner in people.ids
    ]
    return dict(zip(REAL_DOUBT, map(float, np.quantile(doubts, [0.05, 0.5])), strict=True))


def figures(people: People, photos: int) -> dict[str, float]:
    """The figures named in ``REAL``. The people have ``photos`` faces each, one after another."""
    gaps = 1.0 - people.vectors @ people.vectors.T
    pairs = np.triu_indices(len(gaps), 1)
    same = (people.owners[:, None] == people.owners)[pairs]
    right, strangers = np.sort(gaps[pairs][same]), gaps[pairs][~same]
    found = {}
    for limit in (0.35, 0.40, 0.45):
        found[f"right missed at {limit:.2f}, %"] = 100 * float((right > limit).mean())
        found[f"strangers within {limit:.2f}, %"] = 100 * float((strangers <= limit).mean())
    nearer = np.searchsorted(right, strangers, side="left")
    found["area under the curve"] = float(nearer.mean() / len(right))
    for count in (3, 5):
        missed, within = np.mean(list(_by_nearest(gaps, photos, count, 0.40)), axis=0)
        found[f"right missed, nearest of {count} at 0.40, %"] = 100 * float(missed)
        found[f"strangers within, nearest of {count} at 0.40, %"] = 100 * float(within)
    found["strangers' mean distance"] = float(strangers.mean())
    found["its standard deviation"] = float(strangers.std())
    return found


def _by_nearest(
    gaps: np.ndarray, photos: int, count: int, limit: float
) -> Iterator[tuple[float, float]]:
    """Each ``count`` photos of everybody in turn are the references, their others are judged."""
    people = len(gaps) // photos
    by_person = gaps.reshape(people, photos, people, photos)
    own = np.eye(people, dtype=bool)
    for start in range(0, photos - count + 1, count):
        near = by_person[..., start : start + count].min(axis=3) <= limit
        judged = np.delete(near, np.s_[start : start + count], axis=1).transpose(1, 0, 2)
        yield float((~judged[:, own]).mean()), float(near.transpose(1, 0, 2)[:, ~own].mean())


def average(populations: int, seed: int = 0) -> dict[str, float]:
    """The figures' means over as many populations of the published set's shape."""
    drawn = [
        figures(make_people(PEOPLE, PHOTOS, seed + number), PHOTOS) for number in range(populations)
    ]
    return {name: float(np.mean([each[name] for each in drawn])) for name in REAL}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--populations", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    made = average(args.populations, args.seed)
    print(f"{args.populations} times {PEOPLE} made-up people with {PHOTOS} photos each")
    print(f"{'':<44}{'real':>9}{'made up':>10}")
    for name, value in REAL.items():
        digits = 3 if value < 1 and "area" not in name else 4 if value < 1 else 1
        print(f"{name:<44}{value:>9.{digits}f}{made[name]:>10.{digits}f}")
    dense = average_dense(args.populations, args.seed)
    print(f"\n{args.populations} times 5 people of a dense group")
    for name, value in REAL_DENSE.items():
        print(f"{name:<44}{value:>9.3f}{dense[name]:>10.3f}")
    doubt = pool_doubt(args.populations, args.seed)
    for name, value in REAL_DOUBT.items():
        print(f"{name:<44}{value:>9.2f}{doubt[name]:>10.2f}")


if __name__ == "__main__":
    main()
