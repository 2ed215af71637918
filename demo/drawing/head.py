"""The head as a surface: where each pixel lies on it, how deep it is, how it takes the light."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from demo.drawing.canvas import (
    Canvas,
    Colour,
    Noise,
    Plane,
    bump,
    cover,
    line,
    mix,
    plane,
    smooth,
    tint,
)
from demo.drawing.look import PersonLook, Shot

CHEEK_LINE = 0.10  # height at which a face is widest


@dataclass(frozen=True)
class Light:
    """One key light with the room's own light round it; ``direction`` is a unit vector."""

    direction: tuple[float, float, float]
    strength: float
    colour: Colour

    @classmethod
    def of(cls, shot: Shot) -> Light:
        x, y, z = shot.light_x, shot.light_y, 0.75
        norm = math.sqrt(x * x + y * y + z * z)
        warm = shot.warmth
        colour = (1.0 + 0.05 * warm, 1.0, 1.0 - 0.08 * warm)
        return cls((x / norm, y / norm, z / norm), shot.light, colour)

    def on(self, albedo: Plane, depth: Plane, unit: float, gloss: float = 0.0) -> Plane:
        """``albedo`` (h, w, 3) lit as a surface of ``depth`` (h, w), both per pixel."""
        dy, dx = np.gradient(depth * np.float32(unit))
        norm = 1.0 / np.sqrt(dx * dx + dy * dy + 1.0)
        lx, ly, lz = self.direction
        facing = (lz - dx * lx - dy * ly) * norm
        level = (0.30 + 0.78 * np.clip(facing * 0.62 + 0.38, 0.0, 1.0)) * (0.78 + 0.22 * norm)
        tones = np.asarray(self.colour, dtype=np.float32) * np.float32(self.strength)
        lit = albedo * level[..., None] * tones
        if gloss:
            half = math.sqrt(2.0 + 2.0 * lz)
            shine = (np.clip(facing + norm, 0.0, None) * (1.0 / half)) ** 2
            shine = shine * shine * shine  # to the sixth, then to the 24th
            shine = shine * shine
            lit = lit + (gloss * self.strength * shine * shine)[..., None]
        return plane(lit)


def shell(x: Plane, y: Plane) -> Plane:
    """Depth of the bare head, 0 at its outline and about 0.9 at the middle of the face."""
    a, b = x * (1 / 1.08), (y - 0.1) * (1 / 1.80)
    return plane(0.92 * np.sqrt(np.clip(1.0 - a * a - b * b, 0.0, 1.0)))


def nose(x: Plane, y: Plane, look: PersonLook) -> Plane:
    """Depth that the nose adds: a ridge that widens downwards, and its wings."""
    tip = look.nose_length * 0.88
    down = np.clip(y * (1.0 / tip), 0.0, 1.0)
    width = look.nose_bridge + (look.nose_tip - look.nose_bridge) * down * down
    height = (0.07 + 0.26 * down * np.sqrt(down)) * smooth(-0.4, 0.12, y)
    height = height * smooth(tip + 0.25, tip - 0.04, y)
    ridge = height * line(plane(x / width), 1.0)
    wings = bump(np.abs(x) - look.nose_width * 0.70, y - look.nose_length + 0.06, 0.07, 0.075)
    return plane(ridge + 0.11 * wings)


def place(u: Plane, v: Plane, look: PersonLook, shot: Shot) -> tuple[Plane, Plane]:
    """Where on the head each pixel looks: undoes the pose by a few fixed-point steps."""
    yaw, pitch = math.radians(shot.yaw), math.radians(shot.pitch)
    x, y = u, v
    for step in range(3):
        z = shell(x, y) + (nose(x, y, look) if step else 0.0)
        x = (u - z * math.sin(yaw)) * (1.0 / math.cos(yaw))
        turned = z * math.cos(yaw) - x * math.sin(yaw)
        y = (v - (turned - 0.6) * math.sin(pitch)) * (1.0 / math.cos(pitch))
    return plane(x), plane(y)


