"""``scrapy reembed`` as a user runs it, killed and gone on with; crawls and imports before it."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import time

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select, update

from demo.people import portrait
from enrichscrapy.database.ledger import RetryPolicy, Selection
from enrichscrapy.database.schema import face_vectors, faces
from enrichscrapy.database.store import store_lookup
from enrichscrapy.faces.engine import FaceEngine, FaceOptions
from enrichscrapy.files.kept_photos import keep_photo
from enrichscrapy.files.locks import lock_source
from enrichscrapy.index import FaceIndex, find_index_model_id, publish, verify
from enrichscrapy.items import Identity, ModelInfo, Profile, Verdict
from tests.database.builders import accept, face, lookup, photo, quarantine, unit_vector
from tests.faces.cards import DIMENSION, small_network, write_card
from tests.resume.models import Colours
from tests.support import PATIENCE, PROJECT, Workplace, accepted_vectors, face_server, fork_server

OLD = ModelInfo("colours", "c" * 64, "plain-1", 512)
RED, GREEN, BLUE = (220, 20, 30), (20, 200, 40), (30, 30, 210)
REDS = (RED, (210, 20, 60), (210, 60, 20), (210, 60, 60), (210, 100, 20))
MARKS = [[55.0, 70.0], [105.0, 70.0], [80.0, 95.0], [60.0, 120.0], [100.0, 120.0]]


def crop(colour) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (160, 160), colour).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def shade(number):
    """A red of its own."""
    return (200 + number % 50, number % 23, number % 31)


@pytest.fixture
def place(tmp_path):
    return Workplace(tmp_path, {"FACE_MODEL": "tests.resume.models.Colours"})


def add(db, model_id, performer_id, *shots, source="babepedia"):
    """Store one lookup's faces: (name, colour, decision) each; returns the face ids."""
    photos = [photo(name) for name, _, _ in shots]
    found = [
        face(each, hash_of(each.url), decision)
        for each, (_, _, decision) in zip(photos, shots, strict=True)
    ]
    for each, (_, colour, _) in zip(found, shots, strict=True):
        each.crop, each.landmarks = crop(colour), tuple(map(tuple, MARKS))
    performer = db.get_performer(performer_id)
    page = f"https://www.babepedia.com/babe/Person_{performer_id}"
    item = lookup(
        performer,
        source=source,
        url=page,
        profile=Profile(performer.canonical_name, page),
        identity=Identity.CONFIRMED,
        photos=photos,
        faces=found,
    )
    report = store_lookup(db, item, model_id=model_id, retry=RetryPolicy(), judge=None)
    return report.face_ids


def hash_of(text: str) -> int:
    return int.from_bytes(text.encode()[-12:], "big") % (1 << 31)


@pytest.fixture
def many(place):
    """300 accepted faces of 30 performers under the old model, published."""
    with place.database() as db:
        old = db.faces.ensure_model(OLD)
        for number in range(30):
            performer = db.add_performer(f"Person {number}", gender="FEMALE")
            db.add_url(performer, f"https://www.babepedia.com/babe/Person_{number}")
            shots = [
                (f"{number}-{each}", shade(10 * number + each), accept()) for each in range(10)
            ]
            add(db, old, performer, *shots)
        publish(db, place.index_dir, old)
    return place


def staged(place) -> int:
    with place.database() as db, db.read() as connection:
        return connection.scalar(select(func.count()).select_from(face_vectors))


def test_killed_and_gone_on_with(many, place):
    settings = {"FACE_MODEL": "tests.resume.models.ColoursOnce"}
    log, server = place.folder / "killed.log", fork_server()
    log.touch()
    command = place.command("reembed", **settings)[3:]
    pid = server.start(command, place.environment(), log, workers=face_server()[1])
    deadline = time.monotonic() + PATIENCE
    while not staged(place):
        assert server.exit_code(pid) is None, log.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    server.exit_code(pid, PATIENCE)
    assert staged(place) == 256

    marked = unit_vector(1234)
    with place.database() as db:
        assert verify(db, place.index_dir, find_index_model_id(db, place.index_dir)) == []
        assert FaceIndex.open_current(place.index_dir, OLD).count == 300, "the old one is served"
        with db.write() as connection:
            row = update(face_vectors).where(face_vectors.c.face_id == 7)
            connection.execute(row.values(vector=marked.tobytes()))

    done = place.run("reembed")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "300 faces re-embedded."), (
        done.stderr
    )
    with place.database() as db:
        model_id = db.faces.find_model(Colours.describe(None))
        vectors = accepted_vectors(db, model_id)
        assert sorted(vectors) == list(range(1, 301))
        assert np.array_equal(vectors.pop(7), marked), "it was not looked at again"
        for face_id, vector in vectors.items():
            expected = np.array(shade(face_id - 1), np.float32)
            assert vector[:3] @ expected / np.linalg.norm(expected) > 0.999
        assert find_index_model_id(db, place.index_dir) == model_id
        assert verify(db, place.index_dir, model_id) == []
        assert db.ledger.count_due(Selection("babepedia", "url", model_id)) == 0
    assert staged(place) == 0
    again = place.run("reembed")
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, "0 faces re-embedded.")


