"""Performers' pictures from Stash: the first trusted faces, and what becomes of another picture."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from demo.people import portrait
from demo.stash import StashPerformer, write_stash_file
from enrichscrapy.database.schema import stash_pictures
from enrichscrapy.database.stash_pictures import count_to_take, drop_photo
from enrichscrapy.faces.model import resolve_model
from enrichscrapy.importing.file_pictures import FilePictures
from enrichscrapy.lookups.judge import Judge
from enrichscrapy.lookups.neighbours import Neighbourhood
from enrichscrapy.lookups.own_photos import OwnPhotos
from enrichscrapy.lookups.stash_pictures import StashPictures
from enrichscrapy.verdicts import Limits, Thresholds
from tests.support import STAND_IN, changes_since, import_file

BOX = "https://stashdb.org/graphql"
FILE = "stash-go.sqlite"
MAX_BYTES = 1_000_000


def people() -> list[StashPerformer]:
    return [
        StashPerformer(
            number,
            f"Ava Number{number}",
            birthdate="1990-03-02",
            stash_ids=[(BOX, f"{number:08}-0000-4000-8000-000000000000")] if number % 2 else [],
            image=portrait(number, 1),
        )
        for number in (1, 2)
    ]


class Stash:
    """A file of Stash's, and its import into a database."""

    def __init__(self, db, path, looker):
        self.db, self.path, self.blobs = db, path, None
        self.model_id = db.faces.ensure_model(looker.info)
        judge = Judge(Thresholds(), Limits(5, 20), {"import": "user"})
        judge = judge.for_model(looker.info, None, resolve_model(STAND_IN))
        around = Neighbourhood(None, db.faces)
        self.photos = OwnPhotos(db, looker, self.model_id, judge, around)

    def bring_in(self, cast, schema=86, blobs=None):
        """The reports of the pictures that were due, by row id."""
        self.path.unlink(missing_ok=True)
        write_stash_file(self.path, cast, schema, blobs)
        import_file(self.db, self.path)
        return self.take()

    def take(self):
        source = FilePictures(self.path, self.blobs, MAX_BYTES)
        reports = StashPictures(self.photos, source, FILE).take_all()
        return {report.row_id: report for report in reports}

    def faces(self):
        """By performer: verdict, trust, reason and photo of each face."""
        return [
            [
                (face.verdict.value, face.trusted, face.reason, face.photo_url)
                for face in self.db.get_faces(each.id)
            ]
            for each in self.db.iter_performers_after_id()
        ]

    def verdicts(self):
        return [[face[0] for face in faces] for faces in self.faces()]

    def count(self):
        with self.db.read() as connection:
            return count_to_take(connection, FILE)


@pytest.fixture
def stash(db, tmp_path, looker):
    return Stash(db, tmp_path / FILE, looker)


def test_a_picture_is_the_first_trusted_face_once(stash):
    assert set(stash.bring_in(people())) == {"1", "2"}
    for ((verdict, trusted, reason, url),) in stash.faces():
        assert (verdict, trusted, reason) == ("accepted", True, "own_photo")
        assert url.startswith("import:stash:")
    assert stash.bring_in(people()) == {}


@pytest.mark.parametrize("schema", [44, 45])
def test_older_tables_and_a_folder(stash, schema, tmp_path):
    one = people()[:1]
    folder = tmp_path / "elsewhere"
    reports = stash.bring_in(one, schema, folder)
    if schema >= 45:
        assert "with --blobs" in reports["1"].problem
        assert stash.count() == 1
        stash.blobs = folder
        stash.take()
    assert stash.verdicts() == [["accepted"]]
    assert stash.count() == 0


def test_the_folder_beside_the_file_is_found(stash, tmp_path):
    stash.bring_in(people()[:1], blobs=tmp_path / "blobs")
    assert stash.verdicts() == [["accepted"]]


def test_another_picture_replaces_the_face_the_first_one_gave(stash):
    cast = people()
    stash.bring_in(cast)
    before = stash.faces()
    changes = len(changes_since(stash.db, stash.model_id, 0))
    reports = stash.bring_in([replace(cast[0], image=portrait(1, 2)), cast[1]])
    assert set(reports) == {"1"}
    one, other = stash.faces()
    assert [face[:2] for face in one] == [("accepted", True)]
    assert one != before[0]
    assert other == before[1]
    assert len(changes_since(stash.db, stash.model_id, 0)) == changes + 2  # one went, one came


