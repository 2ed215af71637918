"""The demo goes on with what is its own and can still reach the end; all else is cleared away."""

import pytest
from sqlalchemy import insert

from demo import run
from demo.folder import State, WorkFolder
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.schema import hosts
from enrichscrapy.database.store import store_lookup
from enrichscrapy.items import Lookup, Outcome, ReferenceSiteMode


@pytest.fixture
def folder(tmp_path):
    made = WorkFolder(tmp_path / ".demo")
    assert made.open() is State.NEW
    return made


def test_it_is_one_in_which_the_commands_work(folder):
    assert (folder.path / "scrapy.cfg").exists()
    assert "CONTACT=demo@enrichscrapy.invalid" in (folder.path / ".env").read_text()


def test_a_run_that_was_stopped_is_gone_on_with(folder):
    with PerformerDatabase(folder.database):
        pass
    assert folder.open() is State.STOPPED
    assert folder.database.exists()


def test_a_lookup_that_failed_is_begun_again(folder):
    with PerformerDatabase(folder.database) as db:
        performer = db.get_performer(db.add_performer("Ada Demo"))
        lookup = Lookup("iafd", ReferenceSiteMode.NAME_LOOKUP, performer, Outcome.FAILED)
        retry = RetryPolicy(5, 900.0, 9000.0)
        store_lookup(db, lookup, model_id=None, retry=retry, judge=None)
    assert folder.open() is State.NEW
    assert not folder.database.exists()


def test_a_site_that_is_left_alone_is_begun_again(folder):
    with PerformerDatabase(folder.database) as db, db.write() as connection:
        connection.execute(insert(hosts).values(host="127.0.0.1:1", source="iafd", circuit="open"))
    assert folder.open() is State.NEW


def test_a_folder_of_another_version_is_begun_again(folder, monkeypatch):
    folder.database.touch()
    assert run.judge(folder, []) == 0
    assert folder.open() is State.WHOLE
    monkeypatch.setenv("FACE_WEIGHTS", "weights.pt")
    assert folder.open() is State.NEW
    assert not folder.database.exists()


def test_a_run_that_differs_is_no_whole_run(folder):
    assert run.judge(folder, ["something"]) == 1
    assert folder.open() is State.STOPPED


@pytest.mark.parametrize(("name", "asked"), [("INT", False), ("TERM", True)])
def test_a_command_that_is_asked_to_stop_is_waited_for(tmp_path, name, asked):
    """SIGINT reaches the command by the terminal; SIGTERM is handed on to it."""
    script = (
        "import os, signal, time\n"
        "done = []\n"
        f"signal.signal(signal.SIG{name}, lambda *_: done.append(1))\n"
        f"os.kill(os.getppid(), signal.SIG{name})\n"
        f"{'while not done: time.sleep(0.01)' if asked else 'time.sleep(0.3)'}\n"
        "print(len(done), file=open('out', 'w'))\n"
    )
    command = [run.sys.executable, "-c", script]
    assert run._run_to_its_end(command, tmp_path, {}, "$ it") == (0, True)
    assert (tmp_path / "out").read_text() == f"{int(asked)}\n"
