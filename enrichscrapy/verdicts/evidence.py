"""Geometry of the evidence: how near, how many, and which photos agree. Pure numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.items import Vector

Matrix = NDArray[np.float64]

# Shares in a score: the centroid is the steadier of the two.
_K_OF_N, _CENTRE = 1 / 3, 2 / 3


def stack(vectors: Sequence[Vector]) -> Matrix:
    """(n, d) unit vectors in double precision; ``ValueError`` for one that has no direction."""
    if not vectors:
        return np.zeros((0, 0))
    matrix = np.asarray(vectors, dtype=np.float64)
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or not (norms > 0).all():
        raise ValueError("a face vector is not finite or has no length")
    return np.asarray(matrix / norms)


def distances(left: Matrix, right: Matrix) -> Matrix:
    """(n, d), (m, d) unit vectors -> (n, m) cosine distances."""
    return np.minimum(np.maximum(1.0 - left @ right.T, 0.0), 2.0)


def centroid(vectors: Matrix) -> Matrix:
    """(n, d) -> (1, d): the direction of their mean."""
    mean = vectors.mean(axis=0, keepdims=True)
    norm = float(np.linalg.norm(mean))
    # Vectors that cancel out have no mean direction: any of them is as good.
    return np.asarray(mean / norm) if norm > 1e-9 else vectors[:1]


@dataclass(frozen=True)
class Nearness:
    """How near one vector is to a set of faces.

    ``k_of_n`` is the mean distance to the nearest half of them (k of n), so that neither a single
    lookalike nor a single bad reference decides; ``centroid`` is the distance to the direction of
    their mean. ``score`` is what the thresholds are put to.
    """

    nearest: float
    k_of_n: float
    k: int
    centroid: float
    score: float


def nearness(vector: Matrix, faces: Matrix) -> Nearness:
    """``vector`` is (1, d), ``faces`` (n, d) with n >= 1."""
    to_each, to_centroid, k = _measured(vector, faces)
    k_of_n, centre = float(to_each[0, :k].mean()), float(to_centroid[0])
    return Nearness(float(to_each[0, 0]), k_of_n, k, centre, _K_OF_N * k_of_n + _CENTRE * centre)


def scores(vectors: Matrix, faces: Matrix) -> Matrix:
    """(m, d), (n, d) -> (m,): :attr:`Nearness.score` of many at once."""
    to_each, to_centroid, k = _measured(vectors, faces)
    return np.asarray(_K_OF_N * to_each[:, :k].mean(axis=1) + _CENTRE * to_centroid)


def _measured(vectors: Matrix, faces: Matrix) -> tuple[Matrix, Matrix, int]:
    to_each = np.sort(distances(vectors, faces), axis=1)
    return to_each, distances(vectors, centroid(faces))[:, 0], (len(faces) + 1) // 2


def set_apart(left: Matrix, right: Matrix) -> float | None:
    """How far two people lie apart of whom (n, d) and (m, d) are photos: the mean distance between
    a photo of each, less that between two photos of one.

    However much the photos vary, it is about 0 where both are one person's (the energy statistic of
    Székely and Rizzo 2013, in cosine distances). None where neither has two photos.
    """
    within = [_mean_gap(faces) for faces in (left, right) if len(faces) > 1]
    if not within:
        return None
    return float(distances(left, right).mean() - sum(within) / len(within))


def _mean_gap(faces: Matrix) -> float:
    """The mean distance between two of these faces, of which there are at least two."""
    return float(distances(faces, faces).sum() / (len(faces) * (len(faces) - 1)))


def clusters(vectors: Matrix, photos: Sequence[str], agree: float) -> list[list[int]]:
    """Group the faces of a profile by person: the two groups whose mean directions are nearest
    are joined as long as any are within ``agree``. Two faces of one photo never share a group.
    """
    groups = [[index] for index in range(len(vectors))]
    sums = vectors @ vectors.T  # dot products of the groups' sums
    apart = np.array([[left == right for right in photos] for left in photos], dtype=bool)
    while len(groups) > 1:
        lengths = np.sqrt(np.maximum(np.diag(sums), 1e-12))
        gaps = np.where(apart, np.inf, 1.0 - sums / np.outer(lengths, lengths))
        left, right = sorted(divmod(int(np.argmin(gaps)), len(groups)))
        if gaps[left, right] > agree:
            break
        groups[left] = sorted(groups[left] + groups.pop(right))
        sums[left] += sums[right]
        sums[:, left] += sums[:, right]
        apart[left] |= apart[right]
        apart[:, left] |= apart[:, right]
        sums = np.delete(np.delete(sums, right, 0), right, 1)
        apart = np.delete(np.delete(apart, right, 0), right, 1)
    return groups


def independent(gaps: Matrix, twin: float) -> list[int]:
    """Indices of faces that are not the same picture again: each is farther than ``twin`` from
    all that were kept before it (so put the better ones first). ``gaps`` is (n, n)."""
    kept: list[int] = []
    for index in range(len(gaps)):
        if not kept or float(gaps[index, kept].min()) > twin:
            kept.append(index)
    return kept


def spread(faces: Matrix, usual: float) -> float:
    """Mean distance between a person's faces, drawn towards the usual one as if by one more pair
    (so that one face gives ``usual`` and many are believed)."""
    count = len(faces)
    pairs = count * (count - 1) / 2
    return float((distances(faces, faces).sum() / 2 + usual) / (pairs + 1))
