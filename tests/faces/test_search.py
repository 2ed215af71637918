"""Photos that fool the detector: turned ones, close-ups, company that is none."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from enrichscrapy.faces.crop import Detection, measure_overlap
from enrichscrapy.faces.decode import Picture
from enrichscrapy.faces.search import Sighting
from enrichscrapy.items import PhotoOutcome

SEEDS = (2, 3, 5, 7, 9, 15, 23)


def look(engine, *images, encode):
    return engine.look([encode(image, "JPEG", quality=92) for image in images])


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_no_turned_face_passes_as_it_is(engine, portrait, encode, quarters):
    """Either the photo is set upright, and shows the same as upright, or it is refused."""
    upright = look(engine, *(portrait(seed) for seed in SEEDS), encode=encode)
    ways = [portrait(seed).rotate(90 * quarters, expand=True) for seed in SEEDS]
    turned = look(engine, *ways, encode=encode)
    for seed, before, after in zip(SEEDS, upright, turned, strict=True):
        assert before.outcome is PhotoOutcome.FACES, seed
        if after.outcome is not PhotoOutcome.FACES:
            continue
        assert (after.width, after.height) == (before.width, before.height), seed
        assert measure_overlap(after.faces[0].box, before.faces[0].box) > 0.7, seed
        assert after.faces[0].vector @ before.faces[0].vector > 0.9, seed
    assert sum(result.outcome is PhotoOutcome.FACES for result in turned) >= 3, "set upright"


def test_a_large_photo_is_set_upright_in_detail(engine, portrait, encode):
    """It is decoded reduced for the search and once more for the crop: turned both times."""
    big = portrait(23, size=(900, 1200)).resize((1800, 2400))
    upright, turned = look(engine, big, big.rotate(180), encode=encode)
    assert turned.outcome is PhotoOutcome.FACES
    assert turned.faces[0].vector @ upright.faces[0].vector > 0.95
    assert turned.phash == upright.phash, "the same picture, whichever way it came"


def test_a_face_on_its_head_is_refused_where_no_turn_shows_a_better_one(engine):
    from enrichscrapy.faces.engine import _Seen

    picture = Picture(Image.new("RGB", (300, 400)), 300, 400)
    face = Detection((50.0, 50.0, 150.0, 170.0), ((0.0, 0.0),) * 5, 0.99)
    lying = Sighting(picture, 0, (face,), (face,), np.array([[1.0, 0.0, 4.0, 0.0]]))
    photo = _Seen(b"", picture, "0" * 16)
    engine._choose(photo, lying)
    assert photo.ended == (PhotoOutcome.LOW_QUALITY, "roll 180, limit 45")


@pytest.mark.parametrize("seed", [5, 7, 9, 15])
def test_a_close_up_is_found(engine, portrait, encode, seed):
    whole = portrait(seed, size=(900, 1200))
    (face,) = look(engine, whole, encode=encode)[0].faces
    x1, y1, x2, y2 = face.box
    across, down = 0.1 * (x2 - x1), 0.1 * (y2 - y1)
    part = whole.crop((int(x1 + across), int(y1 + down), int(x2 - across), int(y2 - down)))
    result = look(engine, part, encode=encode)[0]
    assert result.outcome is PhotoOutcome.FACES
    (close,) = result.faces
    assert (result.width, result.height) == part.size
    assert measure_overlap(close.box, (0, 0, *part.size)) > 0.6, (
        "in pixels of the photo, not of the border"
    )


def test_an_empty_photo_has_no_face_in_any_way(engine, encode):
    noise = np.random.default_rng(3).integers(0, 255, (300, 240, 3), np.uint8)
    results = look(engine, Image.fromarray(noise), Image.new("RGB", (200, 300)), encode=encode)
    assert {result.outcome for result in results} == {PhotoOutcome.NO_FACE}


def sighting(*faces):
    """(score, log odds, box) each; the photo has 400 x 400 pixels."""
    picture = Picture(Image.new("RGB", (400, 400)), 400, 400)
    found = tuple(Detection(box, (), score) for score, _, box in faces)
    odds = np.array([[own, -2.0, -2.0, -2.0] for _, own, _ in faces])
    return Sighting(picture, 0, found, found, odds)


MAIN, BESIDE = (50.0, 50.0, 150.0, 150.0), (200.0, 50.0, 290.0, 140.0)


@pytest.mark.parametrize(
    ("rival", "counts"),
    [
        ((0.999, 4.0, BESIDE), True),
        ((0.97, 1.9, BESIDE), True),  # a real one, in the shade
        ((0.97, 0.1, BESIDE), False),  # a hand, a ball, blur
        ((0.999, 0.5, BESIDE), False),
    ],
)
def test_what_a_rival_has_to_be(rival, counts):
    both = sighting((0.9999, 6.0, MAIN), rival)
    assert len(both.list_company()) == 1 + counts
    assert both.list_company()[0].box == MAIN


def test_a_larger_face_that_is_none_gives_way_to_one_that_is():
    false = (0.96, 0.1, (0.0, 0.0, 200.0, 200.0))
    assert sighting(false, (0.9999, 6.0, BESIDE)).list_company()[0].box == BESIDE
    assert len(sighting(false).list_company()) == 1, "alone it is up to the gates"


def test_two_real_faces_still_spoil_a_portrait(engine, portrait, encode):
    """Not 2 and 7: alone, as they are drawn here, their log odds are 0.7 and 0.9, and half a pixel
    decides whether they count beside another face. Real faces have 1.9 and more."""
    for first, second in ((3, 8), (5, 8)):
        both = Image.new("RGB", (600, 400))
        both.paste(portrait(first), (0, 0))
        both.paste(portrait(second), (300, 0))
        assert look(engine, both, encode=encode)[0].outcome is PhotoOutcome.SEVERAL_FACES


def test_turning_and_framing_keep_the_pixels():
    image = Image.new("RGB", (40, 20))
    ImageDraw.Draw(image).rectangle((0, 0, 5, 5), fill="red")
    picture = Picture(image, 400, 200)  # a reduced one
    for quarters in range(4):
        turned = picture.turn(quarters)
        assert turned.image.size == image.rotate(90 * quarters, expand=True).size
        assert np.array_equal(turned.image, image.rotate(90 * quarters, expand=True))
        assert turned.scale == picture.scale
    framed = picture.add_frame(0.25)
    assert (framed.width, framed.height) == (600, 400)
    assert np.array_equal(np.asarray(framed.image)[10:-10, 10:-10], np.asarray(image))
