"""Made-up people: vectors whose distances are spread like those of real, varied photographs.

No face was photographed for these. A vector is what all faces share, what the person's faces
share (some people are lookalikes of each other), what one session of photos shares, and what the
single photo adds; how clearly the person shows differs from photo to photo, with a long tail.
The parameters were fitted to published figures of real photographs, which ``made_up.py`` sets
beside those of the people made here. Real people are not like this in every other respect.
"""

from __future__ import annotations

import numpy as np

from enrichscrapy.calibration import People

DIMENSION = 512
COMMON, PERSON, DECAY = 0.113, 0.811, 1.032  # shares of a vector's length; spectrum of people
CLARITY = (3.50, 0.455)  # Beta distribution: how clearly a photo shows the person
SESSIONS, SESSION = 4, 0.27  # sessions a person, and their share of the person's part
KIN, ALIKE = 0.059, 0.54  # share of people with lookalikes, and what those share
BLUR, NOISE_DECAY, LEAST_NOISE = 0.066, 0.259, 0.02


def make_people(count: int, photos: int, seed: int = 0) -> People:
    """``count`` people with ``photos`` faces each; the same seed gives the same people."""
    rng = np.random.default_rng(seed)
    people, noise = _spectrum(DECAY), _spectrum(NOISE_DECAY)

    def draw(rows: int, spectrum: np.ndarray) -> np.ndarray:
        return rng.normal(size=(rows, DIMENSION)) * np.sqrt(spectrum)

    common, blur = _unit(draw(2, np.full(DIMENSION, 1 / DIMENSION)))
    own = draw(count, people)
    kin = draw(max(1, round(count * KIN / 3)), people)[
        rng.integers(max(1, round(count * KIN / 3)), size=count)
    ]
    related = (rng.random(count) < KIN)[:, None]
    own = _unit(np.where(related, np.sqrt(ALIKE) * kin + np.sqrt(1 - ALIKE) * own, own))
    vectors, quality = [], []
    for person in own:
        clarity = rng.beta(*CLARITY, size=photos)[:, None]
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
