"""People made of numbers: vectors at chosen distances, and the pieces the rules take."""

import math

import numpy as np

from enrichscrapy.verdicts import Candidate, Context, Limits, Reference, judge

DIMENSION = 64
ROOMY = Limits(per_source=50, total=100)


def at(distance, turn=0, person=0):
    """A unit vector at this cosine distance from a person's axis, in a direction of its own.

    ``turn`` picks the direction; vectors of different turns are at right angles off the axis.
    """
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[person] = 1.0 - distance
    vector[10 + turn] = math.sqrt(1.0 - (1.0 - distance) ** 2)
    return vector


def photos(*vectors, quality=0.8):
    return [Candidate(v, quality, f"photo-{n}.jpg") for n, v in enumerate(vectors)]


def trusted(*vectors, source="import", first=100, earned=False):
    return [
        Reference(first + n, v, True, 0.8, source, earned=earned) for n, v in enumerate(vectors)
    ]


def verdicts(candidates, references=(), neighbours=None, trust="high", identity=None, **rest):
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
