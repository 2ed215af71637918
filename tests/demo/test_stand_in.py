"""The stand-in keeps the face models' contract and tells the demo's people apart."""

from __future__ import annotations

import numpy as np
import pytest

from demo.people import PEOPLE, is_masculine, portrait
from demo.stand_in import LocalBinaryPatterns
from enrichscrapy.faces.crop import BoxCrop
from enrichscrapy.faces.decode import DecodeLimits, decode
from enrichscrapy.faces.model import FaceModel, ModelOptions, resolve_model


def photos_of(person):
    """The shots of this person that the demo uses, on the sites and among the known faces."""
    shots = [900 + number for number in range(person.known)]
    for page, first in ((person.babepedia, 0), (person.iafd, 100)):
        if page is not None and page.looks is None:
            own = [place for place, kind in enumerate(page.photos) if kind in ("own", "upload")]
            shots += [first + place for place in own]
    return shots


CAST = [person for person in PEOPLE if len(photos_of(person)) > 1][::3]


@pytest.fixture(scope="module")
def model():
    return LocalBinaryPatterns.load(ModelOptions())


@pytest.fixture(scope="module")
def photos():
    """Crops of the photos of some of the people, as the engine would cut them; and whose."""
    import torch

    from enrichscrapy.faces.mtcnn.detect import Detector

    detector = Detector(torch.device("cpu"))
    cut, who = [], []
    for person in CAST:
        for shot in photos_of(person)[:3]:
            data = portrait(person.number, shot, is_masculine(person))
            picture = decode(data, DecodeLimits())
            (faces,) = detector.detect([picture], [80.0])
            cut.append(BoxCrop().cut(picture, faces[0]))
            who.append(person.number)
    return np.stack(cut), np.array(who)


def test_it_is_a_face_model_that_says_what_it_is(model):
    assert resolve_model("demo.stand_in.LocalBinaryPatterns") is LocalBinaryPatterns
    assert isinstance(model, FaceModel)
    info = LocalBinaryPatterns.describe(ModelOptions())
    assert info == model.info
    assert info.name == "stand-in-lbp"
    assert info.dimension == 512
    assert len(info.sha256) == 64


def test_the_product_cannot_fall_back_to_it():
    import enrichscrapy

    assert not hasattr(enrichscrapy, "stand_in")
    with pytest.raises(ModuleNotFoundError):
        __import__("enrichscrapy.stand_in")


def test_vectors_are_of_unit_length_and_the_same_each_time(model, photos):
    crops, _ = photos
    vectors = model.embed(crops[:5])
    assert vectors.shape == (5, 512)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    again = LocalBinaryPatterns.load(ModelOptions()).embed(crops[:5])
    np.testing.assert_allclose(vectors, again, atol=1e-5)
    np.testing.assert_allclose(model.embed(crops[2:3])[0], vectors[2], atol=1e-5)


def test_odd_crops_have_finite_vectors(model):
    odd = np.stack([np.full((160, 160, 3), value, dtype=np.uint8) for value in (0, 128, 255)])
    vectors = model.embed(odd)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_one_persons_photos_are_near_and_two_peoples_far(model, photos):
    crops, who = photos
    vectors = model.embed(crops)
    distances = 1.0 - vectors @ vectors.T
    same = who[:, None] == who[None, :]
    pairs = np.triu(np.ones_like(same), 1).astype(bool)
    limits = model.default_thresholds
    assert distances[same & pairs].max() < limits.certain_at(1)
    assert distances[~same & pairs].min() > limits.reject_at(1)


def test_its_mirror_image_is_the_same_face(model, photos):
    crops, _ = photos
    flipped = np.ascontiguousarray(crops[:4, :, ::-1])
    near = 1.0 - np.sum(model.embed(crops[:4]) * model.embed(flipped), axis=1)
    assert near.max() < 1e-4
