"""People made of numbers: vectors at chosen distances, and the pieces the rules take."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from enrichscrapy.items import Identity, Judgement, Neighbour, Vector, Verdict
from enrichscrapy.verdicts import Candidate, Context, Limits, Reference, judge

DIMENSION = 64
ROOMY = Limits(per_source=50, total=100)


def at(distance: float, turn: int = 0, person: int = 0) -> Vector:
    """A unit vector at this cosine distance from a person's axis, in a direction of its own.

    ``turn`` picks the direction; vectors of different turns are at right angles off the axis.
    """
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[person] = 1.0 - distance
    vector[10 + turn] = math.sqrt(1.0 - (1.0 - distance) ** 2)
    return vector


def photos(*vectors: Vector, quality: float = 0.8) -> list[Candidate]:
    return [Candidate(v, quality, f"photo-{n}.jpg") for n, v in enumerate(vectors)]


def trusted(
    *vectors: Vector, source: str = "import", first: int = 100, earned: bool = False
) -> list[Reference]:
    return [
        Reference(first + n, v, True, 0.8, source, earned=earned) for n, v in enumerate(vectors)
    ]


def verdicts(
    candidates: Sequence[Candidate],
    references: Sequence[Reference] = (),
    neighbours: Sequence[Sequence[Neighbour]] | None = None,
    trust: str = "high",
    identity: Identity | None = None,
    **rest: Any,
) -> tuple[list[tuple[Verdict, str]], Judgement]:
    """[(verdict, reason)] and the whole judgement."""
    judged = judge(
        candidates,
        list(references),
        neighbours if neighbours is not None else [()] * len(candidates),
        Context(
            rest.pop("source", "babepedia"),
            trust,
            identity,
            **{name: rest.pop(name) for name in ("index_size", "around", "weak") if name in rest},
        ),
        rest.pop("thresholds"),
        rest.pop("limits", ROOMY),
    )
    return [(d.verdict, d.reason) for d in judged.decisions], judged