def test_another_picture_is_not_judged_by_the_one_it_replaces(stash):
    """It was the wrong person: her face must not speak against the right one."""
    wrong = replace(people()[0], image=portrait(2, 1))
    stash.bring_in([wrong])
    stash.bring_in(people()[:1])
    assert stash.verdicts() == [["accepted"]]


def test_a_picture_without_a_face_takes_the_old_one_away(stash):
    stash.bring_in(people()[:1])
    reports = stash.bring_in([replace(people()[0], image=b"no picture")])
    assert reports["1"].taken.unusable
    assert stash.verdicts() == [[]]


def test_a_picture_that_was_taken_out_leaves_its_face(stash):
    stash.bring_in(people()[:1])
    assert stash.bring_in([replace(people()[0], image=None)]) == {}
    assert stash.verdicts() == [["accepted"]]


def test_a_picture_that_two_have_is_nobodys(stash):
    one, two = people()
    stash.bring_in([one, replace(two, image=one.image)])
    assert [face[:3] for face in stash.faces()[0]] == [("quarantined", False, "placeholder")]
    assert stash.verdicts()[1] == []
    stash.bring_in([replace(one, image=portrait(1, 2)), two])
    assert stash.verdicts() == [["accepted"]] * 2


def test_a_picture_nearer_to_somebody_else_waits(stash):
    stranger = StashPerformer(9, "Bea Other", image=portrait(1, 2))
    reports = stash.bring_in([people()[0], stranger])
    assert reports["9"].taken.waiting
    assert stash.verdicts()[1] == ["quarantined"]


def test_one_person_in_two_rows_has_two_photos(stash):
    one = people()[0]
    twin = replace(one, id=9, name="Ava Again", image=portrait(1, 2))
    stash.bring_in([one, twin])
    assert stash.verdicts() == [["accepted", "accepted"]]


def test_of_a_minor_nothing_is_taken_or_remembered(stash):
    one, two = people()
    stash.bring_in([one, two])
    reports = stash.bring_in([replace(one, birthdate="2999"), two])
    assert reports == {}
    assert stash.verdicts() == [[], ["accepted"]]
    with stash.db.read() as connection:
        assert connection.scalars(select(stash_pictures.c.row_id)).all() == ["2"]


def test_a_picture_that_is_too_large_is_not_read(stash):
    reports = stash.bring_in([replace(people()[0], image=b"x" * (MAX_BYTES + 1))])
    assert "PHOTO_MAX_BYTES" in reports["1"].problem


def test_a_damaged_picture_is_asked_for_again(stash, tmp_path):
    stash.bring_in(people()[:1], blobs=tmp_path / "blobs")
    cast = [replace(people()[0], image=portrait(1, 2))]
    stash.path.unlink()
    write_stash_file(stash.path, cast, blobs=tmp_path / "blobs")
    import_file(stash.db, stash.path)
    for path in (tmp_path / "blobs").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-9])
    assert "damaged" in stash.take()["1"].problem
    assert stash.verdicts() == [["accepted"]]  # the old one stays until the new one is there
    assert stash.count() == 1


@pytest.mark.parametrize("dropped", [True, False])
def test_after_a_kill_between_two_steps_it_goes_on(stash, dropped):
    """The old photo is gone and the new one not there yet; or it is there, and not noted."""
    stash.bring_in(people()[:1])
    with stash.db.write() as connection:
        photo_id = connection.scalar(select(stash_pictures.c.photo_id))
        if dropped:
            drop_photo(connection, photo_id)
        else:
            forgotten = {"photo_id": None, "md5": None, "taken": None}
            connection.execute(update(stash_pictures).values(forgotten))
    stash.bring_in([replace(people()[0], image=portrait(1, 2 if dropped else 1))])
    assert stash.verdicts() == [["accepted"]]
    with stash.db.read() as connection:
        assert connection.scalar(select(stash_pictures.c.photo_id)) is not None
