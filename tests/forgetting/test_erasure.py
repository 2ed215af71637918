from __future__ import annotations

import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest
from sqlalchemy import select

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.artefacts import OWN_FOLDER
from enrichscrapy.database.due import Selection
from enrichscrapy.database.schema import (
    face_changes,
    lookups,
    metadata,
    performers,
)
from enrichscrapy.database.traits import Traits
from enrichscrapy.exceptions import BadSetting, SourceLocked
from enrichscrapy.files.locks import lock_source
from enrichscrapy.forgetting.forget import forget
from enrichscrapy.forgetting.mentions import Mentions
from enrichscrapy.forgetting.rows import OF_A_PERFORMER, OF_NOBODY, find_person
from enrichscrapy.index import FaceIndex, publish
from enrichscrapy.index.files import list_generations
from enrichscrapy.items import Identity, Outcome, Verdict
from tests.conftest import MODEL
from tests.database.builders import lookup, unit_vector
from tests.forgetting.world import ALIAS, NAME, PAGE, UUID, store, traces_in
from tests.support import accepted_vectors, changes_since, list_artefacts

pytestmark = pytest.mark.on_both(short=("test_nothing_of_the_person_is_left",))


def test_every_table_is_covered(world):
    """A new table fails here until somebody has said what erasure makes of it."""
    tables = set(metadata.tables)
    assert tables == OF_A_PERFORMER | OF_NOBODY.keys()
    assert not OF_A_PERFORMER & OF_NOBODY.keys()
    with world.read() as connection:
        for table in metadata.sorted_tables:
            if table.name in OF_A_PERFORMER:
                count = len(connection.execute(select(table)).all())
                assert count, f"the world of this test has no row in {table.name}"


def test_nothing_of_the_person_is_left(world, tmp_path, index_dir, model_id):
    publish(world, index_dir, model_id)
    assert traces_in(tmp_path)
    report = forget(world, find_person(world, NAME), index_dir, ["babepedia", "iafd"])
    assert traces_in(tmp_path) == []
    assert report.failed == []
    assert report.rows["performers"] == 1
    assert (report.rows["vectors"], report.rows["crops"]) == (2, 2)
    assert report.rows["mentions"] == 4
    with world.read() as connection:
        for table in metadata.sorted_tables:
            if "performer_id" in table.columns:
                owners = set(connection.scalars(select(table.c.performer_id)))
                assert 1 not in owners, table.name
        if connection.dialect.name == "sqlite":  # a server has no way to leave them behind
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_others_keep_everything(world, index_dir, model_id):
    before = contents(world, 2)
    forget(world, find_person(world, "1"), index_dir, [])
    assert contents(world, 2) == before
    assert world.ledger.get("babepedia", "url", 2)["evidence"] == {
        "identity": {"name": "Other Person"}
    }
    row = world.ledger.get("iafd", "name", 2)
    assert (row["outcome"], row["url"], row["detail"], row["evidence"]) == (
        "mismatch",
        None,
        "",
        {},
    )


def test_a_namesake_keeps_what_is_said_of_it(world, index_dir, model_id):
    namesake = world.get_performer(world.add_performer("Forgotten Sentinel"))
    evidence = {"pages": ["Forgotten Sentinel", "Sentinel Forgotten"]}
    world.add_alias(namesake.id, NAME)
    store(world, lookup(namesake, Outcome.ABSENT, evidence=evidence), model_id)
    forget(world, find_person(world, "1"), index_dir, [])
    assert world.ledger.get("babepedia", "url", namesake.id)["evidence"] == evidence


def contents(db, performer_id):
    found = [
        (f.id, f.verdict, None if f.vector is None else f.vector.tobytes())
        for f in db.get_faces(performer_id)
    ]
    return db.get_performer(performer_id), found


