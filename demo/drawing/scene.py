"""What is round the head: the wall behind, shoulders, clothes, neck and ears."""

from __future__ import annotations

import colorsys
import math

import numpy as np

from demo.drawing.canvas import (
    Canvas,
    Colour,
    Noise,
    Plane,
    blend,
    bump,
    cover,
    mix,
    plane,
    smooth,
    tint,
)
from demo.drawing.head import Light
from demo.drawing.look import PersonLook, Shot


def _colour(rng: np.random.Generator, saturation: float, value: float) -> Colour:
    return colorsys.hsv_to_rgb(float(rng.random()), saturation, value)


def draw_background(canvas: Canvas, shot: Shot) -> None:
    """A wall with a soft light on it; lamps, leaves, a corner, a window or a horizon, blurred."""
    rng = np.random.default_rng([13, shot.background])
    high, wide = canvas.u.shape
    across = np.linspace(0, 1, wide, dtype=np.float32)[None, :]
    down = np.linspace(0, 1, high, dtype=np.float32)[:, None]
    base = _colour(rng, float(rng.uniform(0.05, 0.45)), float(rng.uniform(0.35, 0.9)))
    other = blend(base, _colour(rng, 0.35, float(rng.uniform(0.2, 0.8))), 0.6)
    tilt = float(rng.uniform(-0.6, 0.6))
    ramp = np.clip(down + tilt * (across - 0.5), 0, 1)
    canvas.rgb[...] = mix(canvas.filled(base), other, plane(ramp))
    kind = int(rng.integers(6))
    if kind == 1:
        _draw_lamps(canvas, rng)
    if kind == 2:
        noise = Noise(shot.background)
        slant = plane(canvas.u * 0.8 + canvas.v * 0.6)
        blur = noise.at(slant + 30, canvas.v * 0.8 + 30) * 0.65
        blur = blur + noise.at(plane(canvas.v * 1.7 - canvas.u * 0.9 + 60), slant * 2 + 60) * 0.35
        canvas.lay(tint(other, 0.55), smooth(0.2, 0.9, blur) * 0.7)
    if kind == 3:
        edge = float(rng.uniform(0.15, 0.85))
        canvas.lay(
            tint(base, 0.6), smooth(edge - 0.02, edge + 0.02, plane(across + 0 * down)) * 0.8
        )
    if kind == 4:
        left, sill = float(rng.uniform(-0.2, 0.7)), float(rng.uniform(0.3, 0.7))
        beside = smooth(left, left + 0.06, plane(across)) * smooth(left + 0.5, left + 0.44, across)
        pane = plane(beside * smooth(sill + 0.04, sill, down))
        canvas.lay((0.96, 0.97, 0.93), pane * 0.85)
    if kind == 5:
        level = float(rng.uniform(0.3, 0.7))
        canvas.lay(tint(other, 0.4), smooth(level - 0.03, level + 0.03, plane(down + 0 * across)))


def _draw_lamps(canvas: Canvas, rng: np.random.Generator) -> None:
    for _ in range(16):
        x, y = float(rng.uniform(-2.6, 2.6)), float(rng.uniform(-2.4, 2.4))
        size = float(rng.uniform(0.16, 0.3))
        spot = canvas.window(x - size, y - size, x + size, y + size)
        far = np.sqrt((spot.u - x) ** 2 + (spot.v - y) ** 2)
        spot.lay(_colour(rng, 0.4, 0.95), smooth(size, size * 0.8, plane(far)) * 0.32)


def draw_body(canvas: Canvas, look: PersonLook, shot: Shot, light: Light, noise: Noise) -> None:
    """Shoulders in plain clothes, and the neck rising from them."""
    rng = np.random.default_rng([17, shot.seed, look.seed])
    shift = 0.25 * math.sin(math.radians(shot.yaw))
    top = look.face_length + 0.26
    part = canvas.window(-9.0, 0.7, 9.0, 9.0)
    x, y = part.u - shift, part.v
    ax = np.abs(x)
    wide = 2.75 if look.masculine else 2.35
    slope = 0.10 + 0.30 * np.clip(ax - 0.45, 0, None) + 0.55 * np.clip(ax * (1 / wide), 0, 2) ** 8
    body = cover(plane(y - top - slope))
    depth = 0.7 * np.sqrt(np.clip(1.0 - (x * (1 / (wide + 0.4))) ** 2, 0, 1))
    cloth = _colour(rng, float(rng.uniform(0.1, 0.7)), float(rng.uniform(0.2, 0.9)))
    weave = noise.at(x * 46 + 150, y * 46) * 0.10 + noise.at(x * 1.7 + 99, y * 0.7 + 44) * 0.25
    fabric = part.filled(cloth) * (0.82 + weave)[..., None]
    if rng.random() < 0.3:
        stripe = smooth(0.1, 0.25, np.sin(y * 14.0 + 0.6 * ax))
        fabric = mix(plane(fabric), _colour(rng, 0.3, 0.85), stripe * 0.8)
    deep = 0.30 if look.masculine else float(rng.uniform(0.35, 0.7))
    a = ax * (1 / 0.88)
    neckline = cover(plane(0.9 - a * a * 0.9 - (y - top) * (1 / (deep + 0.25))), 1.5)
    rim = smooth(0.0, 0.5, neckline) * smooth(1.0, 0.5, neckline)
    covered = mix(plane(fabric), look.skin, neckline)
    covered = mix(covered, tint(cloth, 0.5), rim)
    part.lay(light.on(covered, plane(depth), part.unit), body)
    _draw_neck(part, plane(x), look, light, top)


def _draw_neck(body: Canvas, x: Plane, look: PersonLook, light: Light, top: float) -> None:
    part = body.on(x, body.v).window(-1.2, 0.7, 1.2, top + 0.5)
    ax, y = np.abs(part.u), part.v
    wide = 0.66 if look.masculine else 0.53
    flare = wide + 0.16 * smooth(top - 0.35, top + 0.2, y)
    inside = np.minimum(np.minimum(flare - ax, y - 0.8), top + 0.45 - y)
    depth = 0.6 * np.sqrt(np.clip(1.0 - (part.u / (flare + 0.02)) ** 2, 0, 1))
    shade = smooth(look.face_length + 0.5, look.face_length - 0.05, y) * smooth(0.9, 0.3, ax)
    colour = part.filled(look.skin) * (0.98 - 0.42 * shade)[..., None]
    fade = smooth(top + 0.40, top + 0.14, y)
    part.lay(light.on(plane(colour), plane(depth), part.unit), cover(plane(inside)) * fade)


def draw_ears(head: Canvas, look: PersonLook, light: Light) -> None:
    """Both ears, with rings where the person wears them."""
    part = head.window(-1.3, -0.3, 1.3, 0.8)
    ax, y = np.abs(part.u), part.v
    a, b = (ax - 1.0) * (1 / 0.16), (y - 0.20 + 0.25 * (ax - 1.0)) * (1 / 0.32)
    shape = plane(1.0 - a * a - b * b)
    inner = bump(ax - 1.02, y - 0.18, 0.06, 0.14)
    colour = mix(part.filled(tint(look.skin, 0.93)), tint(look.skin, 0.5), inner * 0.5)
    depth = 0.25 * np.clip(shape, 0, 1) - 0.12 * inner
    part.lay(light.on(colour, plane(depth), part.unit), cover(shape))
    if look.earrings:
        ring = cover(plane(0.05**2 - (ax - 1.03) ** 2 - (y - 0.57) ** 2))
        part.lay((0.92, 0.84, 0.6), ring)
