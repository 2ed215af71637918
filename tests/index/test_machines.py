"""Each machine has an index of its own, or several share one folder with one publisher."""

import pytest

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.locks import list_crawls, lock_out_crawls, lock_publishing
from enrichscrapy.database.workers import Worker
from enrichscrapy.exceptions import EnrichError, SourceLocked
from enrichscrapy.index import FaceIndex, publish
from tests.conftest import MODEL
from tests.forgetting.world import populate


@pytest.fixture
def machine(postgres_url, tmp_path):
    made = []

    def make(name):
        made.append(PerformerDatabase(postgres_url, folder=tmp_path / name, machine=name))
        return made[-1]

    yield make
    for each in made:
        each.close()


def digest(index_dir):
    return FaceIndex.open_current(index_dir, MODEL).manifest.digest


def test_every_machines_index_follows_what_any_of_them_stored(machine, tmp_path):
    one, other = machine("one"), machine("other")
    model_id = one.faces.ensure_model(MODEL)
    populate(one, model_id)
    for db in (one, other):
        assert publish(db, tmp_path / db.machine, model_id).added
    assert digest(tmp_path / "one") == digest(tmp_path / "other")
    accepted = [face for face in one.get_faces(2) if face.verdict == "accepted"]
    with one.write() as connection:
        connection.exec_driver_sql("DELETE FROM faces WHERE id = %s", (accepted[0].id,))
        row = "INSERT INTO face_changes (face_id, model_id, change) VALUES (%s, %s, 'removed')"
        connection.exec_driver_sql(row, (accepted[0].id, model_id))
    assert publish(other, tmp_path / "other", model_id).removed == 1
    assert publish(one, tmp_path / "one", model_id).removed == 1
    assert digest(tmp_path / "one") == digest(tmp_path / "other")


def test_one_publishes_to_a_shared_folder_by_whatever_path_it_is_reached(machine, tmp_path):
    one, other = machine("one"), machine("other")
    (tmp_path / "index").mkdir()
    (tmp_path / "mounted").symlink_to(tmp_path / "index")
    with lock_publishing(one, tmp_path / "index", 0.0):
        with (
            pytest.raises(EnrichError, match="another process or machine"),
            lock_publishing(other, tmp_path / "mounted", 0.0),
        ):
            pass
        with lock_publishing(other, tmp_path / "its own", 0.0):
            pass
    with lock_publishing(other, tmp_path / "mounted", 0.0):
        pass


def test_what_no_crawl_may_run_beside_waits_for_all_or_those_of_its_machine(machine, monkeypatch):
    monkeypatch.setattr("enrichscrapy.database.workers.ATTEMPT_SECONDS", 0.0)
    one, other = machine("one"), machine("other")
    crawl = Worker(other, "iafd", "url", 60.0)
    crawl.begin()
    assert [each.rpartition(" by ")[0] for each in list_crawls(one)] == ["iafd"]
    told = []
    with (
        pytest.raises(SourceLocked, match="on other"),
        lock_out_crawls(one, [], "reembed", 0.0, told.append),
    ):
        pass
    assert told
    with lock_out_crawls(one, [], "forget", 0.0, here_only=True):
        pass
    crawl.end()
    with (
        lock_out_crawls(one, [], "reembed", 0.0),
        pytest.raises(SourceLocked, match="no crawl may run beside"),
    ):
        Worker(other, "iafd", "url", 60.0).begin()
    crawl = Worker(other, "iafd", "url", 60.0)
    crawl.begin()
    crawl.end()
