"""``scrapy machines``, and what status and forget say of other machines."""

import json

import pytest

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.workers import Worker
from tests.shared_place import SharedPlace
from tests.support import Workplace


@pytest.fixture
def place(tmp_path, postgres_url):
    place = SharedPlace(tmp_path)
    place.use(postgres_url)
    with place.database() as db:
        db.suppressions.check()
        db.add_performer("Ada Demo")
    return place


@pytest.fixture
def elsewhere(place, tmp_path):
    """A crawl that runs on another machine, which holds a log."""
    settings = {"folder": tmp_path / "b", "machine": "elsewhere", "key_file": tmp_path / "key"}
    with PerformerDatabase(place.url, **settings) as db:
        db.artefacts.register("log", tmp_path / "b" / "crawl.log")
        worker = Worker(db, "iafd", "url", 60.0)
        worker.begin()
        yield worker
        worker.end()


def run(place, *arguments):
    return place.run(*arguments, **place.machine("here"))


def test_a_file_is_one_machines(tmp_path):
    place = Workplace(tmp_path)
    with place.database() as db:
        db.add_performer("Ada Demo")
    done = place.run("machines")
    assert (done.returncode, done.stdout) == (0, "No machine shares this database.\n")


def test_status_and_machines_tell_who_is_there_and_what_runs(place, elsewhere):
    shown = run(place, "machines").stdout
    assert "elsewhere" in shown
    assert "iafd" in shown
    (told,) = json.loads(run(place, "status", "--json").stdout)["machines"]
    assert (told["name"], told["crawls"], told["files"]) == ("elsewhere", ["iafd"], 1)
    assert "elsewhere" in run(place, "status").stdout


def test_forget_says_who_has_not_answered_and_who_never_will_is_struck_off(place, elsewhere):
    done = run(place, "forget", "--yes", "Ada Demo")
    assert done.returncode == 1
    assert "NOT YET removed on elsewhere" in done.stdout
    assert "--strike-off elsewhere" in done.stdout
    wrong = run(place, "machines", "--strike-off", "nowhere")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
    gone = run(place, "machines", "--strike-off", "elsewhere")
    assert gone.returncode == 0
    assert "finished what scrapy forget" in gone.stderr
    assert "struck off" in gone.stdout
    with place.database() as db:
        assert not db.is_erasing()
    assert run(place, "machines", "--take-back", "elsewhere").returncode == 0
    assert run(place, "machines", "--take-back", "elsewhere").returncode == 2
