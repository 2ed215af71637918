"""The rest of the index around a lookup's faces: the nearest faces of other performers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from enrichscrapy.database.faces import FaceStore, StoredFace
from enrichscrapy.index import FaceIndex
from enrichscrapy.items import Lookup, Neighbour, Vector, Verdict
from enrichscrapy.verdicts.evidence import centroid, stack

NEIGHBOURS = 64
"""Faces asked of the index for each face; the performer's own are among them."""


def find_neighbours(
    lookup: Lookup, stored: Sequence[StoredFace], index: FaceIndex | None, faces: FaceStore
) -> None:
    """Fill each face's ``neighbours``, and the lookup's ``around``: the faces of *other*
    performers nearest to it, and to the trusted ones among ``stored``; nearest first.

    The database tells whose the faces are. Without an index nothing is filled in.
    """
    found = [face for face in lookup.faces if face.vector is not None]
    if index is None or not index.count or not found:
        return
    means = _find_mean(stored)
    vectors = np.stack([face.vector for face in found if face.vector is not None] + means)
    ids, similarities = index.search(vectors, min(NEIGHBOURS, index.count))
    owners = faces.map_performers([int(i) for i in np.unique(ids)])
    lookup.index_size = index.count
    others = [
        tuple(
            Neighbour(owners[int(i)], int(i), float(1.0 - s))
            for i, s in zip(near, similarity, strict=True)
            if owners.get(int(i), lookup.performer.id) != lookup.performer.id
        )
        for near, similarity in zip(ids, similarities, strict=True)
    ]
    lookup.around = others.pop() if means else ()
    for face, near in zip(found, others, strict=True):
        face.neighbours = near


def _find_mean(stored: Sequence[StoredFace]) -> list[Vector]:
    """The mean direction of the trusted faces, if there are any."""
    trusted = [face.vector for face in stored if face.trusted and face.vector is not None]
    return [centroid(stack(trusted))[0].astype(np.float32)] if trusted else []


class Neighbourhood:
    """The index as it was read, and the faces that were accepted since."""

    def __init__(self, index: FaceIndex | None, faces: FaceStore) -> None:
        self._index = index
        self._faces = faces
        self._ids: list[tuple[int, int]] = []
        self._places: dict[int, list[int]] = {}
        self._vectors = np.empty((0, 0), np.float32)
        """Longer than ``_ids``, so that adding a face does not copy them all."""

    def find(self, lookup: Lookup, stored: Sequence[StoredFace]) -> None:
        """Fill in each face's neighbours, the new faces among them."""
        find_neighbours(lookup, stored, self._index, self._faces)
        if not self._ids:
            return
        lookup.index_size += len(self._ids)
        for face in lookup.faces:
            if face.vector is not None:
                near = self._find_added(face.vector, lookup.performer.id)
                both = sorted([*face.neighbours, *near], key=lambda each: each.distance)
                face.neighbours = tuple(both[:NEIGHBOURS])

    def _find_added(self, vector: Vector, but: int) -> list[Neighbour]:
        """The nearest of the added faces that are not the performer's of that id."""
        gaps = 1.0 - self._vectors[: len(self._ids)] @ vector
        gaps[self._places.get(but, [])] = np.inf
        nearest = np.argpartition(gaps, min(NEIGHBOURS, len(gaps) - 1))[:NEIGHBOURS]
        return [
            Neighbour(self._ids[int(place)][0], self._ids[int(place)][1], float(gaps[place]))
            for place in nearest
            if np.isfinite(gaps[place])
        ]

    def add(self, lookup: Lookup, face_ids: Sequence[int]) -> None:
        """Take in a stored lookup's accepted faces; ``face_ids`` are its faces', in order."""
        for face, face_id in zip(lookup.faces, face_ids, strict=True):
            accepted = face.decision is not None and face.decision.verdict is Verdict.ACCEPTED
            if accepted and face.vector is not None:
                self._make_room(len(face.vector))
                self._vectors[len(self._ids)] = face.vector
                self._places.setdefault(lookup.performer.id, []).append(len(self._ids))
                self._ids.append((lookup.performer.id, face_id))

    def _make_room(self, dimension: int) -> None:
        if len(self._ids) == len(self._vectors):
            more = np.empty((max(1024, 2 * len(self._ids)), dimension), np.float32)
            if self._ids:
                more[: len(self._ids)] = self._vectors
            self._vectors = more
