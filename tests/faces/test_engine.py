"""Whole photos through the engine: outcomes, boxes, vectors, rules."""

import io
from dataclasses import fields, replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from enrichscrapy.faces.quality import Gates
from enrichscrapy.items import PhotoOutcome


def look(engine, image, encode, **options):
    return engine.look([encode(image, "JPEG", quality=92, **options)])[0]


def overlap(a, b) -> float:
    """Intersection over union."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return width * height / (both - width * height)


@pytest.fixture
def with_gates(engine, monkeypatch):
    """``with_gates(min_size=…)``: the shared engine under other gates."""

    def change(**gates):
        options = replace(engine.options, gates=replace(engine.options.gates, **gates))
        monkeypatch.setattr(engine, "options", options)
        return engine

    return change


def test_one_face(engine, portrait, encode):
    result = look(engine, portrait(), encode)
    assert result.outcome is PhotoOutcome.FACES
    assert (result.width, result.height, len(result.phash)) == (300, 400, 16)
    (face,) = result.faces
    assert face.vector.shape == (512,)
    assert face.vector.dtype == np.float32
    assert np.linalg.norm(face.vector) == pytest.approx(1.0, abs=1e-5)
    assert 0 < face.quality <= 1
    assert face.detection_score > 0.9
    left, top, right, bottom = face.crop_area
    assert left < face.box[0] < face.box[2] < right, "with what is round the face"
    wide, high = Image.open(io.BytesIO(face.crop)).size
    assert wide / high == pytest.approx((right - left) / (bottom - top), rel=0.01)
    x1, y1, x2, y2 = face.box
    assert all(x1 < x < x2 and y1 < y < y2 for x, y in face.landmarks)
    (left, _), (right, _), nose, *_ = face.landmarks
    assert left < nose[0] < right


def test_box_and_landmarks_are_in_pixels_of_the_whole_photo(engine, portrait, encode):
    """Also when the photo was decoded at reduced scale and turned by its EXIF."""
    small = look(engine, portrait(), encode).faces[0]
    big = portrait().resize((1500, 2000), Image.Resampling.LANCZOS)
    exif = Image.Exif()
    exif[0x0112] = 8
    result = look(engine, big.transpose(Image.Transpose.ROTATE_270), encode, exif=exif)
    assert (result.width, result.height) == (1500, 2000)
    face = result.faces[0]
    assert overlap(np.array(face.box) / 5, small.box) > 0.8
    assert np.allclose(np.array(face.landmarks) / 5, small.landmarks, atol=6)
    assert face.measures["size"] == pytest.approx(small.measures["size"] * 5, rel=0.12)


def test_results_come_in_order_and_one_bad_photo_costs_only_itself(engine, portrait, encode):
    good = encode(portrait(), "JPEG")
    results = engine.look([b"", good, good[: len(good) // 2], good])
    outcomes = [result.outcome for result in results]
    unreadable, faces = PhotoOutcome.UNREADABLE, PhotoOutcome.FACES
    assert outcomes == [unreadable, faces, unreadable, faces]
    assert np.allclose(results[1].faces[0].vector, results[3].faces[0].vector, atol=1e-2)


def test_same_vectors_alone_and_in_company(engine, portrait, encode):
    photos = [encode(portrait(seed), "JPEG") for seed in range(3)]
    together = engine.look(photos)
    for data, result in zip(photos, together, strict=True):
        alone = engine.look([data])[0]
        assert alone.faces[0].box == pytest.approx(result.faces[0].box, abs=0.5)
        assert alone.faces[0].vector @ result.faces[0].vector > 0.999


def test_nothing_to_look_at(engine):
    assert engine.look([]) == []


def test_no_face(engine, encode):
    empty = Image.new("RGB", (300, 400), (90, 120, 140))
    assert look(engine, empty, encode).outcome is PhotoOutcome.NO_FACE


def side_by_side(first, second):
    both = Image.new("RGB", (first.width + second.width, max(first.height, second.height)))
    both.paste(first, (0, 0))
    both.paste(second, (first.width, 0))
    return both


def test_two_equal_faces_reject_the_photo(engine, portrait, encode):
    result = look(engine, side_by_side(portrait(2), portrait(3)), encode)
    assert result.outcome is PhotoOutcome.SEVERAL_FACES
    assert result.faces == ()
    assert "2 faces" in result.detail


def test_a_face_that_dominates_clearly_is_taken(engine, portrait, encode):
    large = portrait(2, size=(600, 800))
    photo = side_by_side(large, portrait(3).resize((150, 200)))
    result = look(engine, photo, encode)
    assert result.outcome is PhotoOutcome.FACES
    (face,) = result.faces
    assert face.box[2] < 600


def test_a_rival_below_the_gates_still_counts(engine, portrait, encode):
    """Two small faces of one size, one just large enough to pass: nobody dominates."""
    photo = Image.new("RGB", (1200, 1500), (90, 120, 140))
    photo.paste(portrait(2).resize((165, 220)), (200, 400))
    alone = look(engine, photo, encode)
    assert alone.outcome is PhotoOutcome.FACES
    photo.paste(portrait(3).resize((110, 147)), (700, 400))
    assert look(engine, photo, encode).outcome is PhotoOutcome.SEVERAL_FACES


def test_without_the_rule_every_face_counts(with_gates, portrait, encode):
    result = look(with_gates(dominance=0), side_by_side(portrait(2), portrait(3)), encode)
    assert len(result.faces) == 2


def shade(change):
    return lambda photo: photo.convert("L").point(change).convert("RGB")


def halfway(measures, spoilt, name):
    """A limit that the fine portrait passes and the spoilt one does not."""
    return (abs(measures[name]) + abs(spoilt[name])) / 2


@pytest.mark.parametrize(
    ("gate", "measure", "setting", "change"),
    [
        ("face_size", "size", "min_size", lambda photo: photo.resize((225, 300))),
        (
            "sharpness",
            "sharpness",
            "min_sharpness",
            lambda photo: photo.filter(ImageFilter.GaussianBlur(3)),
        ),
        ("too_dark", "highlights", "min_highlights", shade(lambda v: v * 0.6)),
        ("too_bright", "shadows", "max_shadows", shade(lambda v: 100 + v * 0.6)),
        ("contrast", "contrast", "min_contrast", shade(lambda v: 50 + v * 0.6)),
        ("clipped", "clipped", "max_clipped", shade(lambda v: min(v * 1.7, 255))),
        ("roll", "roll", "max_roll", lambda photo: photo.rotate(20, fillcolor=(90, 90, 90))),
        ("yaw", "yaw", "max_yaw", None),
    ],
)
def test_gates_name_themselves(
    engine, with_gates, portrait, encode, gate, measure, setting, change
):
    """A fine portrait passes, a spoilt one fails at that gate, each limit between the two."""
    fine, spoilt = portrait(), change(portrait()) if change else portrait(yaw=25.0)
    open_engine = with_gates(**{field.name: field.default for field in fields(Gates)})
    before, after = (look(open_engine, photo, encode).faces[0].measures for photo in (fine, spoilt))
    strict = with_gates(**{setting: halfway(before, after, measure)})
    assert look(strict, fine, encode).outcome is PhotoOutcome.FACES
    result = look(strict, spoilt, encode)
    assert result.outcome is PhotoOutcome.LOW_QUALITY
    assert result.faces == ()
    assert result.detail.startswith(gate + " ")
    assert "limit" in result.detail


def test_small_photos(engine, portrait, encode):
    result = look(engine, portrait().resize((120, 160)), encode)
    assert result.outcome is PhotoOutcome.LOW_QUALITY
    assert result.detail == "photo_size 120, limit 160"


def test_low_detection_score_is_a_gate(with_gates, portrait, encode):
    result = look(with_gates(min_score=0.999999), portrait(), encode)
    assert result.detail.startswith("detection_score")


def test_small_faces_of_large_photos_are_not_looked_for(engine, portrait, encode):
    photo = Image.new("RGB", (2400, 3000), (90, 120, 140))
    photo.paste(portrait().resize((90, 120)), (900, 900))
    assert look(engine, photo, encode).outcome is PhotoOutcome.NO_FACE


def test_extreme_shapes(engine, encode):
    """A pixel, a line, a strip: nothing to find, nothing to raise."""
    for size in ((1, 1), (1, 3000), (3000, 1), (9000, 12), (13, 13)):
        result = engine.look([encode(Image.new("RGB", size), "PNG")])[0]
        assert result.outcome in (PhotoOutcome.LOW_QUALITY, PhotoOutcome.NO_FACE)


def test_a_fault_inside_costs_one_photo(engine, portrait, encode, monkeypatch):
    """Even a bug of ours over one photo of a batch spares the others."""
    good, odd = encode(portrait(), "JPEG"), encode(portrait().resize((330, 440)), "JPEG")
    detect = engine._detector.detect

    def faulty(pictures, sizes):
        if any(picture.width == 330 for picture in pictures):
            raise ZeroDivisionError("of ours")
        return detect(pictures, sizes)

    monkeypatch.setattr(engine._detector, "detect", faulty)
    results = engine.look([good, odd, good])
    assert [result.outcome.value for result in results] == ["faces", "failed", "faces"]
    assert results[1].detail == "ZeroDivisionError: of ours"


def test_a_batch_for_which_memory_is_short_is_halved(engine, portrait, encode, monkeypatch, caplog):
    """As torch says it, and ONNX Runtime; then every face still has its vector."""
    photos = [encode(portrait(seed), "JPEG") for seed in (2, 3, 5)]
    usual, sizes = engine.look(photos), []
    embed = engine._model.embed_measured

    def short(crops):
        sizes.append(len(crops))
        if len(crops) > 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return embed(crops)

    monkeypatch.setattr(engine._model, "embed_measured", short)
    monkeypatch.setattr(engine, "_batch", 8)
    for before, now in zip(usual, engine.look(photos), strict=True):
        assert before.faces[0].vector @ now.faces[0].vector > 0.999
    assert sizes == [3, 1, 1, 1]
    assert "1 at a time" in caplog.text
