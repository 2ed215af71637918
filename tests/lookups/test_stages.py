"""What counts as a picture seen before, and what the judge is told of a lookup."""

from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from enrichscrapy.database.faces import StoredFace
from enrichscrapy.database.known_photos import KnownPicture
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.judge import JudgeExtension
from enrichscrapy.faces.engine import PhotoFaces
from enrichscrapy.faces.hashes import compute_phash
from enrichscrapy.faces.model import FacenetVGGFace2
from enrichscrapy.index import publish
from enrichscrapy.items import (
    Face,
    Judgement,
    Lookup,
    Outcome,
    Performer,
    Photo,
    PhotoOutcome,
    Verdict,
)
from enrichscrapy.items import ReferenceSiteMode as Mode
from enrichscrapy.lookups.judge import Judge
from enrichscrapy.lookups.stages import is_same_picture, mark_shared, take_faces
from enrichscrapy.settings_reader import read_settings
from enrichscrapy.verdicts import Limits, Thresholds
from tests.database.builders import unit_vector
from tests.index.conftest import MODEL, World, db, unit  # noqa: F401  # a fixture

pytestmark = pytest.mark.on_both()

TWIN = 0.05
HASH = 0xF0E1D2C3B4A59687


def near(vector, distance):
    """A unit vector at this cosine distance."""
    aside = unit_vector(99)
    aside = aside - (aside @ vector) * vector
    aside /= np.linalg.norm(aside)
    cosine = 1.0 - distance
    return (cosine * vector + np.sqrt(1 - cosine**2) * aside).astype(np.float32)


def picture(bits=0, *vectors):
    """A picture whose hash differs from HASH in so many bits."""
    return KnownPicture(f"{HASH ^ ((1 << bits) - 1):016x}", vectors)


def face(vector):
    return Face("", (0, 0, 1, 1), (), 1.0, 0.9, vector=vector)


def lookup(*photos):
    return Lookup(
        "babepedia", Mode.URL_LOOKUP, Performer(1, "Ada Demo"), Outcome.FOUND, photos=list(photos)
    )


@pytest.mark.parametrize(
    ("bits", "distance", "same"),
    [
        (0, 0.5, True),  # whatever the faces say
        (4, 0.5, True),
        (5, 0.5, False),  # another shot of the same sitting
        (5, 0.04, True),
        (12, 0.04, True),  # cropped
        (13, 0.0, False),
    ],
)
def test_hashes_decide_alone_only_when_they_hardly_differ(bits, distance, same):
    own = unit_vector(1)
    assert is_same_picture(picture(0, own), picture(bits, near(own, distance)), TWIN) is same


def test_without_faces_only_the_hashes_count():
    assert is_same_picture(picture(), picture(4), TWIN)
    assert not is_same_picture(picture(0, unit_vector(1)), picture(6), TWIN)


def test_a_picture_seen_before_adds_no_face():
    own = unit_vector(1)
    shots = [picture(0, own), picture(12, near(own, 0.02)), picture(12, near(own, 0.2))]
    photos = [Photo(f"https://example.org/{n}.jpg", data=b"x") for n in range(4)]
    results = [
        PhotoFaces(PhotoOutcome.FACES, "", 9, 9, shot.phash, (face(shot.vectors[0]),))
        for shot in [shots[1], shots[2]]
    ]
    results += [PhotoFaces(PhotoOutcome.NO_FACE, "no face found", 9, 9, "0" * 16)] * 2
    taken = lookup(*photos)
    take_faces(taken, photos, results, [shots[0]], TWIN)
    assert [photo.outcome.value for photo in photos] == [
        "duplicate", "faces", "no_face", "duplicate",
    ]  # fmt: skip
    assert [each.photo_url for each in taken.faces] == [photos[1].url]
    assert all(photo.data is None for photo in photos)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.02])
