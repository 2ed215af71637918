"""The real networks through the whole crawl: MTCNN, InceptionResnetV1, batching, store, index.

The weights are random, from a fixed seed, and named by their own hash: what the network makes of
them is no recognition, but every step is the product's own.
"""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select

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
