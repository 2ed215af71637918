"""Gates that name themselves, and a score that ranks photos of one person sensibly."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from enrichscrapy.faces.quality import (
    Gates,
    Measures,
    estimate_pose,
    expect_distance,
    measure,
    refuse,
    score_quality,
)
from enrichscrapy.faces.stored_crop import FACE_SIDE, WIDTH

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
POINTS = st.tuples(NUMBERS, NUMBERS)
GOOD = Measures(
    size=200, share=0.3, score=0.999, sharpness=90, highlights=200, shadows=60, contrast=45,
    clipped=0.0, yaw=0.0, roll=0.0,
)  # fmt: skip


@settings(max_examples=200)
@given(
    st.binary(min_size=48, max_size=48),
    st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.lists(POINTS, min_size=5, max_size=5),
    st.floats(0, 1),
    st.integers(1, 100_000),
)
def test_any_crop_and_any_box_have_measures_and_a_score(pixels, box, landmarks, score, longer):
    small = Image.fromarray(np.frombuffer(pixels, np.uint8).reshape(4, 4, 3))
    crop = np.asarray(small.resize((160, 160), Image.Resampling.NEAREST))
    measures = measure(crop, box, landmarks, score, longer)
    assert 0.0 <= score_quality(measures) <= 1.0
    reason = refuse(measures, Gates(min_size=50, min_share=0.04, min_score=0.9, max_yaw=60))
    assert reason is None or reason.split()[0].isidentifier()


@settings(max_examples=200)
@given(st.floats(-60, 60), st.floats(-60, 60), st.floats(5, 500))
def test_pose_is_read_from_the_landmarks(yaw, roll, eyes):
    """A nose that stands out by 0.55 of the distance between the eyes, turned and tilted."""
    aside = math.tan(math.radians(yaw)) * 0.55 * eyes
    flat = [(0.0, 0.0), (eyes, 0.0), (eyes / 2 + aside, eyes / 2)]
    c, s = math.cos(math.radians(roll)), math.sin(math.radians(roll))
    turned = [(x * c - y * s, x * s + y * c) for x, y in flat]
    assert estimate_pose(turned) == pytest.approx((yaw - 0.0, roll), abs=1e-6)


@pytest.mark.parametrize(
    ("gates", "change", "name"),
    [
        (Gates(min_size=50), {"size": 49.0}, "face_size"),
        (Gates(min_share=0.05), {"share": 0.04}, "face_share"),
        (Gates(min_score=0.95), {"score": 0.94}, "detection_score"),
        (Gates(min_sharpness=28), {"sharpness": 20.0}, "sharpness"),
        (Gates(min_highlights=60), {"highlights": 50.0}, "too_dark"),
        (Gates(max_shadows=190), {"shadows": 200.0}, "too_bright"),
        (Gates(min_contrast=12), {"contrast": 10.0}, "contrast"),
        (Gates(max_clipped=0.4), {"clipped": 0.5}, "clipped"),
        (Gates(max_yaw=60), {"yaw": -61.0}, "yaw"),
        (Gates(max_roll=45), {"roll": 46.0}, "roll"),
    ],
)
def test_each_gate_refuses_what_is_beyond_it_and_nothing_else(gates, change, name):
    beyond = Measures(**{**vars(GOOD), **change})
    assert refuse(GOOD, gates) is None
    assert refuse(beyond, Gates()) is None
    assert refuse(beyond, gates).startswith(name)


@pytest.mark.parametrize(
    "worse",
    [{"size": 60.0}, {"sharpness": 40.0}, {"score": 0.9}, {"yaw": 50.0}, {"roll": 40.0},
     {"highlights": 70.0}, {"contrast": 15.0}, {"clipped": 0.3}, {"mirror": 0.06}],
)  # fmt: skip
def test_whatever_gets_worse_lowers_the_score(worse):
    assert score_quality(Measures(**{**vars(GOOD), **worse})) < score_quality(GOOD)


def test_quality_is_an_expected_distance():
    assert expect_distance(GOOD) < 0.1
    assert score_quality(GOOD) == pytest.approx(1 - expect_distance(GOOD) / 0.6)
    hopeless = Measures(**{**vars(GOOD), "sharpness": 1.0, "mirror": 0.3, "clipped": 1.0})
    assert expect_distance(hopeless) > 0.6
    assert score_quality(hopeless) == 0.0


def test_the_network_tells_how_alike_a_face_and_its_mirror_image_are(engine, portrait, encode):
    frontal, aside = (
        engine.look([encode(portrait(2, yaw=yaw))])[0].faces[0].measures["mirror"]
        for yaw in (0.0, 25.0)
    )
    assert 0 < frontal < aside


def test_photos_of_one_person_are_ranked_sensibly(engine, portrait, encode):
    """Sharp before blurred, large before small, lit before dark; below, frontal before turned."""

    def quality(image: Image.Image) -> float:
        (seen,) = engine.look([encode(image, quality=95)])
        return seen.faces[0].quality if seen.faces else 0.0

    best = portrait(2).resize((600, 800), Image.Resampling.LANCZOS)
    shown = quality(best)
    assert shown > quality(best.filter(ImageFilter.GaussianBlur(7)))
    assert shown > quality(portrait(2).resize((200, 266)))
    assert shown > quality(best.point(lambda level: level * 0.35))


@pytest.mark.parametrize("person", [2, 4, 5])
def test_a_turned_head_lowers_the_score_of_a_face(engine, portrait, encode, person):
    """By its pose and its mirror image, as the networks see them; with all else as it is in the
    frontal photo, for a drawn face is as sharp and as sure of being one from the side."""
    frontal, turned = (
        Measures(**engine.look([encode(portrait(person, yaw=yaw))])[0].faces[0].measures)
        for yaw in (0.0, 35.0)
    )
    assert frontal.mirror < turned.mirror
    assert abs(frontal.yaw) + 10 < turned.yaw
    aside = replace(frontal, yaw=turned.yaw, mirror=turned.mirror)
    assert score_quality(aside) < score_quality(frontal)


def test_recompression_leaves_sharpness_nearly_as_it_is(engine, portrait, encode):
    fine, coarse = (
        engine.look([encode(portrait(2), quality=level)])[0].faces[0].measures["sharpness"]
        for level in (95, 40)
    )
    assert coarse == pytest.approx(fine, rel=0.15)


def test_crops_are_jpeg_wider_than_any_network_takes_and_no_larger_than_that_needs(
    engine, portrait, encode
):
    (seen,) = engine.look([encode(portrait(2))])
    face = seen.faces[0]
    box = max(face.box[2] - face.box[0], face.box[3] - face.box[1])
    crop = Image.open(io.BytesIO(face.crop))
    assert crop.format == "JPEG"
    most = WIDTH * FACE_SIDE * box / min(face.box[2] - face.box[0], face.box[3] - face.box[1])
    assert 160 < max(crop.size) <= most + 2
