"""Hair: what lies behind the head, the locks beside the face, and what grows on top.

Each function draws on a canvas whose ``u`` and ``v`` are the head's: 0 between the eyes.
"""

from __future__ import annotations

import numpy as np

from demo.drawing.canvas import Canvas, Noise, Plane, bump, cover, mix, plane, smooth, tint
from demo.drawing.head import Light
from demo.drawing.look import PersonLook

# How far down each style hangs; the others leave the ears free.
HANGING = {"long": 2.9, "wavy": 2.7, "side": 2.8, "fringe": 2.6, "bob": 1.35, "curly": 1.9}
WIDTHS = {"curly": 1.46, "bob": 1.22}
# Half width and height of the hair on top.
CAPS = {
    "buzz": (1.05, 1.46),
    "short": (1.12, 1.54),
    "curls": (1.18, 1.66),
    "quiff": (1.10, 1.70),
    "parted": (1.13, 1.58),
    "tied": (1.08, 1.50),
    "pixie": (1.15, 1.58),
    "curly": (1.44, 1.74),
}


def _strands(x: Plane, y: Plane, look: PersonLook, noise: Noise) -> Plane:
    """Brightness of the strands, about 0.5..1.3, flowing away from the parting."""
    fall = np.sqrt(np.clip(y + 1.75, 0.05, None))
    if look.hair_style in ("tied", "pixie", "short", "quiff", "buzz"):
        across = x / (0.6 + 0.5 * fall)
    else:
        across = (x - look.parting * smooth(0.2, -1.0, y)) / (0.55 + 0.55 * fall)
    along = y * 1.2 + np.abs(x)
    if look.hair_style == "wavy":
        across = across + 0.05 * np.sin(y * 5.5 + 2.0 * np.sign(x)) * smooth(-0.8, 0.4, y)
    if look.hair_style in ("curly", "curls"):
        swirl = noise.at(x * 5 + 60, y * 5 + 60) * 5.0
        rings = np.sin(x * 11.7 + np.cos(swirl) * 2.9) * np.sin(y * 11.7 + np.sin(swirl) * 2.9)
        return plane(0.8 + 0.32 * rings + 0.2 * noise.at(x * 30 + 99, y * 30 + 99))
    coarse = noise.at(plane(across * 16 + 30), along * 0.9 + 57)
    fine = noise.at(plane(across * 62 + 120), along * 1.6 + 17)
    return plane(0.58 + 0.34 * coarse + 0.36 * fine)


def _paint(
    part: Canvas, mask: Plane, strands: Plane, look: PersonLook, light: Light, level: float
) -> None:
    x, y = part.u, part.v
    a, b = x * (1 / 1.6), np.clip(y + 0.1, None, 0.0) * (1 / 1.9)
    depth = 1.1 * np.sqrt(np.clip(1.0 - a * a - b * b, 0.02, 1.0)) + 0.02 * strands
    colour = np.asarray(look.hair, dtype=np.float32) * (strands * level)[..., None]
    sheen = bump(x - 0.3 * light.direction[0], y + 1.12, 0.75, 0.16) * (strands - 0.6)
    colour = mix(plane(colour), (0.95, 0.9, 0.85), np.clip(sheen, 0, 1) * 0.28 * level)
    part.lay(light.on(colour, plane(depth), part.unit), mask)


def _fall(part: Canvas, look: PersonLook) -> Plane:
    """The mass of hair that hangs: positive inside."""
    x, y = part.u, part.v
    end, width = HANGING[look.hair_style], WIDTHS.get(look.hair_style, 1.19)
    swell = 0.12 if look.hair_style in ("curly", "wavy") else 0.03
    curl = swell * np.sin(y * (7.0 if look.hair_style == "curly" else 3.2) + 1.0 + x)
    side = width + 0.10 * smooth(-0.6, 1.0, y) + curl * smooth(-0.4, 0.8, y) - np.abs(x)
    ragged = 0.05 * np.sin(x * 23.0) + 0.03 * np.sin(x * 51.0) - 0.25 * (np.abs(x) - 0.8) ** 2
    a, b = x * (1 / (width + 0.02)), (y + 0.2) * (1 / 1.52)
    return plane(np.where(y > -0.2, np.minimum(side, end + ragged - y), 1.0 - a * a - b * b))