def test_crawls_and_imports_say_what_to_do_before_anything_else(place, tmp_path):
    with place.database() as db:
        performer = db.add_performer("Person", gender="FEMALE")
        db.add_url(performer, "https://www.babepedia.com/babe/Person")
        add(db, db.faces.ensure_model(OLD), performer, ("a", RED, accept()))
    place.use_sites("http://127.0.0.1:9", "http://127.0.0.1:9")
    (tmp_path / "own" / "1").mkdir(parents=True)
    for done in (
        place.crawl("babepedia"),
        place.crawl("babepedia", DRY_RUN=1),
        place.run("import-faces", str(tmp_path / "own")),
    ):
        assert done.returncode == 2, done.stderr
        told = [line for line in done.stderr.splitlines() if line.startswith("scrapy ")]
        assert len(told) == 1
        assert "1 faces were made by another face model" in told[0]
        assert "run scrapy reembed" in told[0]
        assert "Traceback" not in done.stderr
    with place.database() as db:
        assert db.ledger.get("babepedia", "url", performer)["attempts"] == 0
        assert place.run("reembed").returncode == 0


def test_a_running_crawl_is_not_disturbed(place):
    place.database().close()
    with lock_source(place.database_path, "babepedia", "crawl babepedia"):
        done = place.run("reembed")
    assert done.returncode == 4
    assert "babepedia is being crawled" in done.stderr


@pytest.fixture
def judged(place):
    """A performer with own red photos; what was accepted and what waits is partly wrong."""
    with place.database() as db:
        old = db.faces.ensure_model(OLD)
        performer = db.add_performer("Person", gender="FEMALE")
        own = accept("own_photo", trusted=True)
        add(
            db,
            old,
            performer,
            *((f"own{n}", red, own) for n, red in enumerate(REDS[:3])),
            source="import",
        )
        add(
            db,
            old,
            performer,
            ("right", REDS[3], accept()),
            ("wrong", GREEN, accept()),
            ("waits", REDS[4], quarantine()),
            ("shared", REDS[4], quarantine("shared_photo")),
            ("reviewed", BLUE, accept()),
        )
        db.faces.decide(8, Verdict.ACCEPTED, "review", "review")
    return place


def verdicts(place):
    with place.database() as db, db.read() as connection:
        query = select(faces.c.id, faces.c.verdict).order_by(faces.c.id)
        return dict(connection.execute(query).all())


def test_what_would_change_is_listed_and_applied_only_when_asked_for(judged):
    before = verdicts(judged)
    done = judged.run("reembed")
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert [line.partition(" of id:1 ")[0] for line in told[1:-1]] == ["face 5", "face 6", "face 8"]
    assert "accepted -> waits for you" in told[1]
    assert "waits for you -> accepted" in told[2]
    assert "a person decided, so it stays" in told[3]
    assert "nothing was changed: scrapy reembed --apply changes 2 of them" in told[-1]
    assert verdicts(judged) == before

    done = judged.run("reembed", "--apply")
    assert "2 changed, 1 decided by a person stay" in done.stdout
    changed = before | {5: "quarantined", 6: "accepted"}
    assert verdicts(judged) == changed
    with judged.database() as db:
        assert [db.faces.get(face_id).trusted for face_id in range(1, 6)] == [True] * 3 + [
            False
        ] * 2
        model_id = find_index_model_id(db, judged.index_dir)
        assert verify(db, judged.index_dir, model_id) == []


