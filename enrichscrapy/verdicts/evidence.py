"""Geometry of the evidence: how near, how many, and which photos agree. Pure numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.items import Vector

Matrix = NDArray[np.float64]


def stack(vectors: Sequence[Vector]) -> Matrix:
    """(n, d) unit vectors in double precision; ``ValueError`` for one that has no direction."""
    if not vectors:
        return np.zeros((0, 0))
    matrix = np.asarray([np.asarray(vector, dtype=np.float64) for vector in vectors])
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or not (norms > 0).all():
        raise ValueError("a face vector is not finite or has no length")
    return np.asarray(matrix / norms)


def distances(left: Matrix, right: Matrix) -> Matrix:
    """(n, d), (m, d) unit vectors -> (n, m) cosine distances."""
    return np.asarray(np.clip(1.0 - left @ right.T, 0.0, 2.0))


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
    lookalike nor a single bad reference decides; ``score`` is what the thresholds are put to.
    """

    nearest: float
    k_of_n: float
    k: int
    centroid: float
    score: float


def nearness(vector: Matrix, faces: Matrix) -> Nearness:
    """``vector`` is (1, d), ``faces`` (n, d) with n >= 1."""
    to_each = np.sort(distances(vector, faces)[0])
    k = (len(to_each) + 1) // 2
    k_of_n = float(to_each[:k].mean())
    to_centroid = float(distances(vector, centroid(faces))[0, 0])
    return Nearness(float(to_each[0]), k_of_n, k, to_centroid, (k_of_n + to_centroid) / 2)


def clusters(vectors: Matrix, photos: Sequence[str], agree: float) -> list[list[int]]:
    """Group the faces of a profile by person, nearest groups first, means compared.

    Two faces of one photo never share a group. The result depends only on the set of faces
    when their order is canonical.
    """
    groups = [[index] for index in range(len(vectors))]
    while len(groups) > 1:
        best: tuple[float, int, int] | None = None
        means = [centroid(vectors[group]) for group in groups]
        for left in range(len(groups)):
            for right in range(left + 1, len(groups)):
                if {photos[i] for i in groups[left]} & {photos[i] for i in groups[right]}:
                    continue
                gap = float(distances(means[left], means[right])[0, 0])
                if gap <= agree and (best is None or gap < best[0]):
                    best = (gap, left, right)
        if best is None:
            break
        _, left, right = best
        groups[left] = sorted(groups[left] + groups.pop(right))
    return groups


def independent(vectors: Matrix, twin: float) -> list[int]:
    """Indices of faces that are not the same picture again: each is farther than ``twin`` from
    all that were kept before it (so put the better ones first)."""
    kept: list[int] = []
    for index in range(len(vectors)):
        own = vectors[index : index + 1]
        if not kept or float(distances(own, vectors[kept]).min()) > twin:
            kept.append(index)
    return kept
