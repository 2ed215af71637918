"""A Stash brought in as its user does it: performers, and their pictures as first trusted faces."""

from __future__ import annotations

import os
import re
import signal
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.people import portrait
from demo.sites import AccessLog, DemoSite, Fault, Kind
from demo.stash import StashLibrary, StashPerformer, StashServer, write_stash_file
from tests.support import PATIENCE, Workplace, face_server, fork_server

KEY = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.key"


@pytest.fixture
def place(tmp_path):
    place = Workplace(tmp_path)
    people = [StashPerformer(1, "Ava One", image=portrait(1, 1)), StashPerformer(2, "Ava Two")]
    write_stash_file(tmp_path / "stash-go.sqlite", people)
    return place


def run(place, *more, **settings):
    return place.run("import-performers", str(place.folder / "stash-go.sqlite"), *more, **settings)


def test_pictures_become_faces_that_are_published(place):
    done = run(place, "--faces")
    assert done.stdout == "added 2, updated 0, unchanged 0, skipped 0, pictures taken in 1\n"
    assert (done.returncode, done.stderr) == (0, "")
    assert (place.index_dir / "current").exists()
    again = run(place, "--faces")
    assert again.stdout == "added 0, updated 0, unchanged 2, skipped 0\n"


def test_a_picture_that_is_not_there_is_told_without_a_name(place):
    blobs = place.folder / "elsewhere"
    people = [StashPerformer(1, "Ava One", image=portrait(1, 1))]
    path = place.folder / "stash-go.sqlite"
    path.unlink()
    write_stash_file(path, people, blobs=blobs)
    done = run(place, "--faces")
    assert (done.returncode, "pictures not available 1" in done.stdout) == (1, True)
    assert done.stderr.startswith("stash-go.sqlite, row 1: not in ")
    assert "Ava" not in done.stderr


def test_without_weights_pictures_wait_for_them(place, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(place.folder / "empty"))
    done = run(place, FACE_MODEL="enrichscrapy.faces.model.FacenetVGGFace2")
    assert done.returncode == 0
    assert "--faces fetches them" in done.stderr
    assert (run(place, "--no-faces").stderr) == ""


@pytest.mark.parametrize("faces", [(), ("--faces",)])
def test_weights_that_cannot_be_used_end_it_at_once(place, faces):
    model = "enrichscrapy.faces.model.FacenetVGGFace2"
    done = run(place, *faces, FACE_MODEL=model, FACE_WEIGHTS="/nowhere.pt")
    assert done.returncode == 2
    assert "/nowhere.pt" in done.stderr
    with place.database() as db:
        assert db.count_performers() == 0


@contextmanager
def serving(count):
    people = [
        StashPerformer(number, f"Ava Number{number}", image=portrait(number, 1))
        for number in range(1, count + 1)
    ]
    with DemoSite(StashServer(StashLibrary(people), key=KEY), AccessLog()).running() as stash:
        yield stash


def faces(place):
    with place.database() as db:
        return [
            [(face.verdict, face.trusted, face.photo_url) for face in db.get_faces(each.id)]
            for each in db.iter_performers_after_id()
        ]


def pictures(stash):
    """How often each picture was asked for."""
    return Counter(path for path in stash.paths() if path.startswith("/performer/"))


def test_a_running_stash_and_its_key_in_no_file_and_no_line(place, monkeypatch):
    monkeypatch.setenv("STASH_API_KEY", KEY)
    more = {"LOG_LEVEL": "DEBUG", "LOG_FILE": place.folder / "log"}
    with serving(2) as stash:
        seen = set()
        stash.site.serve = _watching(stash.site.serve, seen)
        done = place.run("import-performers", stash.url, "--faces", **more)
        assert done.stdout == "added 2, updated 0, unchanged 0, skipped 0, pictures taken in 2\n"
        stash.set_fault("/graphql", Fault(Kind.STATUS, status=500))
        failed = place.run("import-performers", stash.url, **more)
        assert (failed.returncode, failed.stderr.count("\n")) == (2, 1)
        stash.clear_faults()
        monkeypatch.setenv("STASH_API_KEY", f"{KEY}x")
        wrong = place.run("import-performers", stash.url, **more)
        assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    texts = [done.stdout, done.stderr, failed.stdout, failed.stderr, wrong.stdout, wrong.stderr]
    assert not [text for text in texts if KEY in text]
    assert [faces[0][0].value for faces in faces(place)] == ["accepted", "accepted"]
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
    assert seen, "this test looks at no process"
    assert not [line for line in seen if KEY.encode() in line]


def _watching(serve, seen):
    """While it is asked, the command lines of all processes are noted."""

    def serve_and_look(asked):
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.add(path.read_bytes())
            except OSError:  # it ended meanwhile
                continue
        return serve(asked)

    return serve_and_look


@pytest.mark.long
def test_killed_again_and_again_it_goes_on_where_it_was(place, monkeypatch):
    monkeypatch.setenv("STASH_API_KEY", KEY)
    place.settings["FACE_BATCH_SIZE"] = "1"
    count = 6
    with serving(count) as stash:
        for kill in range(3):
            _run_and_kill(place, stash, after=2 * kill + 1)
        done = place.run("import-performers", stash.url, "--faces")
        assert done.returncode == 0, done.stderr
        assert [len(mine) for mine in faces(place)] == [1] * count
        asked = pictures(stash)
        assert set(asked.values()) <= {1, 2}  # one that was in hand is asked for once more
        assert sum(asked.values()) <= count + 3
        assert place.run("verify").returncode == 0
        again = place.run("import-performers", stash.url, "--faces")
        assert re.match("added 0, updated 0, unchanged 6, skipped 0$", again.stdout)
        assert pictures(stash) == asked


def _run_and_kill(place, stash, after, by=signal.SIGKILL):
    """End the import as soon as it has asked for so many pictures, all runs together.

    Returns what it printed.
    """
    out = place.folder / "out"
    arguments = place.command("import-performers", stash.url, "--faces")[3:]
    server = fork_server()
    pid = server.start(arguments, place.environment(), out, workers=face_server()[1])
    until = time.monotonic() + PATIENCE
    while sum(pictures(stash).values()) < after and server.exit_code(pid) is None:
        assert time.monotonic() < until, out.read_text()
        time.sleep(0.01)
    assert server.exit_code(pid) is None, out.read_text()
    os.kill(pid, by)
    assert server.exit_code(pid, PATIENCE) == (1 if by == signal.SIGINT else -by)
    return out.read_text()


@pytest.mark.long
def test_ctrl_c_ends_it_in_one_line(place, monkeypatch):
    monkeypatch.setenv("STASH_API_KEY", KEY)
    place.settings["FACE_BATCH_SIZE"] = "1"
    with serving(6) as stash:
        told = _run_and_kill(place, stash, after=2, by=signal.SIGINT)
        assert told.endswith("import-performers: stopped: run it again to go on where it was\n")
        assert "Traceback" not in told
        done = place.run("import-performers", stash.url, "--faces")
        assert (done.returncode, [len(mine) for mine in faces(place)]) == (0, [1] * 6)
