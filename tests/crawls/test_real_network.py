"""The real networks through the whole crawl: MTCNN, InceptionResnetV1, batching, store, index.

The weights are random, from a fixed seed, and named by their own hash: what the network makes of
them is no recognition, but every step is the product's own.
"""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from sqlalchemy import select, update

from demo.people import (
    PEOPLE,
    babepedia_profiles,
    write_known_faces,
    write_performers,
)
from demo.sites import DemoSites
from enrichscrapy.database.schema import faces, models, photo_results
from enrichscrapy.index import FaceIndex
from tests.support import Workplace
from tests.weights import random_state, save_weights

CAST = [person for person in PEOPLE if person.number in (1, 2, 4)]


@pytest.fixture(scope="module")
def place(tmp_path_factory, weights):
    folder = tmp_path_factory.mktemp("real-network")
    path, sha256 = weights
    place = Workplace(folder, {"FACE_WEIGHTS": str(path), "FACE_WEIGHTS_SHA256": sha256})
    place.settings["FACE_MODEL"] = "enrichscrapy.faces.model.FacenetVGGFace2"
    write_performers(folder / "performers.jsonl", CAST)
    write_known_faces(folder / "known", CAST)
    with DemoSites(babepedia_profiles(CAST)) as sites:
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        for command in (
            ("import-performers", str(folder / "performers.jsonl")),
            ("import-faces", str(folder / "known")),
            ("crawl", "babepedia"),
        ):
            done = place.run(*command)
            assert done.returncode == 0, done.stderr
    return place


def rows(place: Workplace, query):
    with place.database() as database, database.read() as connection:
        return connection.execute(query).all()


def test_the_model_is_named_by_its_weights(place):
    found = rows(place, select(models.c.sha256, models.c.dimension))
    assert [tuple(row) for row in found] == [(place.settings["FACE_WEIGHTS_SHA256"], 512)]


def test_own_photos_give_trusted_unit_vectors(place):
    query = select(faces.c.verdict, faces.c.trusted, faces.c.vector)
    own = rows(place, query.where(faces.c.source == "import"))
    assert len(own) == sum(person.known for person in CAST)
    # Random weights tell nobody apart: two photos of one person may count as the same face.
    kept = [vector for verdict, trusted, vector in own if verdict == "accepted" and trusted]
    assert len(kept) >= sum(person.known > 0 for person in CAST)
    vectors = [np.frombuffer(vector, dtype="<f4") for vector in kept]
    assert np.allclose([np.linalg.norm(vector) for vector in vectors], 1.0, atol=1e-5)
    assert len({vector.tobytes() for vector in vectors}) == len(vectors)


def test_the_crawl_looked_at_every_photo(place):
    looked_at = rows(place, select(photo_results.c.outcome))
    photos = sum(person.known + len(person.babepedia.photos) for person in CAST)
    assert len(looked_at) == photos
    # Random weights tell nobody apart: pictures that look alike may count as one.
    assert {"faces"} <= {outcome for (outcome,) in looked_at} <= {"faces", "duplicate"}


def test_the_index_was_published(place):
    accepted = rows(place, select(faces.c.id).where(faces.c.verdict == "accepted"))
    index = FaceIndex.open_current(place.index_dir, None)
    assert index is not None
    assert index.count == len(accepted)


@pytest.fixture
def older(place, tmp_path):
    """The same as the version before left it: vectors of faces without their mirror images."""
    folder = tmp_path / "older"
    shutil.copytree(place.folder, folder)
    copy = Workplace(folder, {k: v for k, v in place.settings.items() if k.startswith("FACE_")})
    with copy.database() as database, database.write() as connection:
        connection.execute(update(models).values(preprocessing="mtcnn-margin14-160-1"))
        plain = select(faces.c.id).where(faces.c.vector.is_not(None))
        for face_id in connection.scalars(plain).all():
            vector = np.random.default_rng(face_id).normal(size=512).astype("<f4")
            values = {"vector": (vector / np.linalg.norm(vector)).tobytes(), "quality": 0.123}
            connection.execute(update(faces).where(faces.c.id == face_id).values(values))
    assert copy.run("reindex").returncode == 0
    return copy


@pytest.mark.long  # with the stand-in: tests/commands/test_reembed.py
def test_an_older_database_moves_over_without_asking_a_site(place, older):
    with DemoSites(babepedia_profiles(CAST)) as sites:
        older.use_sites(sites.babepedia.url, sites.iafd.url)
        done = older.crawl("babepedia")
        assert (done.returncode, sites.babepedia.entries) == (2, []), done.stderr
        assert "run scrapy reembed" in done.stderr
        assert older.run("verify").returncode == 0, "the old index is served"

        done = older.run("reembed")
        assert done.returncode == 0, done.stderr
        assert older.run("verify").returncode == 0
        done = older.crawl("babepedia")
        assert (done.returncode, sites.babepedia.entries) == (0, []), "nobody is due"
    columns = (faces.c.id, faces.c.vector, faces.c.quality, faces.c.verdict, faces.c.trusted)
    before, after = (rows(each, select(*columns).order_by(faces.c.id)) for each in (place, older))
    assert len(before) == len(after)
    for was, now in zip(before, after, strict=True):
        assert (was.id, was.verdict, was.trusted) == (now.id, now.verdict, now.trusted)
        if was.vector is not None:
            pair = [np.frombuffer(row.vector, "<f4") for row in (was, now)]
            assert pair[0] @ pair[1] > 0.999, "as from the photo, but for what JPEG loses"
            assert now.quality == pytest.approx(was.quality, abs=0.05)


def test_other_weights_are_refused_before_the_first_request(place, tmp_path):
    path, _ = save_weights(tmp_path, random_state(2))
    with DemoSites(babepedia_profiles(CAST)) as sites:
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        done = place.crawl("babepedia", mode="name", FACE_WEIGHTS=path)
        assert sites.babepedia.entries == []
    assert done.returncode == 2
    assert "FACE_WEIGHTS" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_weights_a_crawl_says_how_to_get_them(place, tmp_path):
    with DemoSites(babepedia_profiles(CAST)) as sites:
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        done = place.crawl(
            "babepedia", mode="name", FACE_WEIGHTS=tmp_path / "nowhere.pt", FACE_WEIGHTS_SHA256=""
        )
        assert sites.babepedia.entries == []
    assert done.returncode == 2
    assert "FACE_WEIGHTS" in done.stderr
    assert "Traceback" not in done.stderr