def draw_back(head: Canvas, look: PersonLook, light: Light, noise: Noise) -> None:
    """What is seen behind neck and ears."""
    if look.hair_style in HANGING:
        part = head.window(-1.8, -1.2, 1.8, HANGING[look.hair_style] + 0.1)
        strands = _strands(part.u, part.v, look, noise)
        _paint(part, cover(_fall(part, look), 2.0), strands, look, light, 0.55)
    if look.hair_style == "tied":
        part = head.window(-0.6, -2.2, 0.6, -1.2)
        a, b = part.u * (1 / 0.40), (part.v + 1.68) * (1 / 0.34)
        strands = _strands(part.u, part.v, look, noise)
        _paint(part, cover(plane(1.0 - a * a - b * b), 2.0), strands, look, light, 0.85)


def draw_locks(head: Canvas, look: PersonLook, light: Light, noise: Noise) -> None:
    """What hangs beside the face and over the shoulders."""
    if look.hair_style not in HANGING:
        return
    part = head.window(-1.8, -0.8, 1.8, HANGING[look.hair_style] + 0.1)
    x, y = part.u, part.v
    inner = 0.80 - 0.30 * smooth(0.9, 1.9, y) + 0.05 * np.sin(y * 4.0 + np.sign(x))
    strands = _strands(x, y, look, noise)
    shape = np.minimum(_fall(part, look), np.abs(x) - inner + 0.10 * (strands - 0.9))
    shade = 0.95 - 0.35 * smooth(0.35, 0.0, np.abs(x) - inner) * smooth(2.0, 1.0, y)
    _paint(part, cover(plane(shape), 2.5), plane(strands * shade), look, light, 1.0)


def hairline(x: Plane, look: PersonLook) -> Plane:
    """Height at which the hair ends above each point of the forehead."""
    ax = np.abs(x)
    style, top = look.hair_style, look.hairline
    temple = np.clip(ax - 0.72, 0, None)
    if style == "fringe":
        return plane(-0.46 + 0.03 * np.sin(x * 9 + look.parting * 9) + 5.0 * temple**1.1)
    if style == "side":
        away = np.abs(x - look.parting * 1.4)
        return plane(top - 0.02 + 0.42 * away**1.35 + 1.6 * temple)
    if style in ("long", "wavy", "bob", "curly"):
        away = np.abs(x - look.parting)
        return plane(top + 0.30 * away**1.6 + 3.2 * temple**1.2)
    if style == "pixie":
        sweep = -0.20 * x * np.sign(look.parting + 0.01)
        return plane(top + 0.26 + sweep + 1.9 * temple + 0.03 * np.sin(x * 11))
    if style == "quiff":
        return plane(top - 0.02 + 0.12 * ax + 3.4 * temple)
    if style == "tied":
        return plane(top + 0.10 * ax * ax + 2.8 * temple)
    return plane(top + 0.06 * np.cos(x * 5.0) + 2.8 * temple)


def draw_top(head: Canvas, look: PersonLook, light: Light, noise: Noise) -> None:
    """What grows above the forehead and down the temples."""
    if look.hair_style == "bald":
        return
    part = head.window(-1.7, -2.2, 1.7, 1.3)
    x, y = part.u, part.v
    strands = _strands(x, y, look, noise)
    wide, high = CAPS.get(look.hair_style, (1.20, 1.60))
    a, b = np.abs(x * (1 / wide)), np.abs((y + 0.15) * (1 / high))
    cap = 1.0 - a**2.4 - b**2.4
    if look.hair_style in ("curly", "curls"):
        cap = cap + 0.10 * (noise.at(x * 7 + 30, y * 7 + 30) - 0.5)
    lowest = 0.12 if look.masculine else (0.0 if look.hair_style in ("tied", "pixie") else 1.2)
    front = hairline(x, look) - y
    buzz = look.hair_style == "buzz"
    ragged = front + (0.05 if buzz else 0.14) * (strands - 0.92)
    shape = np.minimum(np.minimum(cap, ragged), (lowest - y) * 0.5)
    mask = cover(plane(shape), 6.0 if buzz else 2.5) * (0.75 if buzz else 1.0)
    beneath = smooth(-0.22, 0.02, plane(np.minimum(front, (lowest + 0.1 - y)))) * (cap > 0)
    part.lay(tint(look.skin, 0.3), plane(np.clip(beneath - mask, 0, 1) * 0.35))
    _paint(part, mask, strands, look, light, 1.0)
