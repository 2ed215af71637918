"""Eyes, brows, nostrils, lips, beard and glasses, in the face's own coordinates.

Each function draws on a canvas whose ``u`` and ``v`` are the face's: 0 between the eyes.
"""

from __future__ import annotations

import math

import numpy as np

from demo.drawing.canvas import Canvas, Noise, Plane, blend, bump, cover, line, plane, smooth, tint
from demo.drawing.look import PersonLook, Shot


def arc(t: Plane, power: float) -> Plane:
    """1 in the middle, 0 at ``|t| = 1`` and beyond."""
    return plane(np.clip(1.0 - t * t, 0.0, 1.0) ** power)


def draw_brow(face: Canvas, look: PersonLook, side: int, noise: Noise) -> None:
    """One eyebrow: tapering outwards, made of strands."""
    middle = side * (look.eye_gap + 0.06)
    part = face.window(middle - 0.45, -0.75, middle + 0.45, -0.05)
    out, y = part.u * side - look.eye_gap, part.v
    t = (out + 0.23) * (1 / 0.56)
    way = -look.brow_height - look.brow_arch * (1 - ((t - 0.62) * (1 / 0.62)) ** 2)
    off = y - way + look.brow_tilt * (t - 0.5)
    thick = look.brow_weight * (0.5 + 0.6 * smooth(0.0, 0.3, t)) * smooth(1.12, 0.5, t)
    body = smooth(1.0, 0.25, plane(np.abs(off) / (thick + 0.012)))
    ends = smooth(-0.02, 0.10, t) * smooth(1.08, 0.96, t)
    strand = noise.at((out + 0.9 * off) * 40 + 31, off * 8 + 33)
    part.lay(look.brow, body * ends * (0.50 + 0.5 * strand))


def draw_eye(face: Canvas, look: PersonLook, shot: Shot, side: int, noise: Noise) -> None:
    """One eye: lid fold, eyeball, iris, lashes."""
    middle, reach = side * look.eye_gap, look.eye_width * 1.35
    part = face.window(middle - reach, -0.34, middle + reach, 0.26)
    cos, sin = math.cos(look.eye_tilt), math.sin(look.eye_tilt)
    away = part.u * side - look.eye_gap
    out, down = away * cos - part.v * sin, away * sin + part.v * cos
    t = out * (1 / look.eye_width)
    open_by = look.eye_open * (1.0 - 0.2 * shot.smile)
    upper = -open_by * arc(t, 0.7) * (1.0 - 0.10 * t)
    lower = 0.62 * open_by * arc(t, 0.9) * (1.0 + 0.22 * t)
    _draw_lid(part, look, t, down, upper, open_by)

    inside = np.minimum(np.minimum(down - upper, lower - down), (1 - np.abs(t)) * 0.1)
    shade = 1.0 - 0.42 * smooth(0.06, 0.0, down - upper) - 0.16 * t * t
    ball = _eyeball(part, out, down, look, shot, side, noise)
    part.lay(ball * np.clip(shade, 0, 1)[..., None], cover(plane(inside), 1.5))
    _draw_lashes(part, look, t, down, upper, lower)


def _draw_lid(
    part: Canvas, look: PersonLook, t: Plane, down: Plane, upper: Plane, open_by: float
) -> None:
    crease = -open_by * arc(t * 0.92, 0.6) - 0.04 - 0.035 * look.lid_fold
    lid = smooth(0.0, 0.03, down - crease) * smooth(0.02, 0.0, down - upper)
    shadow = blend(tint(look.skin, 0.8), look.lip_colour, 0.3)
    part.lay(shadow, lid * smooth(1.1, 0.9, np.abs(t)) * (0.15 if look.masculine else 0.4))
    fold = line(down - crease, 0.014) * smooth(1.15, 0.7, np.abs(t))
    part.lay(tint(look.skin, 0.42), fold * (0.25 + 0.35 * look.lid_fold))


