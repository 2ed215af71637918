"""``scrapy import-faces`` looks at one's own photos too."""

from __future__ import annotations

import pytest

from demo.people import portrait
from enrichscrapy.items import Verdict
from tests.support import Workplace


@pytest.fixture
def place(tmp_path):
    return Workplace(tmp_path)


@pytest.mark.long
def test_photos_that_contradict_each_other_wait_by_name(place, tmp_path):
    folders = {
        1: {"a.jpg": (1, 1), "b.jpg": (1, 2), "c.jpg": (1, 3), "stranger.jpg": (4, 1)},
        2: {"a.jpg": (2, 1), "b.jpg": (2, 2), "c.jpg": (3, 1), "d.jpg": (3, 2)},
        3: {"misfiled.jpg": (1, 4)},
        5: {"a.jpg": (5, 1), "b.jpg": (5, 2)},
    }
    with place.database() as db:
        for number in range(1, 6):
            db.add_performer(f"Person {number}", gender="FEMALE")
    for number, photos in folders.items():
        folder = tmp_path / "photos" / f"id={number}"
        folder.mkdir(parents=True)
        for name, (person, shot) in photos.items():
            (folder / name).write_bytes(portrait(person, shot))

    done = place.run("import-faces", str(tmp_path / "photos"))
    assert done.returncode == 1, done.stderr
    waits = [line for line in done.stderr.splitlines() if "waits for you" in line]
    assert [line.split(": ")[1:3] for line in waits] == [
        ["id=1/stranger.jpg", "unlike your other photos of this performer"],
        ["id=2/a.jpg", "your photos of this performer show two people"],
        ["id=2/b.jpg", "your photos of this performer show two people"],
        ["id=2/c.jpg", "your photos of this performer show two people"],
        ["id=2/d.jpg", "your photos of this performer show two people"],
        ["id=3/misfiled.jpg", "nearer to another performer's face"],
    ]
    assert "photos that wait for you: 6" in done.stdout
    with place.database() as db:
        found = {
            number: [(face.verdict, face.trusted) for face in db.get_faces(number)]
            for number in folders
        }
    trusted, waiting = (Verdict.ACCEPTED, True), (Verdict.QUARANTINED, False)
    assert sorted(found[1]) == [trusted] * 3 + [waiting]
    assert found[2] == [waiting] * 4
    assert found[3] == [waiting]
    assert found[5] == [trusted] * 2

    # Nobody has decided: a new photo does not decide either.
    (tmp_path / "photos" / "id=2" / "e.jpg").write_bytes(portrait(2, 3))
    done = place.run("import-faces", str(tmp_path / "photos"))
    assert "id=2/e.jpg: your photos of this performer show two people" in done.stderr
    assert done.returncode == 1
