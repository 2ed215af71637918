"""A Stash brought in as its user does it: performers, and their pictures as first trusted faces."""

from __future__ import annotations

import pytest

from demo.people import portrait
from demo.stash import StashPerformer, write_stash_file
from tests.support import Workplace


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
    assert (done.returncode, "pictures not to be had 1" in done.stdout) == (1, True)
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
