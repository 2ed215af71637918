"""A JOBDIR resumes a clean stop, and cannot hurt after any other."""

import json
import os
import shutil

import pytest

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.files import jobdir as module
from enrichscrapy.files.jobdir import RECORD, Owner, close_jobdir, open_jobdir, sign_jobdir

OWNER = Owner("babepedia", "url", "/data/performers.db")
NOW = 1_800_000_000.0


@pytest.fixture
def path(tmp_path):
    return tmp_path / "jobs" / "bp"


def leave_queue(path):
    """What Scrapy leaves behind: files whose content does not matter here."""
    queue = path / "requests.queue" / "www.site.test-0123"
    queue.mkdir(parents=True)
    (path / "requests.queue" / "active.json").write_text('{"www.site.test": [0]}')
    (queue / "0").write_bytes(b"\x00\x00\x00\x01a request\x00\x00\x00\x09")


def run(path, owner=OWNER, *, reason="shutdown", queue=True):
    """One run with the JOBDIR; ``reason`` None: killed."""
    opened = open_jobdir(path, owner, NOW)
    sign_jobdir(path, owner)
    if queue and not opened.resumes:
        leave_queue(path)
    if reason is not None:
        close_jobdir(path, owner, reason)
    return opened


def asides(path):
    return sorted(path.parent.glob(f"{path.name}.set-aside-*"))


def test_a_new_jobdir_resumes_nothing(path):
    opened = open_jobdir(path, OWNER, NOW)
    assert (opened.resumes, opened.set_aside) == (False, None)
    assert path.is_dir()


def test_a_clean_stop_is_resumed_with_every_file_as_it_was(path):
    run(path, reason="shutdown")
    opened = open_jobdir(path, OWNER, NOW)
    assert opened.resumes
    assert (path / "requests.queue" / "active.json").exists()
    assert asides(path) == []


def test_a_finished_one_is_emptied(path):
    run(path, reason="finished")
    (path / "requests.seen").write_bytes(b"")
    close_jobdir(path, OWNER, "finished")
    opened = open_jobdir(path, OWNER, NOW)
    assert (opened.resumes, opened.set_aside) == (False, None)
    assert [each.name for each in path.iterdir()] == [RECORD]


def test_after_a_kill_the_leftovers_are_set_aside_whole(path):
    run(path, reason=None)
    opened = open_jobdir(path, OWNER, NOW)
    assert not opened.resumes
    assert "did not end cleanly" in opened.why
    assert opened.set_aside.name == "bp.set-aside-20270115-080000"
    assert (opened.set_aside / "requests.queue" / "active.json").exists()
    assert not (path / "requests.queue").exists()


def test_several_kills_in_one_second_keep_all_leftovers(path):
    for _ in range(3):
        run(path, reason=None)
    assert len(asides(path)) == 2
    assert open_jobdir(path, OWNER, NOW).set_aside is not None
    assert len(asides(path)) == 3


def test_a_run_that_never_opened_its_queues_costs_nothing(path):
    """A bad setting found later than the JOBDIR: the clean stop before it is still resumed."""
    run(path, reason="shutdown")
    open_jobdir(path, OWNER, NOW)  # and then, before sign_jobdir, the crawl is refused
    assert open_jobdir(path, OWNER, NOW).resumes


def cut(file):
    file.write_bytes(file.read_bytes()[:-1])


def grow(file):
    file.write_bytes(file.read_bytes() + b"x")


def flip(file):
    data = bytearray(file.read_bytes())
    data[0] ^= 1
    file.write_bytes(data)


def lose(file):
    file.unlink()


@pytest.mark.parametrize("damage", [cut, grow, flip, lose])
@pytest.mark.parametrize("name", ["active.json", "www.site.test-0123/0"])
def test_a_damaged_file_is_named_and_the_jobdir_set_aside(path, damage, name):
    run(path)
    damage(path / "requests.queue" / name)
    opened = open_jobdir(path, OWNER, NOW)
    assert not opened.resumes
    assert opened.why == f"its file requests.queue/{name} was changed, cut or lost"
    assert opened.set_aside in asides(path)


def test_a_file_that_appeared_is_noticed(path):
    run(path)
    (path / "requests.queue" / "more").write_bytes(b"")
    assert "requests.queue/more" in open_jobdir(path, OWNER, NOW).why


