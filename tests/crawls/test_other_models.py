"""A network that comes as a file, through everything: the same network as the default's, exported
by the test, so that its vectors have to be torch's."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
import torch
from sqlalchemy import select, update

from demo.people import PEOPLE, babepedia_profiles, write_known_faces, write_performers
from demo.sites import DemoSites
from enrichscrapy.database.schema import faces
from enrichscrapy.faces.cards.card import Card
from enrichscrapy.faces.crop import BoxCrop, Detection
from enrichscrapy.faces.decode import DecodeLimits
from enrichscrapy.faces.facenet.network import FLOAT32, Network, build_plain
from enrichscrapy.faces.stored_crop import StoredCrop
from enrichscrapy.verdicts import Thresholds, fingerprint
from tests.faces.cards import small_network, write_card
from tests.support import Workplace
from tests.weights import random_state

CAST = [person for person in PEOPLE if person.number == 1]
FACENET = {"size": 160, "channels": "RGB", "mean": 127.5, "scale": 128.0}
# Random weights tell nobody apart: nothing may count as the same picture, nor as a stranger's.
OPEN = Thresholds(
    background="",
    certain=(1.0,),
    accept=(1.1,),
    together=(1.1,),
    reject=(1.2,),
    duplicate=0.0,
    twin=0.0,
)


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    """The default network with the suite's seeded weights, as torch exports it."""
    network, file = build_plain(random_state(1)), io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (torch.zeros(2, 3, 160, 160),),
            file,
            dynamo=False,
            input_names=["pixels"],
            output_names=["vectors"],
            dynamic_axes={"pixels": {0: "n"}, "vectors": {0: "n"}},
            opset_version=17,
        )
    folder = tmp_path_factory.mktemp("card")
    said = {"name": "exported", "dimension": 512, "input": FACENET, "crop": {"margin": 14}}
    return write_card(folder, file.getvalue(), **said)


@pytest.fixture(scope="module")
def place(tmp_path_factory, weights, card):
    """Own photos and a crawl under the exported network."""
    folder = tmp_path_factory.mktemp("other-model")
    path, sha256 = weights
    place = Workplace(folder, {"FACE_WEIGHTS": str(path), "FACE_WEIGHTS_SHA256": sha256})
    place.settings["FACE_MODEL"] = str(card)
    write_performers(folder / "performers.jsonl", CAST)
    write_known_faces(folder / "known", CAST)
    with place.database() as database:
        info = Card.read(card).info
        model_id = database.faces.ensure_model(info)
        stored = OPEN.to_json() | {"model": fingerprint(info)}
        database.faces.set_thresholds(model_id, stored)
    with DemoSites(babepedia_profiles(CAST)) as sites:
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        for command in (
            ("import-performers", str(folder / "performers.jsonl")),
            ("import-faces", str(folder / "known")),
            ("crawl", "babepedia"),
        ):
            done = place.run(*command)
            assert done.returncode == 0, done.stderr
        place.asked = len(sites.babepedia.entries)
    return place


def vectors(place) -> dict[int, np.ndarray]:
    query = select(faces.c.id, faces.c.vector).where(faces.c.vector.is_not(None))
    with place.database() as database, database.read() as connection:
        return {row.id: np.frombuffer(row.vector, "<f4") for row in connection.execute(query)}


def by_torch(place, network):
    """The vectors of the stored crops as torch computes them in float32."""
    query = select(faces.c.id, faces.c.crop, faces.c.crop_area, faces.c.box, faces.c.landmarks)
    with place.database() as database, database.read() as connection:
        rows = connection.execute(query.where(faces.c.vector.is_not(None))).all()
    found = {}
    for row in rows:
        face = Detection(tuple(row.box), tuple(map(tuple, row.landmarks)), 1.0)
        crop = StoredCrop(row.crop, tuple(row.crop_area), face, 10**6, 10**6)
        seen = BoxCrop().cut(*crop.open(DecodeLimits()))
        found[row.id] = network.embed_mirrored(seen[None])[0][0]
    return found


