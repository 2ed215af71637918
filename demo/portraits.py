"""Drawn portraits: a person from a number, a photo of that person from another.

Nobody real is shown here. A portrait is computed from some forty measures of a face
(:class:`PersonLook`) and a dozen of the shot (:class:`Shot`); the same pair always gives the
same bytes.
"""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.drawing import features, hair, head, scene
from demo.drawing.canvas import Canvas, Noise, Plane, cover, plane
from demo.drawing.look import PersonLook, Shot

__all__ = ["PersonLook", "Shot", "draw_portrait", "render"]


def _canvas(shot: Shot) -> Canvas:
    wide, high = shot.size
    unit = shot.head * wide
    roll = math.radians(shot.roll)
    across = (np.arange(wide, dtype=np.float32) + 0.5 - shot.centre[0] * wide) / unit
    down = (np.arange(high, dtype=np.float32) + 0.5 - shot.centre[1] * high) / unit
    u = across[None, :] * math.cos(roll) + down[:, None] * math.sin(roll)
    v = down[:, None] * math.cos(roll) - across[None, :] * math.sin(roll)
    rgb = np.zeros((high, wide, 3), dtype=np.float32)
    return Canvas(rgb, u.astype(np.float32), v.astype(np.float32), unit)


def _draw_face(
    head_canvas: Canvas, look: PersonLook, shot: Shot, light: head.Light, noise: Noise
) -> None:
    face = head_canvas.window(-1.15, -1.8, 1.15, look.face_length + 0.1)
    x, y = face.u, face.v
    skin = Canvas(head.skin(face, look, noise), x, y, face.unit)
    features.draw_nostrils(skin, look)
    features.draw_beard(skin, look, noise)
    features.draw_lips(skin, look, shot)
    yaw = math.radians(shot.yaw)
    depth = head.relief(x, y, look, shot) * math.cos(yaw) - x * math.sin(yaw)
    gloss = 0.10 if sum(look.skin) < 1.6 else 0.13
    lit = Canvas(light.on(skin.rgb, plane(depth), face.unit, gloss), x, y, face.unit)
    for side in (-1, 1):
        features.draw_brow(lit, look, side, noise)
        features.draw_eye(lit, look, shot, side, noise)
    face.lay(lit.rgb, cover(head.outline(x, y, look)))


def draw_person(canvas: Canvas, look: PersonLook, shot: Shot) -> None:
    """One person on the canvas, back to front."""
    light, noise = head.Light.of(shot), Noise(look.seed)
    near = canvas.window(-1.8, -2.3, 1.8, 3.1)
    on_head = near.on(*head.place(near.u, near.v, look, shot))
    hair.draw_back(on_head, look, light, noise)
    scene.draw_body(canvas, look, shot, light, noise)
    hair.draw_locks(on_head, look, light, noise)
    if look.hair_style not in hair.HANGING:
        scene.draw_ears(on_head, look, light)
    _draw_face(on_head, look, shot, light, noise)
    features.draw_glasses(on_head, look)
    hair.draw_top(on_head, look, light, noise)


def render(look: PersonLook, shot: Shot) -> NDArray[np.uint8]:
    """The picture as (h, w, 3) RGB."""
    canvas = _canvas(shot)
    scene.draw_background(canvas, shot)
    draw_person(canvas, look, shot)
    return develop(canvas.rgb, shot)


def develop(rgb: Plane, shot: Shot) -> NDArray[np.uint8]:
    """What a camera does at last: the sensor's grain, and eight bits a channel."""
    rng = np.random.default_rng([19, shot.seed])
    grain = rng.standard_normal(rgb.shape[:2], dtype=np.float32) * shot.grain
    return np.asarray(np.clip((rgb + grain[..., None]) * 255.0 + 0.5, 0, 255), dtype=np.uint8)


def to_jpeg(picture: NDArray[np.uint8], quality: int = 90) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=quality)
    return out.getvalue()


def draw_portrait(look: PersonLook, shot: Shot) -> bytes:
    """One head-and-shoulders portrait as a JPEG file."""
    return to_jpeg(render(look, shot), shot.quality)
