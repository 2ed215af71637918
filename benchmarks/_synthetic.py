"""Made-up people: vectors whose distances are spread like those of real, varied photographs.

No face was photographed for these. A vector is what all faces share, what the person's faces
share (some people are lookalikes of each other), what one session of photos shares, and what the
single photo adds; how clearly the person shows differs from photo to photo, with a long tail.
The parameters were fitted to published figures of real photographs, which ``made_up.py`` sets
beside those of the people made here. Real people are not like this in every other respect.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from enrichscrapy.calibration.people import People

DIMENSION = 512
COMMON, PERSON, DECAY = 0.113, 0.811, 1.032  # shares of a vector's length; spectrum of people
CLARITY = (3.50, 0.455)  # Beta distribution: how clearly a photo shows the person
SESSIONS, SESSION = 4, 0.27  # sessions a person, and their share of the person's part
KIN, ALIKE = 0.059, 0.54  # share of people with lookalikes, and what those share
BLUR, NOISE_DECAY, LEAST_NOISE = 0.066, 0.259, 0.02


@dataclass(frozen=True)
class Group:
    """People of one kind. ``shared`` is the share of a person's part that all of them have in
    common: the more it is, the nearer they lie to each other; where it is ``odd``, it lies
    where other people hardly differ."""

    shared: float = 0.0
    kin: float = KIN
    clarity: tuple[float, float] = CLARITY
    odd: bool = False


ORDINARY = Group()


def make_people(count: int, photos: int, seed: int = 0) -> People:
    """``count`` ordinary people with ``photos`` faces each; the same seed gives the same people."""
    rng = np.random.default_rng(seed)
    return _make(ORDINARY, count, photos, _world(rng), rng)


def make_group(group: Group, count: int, photos: int, world: int, seed: int) -> People:
    """``count`` people of one group. Those of one ``world`` have in common what all faces share,
    so that they can be in one index."""
    return _make(
        group, count, photos, _world(np.random.default_rng(world)), np.random.default_rng(seed)
    )


def _world(rng: np.random.Generator) -> np.ndarray:
    """What all faces share, and what a blurred one looks like."""
    return _unit(rng.normal(size=(2, DIMENSION)) * np.sqrt(np.full(DIMENSION, 1 / DIMENSION)))


def _make(
    group: Group, count: int, photos: int, world: np.ndarray, rng: np.random.Generator
) -> People:
    common, blur = world
    people, noise = _spectrum(DECAY), _spectrum(NOISE_DECAY)

    def draw(rows: int, spectrum: np.ndarray) -> np.ndarray:
        return np.asarray(rng.normal(size=(rows, DIMENSION)) * np.sqrt(spectrum))

    own = draw(count, people)
    families = max(1, round(count * group.kin / 3))
    kin = draw(families, people)[rng.integers(families, size=count)]
    related = (rng.random(count) < group.kin)[:, None]
    own = _unit(np.where(related, np.sqrt(ALIKE) * kin + np.sqrt(1 - ALIKE) * own, own))
    if group.shared:
        kind = _unit(draw(1, noise if group.odd else people))
        own = _unit(np.sqrt(group.shared) * kind + np.sqrt(1 - group.shared) * own)
    vectors, quality = [], []
    for person in own:
        clarity = rng.beta(*group.clarity, size=photos)[:, None]
        session = draw(SESSIONS, people)[rng.integers(SESSIONS, size=photos)]
        shown = np.sqrt(1 - SESSION) * person + np.sqrt(SESSION) * session
        rest = np.maximum(1 - COMMON - PERSON * clarity**2, LEAST_NOISE)
        vectors.append(
            np.sqrt(COMMON) * common
            + np.sqrt(PERSON) * clarity * shown
            + np.sqrt(BLUR) * (1 - clarity) * blur
            + np.sqrt(rest) * draw(photos, noise)
        )
        quality.append(clarity[:, 0])
    owners = np.repeat(np.arange(count), photos)
    return People(_unit(np.concatenate(vectors)), owners, np.concatenate(quality))


def _spectrum(decay: float) -> np.ndarray:
    values = np.arange(1, DIMENSION + 1) ** -decay
    return np.asarray(values / values.sum())


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
