from __future__ import annotations

import io
import json
import os

import pytest
from PIL import Image

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.lookups.own_folders import list_loose_files, read_folders
from tests.support import PROJECT, import_file


def picture(kind="JPEG"):
    file = io.BytesIO()
    Image.new("RGB", (40, 40), (90, 120, 160)).save(file, kind)
    return file.getvalue()


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


@pytest.fixture
def put(photos):
    def put(name, data=None):
        path = photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture() if data is None else data)

    return put


@pytest.fixture
def people(db, tmp_path):
    rows = [{"id": 2, "name": "Mia R"}, {"id": 1, "name": "Nora V"}]
    rows += [{"id": 12, "name": "Ada B", "birth_date": "2012-03-02T00:00:00Z"}]
    rows += [{"id": 13, "name": "Bea C", "birth_date": "soon"}]
    path = tmp_path / "people.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_file(db, path)
    return db


def whose(db, photos):
    return {
        folder.path.name: folder.performer.id
        for folder in read_folders(photos, db)
        if folder.performer and not folder.problem
    }


def problems(db, photos):
    return {folder.path.name: folder.problem for folder in read_folders(photos, db)}


def test_a_number_that_means_two_people_is_nobodys(people, photos, put):
    for name in ("1", "id:1", "row:2", "Nora V"):
        put(f"{name}/a.jpg")
    assert whose(people, photos) == {"id:1": 1, "row:2": 1, "Nora V": 2}
    assert "id:1 Mia R" in problems(people, photos)["1"]
    assert "id:2 Nora V" in problems(people, photos)["1"]


def test_first_bytes_decide_and_the_rest_is_named(people, photos, put):
    heic = (PROJECT / "tests/faces/drawn.heic").read_bytes()
    for name in ("IMG_1.HEIC", "a.jfif", "b.jpe", "none", "c.JPG"):
        put(f"Nora V/{name}")
    for kind in ("PNG", "WEBP", "AVIF", "GIF"):
        put(f"Nora V/{kind}.jpg", picture(kind))
    put("Nora V/real.jpg", heic)
    put("Nora V/scan.tiff", picture("TIFF"))
    put("Nora V/photo.jpg", picture("BMP"))
    put("Nora V/empty.jpg", b"")
    put("Nora V/deep/a.jpg")
    for litter in (".DS_Store", "Thumbs.db", "._a.jpg"):
        put(f"Nora V/{litter}", b"x")
    put("loose.jpg")
    (folder,) = read_folders(photos, people)
    assert len(folder.photos) == 10
    assert [told.partition(":")[0] for told in folder.passed_over] == [
        "Nora V/deep",
        "Nora V/empty.jpg",
        "Nora V/photo.jpg",
        "Nora V/scan.tiff",
    ]
    assert list_loose_files(photos) == ["loose.jpg"]


def test_nothing_special_is_opened(people, photos, put):
    put("Nora V/a.jpg")
    os.mkfifo(photos / "Nora V" / "pipe.jpg")  # opening it would wait for ever
    os.symlink("/dev/zero", photos / "Nora V" / "zero.jpg")
    os.symlink("nowhere", photos / "Nora V" / "gone.jpg")
    os.symlink("a.jpg", photos / "Nora V" / "link.jpg")
    (folder,) = read_folders(photos, people)
    assert [path.name for path in folder.photos] == ["a.jpg", "link.jpg"]
    assert len(folder.passed_over) == 3
    assert sum("no regular file" in told for told in folder.passed_over) == 2


def test_one_level_too_deep_or_too_high_is_explained(people, photos, put):
    put("known/Nora V/a.jpg")
    assert f"did you mean {photos / 'known'}?" in problems(people, photos)["known"]
    with pytest.raises(BadSetting, match="name the folder that holds one for each performer"):
        read_folders(photos / "known" / "Nora V", people)


def test_nobody_under_18_and_nobody_of_unread_age(people, photos, put):
    put("Ada B/a.jpg")
    put("Bea C/a.jpg")
    told = problems(people, photos)
    assert "under 18" in told["Ada B"]
    assert "scrapy birth-date" in told["Bea C"]
    assert all(not folder.photos for folder in read_folders(photos, people))


BOX = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"


@pytest.fixture
def library(db, tmp_path):
    """A file whose ids are other people's here, and written with zeros before them."""
    rows = [{"id": 2, "name": "Mia Rand"}, {"id": 1, "name": "Nora Vey"}]
    rows += [{"id": "004", "name": "Lily Rose"}, {"id": "x", "name": "Tessa Lund"}]
    rows += [{"id": "y", "name": "Anna Lee", "birth_date": "1990"}]
    rows += [{"id": "z", "name": "Anna Lee", "birth_date": "1985"}]
    rows[1]["stashbox_ids"] = {"stashdb": BOX}
    path = tmp_path / "library.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_file(db, path)
    return db


@pytest.mark.parametrize("name", ["1", "01", "001", "0000001", "１", "4", "04"])
def test_zeros_before_a_number_make_it_nobody_elses(library, photos, put, name):
    put(f"{name}/a.jpg")
    assert whose(library, photos) == {}
    assert "several performers" in problems(library, photos)[name]


@pytest.mark.parametrize("name", [BOX, f"stashdb_{BOX}", f"StashDB {BOX}", f"{{{BOX}}}"])
def test_folders_named_by_a_stash_box_id(library, photos, put, name):
    put(f"{name}/a.jpg")
    put(f"theporndb_{BOX}/a.jpg")
    assert whose(library, photos) == {name: 2}


def test_a_name_turned_round_may_be_another_persons(library, photos, put):
    for name in ("Rose Lily", "Rose, Lily", "Anna Lee [1990]"):
        put(f"{name}/a.jpg")
    assert whose(library, photos) == {"Rose, Lily": 3, "Anna Lee [1990]": 5}
    assert "id:3 Lily Rose" in problems(library, photos)["Rose Lily"]