def _draw_lashes(
    part: Canvas, look: PersonLook, t: Plane, down: Plane, upper: Plane, lower: Plane
) -> None:
    made_up = 0.0 if look.masculine else 1.0
    thick = (0.012 + 0.010 * made_up) * (0.45 + 0.75 * smooth(-1.0, 0.7, t))
    wing = upper - 0.045 * made_up * smooth(0.8, 1.2, t)
    end = 1.02 + 0.13 * made_up * smooth(0.0, 0.1, t)
    stroke = smooth(1.3, 0.5, plane(np.abs(down - wing) / thick)) * smooth(
        0.0, 0.1, end - np.abs(t)
    )
    part.lay((0.07, 0.05, 0.05), stroke * 0.92)
    below = line(down - lower, 0.012) * smooth(1.05, 0.85, np.abs(t))
    part.lay(tint(look.skin, 0.35), below * (0.35 + 0.25 * made_up))


def _eyeball(
    part: Canvas, out: Plane, down: Plane, look: PersonLook, shot: Shot, side: int, noise: Noise
) -> Plane:
    aside = (shot.gaze - 0.9 * math.sin(math.radians(shot.yaw))) * 0.12 * side
    dx, dy = out - aside, down + 0.008
    far = np.sqrt(dx * dx + dy * dy) * (1 / 0.108)
    rays = noise.at(plane(np.arctan2(dy, dx) * 6 + 50), plane(far * 2 + 20))
    layer = Canvas(part.filled((0.91, 0.89, 0.87)), part.u, part.v, part.unit)
    iris = np.asarray(look.eye, dtype=np.float32) * (0.75 + 0.6 * rays * far)[..., None]
    layer.lay(plane(iris), smooth(1.06, 0.96, far))
    layer.lay(tint(look.eye, 0.25), smooth(0.72, 1.0, far) * smooth(1.08, 0.98, far))
    layer.lay((0.02, 0.02, 0.02), smooth(0.44, 0.38, far))
    glint_x = part.u - side * (look.eye_gap + aside) - math.copysign(0.035, shot.light_x)
    layer.lay((1.0, 1.0, 1.0), np.clip(bump(glint_x, part.v + 0.045, 0.018, 0.018) * 1.2, 0, 1))
    return layer.rgb


def draw_nostrils(face: Canvas, look: PersonLook) -> None:
    """The nose's dark places: nostrils, the creases of its wings, the shade beneath it."""
    part = face.window(-0.5, look.nose_length - 0.3, 0.5, look.nose_length + 0.25)
    ax, y = np.abs(part.u), part.v - look.nose_length
    hole_y = y - 0.005 + 0.25 * (ax - look.nose_width * 0.45)
    hole = bump(ax - look.nose_width * 0.46, hole_y, 0.042, 0.018)
    a, b = (ax - look.nose_width * 0.70) * (1 / 0.10), (y + 0.06) * (1 / 0.11)
    round_wing = line(np.sqrt(a * a + b * b) - 1.0, 0.18)
    wing = round_wing * smooth(0.0, 0.05, ax - look.nose_width * 0.75)
    under = bump(part.u, y - 0.05, look.nose_width * 0.7, 0.035)
    part.lay(tint(look.skin, 0.5), np.clip(0.34 * wing + 0.16 * under, 0, 1))
    part.lay(tint(look.skin, 0.22), np.clip(hole * 1.1, 0, 1) * 0.8)


def draw_lips(face: Canvas, look: PersonLook, shot: Shot) -> None:
    """The mouth: closed, or showing the teeth in a wide smile."""
    wide = look.mouth_width * (1.0 + 0.16 * shot.smile)
    height = look.mouth_height
    part = face.window(-wide * 1.3, height - 0.35, wide * 1.3, height + 0.45)
    x, y = part.u, part.v
    t = x * (1 / wide)
    seam = height + (0.012 - 0.13 * shot.smile) * t * t + 0.010 * np.cos(t * 6.0)
    gap = 0.13 * max(0.0, shot.smile - 0.4)
    bow = 1.0 - 0.28 * line(t, 0.13)
    top = seam - (look.lip_upper * np.clip(1 - np.abs(t) ** 1.7, 0, 1) + gap * 0.3) * bow
    low = seam + look.lip_lower * arc(t, 0.75) + gap * arc(t, 0.8)
    inside = np.minimum(np.minimum(y - top, low - y), (1 - np.abs(t)) * 0.12)
    colour = blend(look.skin, look.lip_colour, 0.35 if look.masculine else 0.85)
    edge = cover(plane(inside), 3.0)
    part.lay(colour, edge * 0.92)
    part.lay(tint(colour, 0.72), smooth(0.02, -0.02, y - seam) * edge * 0.55)
    shine = bump(x, y - seam - gap - look.lip_lower * 0.5, look.mouth_width * 0.4, 0.02)
    part.lay((1.0, 0.92, 0.9), shine * (0.08 if look.masculine else 0.22))
    part.lay(
        tint(look.lip_colour, 0.28), line(y - seam, 0.013) * smooth(1.06, 0.9, np.abs(t)) * 0.8
    )
    part.lay(tint(look.skin, 0.4), bump(np.abs(t) - 1.0, y - seam, 0.06, 0.03) * 0.45)
    if gap > 0.01:
        _draw_teeth(part, plane(seam), t, gap)


