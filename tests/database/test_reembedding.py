"""Faces move to another model: staged in any order, taken over at once, never twice, never lost."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import func, select

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.ledger import RetryPolicy, Selection
from enrichscrapy.database.reembedding import NewVector, Reembedding, _match_unmoved
from enrichscrapy.database.schema import (
    face_changes,
    face_vectors,
    faces,
    lookups,
    photo_results,
    verdict_history,
)
from enrichscrapy.database.store import store_lookup
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.forgetting.forget import forget
from enrichscrapy.forgetting.rows import find_person
from enrichscrapy.index import FaceIndex, find_index_model_id, publish, verify
from enrichscrapy.items import ModelInfo, Outcome, PhotoOutcome, Verdict
from tests.database.builders import (
    PAGE,
    accept,
    face,
    lookup,
    lost_photo,
    photo,
    quarantine,
    reject,
    rows,
    unit_vector,
)

pytestmark = pytest.mark.on_both()

NEW = ModelInfo("invented", "0" * 64, "mirrored-2", 512)


@pytest.fixture
def new_id(db, model_id):
    return db.faces.ensure_model(NEW)


@pytest.fixture
def moving(db, new_id):
    return Reembedding(db, new_id)


@pytest.fixture
def world(db, model_id):
    """One performer with a face of every verdict and a photo without one."""
    performer_id = db.add_performer("Invented Person", gender="FEMALE")
    db.add_url(performer_id, PAGE)
    shots = [photo(f"p{number}") for number in range(4)]
    verdicts = [accept(trusted=True), quarantine(), reject(), accept()]
    empty = photo("empty", outcome=PhotoOutcome.NO_FACE)
    item = lookup(
        db.get_performer(performer_id),
        photos=[*shots, empty, lost_photo("late")],
        faces=[face(s, n, v) for n, (s, v) in enumerate(zip(shots, verdicts, strict=True))],
    )
    store_lookup(db, item, model_id=model_id, retry=RetryPolicy(), judge=None)
    db.faces.decide(4, Verdict.RETIRED, "replaced_by_better", "rules")
    return db


def new_vector(face_id: int) -> NewVector:
    return NewVector(face_id, unit_vector(100 + face_id), 0.7, {"size": 100.0})


def state(db):
    """All that must not change on the way: verdicts, trust, history, crops."""
    kept = [faces.c[name] for name in ("id", "verdict", "trusted", "reason", "crop", "updated_at")]
    return sorted(rows(db, faces, *kept)), sorted(rows(db, verdict_history))


def stage_all(moving):
    while page := moving.read_next_faces(0, 2):
        moving.stage([new_vector(kept.id) for kept in page])


def test_everything_moves_and_nothing_else_changes(world, moving, model_id, new_id):
    before = state(world)
    stage_all(moving)
    assert moving.count() == (3, 3)
    assert rows(world, faces, faces.c.model_id) == [(model_id,)] * 4, "nothing shows before"
    assert moving.switch(()) == 3
    assert state(world) == before
    assert rows(world, faces, faces.c.model_id) == [(new_id,)] * 4
    for stored in world.get_faces(1):
        if stored.verdict is Verdict.REJECTED:
            assert stored.vector is None
        else:
            assert np.array_equal(stored.vector, unit_vector(100 + stored.id))
            assert stored.quality == 0.7
    assert rows(world, face_vectors) == []
    assert moving.count() == (0, 0)
    assert moving.switch(()) == 0, "again does nothing"


def test_nobody_becomes_due_and_no_photo_is_asked_for_again(world, moving, model_id, new_id):
    known = world.faces.find_known_photos(1, model_id)
    assert world.ledger.count_due(Selection("babepedia", "url", new_id)) == 1
    stage_all(moving)
    moving.switch(())
    assert world.ledger.count_due(Selection("babepedia", "url", new_id)) == 0
    again = world.faces.find_known_photos(1, new_id)
    assert (again.urls, again.sha256s) == (known.urls, known.sha256s)
    assert len(known.urls) == 5
    late = rows(world, photo_results, photo_results.c.model_id, photo_results.c.outcome)
    assert (model_id, "failed") in late, "a photo that never arrived is nobody's result"


def test_the_old_index_is_whole_until_the_new_one_is(world, moving, tmp_path, model_id, new_id):
    index_dir = tmp_path / "index"
    publish(world, index_dir, model_id)
    stage_all(moving)
    assert verify(world, index_dir, find_index_model_id(world, index_dir)) == []
    moving.switch(())
    old = FaceIndex.open_current(index_dir, None)
    assert old.ids.tolist() == [1], "served on, under the same ids"
    assert find_index_model_id(world, index_dir) == new_id, (
        "what a reindex or a forget would publish"
    )
    publish(world, index_dir, new_id)
    assert verify(world, index_dir, find_index_model_id(world, index_dir)) == []
    fresh = FaceIndex.open_current(index_dir, NEW)
    assert np.array_equal(fresh.segments[0].matrix[0], unit_vector(101))
    assert [row[1:] for row in rows(world, face_changes)[-2:]] == [
        (1, model_id, "removed"),
        (1, new_id, "added"),
    ]


def test_there_and_back_again(world, moving, model_id, new_id):
    stage_all(moving)
    moving.switch(())
    back = Reembedding(world, model_id)
    stage_all(back)
    assert back.switch(()) == 3
    assert world.ledger.count_due(Selection("babepedia", "url", model_id)) == 0
    assert len(world.faces.find_known_photos(1, model_id).urls) == 5


def test_a_face_that_comes_meanwhile_is_waited_for(world, moving, model_id):
    stage_all(moving)
    item = lookup(world.get_performer(1), source="import", photos=[photo("own")])
    item.faces = [face(item.photos[0], 9, accept("own_photo", trusted=True))]
    store_lookup(world, item, model_id=model_id, retry=RetryPolicy(), judge=None)
    assert moving.switch(()) is None
    stage_all(moving)
    assert moving.switch(()) == 4


def test_a_face_rejected_meanwhile_leaves_no_vector(world, moving):
    stage_all(moving)
    world.faces.decide(2, Verdict.REJECTED, "review")
    assert [row[0] for row in rows(world, face_vectors, face_vectors.c.face_id)] == [1, 4]
    moving.stage([new_vector(2)])  # looked at before the decision
    assert moving.switch(()) == 2
    assert world.faces.get(2).vector is None


def test_staged_vectors_are_neither_taken_twice_nor_kept_for_another_model(world, moving, db):
    moving.stage([new_vector(1)])
    moving.stage([NewVector(1, unit_vector(7), 0.1, {})])
    assert rows(world, face_vectors, face_vectors.c.quality) == [(0.7,)]
    other = Reembedding(db, db.faces.ensure_model(ModelInfo("third", "2" * 64, "x", 512)))
    other.begin()
    assert rows(world, face_vectors) == []
    with pytest.raises(ValueError, match="finite"):
        other.stage([NewVector(1, np.full(512, np.nan, np.float32), 0.5, {})])


def test_a_face_without_a_picture_stays_and_its_lookup_is_due(world, moving, model_id, new_id):
    moving.stage([new_vector(1), new_vector(4)])
    assert moving.switch((2,)) == 2
    lost = world.faces.get(2)
    assert (lost.model_id, lost.verdict) == (model_id, Verdict.QUARANTINED)
    assert world.ledger.count_due(Selection("babepedia", "url", new_id)) == 1
    assert photo("p1").url not in world.faces.find_known_photos(1, new_id).urls
    world.faces.refuse_unmoved(new_id, NEW)  # or no crawl could ever look it up again


def test_photos_that_the_new_model_has_seen_keep_its_faces(world, moving, model_id, new_id):
    item = lookup(world.get_performer(1), photos=[photo("p0")])
    item.faces = [face(item.photos[0], 50, accept())]
    store_lookup(world, item, model_id=new_id, retry=RetryPolicy(), judge=None)
    assert moving.count() == (2, 0)
    stage_all(moving)
    assert moving.switch(()) == 2
    of_photo = [row for row in world.get_faces(1) if row.photo_url == photo("p0").url]
    assert [row.model_id for row in of_photo] == [model_id, new_id], "one face a photo and model"


def test_crawls_wait_for_the_move(world, moving, model_id, new_id):
    with pytest.raises(BadSetting, match=r"3 faces were made by another face model.*reembed"):
        world.faces.refuse_unmoved(new_id, NEW)
    with pytest.raises(BadSetting, match="scrapy reembed"):
        world.faces.refuse_unmoved(None, NEW)
    world.faces.refuse_unmoved(model_id, NEW)
    stage_all(moving)
    moving.switch(())
    world.faces.refuse_unmoved(new_id, NEW)


@pytest.mark.parametrize("switched", [False, True])
def test_forgetting_takes_staged_vectors_too(world, moving, tmp_path, model_id, new_id, switched):
    index_dir = tmp_path / "index"
    publish(world, index_dir, model_id)
    stage_all(moving)
    if switched:
        moving.switch(())
        publish(world, index_dir, new_id)
    forget(world, find_person(world, "1"), index_dir, ["babepedia"])
    assert rows(world, face_vectors) == []
    secrets = [unit_vector(100 + number).tobytes() for number in (1, 2, 4)]
    secrets += [unit_vector(number).tobytes() for number in range(4)]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(secret in data for secret in secrets), path


def test_lookups_that_found_nothing_are_left_alone(world, moving, new_id):
    other = world.add_performer("Other Person", gender="FEMALE")
    gone = lookup(world.get_performer(other), Outcome.ABSENT)
    store_lookup(world, gone, model_id=1, retry=RetryPolicy(), judge=None)
    stage_all(moving)
    moving.switch(())
    assert sorted(rows(world, lookups, lookups.c.performer_id, lookups.c.model_id)) == [
        (1, new_id),
        (other, None),
    ]


@pytest.mark.sqlite_only
def test_other_models_faces_are_found_without_reading_every_row(world, new_id):
    """A crawl asks at every start, of a database of any size."""
    query = select(func.count()).where(*_match_unmoved(new_id), faces.c.crop.is_not(None))
    with world.read() as connection:
        sql = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
    assert not any(step.startswith("SCAN faces") for step in plan), plan


@pytest.mark.sqlite_only
def test_a_database_of_before_gets_the_table(db):
    with db.write() as connection:
        connection.exec_driver_sql("DROP TABLE face_vectors")
        connection.exec_driver_sql("DELETE FROM schema_migrations WHERE name LIKE '0030%'")
    with PerformerDatabase(db.path) as again:
        assert rows(again, face_vectors) == []
