"""How good a face is, and which faces are not worth a vector: measures, gates, one score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.faces.crop import CROP_SIZE, Box

# The tip of the nose stands in front of the plane of the eyes by about this share of the
# distance between the eyes; turned by an angle, it moves sideways by tan(angle) times that.
NOSE_DEPTH = 0.55
BLOCK = 4  # pixels of the crop averaged before sharpness is measured
BLACK, WHITE = 4, 251  # grey levels at and beyond which detail is lost

# The usual distance between the vectors of a face and its mirror image.
MIRROR_USUAL = 0.02
# The expected distance at which a face has no quality left; at half of it, one half.
WORST_DISTANCE = 0.6

Landmarks = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Gates:
    """The least that a face must have. Zero (or 180 degrees, or 255) opens a gate.

    ``min_size``: shorter side of the box in pixels of the photo. ``min_share``: the same as a
    share of the photo's longer side. ``min_score``: detection score. ``min_sharpness``: see
    :func:`measure_sharpness`. Highlights and shadows are the crop's 95th and 5th percentile of grey
    (0..255; the mean would judge the skin, not the light), contrast its standard deviation,
    ``max_clipped`` the share of pixels with no detail left. Yaw and roll in degrees.
    ``dominance``: times the area of the next face that the largest must have for a photo of
    several faces to pass (0: no such rule, every face counts).
    """

    photo_min_side: int = 0
    min_size: float = 0.0
    min_share: float = 0.0
    min_score: float = 0.0
    min_sharpness: float = 0.0
    min_highlights: float = 0.0
    max_shadows: float = 255.0
    min_contrast: float = 0.0
    max_clipped: float = 1.0
    max_yaw: float = 180.0
    max_roll: float = 180.0
    dominance: float = 0.0


@dataclass(frozen=True)
class Measures:
    """What the gates look at; see :class:`Gates` for the units. ``mirror`` is the distance between
    the vectors of the face and its mirror image, where the model tells it."""

    size: float
    share: float
    score: float
    sharpness: float
    highlights: float
    shadows: float
    contrast: float
    clipped: float
    yaw: float
    roll: float
    mirror: float = MIRROR_USUAL


def measure(
    crop: NDArray[np.uint8], box: Box, landmarks: Landmarks, score: float, longer_side: int
) -> Measures:
    """Measure one face from its 160x160 crop and where it lies in the photo."""
    grey = crop.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    size = min(box[2] - box[0], box[3] - box[1])
    yaw, roll = estimate_pose(landmarks)
    shadows, highlights = np.percentile(grey, (5, 95))
    return Measures(
        size=float(size),
        share=float(size / longer_side),
        score=score,
        sharpness=measure_sharpness(grey),
        highlights=float(highlights),
        shadows=float(shadows),
        contrast=float(grey.std()),
        clipped=float(((grey <= BLACK) | (grey >= WHITE)).mean()),
        yaw=yaw,
        roll=roll,
    )


def measure_sharpness(grey: NDArray[np.float32]) -> float:
    """Strength of the fine features of a 160x160 crop, in per cent of its contrast.

    It is the Laplacian's standard deviation on 40x40 block means: at full size JPEG's blocks and
    the sensor's grain would pass for detail, and means of 4x4 still show eyelids and lips.
    Measured on photos: 57 to 141 sharp, 16 to 39 once a blur of 4 pixels of the crop has moved
    the vector by 0.37; noise and recompression leave it unchanged.
    """
    side = CROP_SIZE // BLOCK
    small = grey.reshape(side, BLOCK, side, BLOCK).mean(axis=(1, 3))
    around = small[:-2, 1:-1] + small[2:, 1:-1] + small[1:-1, :-2] + small[1:-1, 2:]
    laplacian = around - 4 * small[1:-1, 1:-1]
    return float(100.0 * laplacian.std() / max(float(grey.std()), 1.0))


def estimate_pose(landmarks: Landmarks) -> tuple[float, float]:
    """Yaw and roll in degrees, estimated from eyes and nose; (90, 0) for a collapsed face."""
    (left_x, left_y), (right_x, right_y), (nose_x, nose_y) = landmarks[:3]
    across, down = right_x - left_x, right_y - left_y
    eyes = math.hypot(across, down)
    if eyes < 1e-6 or not math.isfinite(eyes):
        return 90.0, 0.0
    along = ((nose_x - left_x) * across + (nose_y - left_y) * down) / eyes
    yaw = math.degrees(math.atan2(along - eyes / 2, NOSE_DEPTH * eyes))
    return yaw, math.degrees(math.atan2(down, across))


def refuse(measures: Measures, gates: Gates) -> str | None:
    """The first gate that a face does not pass, with the figures; None when it passes all."""
    m, g = measures, gates
    checks = (
        (m.size < g.min_size, "face_size", m.size, g.min_size),
        (m.share < g.min_share, "face_share", m.share, g.min_share),
        (m.score < g.min_score, "detection_score", m.score, g.min_score),
        (abs(m.yaw) > g.max_yaw, "yaw", m.yaw, g.max_yaw),
        (abs(m.roll) > g.max_roll, "roll", m.roll, g.max_roll),
        (m.highlights < g.min_highlights, "too_dark", m.highlights, g.min_highlights),
        (m.shadows > g.max_shadows, "too_bright", m.shadows, g.max_shadows),
        (m.contrast < g.min_contrast, "contrast", m.contrast, g.min_contrast),
        (m.clipped > g.max_clipped, "clipped", m.clipped, g.max_clipped),
        (m.sharpness < g.min_sharpness, "sharpness", m.sharpness, g.min_sharpness),
    )
    for failed, name, value, limit in checks:
        if failed:
            return f"{name} {value:.3g}, limit {limit:.3g}"
    return None


def score_quality(measures: Measures) -> float:
    """One figure in 0..1: how near it is expected to be to its person's other faces."""
    return _ramp(-expect_distance(measures), -WORST_DISTANCE, 0.0)


def expect_distance(measures: Measures) -> float:
    """The distance (1 - cosine) at which such a face lies from the mean of its person's others.

    The weights are a least-squares fit to the logarithm of that distance on 591 photos of ORL, as
    they are and blurred, shrunk, tilted, noisy or too bright; the last three were too rare to be
    fitted. The correlation is .81 there (of the sharpness, size and light it replaced: .75), and
    .64 (.29) on 178 photos of other people, looked at once it was chosen. A face and its mirror
    image differ more the less the network can make of it.
    """
    m = measures
    light = _ramp(m.highlights, 40, 110) * _ramp(255 - m.shadows, 40, 120)
    light *= _ramp(m.contrast, 8, 28) * _ramp(1 - m.clipped, 0.4, 0.95)
    weighed = (
        (0.55, m.mirror, 0.004, 0.3),
        (-0.92, m.sharpness, 12, 140),
        (-0.36, light, 0.02, 1),
        (0.05, 1 - m.score, 1e-6, 1),
        (-0.1, _ramp(m.size, 16, 160), 0.02, 1),
        (-0.1, _ramp(90 - abs(m.yaw), 0, 80), 0.02, 1),
        (-0.1, _ramp(90 - abs(m.roll), 0, 80), 0.02, 1),
    )
    logs = (weight * math.log(min(max(value, low), high)) for weight, value, low, high in weighed)
    return math.exp(4.08 + sum(logs))


def _ramp(value: float, low: float, high: float) -> float:
    """0 at ``low`` and below, 1 at ``high`` and above, straight between."""
    return min(max((value - low) / (high - low), 0.0), 1.0)