def test_the_index_is_rebuilt_and_older_generations_go(world, index_dir, model_id):
    publish(world, index_dir, model_id)
    with world.read() as connection:
        before = connection.scalar(select(face_changes.c.seq).order_by(face_changes.c.seq.desc()))
    forget(world, find_person(world, UUID), index_dir, [])
    index = FaceIndex.open_current(index_dir, MODEL)
    accepted = accepted_vectors(world, model_id)
    assert index.count == len(accepted) == 2
    assert len(list_generations(index_dir)) == 1
    removed = [face_id for face_id, _ in changes_since(world, model_id, before)]
    assert sorted(removed) == [1, 2]
    ids, similarities = index.search(np.stack([unit_vector(10)]), 2)
    assert set(ids[0]) == set(accepted)
    assert similarities.max() < 0.9


def test_the_person_stays_out(world, index_dir, model_id):
    forget(world, find_person(world, NAME), index_dir, [])
    again = world.add_performer("Quite Another Name")
    world.add_url(again, PAGE)
    assert not world.ledger.is_due(Selection("babepedia", "url"), again)
    namesake = world.add_performer(NAME)
    assert world.suppressions.list_blocked() == {again: "link", namesake: "name"}


def test_it_can_be_run_again_after_an_interruption(world, tmp_path, index_dir, model_id):
    publish(world, index_dir, model_id)
    person = find_person(world, NAME)
    world.suppressions.add(person.traits)  # killed right after this
    publish(world, index_dir, model_id)
    forget(world, find_person(world, NAME), index_dir, [])
    assert traces_in(tmp_path) == []
    report = forget(world, find_person(world, NAME), index_dir, [])
    assert (report.rows, report.suppressions) == ({}, 0)


def test_registered_files_are_cleaned(world, tmp_path, index_dir):
    jobdir, report, export = tmp_path / "jobs", tmp_path / "report.html", tmp_path / "export"
    log, foreign, gone = tmp_path / "crawl.log", tmp_path / "home", tmp_path / "gone"
    (jobdir / "requests.queue").mkdir(parents=True)
    (jobdir / "requests.queue" / "0").write_bytes(b"pickle of Sentinel_Forgotten")
    (jobdir / "enrichscrapy.json").write_text("{}")
    report.write_text("a picture of Sentinel Forgotten")
    export.mkdir()
    (export / "faces.jsonl").write_text("SENTINEL")
    (export / OWN_FOLDER).touch()
    log.write_bytes(
        b"one\nGET https://www.babepedia.com/babe/Sentinel%5FForgotten (200)\r\n"
        b"two \xff\nsentinel-forgotten\nSentinelforgotten2.jpg sentinels\nlast"
    )
    log.chmod(0o640)
    foreign.mkdir()
    (foreign / "keep.txt").write_text("mine")
    for kind, path in [
        ("jobdir", jobdir),
        ("jobdir", foreign),
        ("report", report),
        ("export", export),
        ("log", log),
        ("log", gone),
    ]:
        world.artefacts.register(kind, path)
    done = forget(world, find_person(world, NAME), index_dir, [])
    assert not jobdir.exists()
    assert not report.exists()
    assert not export.exists()
    assert log.read_bytes() == b"one\ntwo \xff\nSentinelforgotten2.jpg sentinels\nlast"
    assert log.stat().st_mode & 0o777 == 0o640
    assert (foreign / "keep.txt").read_text() == "mine"
    assert [line.split(":")[0] for line in done.failed] == [f"jobdir {foreign}"]
    assert gone not in list_artefacts(world)


@pytest.mark.sqlite_only
def test_a_registered_backup_is_cleaned(world, tmp_path, index_dir):
    backup = tmp_path / "backup" / "performers.db"
    backup.parent.mkdir()
    with closing(sqlite3.connect(world.path)) as here, closing(sqlite3.connect(backup)) as copy:
        here.backup(copy)
    world.artefacts.register("backup", backup)
    assert traces_in(backup.parent)
    forget(world, find_person(world, NAME), index_dir, [])
    assert traces_in(backup.parent) == []
    with PerformerDatabase(backup) as db:
        assert [p.canonical_name for p in db.iter_performers_after_id()] == ["Other Person"]


