"""Made-up people: vectors whose distances are spread like those of real photographs.

No face was photographed for these. A vector is what all faces share, what the person's faces
share (in part with some other people, who are alike), what one session of photos shares, and what
the single photo adds; how clearly the person shows differs from photo to photo, with a long tail.
The parameters were fitted to figures of real people, which ``made_up.py`` sets beside those of the
people made here. Real people are not like this in every other respect.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from enrichscrapy.calibration.people import People

DIMENSION = 512
# The vectors of real faces fill so many directions besides what all share. People differ less and
# less along them, by a factor of e every so many; photos vary alike along all.
DIRECTIONS, FADING = 49, 21
COMMON, PERSON = 0.03, 0.87  # shares of a vector's length
CLARITY = (8.5, 0.43)  # Beta distribution: how clearly a photo shows the person
SESSIONS, SESSION = 4, 0.1  # sessions a person, and their share of the person's part
FAMILIES, ALIKE = 58, 0.65  # and the most that people of one family share
LEAST_NOISE = 0.02


@dataclass(frozen=True)
class Group:
    """People of one kind. ``shared`` is the share of a person's part that all of them have in
    common: the more it is, the nearer they lie to each other; where it is ``odd``, it lies
    where other people hardly differ. Each belongs to one of ``families``."""

    shared: float = 0.0
    families: int = FAMILIES
    clarity: tuple[float, float] = CLARITY
    odd: bool = False


ORDINARY = Group()


def make_people(count: int, photos: int, seed: int = 0, group: Group = ORDINARY) -> People:
    """``count`` people of one group with ``photos`` faces each; the same seed gives the same
    people. All can be in one index: they are seen by one network."""
    rng = np.random.default_rng(seed)
    people = np.exp(-np.arange(DIRECTIONS) / FADING)
    people /= people.sum()
    alike = np.full(DIRECTIONS, 1 / DIRECTIONS)
    odd = people**-3 / (people**-3).sum()

    def draw(rows: int, variances: np.ndarray) -> np.ndarray:
        return np.asarray(rng.normal(size=(rows, DIRECTIONS)) * np.sqrt(variances))

    family = _unit(draw(group.families, people))[rng.integers(group.families, size=count)]
    shared = ALIKE * rng.random((count, 1))
    own = _unit(np.sqrt(shared) * family + np.sqrt(1 - shared) * _unit(draw(count, people)))
    if group.shared:
        signs = rng.choice([-1.0, 1.0], size=(1, DIRECTIONS))
        kind = signs * np.sqrt(odd) if group.odd else _unit(draw(1, people))
        own = _unit(np.sqrt(group.shared) * kind + np.sqrt(1 - group.shared) * own)
    vectors, quality = [], []
    for person in own:
        clarity = rng.beta(*group.clarity, size=photos)[:, None]
        session = draw(SESSIONS, people)[rng.integers(SESSIONS, size=photos)]
        shown = np.sqrt(1 - SESSION) * person + np.sqrt(SESSION) * session
        rest = np.maximum(1 - COMMON - PERSON * clarity**2, LEAST_NOISE)
        vectors.append(np.sqrt(PERSON) * clarity * shown + np.sqrt(rest) * draw(photos, alike))
        quality.append(clarity[:, 0])
    owners = np.repeat(np.arange(count), photos)
    common, space = _span()
    made = np.sqrt(COMMON) * common + np.concatenate(vectors) @ space
    return People(_unit(made), owners, np.concatenate(quality))


@cache
def _span() -> tuple[np.ndarray, np.ndarray]:
    """What all faces share, (d,), and the directions in which they differ, (n, d): orthonormal, and
    the same for everybody, as those of one network are."""
    drawn = np.random.default_rng(0).normal(size=(DIMENSION, 1 + DIRECTIONS))
    axes = np.linalg.qr(drawn).Q.T
    return axes[0], axes[1:]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
