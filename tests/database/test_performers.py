from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.exceptions import BadSetting
from tests.support import list_artefacts

pytestmark = pytest.mark.on_both()

PAGES = "https://www.babepedia.com/babe/"


@given(
    links=st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3)), max_size=30, unique=True),
    batch_size=st.integers(1, 9),
    after_id=st.integers(0, 6),
)
@settings(max_examples=25)
def test_no_link_is_lost_at_any_batch_size(tmp_path_factory, links, batch_size, after_id):
    with PerformerDatabase(tmp_path_factory.mktemp("links") / "a.db") as db:
        ids = [db.add_performer(f"Person {number}") for number in range(1, 7)]
        for performer, number in links:
            db.add_url(ids[performer - 1], f"{PAGES}Person_{performer}_{number}")
            db.add_url(ids[performer - 1], f"https://x.com/babepedia.com/{performer}/{number}")
        expected = sorted(
            (ids[p - 1], f"{PAGES}Person_{p}_{n}") for p, n in links if ids[p - 1] > after_id
        )
        found = list(db.iter_performers_with_site_urls("babepedia", after_id, batch_size))
        assert sorted((i, url) for i, _, url in found) == expected
        assert [i for i, _, _ in found] == sorted(i for i, _ in expected)
        for performer_id, name, _ in found:
            assert name == db.get_performer(performer_id).canonical_name


@pytest.mark.parametrize("batch_size", [1, 2, 3, 1000])
def test_every_performer_comes_once_in_order(db, batch_size):
    ids = [db.add_performer(f"Person {number}") for number in range(7)]
    found = [p.id for p in db.iter_performers_after_id(ids[1], batch_size)]
    assert found == ids[2:]


def test_a_performer_is_read_whole(db):
    performer_id = db.add_performer("Invented Person", gender="FEMALE", career_start_year=2001)
    other = db.add_performer("Other")
    db.add_alias(performer_id, "Second")
    db.add_alias(performer_id, "First")
    db.add_alias(performer_id, "Second")
    db.add_url(performer_id, "https://x.com/a", "stashdb", 0.8)
    db.add_url(performer_id, "https://x.com/a")
    db.add_stashbox_id(performer_id, "stashdb", "abc")
    db.add_stashbox_id(performer_id, "stashdb", "abc")
    performer = db.get_performer(performer_id)
    assert performer.aliases == ("Second", "First")
    assert performer.urls == ("https://x.com/a",)
    assert performer.stashbox_ids == (("stashdb", "abc"),)
    assert performer.career_start_year == 2001
    assert db.get_performer(other).aliases == ()
    assert db.get_performer(999) is None
    assert db.count_performers() == 2


def test_what_cannot_be_written_is_refused(db):
    performer_id = db.add_performer("Invented Person")
    with pytest.raises(ValueError, match="name"):
        db.add_performer("  ")
    with pytest.raises(TypeError, match="no shoe_size"):
        db.add_performer("A", shoe_size=40)
    with pytest.raises(ValueError, match="web address"):
        db.add_url(performer_id, "babepedia")
    with pytest.raises(ValueError, match="blank"):
        db.add_alias(performer_id, " ")
    for write in (
        lambda: db.add_performer("あ" * 334),
        lambda: db.add_alias(performer_id, "あ" * 334),
        lambda: db.add_url(performer_id, "https://a.example/" + "あ" * 662),
        lambda: db.add_stashbox_id(performer_id, "stashdb", "9" * 994),
    ):
        with pytest.raises(ValueError, match="cannot be longer than"):
            write()
    db.add_stashbox_id(performer_id, "stashdb", "abc")
    with pytest.raises(ValueError, match="belongs to performer 1"):
        db.add_stashbox_id(db.add_performer("B"), "stashdb", "abc")
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        db.add_alias(999, "Nobody")


def test_ids_are_never_given_again(db):
    first = db.add_performer("A")
    with db.write() as connection:
        connection.exec_driver_sql("DELETE FROM performers")
    assert db.add_performer("B") > first


@pytest.mark.sqlite_only
def test_a_url_and_a_path_open_the_same_file(tmp_path):
    with PerformerDatabase(tmp_path / "a.db") as db:
        db.add_performer("A")
    with PerformerDatabase(f"sqlite:///{tmp_path / 'a.db'}") as db:
        assert db.path == tmp_path / "a.db"
        assert db.count_performers() == 1


@pytest.mark.parametrize(
    "target",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://host",
        "postgresql+asyncpg://host/name",
        "://",
        "x://",
    ],
)
def test_what_names_no_database_is_refused(target):
    with pytest.raises(BadSetting):
        PerformerDatabase(target)


def test_a_reader_cannot_write(db):
    with pytest.raises(Exception, match=r"read-?only"), db.read() as connection:
        connection.exec_driver_sql("DELETE FROM performers")


def test_a_reader_sees_one_state(db):
    with db.read() as connection:
        for _ in range(2):
            assert connection.exec_driver_sql("SELECT count(*) FROM performers").scalar() == 0
            db.add_performer("A")
    assert db.count_performers() == 2


def test_an_exception_rolls_back(db):
    def write_and_fail():
        with db.write() as connection:
            connection.exec_driver_sql("INSERT INTO performers (canonical_name) VALUES ('A')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert db.count_performers() == 0


def test_artefacts_are_remembered_once(db, tmp_path):
    for _ in range(2):
        db.artefacts.register("jobdir", tmp_path / "jobs")
    db.artefacts.register("log", tmp_path / "log")
    assert list_artefacts(db) == [tmp_path / "jobs", tmp_path / "log"]
    assert list_artefacts(db, "log") == [tmp_path / "log"]
    db.artefacts.remove(tmp_path / "log")
    assert list_artefacts(db) == [tmp_path / "jobs"]
