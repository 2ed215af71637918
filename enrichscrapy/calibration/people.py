"""Faces of known people: from the database, or from a folder of labelled photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from enrichscrapy.calibration.labelled import read_photo
from enrichscrapy.database.schema import faces as table
from enrichscrapy.items import Vector, Verdict
from enrichscrapy.verdicts.evidence import Matrix, stack

if TYPE_CHECKING:
    from enrichscrapy.database import PerformerDatabase
    from enrichscrapy.faces.engine import FaceEngine

_BATCH = 16


@dataclass(frozen=True, eq=False)
class People:
    """Faces with their owners: ``vectors`` is (n, d) of unit length, ``owners`` (n,) numbers the
    people, ``quality`` is (n,) in 0..1. One face a photo."""

    vectors: Matrix
    owners: NDArray[np.int64]
    quality: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.owners)

    @cached_property
    def single(self) -> NDArray[np.float32]:
        """The vectors in single precision, as they are stored and shown."""
        return self.vectors.astype(np.float32)

    @cached_property
    def ids(self) -> list[int]:
        return list(self._rows)

    def of(self, owner: int) -> NDArray[np.int64]:
        """Indices of a person's faces."""
        return self._rows.get(owner, np.zeros(0, np.int64))

    @cached_property
    def _rows(self) -> dict[int, NDArray[np.int64]]:
        """Found once: a lookup that is made up asks for everybody's faces."""
        ids, firsts = np.unique(np.sort(self.owners), return_index=True)
        rows = np.split(np.argsort(self.owners, kind="stable"), firsts[1:])
        return {int(owner): of_owner for owner, of_owner in zip(ids, rows, strict=False)}

    def with_photos(self, least: int) -> list[int]:
        """Those with so many photos or more."""
        return [owner for owner, rows in self._rows.items() if len(rows) >= least]

    def keep_only(self, owners: Sequence[int]) -> People:
        keep = np.isin(self.owners, owners)
        return People(self.vectors[keep], self.owners[keep], self.quality[keep])


def gather_people(labelled: Mapping[str, Sequence[tuple[Vector, float]]]) -> People:
    """From (vector, quality) pairs by name; the names are not kept."""
    vectors = [vector for name in sorted(labelled) for vector, _ in labelled[name]]
    quality = [value for name in sorted(labelled) for _, value in labelled[name]]
    sizes = [len(labelled[name]) for name in sorted(labelled)]
    owners = np.repeat(np.arange(len(sizes)), sizes)
    return People(stack(vectors), owners.astype(np.int64), np.asarray(quality, dtype=np.float64))


def read_database(
    database: PerformerDatabase,
    model_id: int,
    *,
    confirmed_only: bool,
    most: int = 400,
    seed: int = 0,
) -> People:
    """Accepted faces of at most ``most`` performers who have two or more, drawn at random.

    With ``confirmed_only`` only faces that a person confirmed count. Those that the rules accepted
    are within their thresholds by definition: on them, misses look rarer than they are.
    """
    labelled: dict[str, list[tuple[Vector, float]]] = {}
    performers = np.random.default_rng(seed).permutation(
        _find_people_with_faces(database, model_id)
    )
    for performer_id in performers:
        faces = [
            (face.vector, face.quality)
            for face in database.faces.find_references(int(performer_id), model_id)[0]
            if face.verdict is Verdict.ACCEPTED
            and face.vector is not None
            and (face.confirmed_by_person or not confirmed_only)
        ]
        if len(faces) > 1:
            labelled[f"{performer_id:012d}"] = faces
        if len(labelled) == most:
            break
    return gather_people(labelled)


def _find_people_with_faces(database: PerformerDatabase, model_id: int) -> list[int]:
    query = (
        select(table.c.performer_id)
        .where(table.c.model_id == model_id, table.c.verdict == Verdict.ACCEPTED.value)
        .group_by(table.c.performer_id)
        .having(func.count() > 1)
        .order_by(table.c.performer_id)
    )
    with database.read() as connection:
        return list(connection.scalars(query))


def read_photos(
    files: Sequence[tuple[Path, str]], engine: FaceEngine
) -> tuple[People, Counter[str]]:
    """The faces of labelled photos, and the outcome of each photo.

    A photo with several faces is left out: nobody says whose is whose.
    """
    labelled: dict[str, list[tuple[Vector, float]]] = {}
    counts: Counter[str] = Counter()
    for start in range(0, len(files), _BATCH):
        batch = [(read_photo(path), name) for path, name in files[start : start + _BATCH]]
        photos = [data for data, _ in batch if data is not None]
        names = [name for data, name in batch if data is not None]
        counts["unreadable"] += len(batch) - len(photos)
        for seen, name in zip(engine.look(photos), names, strict=True):
            outcome = "several_faces" if len(seen.faces) > 1 else seen.outcome.value
            counts[outcome] += 1
            if len(seen.faces) == 1 and seen.faces[0].vector is not None:
                labelled.setdefault(name, []).append((seen.faces[0].vector, seen.faces[0].quality))
    return gather_people(labelled), counts
