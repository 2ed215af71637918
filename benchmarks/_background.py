"""Makes a background model: ``python -m benchmarks._background --vectors FILE -o MODEL.npz``.

FILE holds vectors of some hundred people, two photos or more of each (``vectors``, ``labels``).
Of them only sums over all people are kept: the mean vector, the directions in which vectors vary at
all, and along these how much people differ, and photos of one person. Whoever takes part in most of
the near pairs of different people is left out: the model is to know those whom the network tells
apart. With ``--halves`` a random half of the people is left out as well, to measure on.

``verdicts/vggface2.npz`` was made of one half of the people of Labeled Faces in the Wild who have
two photos or more (``--halves 16``): some 550 people, at most 12 photos each.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks._vectors import read_vectors
from enrichscrapy.calibration import People
from enrichscrapy.verdicts.background import Background

# People who take part in this share of all pairs of different people nearer than this are dense.
NEAR, DENSE_SHARE = 0.40, 0.70
PHOTOS = 5  # "usual" is measured for 1 to so many photos
FOLDS = 10
# Directions in which the vectors vary less than this share of their variance are rounding.
_LEAST = 1e-4


def dense_people(people: People) -> list[int]:
    """Those whom the network hardly tells apart: the fewest that take part in most near pairs."""
    left, right = np.nonzero(np.triu(people.vectors @ people.vectors.T > 1 - NEAR, 1))
    pairs = np.stack([people.owners[left], people.owners[right]], axis=1)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    found: list[int] = []
    counts = Counter(pairs.ravel().tolist())
    for owner, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if np.isin(pairs, found).any(axis=1).mean() >= DENSE_SHARE:
            break
        found.append(owner)
    return found


def fit(people: People, seed: int = 0) -> Background:
    """A model of these people; what is usual is measured on those it was not made of, by turns."""
    ids = np.random.default_rng(seed).permutation(people.ids)
    found = [
        _unfamiliar(
            people, list(ids[part::FOLDS]), _shape(people, np.delete(ids, np.s_[part::FOLDS]))
        )
        for part in range(FOLDS)
    ]
    middle, high = np.nanquantile(np.concatenate(found), [0.5, 0.9], axis=0)
    return replace(_shape(people, ids), usual=np.stack([middle, high - middle], axis=1))


def _shape(everybody: People, ids: np.ndarray) -> Background:
    """A model of these people, with a measure of unlikeness that has no usual value yet."""
    people = everybody.keep_only(list(ids))
    mean = people.vectors.mean(axis=0)
    _, lengths, directions = np.linalg.svd(people.vectors - mean, full_matrices=False)
    basis = directions[lengths**2 > _LEAST * (lengths**2).sum()]
    inside = (people.vectors - mean) @ basis.T
    photos = [inside[people.of(owner)] for owner in people.ids]
    means = np.stack([mine.mean(axis=0) for mine in photos])
    apart = np.concatenate([mine - mine.mean(axis=0) for mine in photos])
    within = apart.T @ apart / (len(apart) - len(means))
    # Means of few photos lie farther apart than the people do.
    between = np.cov(means.T) - within * np.mean([1 / len(mine) for mine in photos])
    spread, directions = np.linalg.eigh(within)
    whitened = directions / np.sqrt(spread)
    variances, turn = np.linalg.eigh(whitened.T @ between @ whitened)
    axes = turn.T @ whitened.T
    return Background(
        mean, basis, axes, np.maximum(variances, 1e-3), np.tile([0.0, 1.0], (PHOTOS, 1))
    )


def _unfamiliar(people: People, ids: list[int], model: Background) -> np.ndarray:
    """(people, PHOTOS): by the first 1 to ``PHOTOS`` photos of each; NaN where there are fewer."""
    rows = [people.of(owner) for owner in ids]
    return np.asarray(
        [
            [
                model.unfamiliar(people.vectors[mine[:count]]) if count <= len(mine) else np.nan
                for count in range(1, PHOTOS + 1)
            ]
            for mine in rows
        ]
    )


def save(model: Background, path: Path) -> None:
    half = model.basis.astype(np.float16)
    rest = {
        name: getattr(model, name).astype(np.float32)
        for name in ("mean", "axes", "between", "usual")
    }
    np.savez_compressed(path, basis=half, **rest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--vectors", metavar="FILE", type=Path, required=True)
    parser.add_argument("--halves", metavar="SEED", type=int, help="use one half of the people")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, required=True)
    args = parser.parse_args()
    people = read_vectors(args.vectors)
    dense = dense_people(people)
    used = people if args.halves is None else people.split_people(args.halves)[0]
    used = used.keep_only([owner for owner in used.ids if owner not in dense])
    model = fit(used)
    save(model, args.output)
    print(
        f"{args.output}: {len(model.basis)} directions, {len(used)} faces of {len(used.ids)} people"
    )


if __name__ == "__main__":
    main()