@pytest.mark.long
def test_there_and_back_again(place, weights, card):
    """Import, crawl, index, verify, export; to the default model and back; and no site is asked."""
    first = vectors(place)
    assert len(first) > 3
    torchs = by_torch(place, Network(weights[0].read_bytes(), weights[1], "cpu", 1, FLOAT32))
    for face_id, vector in first.items():
        assert np.abs(vector - torchs[face_id]).max() < 1e-4
    assert place.run("verify").returncode == 0
    done = place.run("export", "-o", str(place.folder / "export"))
    assert done.returncode == 0, done.stderr

    default = {"FACE_MODEL": "enrichscrapy.faces.model.FacenetVGGFace2"}
    with DemoSites(babepedia_profiles(CAST)) as sites:
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        for settings in (default, {"FACE_MODEL": str(card)}):
            refused = place.crawl("babepedia", **settings)
            assert refused.returncode == 2
            assert "run scrapy reembed" in refused.stderr
            done = place.run("reembed", **settings)
            assert done.returncode == 0, done.stderr
            assert f"{len(first)} faces re-embedded" in done.stdout
            assert place.run("verify", **settings).returncode == 0
            assert place.crawl("babepedia", **settings).returncode == 0, "nobody is due"
            now = vectors(place)
            assert now.keys() == first.keys()
            cosines = [now[face_id] @ first[face_id] for face_id in first]
            assert min(cosines) > 0.9998
        assert sites.babepedia.entries == []
    for face_id, vector in vectors(place).items():
        assert np.array_equal(vector, first[face_id]), "made of the same crop, it is the same"


@pytest.mark.long
def test_a_model_without_thresholds_says_what_to_do(place, tmp_path):
    other = write_card(tmp_path, small_network(), crop={"margin": 10})
    settings = {"FACE_MODEL": str(other)}
    copy = Workplace(tmp_path / "copy", {})
    copy.folder.mkdir()
    copy.database_path.write_bytes(place.database_path.read_bytes())
    done = copy.run("reembed", **settings)
    assert done.returncode == 0, done.stderr
    assert "not judged again: the face model small has no thresholds" in done.stderr
    with copy.database() as database, database.write() as connection:
        connection.execute(update(faces).values(trusted=False))
    done = copy.run("calibrate", "--apply", **settings)
    assert done.returncode == 1
    assert "small has no thresholds, and of" in done.stderr
    done = copy.crawl("babepedia", BABEPEDIA_BASE_URL="http://127.0.0.1:9", **settings)
    assert done.returncode == 2
    assert "run scrapy calibrate --apply" in done.stderr


def test_a_network_that_does_not_work_ends_the_crawl_in_one_line(tmp_path):
    nan = write_card(tmp_path / "nan", small_network(scale=float("nan")))
    changed = write_card(tmp_path / "changed", small_network())
    (tmp_path / "changed" / "network.onnx").write_bytes(b"x")
    for path, told in ((nan, "no finite vectors"), (changed, "has SHA-256")):
        empty = Workplace(tmp_path / told.replace(" ", "-"), {})
        empty.folder.mkdir()
        with empty.database() as database:
            info = Card.read(path).info
            model_id = database.faces.ensure_model(info)
            database.faces.set_thresholds(model_id, OPEN.to_json() | {"model": fingerprint(info)})
        write_performers(empty.folder / "performers.jsonl", CAST)
        assert (
            empty.run("import-performers", str(empty.folder / "performers.jsonl")).returncode == 0
        )
        with DemoSites(babepedia_profiles(CAST)) as sites:
            empty.use_sites(sites.babepedia.url, sites.iafd.url)
            done = empty.crawl("babepedia", FACE_MODEL=path)
        assert done.returncode == 2, done.stderr
        assert told in done.stderr
        assert "Traceback" not in done.stderr
        if told == "has SHA-256":
            assert sites.babepedia.entries == []