def test_a_face_without_a_crop_is_made_from_its_kept_photo_or_named(place, tmp_path):
    data = portrait(1, 1)
    sha256 = hashlib.sha256(data).hexdigest()
    seen = FaceEngine(FaceOptions(model="tests.resume.models.Colours")).look([data])[0].faces[0]
    with place.database() as db:
        old = db.faces.ensure_model(OLD)
        performer = db.add_performer("Person", gender="FEMALE")
        db.add_url(performer, "https://www.babepedia.com/babe/Person")
        add(db, old, performer, ("a", RED, accept()), ("b", RED, accept()))
        with db.write() as connection:
            connection.exec_driver_sql("UPDATE photos SET sha256 = ? WHERE id = 1", (sha256,))
            connection.execute(update(faces).values(crop=b"no picture", box=list(seen.box)))
    keep_photo(tmp_path / "kept", performer, sha256, data)
    done = place.run("reembed", KEEP_PHOTOS=tmp_path / "kept")
    assert done.returncode == 1
    assert "no picture is left of 1 face (2)" in done.stderr
    with place.database() as db:
        model_id = db.faces.find_model(Colours.describe(None))
        assert list(accepted_vectors(db, model_id)) == [1]
        assert np.allclose(db.faces.get(1).vector, seen.vector, atol=0.02)
        with db.read() as connection:
            kept = connection.execute(select(faces.c.crop, faces.c.crop_area)).first()
        assert kept == (seen.crop, list(seen.crop_area)), "what is kept is whole again"
        assert db.ledger.count_due(Selection("babepedia", "url", model_id)) == 1
        db.faces.refuse_unmoved(model_id, Colours.describe(None))


@pytest.mark.long
def test_to_a_model_card_and_back(place, tmp_path):
    """Crops of an older version go as far as they go; a model without thresholds judges nothing."""
    card = {"FACE_MODEL": str(write_card(tmp_path / "card", small_network()))}
    with place.database() as db:
        performer = db.add_performer("Person", gender="FEMALE")
        old = db.faces.ensure_model(Colours.describe(None))
        add(db, old, performer, ("a", RED, accept()), ("b", GREEN, quarantine()))
        before = [db.faces.get(face_id).vector for face_id in (1, 2)]
        publish(db, place.index_dir, old)

    done = place.run("reembed", **card)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "2 faces re-embedded.\n2 faces came from crops of an older version"
    )
    assert "not judged again: the face model small has no thresholds" in done.stderr
    assert place.run("verify", **card).returncode == 0
    done = place.run("calibrate", "--apply", **card)
    assert done.returncode == 1
    told = done.stderr.splitlines()[-1]
    assert "small has no thresholds, and of 0 people two faces are confirmed" in told
    with place.database() as db:
        assert len(db.faces.get(1).vector) == DIMENSION

    assert place.run("reembed").returncode == 0
    assert place.run("verify").returncode == 0
    with place.database() as db:
        for face_id, vector in enumerate(before, 1):
            assert db.faces.get(face_id).vector.shape == vector.shape


@pytest.mark.long
def test_twenty_thousand_faces_with_kills_in_between(place):
    """Every face has one vector, of the new model, whenever the command is killed."""
    people, shots = 2000, 10
    with place.database() as db:
        old = db.faces.ensure_model(OLD)
        for number in range(people):
            performer = db.add_performer(f"Person {number}", gender="FEMALE")
            colours = [shade(shots * number + each) for each in range(shots)]
            named = [(f"{number}-{each}", colour, accept()) for each, colour in enumerate(colours)]
            add(db, old, performer, *named)
        publish(db, place.index_dir, old)
    rng, kills, done = np.random.default_rng(1), 0, 0
    while kills < 6:
        process = subprocess.Popen(
            place.command("reembed"),
            cwd=PROJECT,
            env=place.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        more = int(rng.integers(1, 3000))
        while process.poll() is None and staged(place) < done + more:
            time.sleep(0.05)
        assert process.poll() is None, "it was to be killed, not to end"
        process.kill()
        process.wait()
        kills, done = kills + 1, staged(place)
        with place.database() as db:
            assert FaceIndex.open_current(place.index_dir, OLD).count == people * shots
    finished = place.run("reembed")
    assert finished.returncode == 0, finished.stderr
    with place.database() as db:
        model_id = db.faces.find_model(Colours.describe(None))
        vectors = accepted_vectors(db, model_id)
        assert sorted(vectors) == list(range(1, people * shots + 1))
        for face_id, vector in vectors.items():
            expected = np.array(shade(face_id - 1), np.float32)
            assert vector[:3] @ expected / np.linalg.norm(expected) > 0.999
        assert verify(db, place.index_dir, model_id) == []
    assert staged(place) == 0
