"""What every drawn part is made of: coordinates, smooth edges, noise and colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# float32 throughout; numpy's own types lose that at the first operation with a plain number.
Plane = NDArray[Any]
Colour = tuple[float, float, float]


def plane(values: Plane) -> Plane:
    return np.asarray(values, dtype=np.float32)


def smooth(low: float, high: float, value: Plane) -> Plane:
    """Smoothstep: 0 below ``low``, 1 above ``high`` (or the reverse when ``low > high``)."""
    t = np.clip((value - low) * (1.0 / (high - low)), 0.0, 1.0)
    return plane(t * t * (3.0 - 2.0 * t))


def bump(dx: Plane, dy: Plane, sx: float, sy: float) -> Plane:
    """A Gaussian hill of height 1 and the given spreads."""
    a, b = dx * (1.0 / sx), dy * (1.0 / sy)
    return plane(np.exp(-0.5 * (a * a + b * b)))


def line(distance: Plane, width: float) -> Plane:
    """A soft stroke where ``distance`` is 0."""
    t = distance * (1.0 / width)
    return plane(np.exp(-0.5 * t * t))


def cover(shape: Plane, soft: float = 1.0) -> Plane:
    """How much of each pixel lies inside ``shape > 0``: edges ``soft`` pixels wide.

    The gradient, taken in pixels, turns any implicit shape into a distance near its edge, so
    that edges are equally fine at every size, angle and depth.
    """
    if min(shape.shape) < 2:
        return plane(shape > 0)
    gy, gx = np.gradient(shape)
    slope = np.sqrt(gx * gx + gy * gy) + 1e-6
    return plane(np.clip(shape / (slope * soft) + 0.5, 0.0, 1.0))


def mix(under: Plane, over: Plane | Colour, alpha: Plane | float) -> Plane:
    """``over`` laid on ``under`` (h, w, 3) with an opacity of (h, w) or one number."""
    weight = np.asarray(alpha, dtype=np.float32)
    weight = weight[..., None] if weight.ndim == 2 else weight
    top = np.asarray(over, dtype=np.float32)
    return plane(under + (top - under) * weight)


def tint(colour: Colour, factor: float) -> Colour:
    red, green, blue = colour
    return (red * factor, green * factor, blue * factor)


def blend(a: Colour, b: Colour, share: float) -> Colour:
    return (
        a[0] + (b[0] - a[0]) * share,
        a[1] + (b[1] - a[1]) * share,
        a[2] + (b[2] - a[2]) * share,
    )


class Noise:
    """Smooth value noise, the same for the same seed."""

    SIDE = 256

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([5, seed])
        self._lattice = rng.random(self.SIDE * self.SIDE, dtype=np.float32)

    def at(self, x: Plane, y: Plane) -> Plane:
        """Values in 0..1 at lattice coordinates ``x``, ``y`` (one hill a unit)."""
        xi, yi = np.floor(x), np.floor(y)
        fx, fy = x - xi, y - yi
        fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
        last = self.SIDE * self.SIDE - 1
        here = yi.astype(np.int32) * self.SIDE + xi.astype(np.int32)
        corner = [self._lattice[(here + step) & last] for step in (0, 1, self.SIDE, self.SIDE + 1)]
        top = corner[0] + (corner[1] - corner[0]) * fx
        low = corner[2] + (corner[3] - corner[2]) * fx
        return plane(top + (low - top) * fy)


@dataclass
class Canvas:
    """A picture and, for each of its pixels, where that lies in some plane.

    ``u`` runs right and ``v`` down, both 0 between the eyes; half a face is about 1 wide, and
    ``unit`` is that in pixels. ``rgb`` is (h, w, 3) in 0..1.
    """

    rgb: Plane
    u: Plane
    v: Plane
    unit: float

    def window(self, left: float, top: float, right: float, bottom: float) -> Canvas:
        """The part round a rectangle of the plane; drawing on it draws on the whole."""
        inside = (self.u >= left) & (self.u <= right) & (self.v >= top) & (self.v <= bottom)
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        if not len(rows) or not len(columns):
            rows, columns = np.array([0, 1]), np.array([0, 1])
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return Canvas(self.rgb[part], self.u[part], self.v[part], self.unit)

    def on(self, u: Plane, v: Plane) -> Canvas:
        """The same pixels, measured in another plane."""
        return Canvas(self.rgb, u, v, self.unit)

    def lay(self, over: Plane | Colour, alpha: Plane | float) -> None:
        self.rgb[...] = mix(self.rgb, over, alpha)

    def filled(self, colour: Colour) -> Plane:
        """A picture of this size in one colour."""
        return np.full(self.rgb.shape, colour, dtype=np.float32)