def _draw_teeth(part: Canvas, seam: Plane, t: Plane, gap: float) -> None:
    wide = t * (1 / 0.86)
    top, low = seam - 0.25 * gap * arc(wide, 0.6), seam + gap * arc(wide, 0.7)
    inside = np.minimum(np.minimum(part.v - top, low - part.v), (1 - np.abs(wide)) * 0.1)
    parted = np.abs(np.sin(t * 13.0)) ** 0.25
    shade = (0.80 + 0.12 * parted) * (1.0 - 0.55 * np.abs(wide) ** 3)
    teeth = Canvas(part.filled((0.97, 0.94, 0.88)) * shade[..., None], part.u, part.v, part.unit)
    dark = smooth(0.75, 1.0, plane((part.v - top) / np.maximum(low - top, 1e-3)))
    teeth.lay((0.28, 0.08, 0.08), dark * 0.8)
    part.lay(teeth.rgb, cover(plane(inside), 1.5))


def draw_beard(face: Canvas, look: PersonLook, noise: Noise) -> None:
    """The person's beard, if any, as short strands."""
    if look.beard == "none":
        return
    part = face.window(-1.1, 0.3, 1.1, look.face_length + 0.1)
    x, y, ax, mouth = part.u, part.v, np.abs(part.u), look.mouth_height
    below = smooth(mouth + 0.12, mouth + 0.26, y)
    chin = smooth(0.46, 0.30, ax) * below
    lip = (
        smooth(look.nose_length + 0.05, look.nose_length + 0.15, y)
        * smooth(mouth - 0.01, mouth - look.lip_upper - 0.03, y)
        * smooth(0.50, 0.34, ax)
    )
    beside = smooth(0.32, 0.42, ax) * smooth(0.56, 0.44, ax) * smooth(mouth - 0.16, mouth, y)
    cheek = smooth(0.0, 0.22, y - 0.95 + 1.1 * np.clip(ax - 0.42, 0, None))
    jaw = cheek * np.maximum(smooth(0.40, 0.58, ax), below)
    area = {
        "stubble": np.maximum(jaw, lip) * 0.38,
        "full": np.maximum.reduce([jaw, lip, beside, chin]) * 0.95,
        "goatee": np.maximum.reduce([chin, lip, beside]) * 0.88,
        "moustache": lip,
    }[look.beard]
    strand = noise.at(x * 42 + 55, y * 16 + 69) * 0.5 + noise.at(x * 90 + 9, y * 34 + 9) * 0.5
    part.lay(tint(look.hair, 0.75), plane(area * np.clip(0.35 + 0.9 * strand, 0, 1)))


def draw_glasses(face: Canvas, look: PersonLook) -> None:
    """The person's frames, if any."""
    if look.glasses is None:
        return
    part = face.window(-1.1, -0.5, 1.1, 0.5)
    ax, y = np.abs(part.u), part.v
    power, wide, high = (2.2, 0.36, 0.33) if look.glasses == "round" else (5.0, 0.38, 0.27)
    a, b = np.abs((ax - look.eye_gap - 0.01) * (1 / wide)), np.abs((y - 0.03) * (1 / high))
    lens = plane(1.0 - (a**power + b**power))
    frame = cover(0.16 - np.abs(lens), 1.2)
    bridge = np.minimum(0.025 - np.abs(y + 0.06 - 0.2 * ax**2), look.eye_gap - wide - ax)
    arm = np.minimum(0.03 - np.abs(y + 0.05), np.minimum(ax - look.eye_gap - wide, 1.02 - ax))
    part.lay((1.0, 1.0, 1.0), cover(lens) * 0.05)
    strokes = np.maximum.reduce([frame, cover(plane(bridge), 1.2), cover(plane(arm), 1.2)])
    part.lay(look.glasses_colour, strokes * 0.95)
