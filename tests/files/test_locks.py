"""Locks that the kernel frees, however their holder ends."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from enrichscrapy.command import describe_error
from enrichscrapy.exceptions import SourceLocked
from enrichscrapy.files.locks import (
    FileLock,
    list_running_crawls,
    lock_all_sources,
    lock_source,
    make_source_lock_path,
)
from tests.support import PATIENCE

HOLD = """
import sys
from pathlib import Path
from enrichscrapy.files.locks import lock_source
lock = lock_source(Path(sys.argv[1]), sys.argv[2], "crawl " + sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


class Crawl:
    """Another process that holds a source."""

    def __init__(self, database: Path, source: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(database), source],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "held\n"

    def end(self) -> None:
        self.process.communicate(timeout=PATIENCE)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=PATIENCE)


@pytest.fixture
def database(tmp_path):
    return tmp_path / "performers.db"


@pytest.fixture
def crawl(database):
    running = []

    def start(source="babepedia"):
        running.append(Crawl(database, source))
        return running[-1]

    yield start
    for each in running:
        if each.process.poll() is None:
            each.kill()


def test_the_second_crawl_of_a_source_is_told_who_holds_it(database, crawl):
    first = crawl()
    with pytest.raises(SourceLocked) as caught:
        lock_source(database, "babepedia", "crawl babepedia")
    assert f"process {first.process.pid} on " in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4


def test_another_source_and_another_database_are_free(database, crawl, tmp_path):
    crawl("babepedia")
    lock_source(database, "iafd", "crawl").release()
    lock_source(tmp_path / "other.db", "babepedia", "crawl").release()


@pytest.mark.parametrize("how", ["end", "kill"])
def test_however_the_holder_ends_the_lock_is_free(database, crawl, how):
    getattr(crawl(), how)()
    lock = lock_source(database, "babepedia", "crawl")
    assert lock.held
    lock.release()


def test_what_a_killed_holder_left_behind_means_nothing(database, crawl):
    crawl().kill()
    path = make_source_lock_path(database, "babepedia")
    assert json.loads(path.read_text())["purpose"] == "crawl babepedia"
    lock_source(database, "babepedia", "crawl").release()
    assert path.read_text() == ""


@pytest.mark.parametrize("content", ["", "{", '{"pid": 1}', "[]", "\x00\x01"])
def test_a_holder_that_cannot_be_read_is_another_process(database, content):
    with FileLock(make_source_lock_path(database, "babepedia"), "crawl") as lock:
        lock.path.write_text(content)
        with pytest.raises(SourceLocked, match="by another process"):
            lock_source(database, "babepedia", "crawl")


def test_two_locks_of_one_process_exclude_each_other(database):
    with (
        FileLock(make_source_lock_path(database, "babepedia"), "crawl"),
        pytest.raises(SourceLocked),
    ):
        lock_source(database, "babepedia", "crawl")


def test_a_child_process_does_not_keep_the_lock(database):
    lock = lock_source(database, "babepedia", "crawl")
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    )
    try:
        lock.release()
        lock_source(database, "babepedia", "crawl").release()
    finally:
        child.communicate(timeout=PATIENCE)


def test_erasure_waits_for_every_crawl_and_keeps_new_ones_out(database, crawl):
    running = [crawl("babepedia"), crawl("retired-source")]
    entered = threading.Event()
    leave = threading.Event()

    def erase() -> None:
        with lock_all_sources(database, ["babepedia", "iafd"], "forget"):
            entered.set()
            leave.wait(30)

    eraser = threading.Thread(target=erase)
    eraser.start()
    assert not entered.wait(0.2)
    running[0].end()
    assert not entered.wait(0.2)
    running[1].kill()
    assert entered.wait(30)
    for source in ("babepedia", "iafd", "retired-source"):
        with pytest.raises(SourceLocked, match="forget"):
            lock_source(database, source, "crawl")
    leave.set()
    eraser.join()
    lock_source(database, "iafd", "crawl").release()


def test_erasure_does_not_take_the_turns_of_hosts(database):
    host = FileLock(make_source_lock_path(database, "host-www.site.test"), "request")
    with host, lock_all_sources(database, ["babepedia"], "forget", timeout=0.0):
        pass


def test_erasure_that_may_not_wait_names_the_crawl_and_frees_the_others(database, crawl):
    crawl("iafd")
    with (
        pytest.raises(SourceLocked, match="iafd is being crawled by process"),
        lock_all_sources(database, ["babepedia", "iafd"], "forget", timeout=0.1),
    ):
        pass
    lock_source(database, "babepedia", "crawl").release()


def test_a_file_system_without_locks_is_one_line(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="cannot be locked: No locks available") as caught:
        FileLock(tmp_path / "a.lock", "x").acquire()
    assert (
        describe_error(caught.value)
        == f"{tmp_path / 'a.lock'}: cannot be locked: No locks available"
    )


def test_running_crawls_are_named(tmp_path):
    database = tmp_path / "a.db"
    assert list_running_crawls(database) == []
    lock = lock_source(database, "iafd", "crawl iafd")
    (found,) = list_running_crawls(database)
    assert found.startswith(f"iafd by process {os.getpid()} on ")
    lock.release()
    assert list_running_crawls(database) == []


def test_a_lock_without_a_purpose_excludes_and_says_nothing(tmp_path):
    path = tmp_path / "new" / "host-a.lock"
    with FileLock(path) as lock:
        assert path.read_text() == ""
        assert path.stat().st_mode & 0o777 == 0o600
        assert not FileLock(path).acquire()
    assert not lock.held
    assert FileLock(path).acquire()
