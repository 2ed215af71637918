import json

import pytest

from demo.people import portrait
from tests.support import Workplace


@pytest.fixture
def place(tmp_path):
    place = Workplace(tmp_path)
    rows = [{"id": 2, "name": "Mia R"}, {"id": 1, "name": "Nora V", "birth_date": "1990"}]
    with (tmp_path / "people.jsonl").open("w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    done = place.run("import-performers", str(tmp_path / "people.jsonl"))
    assert done.returncode == 0, done.stderr
    for name in ("1", "Nora V"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        (tmp_path / "photos" / name / "IMG_0001").write_bytes(portrait(1, 1))
    return place


def test_a_dry_run_shows_whose_and_changes_nothing(place):
    done = place.run("import-faces", str(place.folder / "photos"), "--dry-run")
    assert done.returncode == 1
    first, second, counts = done.stdout.splitlines()
    assert first.startswith("1: nobody's: several performers have it: id:1 Mia R")
    assert second == "Nora V: id:2 Nora V, born 1990: photos: 1"
    assert counts == "performers: 1, photos: 1, skipped folders: 1"
    with place.database() as database:
        assert database.get_faces(1) == database.get_faces(2) == []


def test_photos_under_any_name_and_what_is_passed_over(place):
    folder = place.folder / "photos"
    for number in range(7):
        (folder / "Nora V" / f"note{number}.txt").write_text("no photo")
    (folder / "Nora V" / "torn.jpg").write_bytes(portrait(1, 2)[:900])
    done = place.run("import-faces", str(folder))
    assert done.returncode == 1
    assert "performers: 1" in done.stdout
    assert "files skipped: 8" in done.stdout
    assert "1: several performers have it" in done.stderr
    assert done.stderr.count(": skipped\n") == 6  # a folder, five files
    assert "and 3 more files skipped" in done.stderr
    with place.database() as database:
        assert database.get_faces(1) == []
        assert [face.trusted for face in database.get_faces(2)] == [True]


def test_birth_dates_are_listed_and_seen_to(place):
    path = place.folder / "people.jsonl"
    path.write_text('{"id": 1, "name": "Nora V", "birth_date": "not telling"}\n')
    place.run("import-performers", str(path))
    shown = place.run("birth-date")
    assert (shown.returncode, shown.stdout) == (1, "id:2 Nora V: not telling\n")
    status = place.run("status").stdout
    assert "1 performer waits for you, with a birth date that cannot be read" in status
    assert "id:2 Nora V: not telling" in status
    assert place.run("birth-date", "Nora V", "1990-13-01").returncode == 2
    assert place.run("birth-date", "Nora V", "1990").returncode == 0
    assert place.run("birth-date").stdout == ""
    assert place.run("birth-date", "Nora V", "adult").returncode == 2
    with place.database() as database:
        assert database.get_performer(2).birth_date == "1990"


def test_a_crawl_of_nobody_is_refused_at_once(place):
    for words, told in (("77", "there is no performer 77"), ("", "give ids or names")):
        done = place.run("crawl", "babepedia", "-a", f"performers={words}")
        assert done.returncode == 2
        assert told in done.stderr.splitlines()[-1]
