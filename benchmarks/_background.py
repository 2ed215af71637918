"""Makes a background model: ``python -m benchmarks._background --vectors FILE -o MODEL.npz``.

FILE holds vectors of some hundred people, two photos or more of each (``vectors``, ``labels``).
Of them only sums over all people are kept: the mean vector, the directions in which vectors vary at
all, along these how much people differ, and photos of one person, and how the share of other
people's photos within reach depends on where somebody lies. What ordinary people are like is
learnt without those few who take part in most of the near pairs of different people.

``verdicts/vggface2.npz`` was made of the people of Labeled Faces in the Wild who have two photos or
more: 1,151 people, at most 12 photos each. ``benchmarks.verdicts`` measures on them by turns: each
fifth of them is judged by a model made of the others.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks._vectors import read_vectors
from enrichscrapy.calibration.people import People
from enrichscrapy.verdicts.background import CONFUSED, Background
from enrichscrapy.verdicts.evidence import centroid

# People who take part in this share of all pairs of different people nearer than this are dense.
NEAR, DENSE_SHARE = 0.40, 0.70
PHOTOS = 5  # "usual" is measured for 1 to so many photos
FOLDS = 10
# How near a photo of somebody else is confusing, and what counts as never.
REACH, _RAREST = 0.45, 3e-5
# How much the regression distrusts directions that few people tell of (1: a direction counts half).
RIDGE = 1.0
# Directions in which the vectors vary less than this share of their variance are rounding.
_LEAST = 1e-4


def dense_people(people: People) -> list[int]:
    """Those whom the network hardly tells apart: the fewest that take part in most near pairs."""
    pairs = near_pairs(people)
    found: list[int] = []
    counts = Counter(pairs.ravel().tolist())
    for owner, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if np.isin(pairs, found).any(axis=1).mean() >= DENSE_SHARE:
            break
        found.append(owner)
    return found


def near_pairs(people: People) -> np.ndarray:
    """(n, 2): whose two photos are, for each pair of photos of different people that are near."""
    left, right = np.nonzero(np.triu(people.vectors @ people.vectors.T > 1 - NEAR, 1))
    pairs = np.stack([people.owners[left], people.owners[right]], axis=1)
    return np.asarray(pairs[pairs[:, 0] != pairs[:, 1]])


def fit(people: People, dense: Collection[int] = (), seed: int = 0) -> Background:
    """A model of these people, of whom the network confuses the ``dense`` ones: what people are
    like is learnt from the others, and who is confused from all. What is usual is measured on those
    it was not made of, by turns."""
    ids = np.random.default_rng(seed).permutation(people.ids)
    shares = _confused_shares(people)
    found = [
        _measured(
            people,
            [owner for owner in ids[part::FOLDS] if owner not in dense],
            _shape(people, np.delete(ids, np.s_[part::FOLDS]), dense, shares),
        )
        for part in range(FOLDS)
    ]
    measured = np.concatenate(found)
    middle, high = np.nanquantile(measured, [0.5, 0.9], axis=0)
    spread = (high - middle)[:-1]
    # As far as it tells of people whom it has not seen: of noise nothing counts.
    judged = [owner for part in range(FOLDS) for owner in ids[part::FOLDS] if owner not in dense]
    told = np.corrcoef(measured[:, -1], [shares[owner] for owner in judged])[0, 1]
    scale = max(told, 0.0) / (high - middle)[-1]
    unlike = (measured[:, :-1] - middle[:-1]) / spread
    confusion = scale * (measured[:, -1:] - middle[-1])
    # Both so that one in ten is more doubtful than 1, whatever they have to do with each other.
    unit = float(np.nanquantile(unlike + CONFUSED * confusion, 0.9))
    made = _shape(people, ids, dense, shares)
    confused = made.confused * scale / unit
    confused[-1] -= middle[-1] * scale / unit
    return replace(made, usual=np.stack([middle[:-1], unit * spread], axis=1), confused=confused)


def _shape(
    everybody: People, ids: np.ndarray, dense: Collection[int], shares: dict[int, float]
) -> Background:
    """A model of these people whose measures have no usual values yet."""
    people = everybody.keep_only([owner for owner in ids if owner not in dense])
    mean = people.vectors.mean(axis=0)
    offsets = people.vectors - mean
    variances, directions = np.linalg.eigh(offsets.T @ offsets)
    basis = directions[:, variances > _LEAST * variances.sum()].T
    inside = offsets @ basis.T
    photos = [inside[people.of(owner)] for owner in people.ids]
    means = np.stack([mine.mean(axis=0) for mine in photos])
    apart = np.concatenate([mine - mine.mean(axis=0) for mine in photos])
    within = apart.T @ apart / (len(apart) - len(means))
    # Means of few photos lie farther apart than the people do.
    between = np.cov(means.T) - within * np.mean([1 / len(mine) for mine in photos])
    spread, directions = np.linalg.eigh(within)
    whitened = directions / np.sqrt(spread)
    variances, turn = np.linalg.eigh(whitened.T @ between @ whitened)
    nothing = np.zeros(len(basis) + 1)
    made = Background(
        mean,
        basis,
        turn.T @ whitened.T,
        np.maximum(variances, 1e-3),
        np.tile([0.0, 1.0], (PHOTOS, 1)),
        nothing,
    )
    return replace(made, confused=_regression(everybody, ids, made, shares))


def _confused_shares(people: People) -> dict[int, float]:
    """How many of all other people's photos lie within ``REACH`` of a person's, as a logarithm."""
    found = {}
    for owner in people.ids:
        near = 1 - people.vectors[people.of(owner)] @ people.vectors.T < REACH
        found[owner] = np.log10(near[:, people.owners != owner].mean() + _RAREST)
    return found


def _regression(
    people: People, ids: np.ndarray, model: Background, shares: dict[int, float]
) -> np.ndarray:
    """Coefficients, and the constant, by which these people's places tell their shares."""
    places = np.stack([_place(people, owner, model) for owner in ids])
    told = np.array([shares[owner] for owner in ids])
    middle, scale = places.mean(axis=0), places.std(axis=0)
    unit = (places - middle) / scale
    ridge = unit.T @ unit + RIDGE * len(ids) * np.eye(len(scale))
    slopes = np.linalg.solve(ridge, unit.T @ (told - told.mean())) / scale
    return np.append(slopes, told.mean() - slopes @ middle)