@pytest.mark.sqlite_only
def test_it_waits_for_running_crawls(world, index_dir):
    with ThreadPoolExecutor(1) as crawl:
        lock = crawl.submit(lock_source, world.path, "babepedia", "crawl babepedia").result()
        with pytest.raises(SourceLocked):
            forget(world, find_person(world, NAME), index_dir, ["babepedia"], wait=0.0)
        assert world.get_performer(1) is not None
        threading.Timer(0.2, lambda: crawl.submit(lock.release)).start()
        forget(world, find_person(world, NAME), index_dir, ["babepedia"])
    assert not lock.held
    assert world.get_performer(1) is None


def test_a_reader_of_the_wal_is_named(tmp_path, index_dir):
    with PerformerDatabase(tmp_path / "a.db", busy_timeout=0.3) as db:
        db.add_performer(NAME)
        with PerformerDatabase(tmp_path / "a.db") as other, other.read():
            db.add_performer("Later")
            report = forget(db, find_person(db, NAME), index_dir, [])
        assert any("another program" in line for line in report.failed)
        assert forget(db, find_person(db, NAME), index_dir, []).failed == []


class TestFindPerson:
    @pytest.mark.parametrize(
        "text", ["1", NAME, "forgotten, sentinel", ALIAS, PAGE, PAGE + "/?x=1", UUID, UUID.upper()]
    )
    def test_by_anything_that_names_one_person(self, world, text):
        assert find_person(world, text).performer.id == 1

    def test_several_are_listed(self, world):
        world.add_performer(NAME)
        with pytest.raises(BadSetting, match=r"several performers have it: id:1 .*; id:3 "):
            find_person(world, NAME)
        world.add_url(2, PAGE)
        with pytest.raises(BadSetting, match=r"id:1 .*; id:2 "):
            find_person(world, PAGE)

    def test_nobody_by_id_is_an_error_by_name_or_link_a_suppression(self, world):
        with pytest.raises(BadSetting, match="no performer 999"):
            find_person(world, "999")
        with pytest.raises(BadSetting, match="web address"):
            find_person(world, "javascript://x")
        assert find_person(world, "Unknown Person").traits.names == ["Unknown Person"]
        assert find_person(world, "https://x.com/unknown").performer is None

    def test_pages_where_she_was_found_suppress_as_well(self, world):
        world.add_performer("Third")
        third = world.get_performer(3)
        page = "https://www.babepedia.com/babe/Third"
        store(world, lookup(third, url=page, identity=Identity.CONFIRMED), 1)
        assert page in find_person(world, "3").traits.links


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://a.example/Ann%20B%C3%A9e.jpg", True),
        ("ann_bee", True),
        ("ANN  BÉE", True),
        ("annbee2", False),
        ("joann beer", False),
        ("the uuid 12345678-aaaa", True),
        ("number 1234", False),
        ("https://www.x.com/Ann/", True),
        ("", False),
        (None, False),
    ],
)
def test_mentions(text, found):
    traits = Traits(
        ["Ann Bée", "Ann"], ["https://x.com/ann"], [("s", "12345678-aaaa"), ("t", "1234")]
    )
    assert (text in Mentions(traits)) is found


def test_nobody_is_mentioned_by_nothing():
    assert "anything" not in Mentions(Traits())


def test_accepted_faces_are_the_replayed_changes_after_erasure(world, index_dir, model_id):
    forget(world, find_person(world, NAME), index_dir, [])
    alive = set()
    for face_id, change in changes_since(world, model_id, 0):
        (alive.add if change == "added" else alive.remove)(face_id)
    with world.read() as connection:
        assert connection.scalars(select(performers.c.id)).all() == [2]
        assert set(connection.scalars(select(lookups.c.performer_id))) == {2}
    assert alive == {f.id for f in world.get_faces(2) if f.verdict is Verdict.ACCEPTED}
    assert os.listdir(index_dir.parent)
