"""An erasure that was begun is finished, wherever it was killed, and can be said again."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.minors import note_stored_dates
from enrichscrapy.database.schema import erasures
from enrichscrapy.exceptions import SourceLocked
from enrichscrapy.files.kept_photos import keep_photo
from enrichscrapy.files.locks import lock_source
from enrichscrapy.forgetting import forget as module
from enrichscrapy.forgetting.forget import finish_erasures, forget
from enrichscrapy.forgetting.rows import find_person
from enrichscrapy.index import FaceIndex, publish
from tests.conftest import MODEL
from tests.database.builders import sha256, unit_vector
from tests.forgetting.world import NAME, PAGE, UUID, traces_in
from tests.support import list_artefacts

pytestmark = pytest.mark.on_both()

STEPS = ("clean_files", "erase_rows", "find_index_model_id", "erase", "shrink")


class Killed(BaseException):
    """As ``kill -9``: nothing of the program runs after it."""


def kill_at(monkeypatch, step, *, after=False):
    place = PerformerDatabase if step == "shrink" else module
    real = getattr(place, step)

    def killed(*args, **kwargs):
        if after:
            real(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(place, step, killed)


@pytest.fixture(params=[(step, after) for step in STEPS for after in (False, True)], ids=str)
def interrupted(request, world, index_dir, model_id, monkeypatch):
    publish(world, index_dir, model_id)
    with monkeypatch.context() as patch:
        kill_at(patch, request.param[0], after=request.param[1])
        with pytest.raises(Killed):
            forget(world, find_person(world, NAME), index_dir, [])
    return world


def is_done(db, folder, index_dir):
    with db.read() as connection:
        assert connection.execute(select(erasures)).all() == []
    assert traces_in(folder) == []
    index = FaceIndex.open_current(index_dir, MODEL)
    assert index.search(np.stack([unit_vector(10)]), 1)[1].max() < 0.9


def test_whatever_command_comes_next_finishes_it(interrupted, tmp_path, index_dir):
    assert interrupted.is_erasing()
    assert finish_erasures(interrupted, index_dir, []) == []
    assert not interrupted.is_erasing()
    is_done(interrupted, tmp_path, index_dir)


@pytest.mark.parametrize("said", ["1", NAME, PAGE, UUID])
@pytest.mark.parametrize("after", [False, True])
def test_it_can_be_said_again_by_anything(
    world, tmp_path, index_dir, model_id, monkeypatch, said, after
):
    publish(world, index_dir, model_id)
    with monkeypatch.context() as patch:
        kill_at(patch, "erase_rows", after=after)
        with pytest.raises(Killed):
            forget(world, find_person(world, NAME), index_dir, [])
    assert forget(world, find_person(world, said), index_dir, []).failed == []
    is_done(world, tmp_path, index_dir)
    assert forget(world, find_person(world, said), index_dir, []).failed == []
    is_done(world, tmp_path, index_dir)


@pytest.mark.sqlite_only
def test_while_crawls_run_it_waits_and_says_for_whom(world, index_dir):
    lock, told = lock_source(world.path, "babepedia", "crawl babepedia"), []
    person = find_person(world, NAME)
    with pytest.raises(SourceLocked, match="babepedia is being crawled by process"):
        forget(world, person, index_dir, ["babepedia"], wait=0.0, on_wait=told.append)
    assert "crawl babepedia" in told[0]
    assert world.suppressions.add(person.traits) == 0  # nobody writes her from now on
    with pytest.raises(SourceLocked):
        finish_erasures(world, index_dir, ["babepedia"])
    lock.release()
    finish_erasures(world, index_dir, ["babepedia"])
    assert world.get_performer(1) is None


def test_what_cannot_be_removed_yet_is_tried_again(world, tmp_path, index_dir, monkeypatch):
    log = tmp_path / "crawl.log"
    log.write_text(f"about {NAME}\n")
    world.artefacts.register("log", log)

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("enrichscrapy.forgetting.files._drop_lines", refuse)
        done = forget(world, find_person(world, NAME), index_dir, [])
        assert done.failed == [f"log {log}: Permission denied"]
    assert world.get_performer(1) is None
    assert finish_erasures(world, index_dir, []) == []
    assert log.read_text() == ""
    assert not world.is_erasing()


def test_kept_photos_go_with_the_person_and_no_others(world, tmp_path, index_dir):
    for performer_id in (1, 2):
        path = keep_photo(tmp_path / "kept", performer_id, sha256(f"{performer_id}"), b"\xff\xd8")
        world.artefacts.register("photos", path.parent)
    forget(world, find_person(world, NAME), index_dir, [])
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["2"]
    assert list_artefacts(world, "photos") == [tmp_path / "kept" / "2"]


def test_a_minors_pictures_go_from_files_and_older_indexes(world, tmp_path, index_dir, model_id):
    publish(world, index_dir, model_id)
    kept = keep_photo(tmp_path / "kept", 1, sha256("1"), b"\xff\xd8").parent
    report, log = tmp_path / "report.html", tmp_path / "crawl.log"
    report.write_text("a face")
    log.write_text(f"performer 1, {NAME}\n")
    for kind, path in (("photos", kept), ("report", report), ("log", log)):
        world.artefacts.register(kind, path)
    with world.write() as connection:
        connection.exec_driver_sql("UPDATE performers SET birth_date = '2999' WHERE id = 1")
        note_stored_dates(connection, [1], world.clock())
    assert finish_erasures(world, index_dir, []) == []
    assert not kept.exists()
    assert not report.exists()
    assert log.read_text() != ""
    assert world.get_performer(1) is not None
    assert [trace for _, trace in traces_in(tmp_path) if trace == "vector"] == []
    assert not world.is_erasing()