def _place(people: People, owner: int, model: Background) -> np.ndarray:
    mean = centroid(people.vectors[people.of(owner)])[0]
    return np.asarray(model.axes @ (model.basis @ (mean - model.mean)))


def _measured(people: People, ids: Sequence[int], model: Background) -> np.ndarray:
    """(people, PHOTOS + 1): how unfamiliar each is by the first 1 to ``PHOTOS`` photos, NaN where
    there are fewer, and how confused by all of them."""
    rows = []
    for owner in ids:
        mine = people.vectors[people.of(owner)]
        row = [
            model.unfamiliar(place, count, model.variance(mine[:count]))
            if count <= len(mine) and (place := model.place(mine[:count])) is not None
            else np.nan
            for count in range(1, PHOTOS + 1)
        ]
        rows.append([*row, model.confusion(_place(people, owner, model))])
    return np.asarray(rows)


def save(model: Background, path: Path) -> None:
    half = model.basis.astype(np.float16)
    rest = {
        name: getattr(model, name).astype(np.float32)
        for name in ("mean", "axes", "between", "usual", "confused")
    }
    np.savez_compressed(path, basis=half, **rest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--vectors", metavar="FILE", type=Path, required=True)
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, required=True)
    args = parser.parse_args()
    people = read_vectors(args.vectors)
    dense = dense_people(people)
    model = fit(people, dense)
    save(model, args.output)
    told = f"{len(people)} faces of {len(people.ids)} people"
    print(f"{args.output}: {len(model.basis)} directions, {told}")


if __name__ == "__main__":
    main()
