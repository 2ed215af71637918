"""A stand-in for the face network, for a demo without its weights: local binary patterns.

It tells drawn faces apart, and nobody else; its vectors carry its own model name. Classic
descriptors only, and no weights: uniform local binary patterns in their soft form (Ahonen and
Pietikäinen, 2007) and tone histograms, pooled over a grid, of the crop and its mirror image (so
that a turned head or a light from the other side changes little). Random Fourier features
(Rahimi and Recht, 2007) take them to the 512 dimensions of the real network, and to distances like
its own: near 0 for the same picture, near 1 for people with nothing in common.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.faces.model import DIMENSION, PREPROCESSING, ModelOptions
from enrichscrapy.items import ModelInfo
from enrichscrapy.verdicts import Thresholds

Array = NDArray[Any]

SIDE = 40  # the crop is averaged down to this many pixels: the sensor's grain goes, features stay
CELLS = 5  # pooling cells a side
RADII = (1, 2)  # of the binary patterns, in pixels of the small crop
STEP, RAMP = 0.03, 0.06  # a neighbour is brighter from this log ratio on, give or take the ramp
TONE_BINS = (10, 14, 12)  # of log brightness, log(red/green), log(blue/green)
TONE_RANGES = ((2.9, 5.5), (-0.05, 0.65), (-0.6, 0.1))
TONE_WEIGHT = 1.6
SCALE = 0.26  # the distance of two descriptors (1 - cosine) that becomes 1 - 1/e
GREY = np.array((0.299, 0.587, 0.114), dtype=np.float32)
AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


class LocalBinaryPatterns:
    """``FaceModel`` of the demo; named ``stand-in-lbp``."""

    # Measured on the demo's people: photos of one are nearer than 0.24, of two farther than 0.31
    # (tests/demo/test_stand_in.py holds them to it).
    default_thresholds = Thresholds(
        certain=(0.26,),
        accept=(0.28,),
        together=(0.28,),
        profile_apart=0.28,
        doubt_weight=0.0,
        reject=(0.31,),
        agree=0.28,
        crowd_weight=0.0,
        together_crowd_weight=0.0,
        spread_weight=0.0,
        duplicate=0.002,
        twin=0.01,
        # A dozen drawn people are no population: nothing is known of where they usually lie.
        caution=0.0,
        background="",
        stranger_mean=0.76,
        stranger_sd=0.15,
    )

    def __init__(self, info: ModelInfo) -> None:
        self.info = info
        self._window = _window()
        self._uniform = np.eye(59, dtype=np.float32)[_UNIFORM]
        size = len(RADII) * CELLS**2 * 59 + CELLS**2 * sum(TONE_BINS)
        rng = np.random.default_rng(512)
        waves = rng.standard_normal((size, DIMENSION // 2), dtype=np.float32)
        self._waves = waves / np.float32(SCALE**0.5)

    @classmethod
    def describe(cls, options: ModelOptions) -> ModelInfo:
        """It has no weights, so ``options`` name none; the hash is this file's own."""
        sha256 = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
        return ModelInfo("stand-in-lbp", sha256, PREPROCESSING, DIMENSION)

    @classmethod
    def load(cls, options: ModelOptions) -> Self:
        return cls(cls.describe(options))

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, 160, 160, 3) RGB crops -> (n, 512) vectors of unit length."""
        features = np.stack([_unit(self._features(crop)) for crop in crops])
        phases = features @ self._waves
        vectors = np.concatenate([np.cos(phases), np.sin(phases)], axis=1)
        return np.asarray(vectors / np.sqrt(DIMENSION / 2), dtype=np.float32)

    def _features(self, crop: NDArray[np.uint8]) -> Array:
        step = crop.shape[0] // SIDE
        blocks = crop.astype(np.float32).reshape(SIDE, step, SIDE, step, 3)
        means = blocks.mean(axis=(1, 3)) + 12.0
        grey = _blur(np.log(means @ GREY))
        patterns = [_contrast(_with_mirror(self._patterns(grey, r), _MIRRORED)) for r in RADII]
        tones = _tones(_with_mirror(self._pool(_tone_bins(np.log(means)))))
        return np.concatenate([*patterns, TONE_WEIGHT * _unit(tones)])

    def _pool(self, pixels: Array) -> Array:
        """(40, 40, k) -> (25, k): the mean in each cell, background at the corners left out."""
        return np.asarray(self._window @ pixels.reshape(SIDE * SIDE, -1))

    def _patterns(self, grey: Array, radius: int) -> Array:
        """Histograms of the 59 uniform patterns, one a cell; a pixel may count for several."""
        padded = np.pad(grey, radius, mode="edge")
        codes = np.ones((SIDE, SIDE, 1), dtype=np.float32)
        for dy, dx in AROUND:
            top, left = radius * (1 + dy), radius * (1 + dx)
            difference = padded[top : top + SIDE, left : left + SIDE] - grey
            bit = np.clip((difference - STEP) / (2 * RAMP) + 0.5, 0.0, 1.0)[..., None]
            codes = np.concatenate([codes * (1 - bit), codes * bit], axis=-1)
        return self._pool(codes @ self._uniform)


def _uniform_codes() -> NDArray[np.int64]:
    """For each of 256 patterns its number among the 58 with at most two changes, else 58."""
    table = np.full(256, 58)
    number = 0
    for code in range(256):
        bits = [(code >> place) & 1 for place in range(8)]
        if sum(bits[place] != bits[place - 1] for place in range(8)) <= 2:
            table[code] = number
            number += 1
    return table


def _mirrored_codes() -> NDArray[np.int64]:
    """For each of the 59 patterns the one that the mirror image has in its place."""
    swapped = [AROUND.index((dy, -dx)) for dy, dx in AROUND]
    mirror = np.full(59, 58)
    for code in range(256):
        other = sum(((code >> place) & 1) << swapped[place] for place in range(8))
        mirror[_UNIFORM[code]] = _UNIFORM[other]
    return mirror


_UNIFORM = _uniform_codes()
_MIRRORED = _mirrored_codes()


def _with_mirror(pooled: Array, order: NDArray[np.int64] | None = None) -> Array:
    """Cell values of the crop and of its mirror image together; ``order`` mirrors the values."""
    grid = pooled.reshape(CELLS, CELLS, -1)
    mirror = grid[:, ::-1] if order is None else grid[:, ::-1, order]
    return np.asarray((grid + mirror).reshape(CELLS**2, -1))


def _window() -> Array:
    """(25, 1600): how much each pixel counts in each cell; the corners are background."""
    place = np.arange(SIDE) + 0.5
    centre = (np.arange(CELLS) + 0.5) * SIDE / CELLS
    share = np.clip(1.0 - np.abs(place - centre[:, None]) * CELLS / SIDE, 0.0, None)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    face = np.exp(-0.5 * np.hypot((x - 19.5) / 14, (y - 20) / 17) ** 6)
    window = np.einsum("ay,bx,yx->abyx", share, share, face).reshape(CELLS**2, -1)
    return np.asarray(window / window.sum(axis=1, keepdims=True), dtype=np.float32)


def _blur(grey: Array) -> Array:
    padded = np.pad(grey, 1, mode="edge")
    across = 0.54 * padded[:, 1:-1] + 0.23 * (padded[:, :-2] + padded[:, 2:])
    return np.asarray(0.54 * across[1:-1] + 0.23 * (across[:-2] + across[2:]))


def _tone_bins(logs: Array) -> Array:
    """Soft one-hot codes of brightness and colour, (40, 40, 36)."""
    red, green, blue = np.moveaxis(logs, -1, 0)
    parts = []
    for value, bins, (low, high) in zip(
        (logs.mean(axis=-1), red - green, blue - green), TONE_BINS, TONE_RANGES, strict=True
    ):
        centres = np.linspace(low, high, bins, dtype=np.float32)
        spread = 0.75 * (centres[1] - centres[0])
        near = np.exp(-0.5 * ((np.clip(value, low, high)[..., None] - centres) / spread) ** 2)
        parts.append(near / near.sum(axis=-1, keepdims=True))
    return np.concatenate(parts, axis=-1)


def _contrast(histograms: Array) -> Array:
    """Square roots less their mean over the cells: what a place has and others have not."""
    root = np.sqrt(histograms / histograms.sum(axis=1, keepdims=True))
    return _unit(root - root.mean(axis=0))


def _tones(pooled: Array) -> Array:
    parts = np.split(np.sqrt(pooled), np.cumsum(TONE_BINS)[:-1], axis=1)
    return np.concatenate([part - part.mean(axis=1, keepdims=True) for part in parts], axis=1)


def _unit(values: Array) -> Array:
    flat = values.ravel()
    return np.asarray(flat / max(float(np.linalg.norm(flat)), 1e-12), dtype=np.float32)
