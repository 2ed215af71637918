"""What a model wants to see of a face, cut from the photo or, later, from what was kept of it."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from enrichscrapy.faces.crop import BoxCrop, Detection, PointsCrop, fit_similarity
from enrichscrapy.faces.decode import DecodeLimits, Picture
from enrichscrapy.faces.stored_crop import StoredCrop

TEMPLATE = ((38.3, 51.7), (73.5, 51.5), (56.0, 71.7), (41.5, 92.4), (70.7, 92.2))
ALIGNED = PointsCrop(112, TEMPLATE)
LIMITS = DecodeLimits()
MARK = 7
"""Radius in pixels of the aligned crop of the marks by which a test finds points again."""


def moved(image: Image.Image, degrees: float, scale: float, shift=(0.0, 0.0)):
    """The picture turned about its middle, scaled and moved; and what that does to points."""
    turn = scale * np.exp(1j * math.radians(degrees))
    size = tuple(round(1.4 * scale * max(image.size)) for _ in range(2))
    middle, target = complex(*image.size) / 2, complex(*size) / 2 + complex(*shift)
    back = 1 / turn
    offset = middle - back * target
    source = image.reduce(2) if scale < 0.6 else image  # or fine lines would flicker
    k = source.width / image.width
    matrix = (back.real, -back.imag, offset.real, back.imag, back.real, offset.imag)
    picture = source.transform(
        size,
        Image.Transform.AFFINE,
        tuple(k * each for each in matrix),
        Image.Resampling.BICUBIC,
        fillcolor=(90, 90, 90),
    )

    def place(points):
        spots = turn * (np.asarray(points) @ (1, 1j) + 0.5 + 0.5j - middle) + target
        return np.column_stack([spots.real, spots.imag]) - 0.5

    return picture, place


def found_marks(crop, points, picture, face, radius):
    """Where marks painted at ``points`` of the picture show in its aligned crop."""
    y, x = np.mgrid[: picture.height, : picture.width]
    for px, py in points:
        dark = np.zeros((picture.height, picture.width, 3), np.uint8)
        dark[(x - px) ** 2 + (y - py) ** 2 <= radius**2] = 255
        light = crop.cut(Picture(Image.fromarray(dark), *picture.size), face)[..., 0].astype(float)
        rows, columns = np.mgrid[: crop.side, : crop.side]
        yield (light * columns).sum() / light.sum(), (light * rows).sum() / light.sum()


@pytest.mark.parametrize("seed", [2, 7])
def test_drawn_faces_come_out_aligned_however_they_lie(engine, portrait, seed):
    """Turned, moved and scaled: the same spots of the face, within a pixel and a half."""
    detector = engine._detector
    base = portrait(seed, size=(600, 800))
    upright = Picture(base, *base.size)
    first = detector.settle(upright, detector.detect([upright], [80.0])[0][0])
    wanted = list(found_marks(ALIGNED, first.landmarks, base, first, MARK * first.size / 90))
    assert np.abs(np.subtract(wanted, TEMPLATE)).max() < 12, "at all where the template has them"
    for degrees, scale, shift in (
        (0, 1, (41.7, -23.3)),
        (-40, 0.45, (0, 0)),
        (-20, 1.3, (9.4, 30.2)),
        (25, 0.45, (-11.6, 8.1)),
        (40, 1, (0, 0)),
    ):
        picture, place = moved(base, degrees, scale, shift)
        seen = Picture(picture, *picture.size)
        face = detector.detect([seen], [40.0])[0][0]
        settled = detector.settle(seen, face)
        spots = place(first.landmarks)
        radius = MARK * first.size * scale / 90
        where = list(found_marks(ALIGNED, spots, picture, settled, radius))
        off = np.linalg.norm(np.subtract(where, wanted), axis=1).max()
        assert off < 1.5, (degrees, scale, off)


def test_what_is_no_face_keeps_its_landmarks(engine):
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8)
    picture = Picture(Image.fromarray(noise), 200, 200)
    one_place = Detection((50, 50, 90, 90), ((70.0, 70.0),) * 5, 0.99)
    assert engine._detector.settle(picture, one_place) == one_place


@given(
    turn=st.complex_numbers(min_magnitude=0.05, max_magnitude=20),
    shift=st.complex_numbers(max_magnitude=1e4),
)
def test_a_similarity_is_found_again(turn, shift):
    targets = turn * (np.asarray(TEMPLATE) @ (1, 1j)) + shift
    found = fit_similarity(TEMPLATE, [(z.real, z.imag) for z in targets])
    assert found == pytest.approx((turn, shift), rel=1e-6, abs=1e-5)


def test_a_mirror_image_is_not_turned_into_one():
    mirrored = [(112 - x, y) for x, y in TEMPLATE]
    turn, shift = fit_similarity(mirrored, TEMPLATE)
    spots = turn * (np.asarray(mirrored) @ (1, 1j)) + shift
    assert abs(spots - np.asarray(TEMPLATE) @ (1, 1j)).max() > 5
    with pytest.raises(ValueError, match="one place"):
        fit_similarity(((3.0, 3.0),) * 5, TEMPLATE)


def test_outside_the_photo_is_black():
    white = Picture(Image.new("RGB", (60, 60), "white"), 60, 60)
    corner = Detection((0, 0, 20, 20), tuple((x - 50, y - 50) for x, y in TEMPLATE), 1.0)
    crop = ALIGNED.cut(white, corner)
    assert crop[:45, :45].max() == 0
    assert crop[60:100, 60:100].min() == 255


# --- What is kept --------------------------------------------------------------------------------


@pytest.fixture
def face(engine, portrait, encode):
    """A face as the engine stores it, of a large photo."""
    big = portrait(2, size=(600, 800)).resize((1500, 2000), Image.Resampling.LANCZOS)
    return engine.look([encode(big, "JPEG", quality=92)])[0].faces[0]


def stored(face, **changes):
    detection = Detection(face.box, face.landmarks, face.detection_score)
    return replace(StoredCrop(face.crop, face.crop_area, detection, 1500, 2000), **changes)


def test_a_stored_crop_gives_the_very_vector_it_had(engine, face, portrait, encode):
    """To the last bit, whatever the gates say by now; a broken one costs only itself."""
    whole = encode(portrait(3), "JPEG")
    again, broken, other = engine.look([stored(face), stored(face, data=b"no picture"), whole])
    (seen,) = again.faces
    assert seen.vector @ face.vector > 0.999999
    assert (seen.box, seen.measures["share"]) == (face.box, face.measures["share"])
    assert (seen.crop, seen.crop_area, seen.quality) == (face.crop, face.crop_area, face.quality)
    assert broken.faces == ()
    assert other.faces


def test_what_is_kept_feeds_networks_of_112_and_160_pixels(face):
    crop = stored(face)
    assert (
        crop.measure_shown(BoxCrop())
        == crop.measure_shown(BoxCrop(160, 32))
        == crop.measure_shown(ALIGNED)
        == 1
    )
    picture, seen = crop.open(LIMITS)
    assert seen.size * picture.scale > 159, "no network has to enlarge it"
    assert len(face.crop) < 40_000, "this one has the grain of a sensor"
    x1, y1, x2, y2 = seen.box
    assert all(x1 < x < x2 and y1 < y < y2 for x, y in seen.landmarks), "in its own coordinates"


def test_the_face_lies_in_the_crop_where_it_lies_in_the_photo(engine, portrait, encode):
    photo = portrait(2, size=(600, 800))
    face = engine.look([encode(photo, "PNG")])[0].faces[0]
    crop = stored(face, width=600, height=800)
    picture, seen = crop.open(LIMITS)
    for shape in (BoxCrop(), ALIGNED):
        from_photo = shape.cut(Picture(photo, *photo.size), crop.detection).astype(int)
        from_crop = shape.cut(picture, seen).astype(int)
        assert np.abs(from_photo - from_crop).mean() < 3


def old(face, portrait_at=None):
    """The crop as it was stored before: the default network's input."""
    detection = Detection(face.box, face.landmarks, face.detection_score)
    picture, seen = stored(face).open(LIMITS)
    data = io.BytesIO()
    Image.fromarray(BoxCrop().cut(picture, seen)).save(data, "JPEG", quality=92, subsampling=0)
    return StoredCrop.of_old(data.getvalue(), detection, 1500, 2000)


def test_an_older_crop_still_feeds_the_default_network_whole(engine, face):
    crop = old(face)
    assert crop.measure_shown(BoxCrop()) == 1
    again = engine.look([crop])[0].faces[0]
    assert again.vector @ face.vector > 0.999


def test_an_older_crop_says_how_far_it_goes(face):
    crop = old(face)
    assert 0.6 < crop.measure_shown(ALIGNED) < 0.98
    picture, seen = crop.open(LIMITS)
    wide, there = stored(face).open(LIMITS)
    narrow, whole = ALIGNED.cut(picture, seen).astype(int), ALIGNED.cut(wide, there).astype(int)
    middle = (slice(45, 95), slice(30, 82))
    assert np.abs(narrow[middle] - whole[middle]).mean() < 6, "not stretched, not moved"


def test_a_face_at_the_edge_misses_nothing_that_the_photo_has():
    detection = Detection((0, 0, 80, 100), tuple((x * 0.7, y * 0.8) for x, y in TEMPLATE), 1.0)
    crop = StoredCrop.cut(Picture(Image.new("RGB", (300, 400)), 300, 400), detection)
    assert crop.area[:2] == (0, 0)
    assert crop.measure_shown(ALIGNED) == 1
