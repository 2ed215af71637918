"""Drawn portraits: the same numbers give the same bytes, and the real detector finds the face."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from demo.drawing.look import MENS_HAIR, WOMENS_HAIR
from demo.portraits import PersonLook, Shot, draw_portrait, render
from enrichscrapy.faces.decode import DecodeLimits, decode

SMALL = (330, 440)  # pixels: quicker than a whole portrait


@pytest.fixture(scope="module")
def detector():
    import torch

    from enrichscrapy.faces.mtcnn.detect import Detector

    return Detector(torch.device("cpu"))


def test_the_same_numbers_give_the_same_bytes():
    look, shot = PersonLook.from_seed(3), Shot.from_seed(4)
    data = draw_portrait(look, shot)
    assert data == draw_portrait(PersonLook.from_seed(3), Shot.from_seed(4))
    assert data != draw_portrait(PersonLook.from_seed(3), Shot.from_seed(5))
    assert data != draw_portrait(PersonLook.from_seed(4), Shot.from_seed(4))


def test_a_portrait_is_a_jpeg_of_the_size_asked_for():
    picture = Image.open(io.BytesIO(draw_portrait(PersonLook.from_seed(1), Shot(size=(300, 400)))))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (300, 400))


def test_seeds_give_different_people_and_keep_to_what_they_are_told():
    looks = [PersonLook.from_seed(seed, masculine=seed % 2 == 0) for seed in range(40)]
    for look in looks:
        assert look.hair_style in (MENS_HAIR if look.masculine else WOMENS_HAIR)
        assert look.masculine or look.beard == "none"
    shapes = {(round(look.eye_gap, 3), round(look.face_length, 3)) for look in looks}
    assert len(shapes) == len(looks)


@pytest.mark.parametrize("style", [*WOMENS_HAIR, *MENS_HAIR])
def test_the_detector_finds_one_face_under_every_hair(detector, style):
    look = dataclasses.replace(PersonLook.from_seed(5), hair_style=style)
    picture = decode(draw_portrait(look, Shot.from_seed(8, SMALL)), DecodeLimits())
    (faces,) = detector.detect([picture], [80.0])
    assert len(faces) == 1
    assert faces[0].score > 0.95


@pytest.mark.parametrize(
    "change",
    [
        {"yaw": -13.0, "roll": 7.0},
        {"yaw": 13.0, "pitch": -5.0},
        {"light_x": 0.75, "light": 0.8},
        {"light_x": -0.75, "warmth": 0.8},
        {"smile": 1.0},
        {"smile": 0.0},
        {"size": (340, 400)},
    ],
    ids=str,
)
def test_the_detector_finds_the_face_in_every_shot(detector, change):
    shots = [dataclasses.replace(Shot.from_seed(seed), **change) for seed in (1, 2)]
    pictures = [
        decode(draw_portrait(PersonLook.from_seed(seed), shot), DecodeLimits())
        for seed, shot in zip((21, 34), shots, strict=True)
    ]
    for faces in detector.detect(pictures, [80.0, 80.0]):
        assert [face.score > 0.95 for face in faces] == [True]


def test_light_and_background_change_the_picture():
    look, shot = PersonLook.from_seed(2), Shot()
    plain = render(look, shot).astype(int)
    for change in ({"light_x": 0.6}, {"background": 7}, {"yaw": 9.0}, {"smile": 0.9}):
        other = render(look, dataclasses.replace(shot, **change)).astype(int)
        assert np.abs(plain - other).mean() > 0.3, change
