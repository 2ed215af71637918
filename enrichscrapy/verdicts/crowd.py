"""The rest of the index around a face: whose else it might be, and how crowded it is there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

from enrichscrapy.items import Neighbour
from enrichscrapy.verdicts.evidence import Nearness
from enrichscrapy.verdicts.thresholds import Thresholds

# Other performers' faces that tell how crowded it is around a face.
COHORT = 7


class Crowd:
    """Other performers' faces nearest to one candidate, sought among ``size`` of them.

    ``apart`` is :func:`apart_from_crowd`; ``nearest`` is None where the index holds nobody else.
    """

    def __init__(self, neighbours: Sequence[Neighbour], size: int, thresholds: Thresholds) -> None:
        near = sorted(neighbours, key=_by_distance)
        self.nearest = near[0] if near else None
        self.apart = apart_from_crowd([face.distance for face in near], size, thresholds)
        self._size = size
        self._thresholds = thresholds

    def claim(self, own: Nearness | None) -> float:
        """By how much a face of another performer is nearer than any of this performer's trusted
        ones (``own``), or than a face is accepted at where there are none. 0 where none is, or none
        is nearer than the nearest of so many strangers is by chance."""
        if self.nearest is None:
            return 0.0
        gap = self.nearest.distance
        if gap >= chance_distances(1, self._size, self._thresholds)[0]:
            return 0.0
        return max((own.nearest if own else self._thresholds.accept_at(1)) - gap, 0.0)


def apart_from_crowd(others: Sequence[float], size: int, thresholds: Thresholds) -> float:
    """By how much ``others`` (nearest first) lie farther than the nearest of ``size`` strangers'
    faces do by chance. A face that stands apart from everybody else's may be a little farther from
    its own; one in a crowd (a blurred face is like many) must be nearer. The nearest of ``others``
    counts a third, the mean of the nearest few the rest: a single lookalike matters, and does not
    decide alone."""
    near = others[:COHORT]
    if not near:
        return 0.0
    by_chance = chance_distances(len(near), size, thresholds)
    nearest = near[0] - by_chance[0]
    mean = (sum(near) - sum(by_chance)) / len(near)
    return thresholds.bounded((nearest + 2 * mean) / 3)


@lru_cache(maxsize=4096)
def chance_distances(nearest: int, size: int, thresholds: Thresholds) -> tuple[float, ...]:
    """Where the ``nearest`` of ``size`` strangers' faces lie by chance."""
    mean, sd = thresholds.stranger_mean, thresholds.stranger_sd
    return tuple(mean + sd * place for place in chance_places(nearest, size))


@lru_cache(maxsize=4096)
def chance_places(nearest: int, size: int) -> tuple[float, ...]:
    """The medians of the ``nearest`` of ``size`` draws from a standard normal distribution."""
    # The usual approximation of the median of a Beta distribution.
    shares = ((place + 2 / 3) / (max(size, nearest) + 1 / 3) for place in range(nearest))
    return tuple(NormalDist().inv_cdf(share) for share in shares)


def _by_distance(neighbour: Neighbour) -> tuple[float, int, int]:
    return (neighbour.distance, neighbour.performer_id, neighbour.face_id)
