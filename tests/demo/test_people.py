"""The demo's cast covers what it is meant to show, and the sites can serve all of it."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest
from PIL import Image

from demo.people import (
    PEOPLE,
    babepedia_profiles,
    broken_file,
    iafd_profiles,
    is_masculine,
    list_stash_performers,
    looks_of,
    no_face,
    performer_rows,
    portrait,
    recompressed,
    two_faces,
    write_known_faces,
    write_performers,
)
from enrichscrapy.faces.hashes import compute_phash, is_similar
from enrichscrapy.items import PartialDate
from enrichscrapy.sites import babepedia, iafd


def test_everybody_is_of_age():
    for person in PEOPLE:
        if person.birth_date:
            born = PartialDate.parse(person.birth_date).latest()
            assert born.replace(year=born.year + 18) < dt.date(2026, 1, 1)
    for profile in (*babepedia_profiles(), *iafd_profiles()):
        assert profile.birth_date is None or profile.birth_date.year < 2000


def test_genders_known_faces_and_links_are_varied():
    genders = {person.gender for person in PEOPLE}
    assert {"FEMALE", "MALE", "TRANSGENDER_FEMALE", None, "female", "male"} <= genders
    assert {person.known for person in PEOPLE} >= {0, 1, 3}
    links = [link for person in PEOPLE for link in person.links]
    assert any("perfid=" in link for link in links)
    assert any("id=" in link and "perfid=" not in link for link in links)
    assert any(len(person.links) > 1 for person in PEOPLE)
    assert {babepedia.slug_from_url(link) or iafd.slug_from_url(link) for link in links} >= {
        "Tessa_Quillmark",
        "tessaquillmark",
    }


def test_names_are_unique_but_for_the_namesakes_told_apart():
    numbers = [person.number for person in PEOPLE]
    assert numbers == list(range(1, len(PEOPLE) + 1))
    keys = {(person.name, person.disambiguation) for person in PEOPLE}
    assert len(keys) == len(PEOPLE)
    looks = {looks_of(person.number, is_masculine(person)) for person in PEOPLE}
    assert len(looks) == len(PEOPLE)


def test_performers_are_written_one_a_line(tmp_path):
    write_performers(tmp_path / "performers.jsonl")
    lines = (tmp_path / "performers.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(performer_rows())


def test_known_faces_lie_in_folders_named_by_stash_box_id(tmp_path):
    people = [person for person in PEOPLE if person.known][:2]
    write_known_faces(tmp_path, people)
    found = {folder.name: len(list(folder.iterdir())) for folder in tmp_path.iterdir()}
    assert found == {person.stash_id: person.known for person in people}


def test_a_picture_in_stash_and_the_other_photos_are_the_known_faces(tmp_path):
    people = [person for person in PEOPLE if person.known > 1][:1]
    write_known_faces(tmp_path / "all", people)
    write_known_faces(tmp_path / "others", people, but_first=True)
    (known,), (others,) = ((tmp_path / name).iterdir() for name in ("all", "others"))
    (performer,) = list_stash_performers(people)
    pictures = {path.read_bytes() for path in others.iterdir()} | {performer.image}
    assert pictures == {path.read_bytes() for path in known.iterdir()}
    assert len(pictures) == people[0].known


def test_the_same_picture_is_known_again_and_another_shot_is_not():
    def hash_of(data: bytes) -> str:
        return compute_phash(Image.open(io.BytesIO(data)))

    first = hash_of(portrait(10, 0))
    assert is_similar(first, hash_of(recompressed(10, 0)))
    assert not is_similar(first, hash_of(portrait(10, 7)))


def test_pictures_without_one_face():
    assert Image.open(io.BytesIO(two_faces(10, 1))).width == 960
    assert Image.open(io.BytesIO(no_face())).size == (480, 640)
    with pytest.raises(OSError, match="Truncated"):
        Image.open(io.BytesIO(broken_file())).load()