def outline(x: Plane, y: Plane, look: PersonLook) -> Plane:
    """Positive inside the face, from the crown to the chin."""
    up = (np.clip(CHEEK_LINE - y, 0.0, None) * (1 / (CHEEK_LINE + 1.60))) ** 2.4
    down = np.clip(y - CHEEK_LINE, 0.0, None) * (1 / (look.face_length - CHEEK_LINE))
    side = np.abs(x) ** look.jaw_square
    return plane(1.0 - side - up - down**look.jaw_taper)


def relief(x: Plane, y: Plane, look: PersonLook, shot: Shot) -> Plane:
    """Depth of the whole face: bones, eye sockets, nose, lips, chin."""
    ax = np.abs(x)
    mouth, chin = look.mouth_height, look.face_length - 0.2
    depth = shell(x, y) + nose(x, y, look)
    depth -= 0.12 * bump(ax - look.eye_gap, y + 0.02, 0.22, 0.14)
    depth += 0.05 * bump(ax - look.eye_gap, y, 0.15, 0.09)
    depth += 0.05 * bump(ax - 0.4, y + look.brow_height - 0.03, 0.34, 0.08)
    depth += 0.09 * look.cheek * bump(ax - 0.60, y - 0.44 + 0.06 * shot.smile, 0.24, 0.17)
    depth += (0.02 + 0.05 * shot.smile) * bump(ax - 0.42, y - 0.62, 0.14, 0.13)
    depth += 0.05 * bump(x, y - mouth, look.mouth_width * 0.8, 0.2)
    depth -= 0.03 * bump(x, y - mouth + look.lip_upper + 0.1, 0.035, 0.06)
    depth += 0.05 * bump(x, y - mouth + look.lip_upper * 0.5, 0.22, 0.035)
    depth += 0.07 * bump(x, y - mouth - look.lip_lower * 0.55, 0.20, 0.045)
    depth -= 0.04 * bump(x, y - mouth - look.lip_lower - 0.09, 0.22, 0.05)
    depth += 0.09 * bump(x, y - chin, 0.24, 0.13)
    depth -= 0.05 * look.chin_cleft * bump(x, y - chin - 0.02, 0.03, 0.08)
    fold = ax - look.nose_width - 0.08 - 0.45 * (y - look.nose_length + 0.05)
    along = smooth(0.55, 0.75, y) * smooth(mouth + 0.12, mouth - 0.05, y)
    depth -= (0.006 + 0.03 * shot.smile) * along * line(fold, 0.05)
    return plane(depth)


def skin(face: Canvas, look: PersonLook, noise: Noise) -> Plane:
    """The skin's own colour: blood under it, shadows round the eyes, freckles, moles."""
    x, y, ax = face.u, face.v, np.abs(face.u)
    rosy = (look.skin[0], look.skin[1] * 0.80, look.skin[2] * 0.78)
    red = 0.5 * bump(ax - 0.58, y - 0.55, 0.22, 0.2) + 0.45 * bump(x, y - 0.62, 0.14, 0.12)
    colour = mix(face.filled(look.skin), rosy, red)
    hollow = bump(ax - look.eye_gap, y - 0.14, 0.17, 0.06) * 0.18
    hollow = hollow + bump(ax - look.eye_gap + 0.08, y + 0.10, 0.24, 0.12) * 0.30
    colour = mix(colour, tint(look.skin, 0.62), hollow)
    mottle = noise.at(x * 9 + 40, y * 9 + 40) * 0.5 + noise.at(x * 38 + 90, y * 38 + 90) * 0.5
    colour = colour * (0.955 + 0.09 * mottle)[..., None]
    if look.freckles:
        slant, cross = x * 0.8 + y * 0.6, y * 0.8 - x * 0.6
        dots = noise.at(x * 31 + 90, y * 31 + 57) + noise.at(slant * 34 + 40, cross * 34 + 99)
        spots = smooth(1.25, 1.5, dots)
        where = bump(ax - 0.35, y - 0.42, 0.36, 0.2) * look.freckles
        colour = mix(colour, tint(look.skin, 0.62), spots * where)
    if look.mole:
        spot = 0.028**2 - (x - look.mole[0]) ** 2 - (y - look.mole[1]) ** 2
        colour = mix(colour, tint(look.skin, 0.33), cover(plane(spot), 2.0) * 0.9)
    return plane(colour)
