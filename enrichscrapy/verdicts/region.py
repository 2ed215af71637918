"""Whether the network can tell people apart where a face lies, and how sure that is.

A threshold is good for people like those it was measured on. Elsewhere strangers may lie as near
as a person's own photos: where people lie in a dense group, or where nobody knows how they lie.
Three things tell, each by the people in the index that are nearest:

- the nearest are nearer than the nearest of so many people usually are (a *crowd*);
- a few stand out from all the rest, who are far (a *cluster*: a group of which few are known);
- even those that come next are far (*remote*), or the model itself gives reason to doubt that it
  tells people apart there (``background.py``), whoever the index holds.

An absence of neighbours is no evidence where any of these speaks: nothing here ever loosens a
threshold, and what standing apart adds elsewhere (``crowd.py``) is taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

from enrichscrapy.items import Neighbour
from enrichscrapy.verdicts.thresholds import Thresholds
from enrichscrapy.verdicts.types import Reason

NEXT, LAST = 3, 10
"""The nearest three people are *near*; those from the fifth to the tenth are *far*."""
# Faces of one person in an index, by which its faces tell how many people it holds.
_FACES = 2.6
# Where the second nearest of some thousand people lies, in deviations below the mean.
_MANY = 2.95
# What a model's doubt gains at most where the index holds too few people to confirm or allay it.
_LEAST_TOLD = 0.4


@dataclass(frozen=True)
class Region:
    """Where a performer's mean face lies.

    ``near`` and ``far`` are by how much the nearest people, and those next to them, are farther
    than they usually are in an index of that size, in distances of a large one: the nearest of few
    differ more by chance, by ``told``. ``risk`` is :meth:`Background.risk`.
    """

    near: float = 0.0
    far: float = 0.0
    risk: float = 0.0
    told: float = 1.0

    @classmethod
    def of(
        cls,
        neighbours: Sequence[Neighbour],
        size: int,
        risk: float,
        thresholds: Thresholds,
    ) -> Region:
        """``neighbours`` are other people's faces that were found among ``size`` of them."""
        nearest: dict[int, float] = {}
        for face in neighbours:
            known = nearest.get(face.performer_id, face.distance)
            nearest[face.performer_id] = min(face.distance, known)
        gaps = sorted(nearest.values())[:LAST]
        told = _estimate_spread(size)
        if not gaps:
            return cls(risk=risk, told=told)
        usual = usual_distances(len(gaps), size, thresholds)
        over = [gap - expected for gap, expected in zip(gaps, usual, strict=True)]
        near, far = over[:NEXT], over[NEXT + 1 :] or over
        return cls(told * sum(near) / len(near), told * sum(far) / len(far), risk, told)


@dataclass(frozen=True)
class WeakOn:
    """Groups in which a network hardly tells people apart, as a database writes them: ISO 3166
    alpha-2 codes, and words for an ethnicity in lower case."""

    countries: frozenset[str] = frozenset()
    ethnicities: frozenset[str] = frozenset()

    def holds(self, country: str | None, ethnicity: str | None) -> bool:
        """By the ethnicity where there is one: people of one country are of many."""
        if words := (ethnicity or "").replace("_", " ").replace("-", " ").casefold().split():
            return any(word in self.ethnicities for word in words)
        return (country or "").upper() in self.countries


@dataclass(frozen=True)
class Caution:
    """``distance`` is taken off what is allowed; ``reason`` is what a face waits for by it."""

    distance: float
    reason: Reason


NO_CAUTION = Caution(0.0, Reason.CROWDED)


def caution(region: Region, weak: bool, thresholds: Thresholds) -> Caution:
    """How much nearer a face has to be for where it lies. ``weak``: the database says that the
    performer belongs to a group in which the model hardly tells people apart."""
    rules = thresholds
    dense = rules.crowd_caution * _over(-region.near, rules.crowd_free)
    dense += rules.cluster_caution * _over(region.far - region.near, rules.cluster_free)
    unknown = rules.remote_caution * _over(region.far, rules.remote_free)
    risk = rules.risk_caution * _over(region.risk, rules.risk_free) ** 2
    unknown += risk / max(region.told, _LEAST_TOLD)
    reason = Reason.CROWDED if weak or dense >= unknown else Reason.UNFAMILIAR
    found = min(rules.caution * (dense + unknown), rules.caution_bound)
    return Caution(max(found, rules.weak_caution) if weak else found, reason)


def apart_with_care(apart: float, care: Caution, thresholds: Thresholds) -> float:
    """How far a face stands apart from everybody else's, as far as that is evidence: where people
    may not be told apart, an index that shows nobody near only lacks them."""
    if apart <= 0:
        return apart
    return apart * max(0.0, 1 - care.distance / thresholds.apart_until)


def with_care(variety: float, care: Caution, thresholds: Thresholds) -> float:
    """What is added for how the trusted faces vary (nothing or less) and for caution. Both say how
    near a right face has to be: together they take off no more than caution alone may."""
    return min(max(variety - care.distance, -thresholds.caution_bound), -care.distance)


def lessen(care: Caution, share: float, thresholds: Thresholds) -> Caution:
    """What caution is left where the page is known to be the performer's, by ``share`` (0 to 1):
    little doubt goes, and of much most stays, since a page may show others too."""
    bound = thresholds.caution_bound
    if care.distance >= bound:
        return care
    return replace(care, distance=care.distance * (care.distance / bound) ** share)


def _over(value: float, free: float) -> float:
    return max(value - free, 0.0)


@lru_cache(maxsize=4096)
def usual_distances(people: int, size: int, thresholds: Thresholds) -> tuple[float, ...]:
    """How far the nearest ``people`` usually are in an index of ``size`` faces."""
    mean, sd = thresholds.people_mean, thresholds.people_sd
    return tuple(mean + sd * place for place in people_places(people, size / _FACES))


def people_places(nearest: int, held: float) -> tuple[float, ...]:
    """The medians of the ``nearest`` of ``held`` draws from a standard normal distribution."""
    return tuple(_place(k, max(held, nearest + 0.5)) for k in range(nearest))


def _estimate_spread(size: int) -> float:
    """How far by chance the nearest of many people differ, over how far the nearest of these do:
    extremes of a normal sample vary by the inverse of where they lie."""
    return min(-_place(1, max(size / _FACES, 4.0)) / _MANY, 1.0)


def _place(k: int, held: float) -> float:
    """The median of the k-th (from 0) of so many draws from a standard normal distribution."""
    return NormalDist().inv_cdf((k + 2 / 3) / (held + 1 / 3))