@pytest.mark.parametrize(
    "record", [b"", b"{", b"[]", b"null", b'{"owner": {}}', b'{"owner": 3}', b"\xff\xfe"]
)
def test_a_record_that_cannot_be_read_is_an_unclean_end(path, record):
    run(path)
    (path / RECORD).write_bytes(record)
    opened = open_jobdir(path, OWNER, NOW)
    assert opened.why == "it has no readable record of its last run"
    assert opened.set_aside is not None


@pytest.mark.parametrize("program", ["scrapy", "enrichscrapy", "python"])
def test_one_written_by_another_version_is_set_aside(path, monkeypatch, program):
    run(path)
    current = module.list_versions()
    monkeypatch.setattr(module, "list_versions", lambda: {**current, program: "99.0"})
    opened = open_jobdir(path, OWNER, NOW)
    assert opened.why == f"it was written by {program} {current[program]}, this is 99.0"


def test_one_that_scrapy_alone_wrote_is_set_aside(path):
    leave_queue(path)
    (path / "requests.seen").write_bytes(b"\x00")
    (path / "spider.state").write_bytes(b"\x80")
    assert open_jobdir(path, OWNER, NOW).set_aside is not None


@pytest.mark.parametrize(
    "other",
    [
        Owner("iafd", "url", OWNER.database),
        Owner("babepedia", "name", OWNER.database),
        Owner("babepedia", "url", "/data/other.db"),
    ],
)
@pytest.mark.parametrize("reason", ["shutdown", "finished", None])
def test_another_spiders_modes_or_databases_jobdir_is_refused_untouched(path, other, reason):
    run(path, reason=reason)
    before = {each: each.read_bytes() for each in path.rglob("*") if each.is_file()}
    with pytest.raises(BadSetting) as caught:
        open_jobdir(path, other, NOW)
    assert "\n" not in str(caught.value)
    assert str(OWNER) in str(caught.value)
    assert caught.value.exit_code == 2
    assert {each: each.read_bytes() for each in path.rglob("*") if each.is_file()} == before


def test_a_folder_that_is_no_jobdir_is_refused_untouched(path):
    path.mkdir(parents=True)
    (path / "thesis.txt").write_text("all of it")
    with pytest.raises(BadSetting, match=r"thesis\.txt"):
        open_jobdir(path, OWNER, NOW)
    assert (path / "thesis.txt").read_text() == "all of it"


def test_a_file_in_its_place_is_one_line(path):
    path.parent.mkdir(parents=True)
    path.write_text("")
    with pytest.raises(BadSetting, match="cannot be used: Not a directory"):
        open_jobdir(path, OWNER, NOW)


def test_a_kill_while_the_record_is_written_leaves_the_old_one(path, monkeypatch):
    run(path, reason="shutdown")

    def killed(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        sign_jobdir(path, OWNER)
    monkeypatch.undo()
    assert open_jobdir(path, OWNER, NOW).resumes


def test_the_record_is_synced_before_it_counts(path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *args, real=real, name=name: (calls.append(name), real(*args))[1]
        )
    open_jobdir(path, OWNER, NOW)
    assert calls == ["fsync", "replace", "fsync"]


def test_what_was_set_aside_can_be_resumed_by_nobody_by_accident(path):
    run(path, reason=None)
    aside = open_jobdir(path, OWNER, NOW).set_aside
    shutil.rmtree(path)
    shutil.copytree(aside, path)
    assert not open_jobdir(path, OWNER, NOW).resumes
    assert json.loads((path / RECORD).read_text())["owner"]["spider"] == "babepedia"


def test_leftovers_are_registered_before_they_are_moved(path):
    run(path, reason=None)
    told = []

    def register(where):
        told.append((where, where.exists()))

    opened = open_jobdir(path, OWNER, NOW, register)
    assert told == [(path, True), (opened.set_aside, False)]


def test_it_is_for_its_owner_alone(path):
    run(path, reason=None)
    path.chmod(0o755)
    opened = open_jobdir(path, OWNER, NOW)
    sign_jobdir(path, OWNER)
    for each in (path, opened.set_aside, path / RECORD):
        assert each.stat().st_mode & 0o077 == 0