def test_a_picture_resized_recompressed_and_hardly_cropped_is_known_by_its_hash(share):
    from demo.portraits import PersonLook, Shot, render

    whole = Image.fromarray(render(PersonLook.from_seed(3), Shot(seed=1, size=(300, 400))))
    inset = (300 * share, 400 * share, 300 - 300 * share, 400 - 400 * share)
    again = whole.crop(tuple(round(edge) for edge in inset)).resize((180, 240))
    buffer = io.BytesIO()
    again.save(buffer, "JPEG", quality=50)
    first, second = (
        KnownPicture(compute_phash(whole)),
        KnownPicture(compute_phash(Image.open(buffer))),
    )
    own = unit_vector(1)
    with_faces = [KnownPicture(each.phash, (own,)) for each in (first, second)]
    assert is_same_picture(*with_faces, TWIN)
    assert is_same_picture(first, second, TWIN) or share == 0.02


def test_a_photo_on_several_performers_is_nobodys():
    photos = [Photo(f"https://example.org/{n}.jpg", outcome=PhotoOutcome.FACES) for n in range(3)]
    taken = lookup(*photos)
    taken.faces = [face(unit_vector(n)) for n in range(3)]
    for each, photo in zip(taken.faces, photos, strict=True):
        each.photo_url = photo.url
    mark_shared(taken, {photos[1].url: 1, photos[2].url: 2}, many=3)
    assert [photo.outcome.value for photo in photos] == ["faces", "faces", "placeholder"]
    assert photos[2].detail == "2 other performers have the same photo"
    assert [(each.photo_url, each.shared) for each in taken.faces] == [
        (photos[0].url, False),
        (photos[1].url, True),
    ]


@pytest.fixture
def world(db):  # noqa: F811
    return World(db)


def test_the_rules_learn_how_large_the_index_is(world, tmp_path):
    """What is near among sixty faces is not near among a million; and who is near the performer's
    trusted faces."""
    world.add(*range(1, 13))
    publish(world.db, tmp_path / "index", world.model_id)
    told = []

    def rules(candidates, references, neighbours, context, *_):
        told.append((context.index_size, len(neighbours[0]), len(context.around)))
        return Judgement(())

    model, database = SimpleNamespace(info=MODEL), DatabaseExtension(world.db)
    judge = Judge(Thresholds(), Limits(6, 12), {}, rules)
    judging = JudgeExtension(database, model, tmp_path / "index", judge, stats=None, stop=None)
    item = lookup()
    item.performer = Performer(999, "Nobody Yet")
    item.faces = [face(unit(1))]
    for trusted in ([], [stored(unit(2)), stored(unit(3)), stored(unit(90), trusted=False)]):
        judging.find_neighbours(item, trusted)
        judging.judge(item, trusted)
    assert told == [(12, 12, 0), (12, 12, 12)]
    mean = unit(2) + unit(3)
    mean /= np.linalg.norm(mean)
    gaps = sorted(1 - float(unit(seed) @ mean) for seed in range(1, 13))
    assert [other.distance for other in item.around] == pytest.approx(gaps, abs=1e-5)


def stored(vector, verdict=Verdict.ACCEPTED, reason="match", trusted=True):
    return StoredFace(
        1, 999, 1, 1, "iafd", vector, 0.9, 1.0, verdict, trusted, reason, {}, "", 0.0, "rules"
    )


@pytest.mark.parametrize(
    ("performer", "weak"),
    [
        (Performer(1, "Ada Demo", country="KR"), True),
        (Performer(1, "Ada Demo", country="SE", ethnicity="ASIAN"), True),
        (Performer(1, "Ada Demo", country="SE"), False),
    ],
)
def test_the_rules_learn_on_whom_the_model_is_weak_and_what_waits(performer, weak):
    told = []

    def rules(candidates, references, neighbours, context, thresholds, limits):
        told.append((context.weak, [face.waiting for face in references], thresholds.caution))
        return Judgement(())

    settings = read_settings({"FACE_CAUTION": 2})
    judge = replace(Judge.from_settings(settings), rules=rules)
    judge = judge.for_model(MODEL, None, FacenetVGGFace2)
    item = lookup()
    item.performer = performer
    held = Verdict.QUARANTINED
    judge(
        item,
        [
            stored(unit(2)),
            stored(unit(3), held, "only_the_name_speaks_for_the_page", trusted=False),
            stored(unit(4), held, "other_performer", trusted=False),
        ],
    )
    assert told == [(weak, [False, True], 2.0)]
