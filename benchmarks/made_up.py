"""How like real people the made-up ones are: ``python -m benchmarks.made_up``.

Figures of real people who take part in few near pairs (Labeled Faces in the Wild, vectors of the
project's own detection and crop; only figures over some hundred of them are kept: those with four
photos or more, or with six), beside the same figures of made-up people, many draws of as many.

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
from benchmarks._synthetic import ORDINARY, Group, make_people
from enrichscrapy.calibration.lookups import Index, Indexed
from enrichscrapy.calibration.people import People
from enrichscrapy.verdicts.background import Background

PEOPLE, PHOTOS = 24, 6
REAL = {
    "right missed at 0.35, %": 14.6,
    "right missed at 0.40, %": 8.3,
    "right missed at 0.45, %": 4.7,
    "strangers within 0.35, %": 0.003,
    "strangers within 0.40, %": 0.019,
    "strangers within 0.45, %": 0.076,
    "area under the curve": 0.9995,
    "right missed, nearest of 3 at 0.40, %": 1.8,
    "right missed, nearest of 5 at 0.40, %": 1.0,
    "strangers within, nearest of 3 at 0.40, %": 0.049,
    "strangers within, nearest of 5 at 0.40, %": 0.071,
    "strangers' mean distance": 0.96,
    "its standard deviation": 0.155,
}

# How far the nearest of so many others lie from the mean of three photos.
AROUND = 440
REAL_AROUND = {
    "the nearest person, 2 %": 0.322,
    "the nearest person, median": 0.456,
    "the third, 2 %": 0.423,
    "the third, median": 0.523,
    "the tenth, 2 %": 0.519,
    "the tenth, median": 0.603,
}

# Distances in a dense group, of which a set of five real people with many photos shows what they
# are like.
DENSE_PEOPLE, DENSE_PHOTOS = 5, 20
DENSE = Group(shared=0.55, families=1, clarity=(14, 1.6), odd=True)
REAL_DENSE = {
    "one person's photos, median": 0.324,
    "one person's photos, 95 %": 0.506,
    "different people's, 1 %": 0.277,
    "different people's, 5 %": 0.345,
    "different people's, median": 0.542,
    "area under the curve": 0.91,
}
# How doubtful the background model finds it that they are told apart (``Background.risk`` by three
# photos): of ordinary people 10 % are above 1.
REAL_DOUBT = {"doubt of the background model, 5 %": 1.69, "its median": 2.25}


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
    ("a group left out of all tuning", Kind.UNTUNED, Group(0.5, 1, (6, 0.5), odd=True), 12, 3),
    ("a dense group, none of it known", Kind.ABSENT, DENSE, 10, 0),
)


# Of whom a background model is made.
TAUGHT = ((ORDINARY, 1100), (DENSE, 40))


def population(photos: int, seed: int, folder: Path) -> list[Measured]:
    """Groups of unequal density in one index of some 3,000 faces; everybody has ``photos``.

    ``folder`` takes a background model of other people, as the program ships one.
    """
    background = folder / f"{seed}.npz"
    _background.save(teach(seed), background)
    made = [
        make_people(count, photos, 100 * seed + number, group)
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


def teach(seed: int) -> Background:
    """A background model of people of whom none is in a group of :func:`population`."""
    first = 100 * seed + len(GROUPS)
    people = together(
        [
            make_people(count, _background.PHOTOS, first + number, group)
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
        dense_figures(make_people(DENSE_PEOPLE, DENSE_PHOTOS, seed + number, DENSE))
        for number in range(groups)
    ]
    return {name: float(np.mean([each[name] for each in drawn])) for name in REAL_DENSE}


def pool_doubt(groups: int, seed: int = 0) -> dict[str, float]:
    """The figures named in ``REAL_DOUBT`` of as many dense groups, pooled."""
    model = teach(seed)
    drawn = [make_people(DENSE_PEOPLE, 3, seed + number, DENSE) for number in range(groups)]
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


def around(people: People, photos: int) -> dict[str, float]:
    """The figures named in ``REAL_AROUND``, each by the nearest of up to three faces of the others.
    The people have ``photos`` faces each, one after another."""
    faces = people.vectors.reshape(len(people.ids), photos, -1)[:, :3]
    means = faces.mean(axis=1)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    gaps = (1.0 - np.einsum("id,jpd->ijp", means, faces)).min(axis=2)
    np.fill_diagonal(gaps, np.inf)
    ordered = np.sort(gaps, axis=1)
    found = [np.quantile(ordered[:, place], share) for place in (0, 2, 9) for share in (0.02, 0.5)]
    return dict(zip(REAL_AROUND, map(float, found), strict=True))


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
    """The figures' means over as many populations."""
    drawn = [
        figures(make_people(PEOPLE, PHOTOS, seed + number), PHOTOS) for number in range(populations)
    ]
    return {name: float(np.mean([each[name] for each in drawn])) for name in REAL}


def average_around(populations: int, seed: int = 0) -> dict[str, float]:
    """The figures' means over as many populations."""
    drawn = [around(make_people(AROUND + 1, 3, seed + number), 3) for number in range(populations)]
    return {name: float(np.mean([each[name] for each in drawn])) for name in REAL_AROUND}


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
    near = average_around(-(-args.populations // 40), args.seed)
    print(f"\nAround a person, among {AROUND} others")
    for name, value in REAL_AROUND.items():
        print(f"{name:<44}{value:>9.3f}{near[name]:>10.3f}")
    dense = average_dense(args.populations, args.seed)
    print(f"\n{args.populations} times {DENSE_PEOPLE} people of a dense group")
    for name, value in REAL_DENSE.items():
        print(f"{name:<44}{value:>9.3f}{dense[name]:>10.3f}")
    doubt = pool_doubt(args.populations, args.seed)
    for name, value in REAL_DOUBT.items():
        print(f"{name:<44}{value:>9.2f}{doubt[name]:>10.2f}")


if __name__ == "__main__":
    main()
