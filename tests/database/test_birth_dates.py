"""Whose birth date nobody could read is not looked up until somebody has seen to it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.birth_dates import count_unread, list_unread, note_unread, see_to
from enrichscrapy.database.ledger import RetryPolicy, Selection
from enrichscrapy.database.performers import set_birth_date
from enrichscrapy.database.store import store_lookup
from enrichscrapy.items import Outcome, PartialDate, ReferenceSiteMode
from tests.database.builders import count_pending_differences, lookup
from tests.database.test_ledger import CountingSteps
from tests.support import import_file

pytestmark = pytest.mark.on_both()

PAGE = "https://www.babepedia.com/babe/Nora_V"
SELECTIONS = [
    Selection("babepedia", "url"),
    Selection("iafd", "name"),
    Selection("iafd", "name", gender="FEMALE"),
]


@pytest.fixture
def take(db, tmp_path):
    def take(birth_date, **more):
        path = tmp_path / "a.jsonl"
        row = {"id": 1, "name": "Nora V", "urls": [PAGE], "birth_date": birth_date, **more}
        path.write_text(json.dumps(row))
        faults = []
        import_file(db, path, on_fault=lambda fault, unit: faults.append(fault.reason))
        return faults

    return take


def due(db):
    found = [[one.performer.id for one in db.ledger.list_due(each)] for each in SELECTIONS]
    with db.read() as connection:
        assert count_pending_differences(connection) == 0
    assert found in ([[1]] * 3, [[]] * 3)
    assert [db.ledger.count_due(selection) for selection in SELECTIONS] == list(map(len, found))
    return bool(found[0])


def waiting(db):
    with db.read() as connection:
        assert count_unread(connection) == len(list_unread(connection))
        return [(one.performer_id, one.name, one.text) for one in list_unread(connection)]


def test_an_import_keeps_her_from_being_looked_up(db, take):
    (fault,) = take("spring of her youth")
    assert "scrapy birth-date" in fault
    assert (due(db), waiting(db)) == (False, [(1, "Nora V", "spring of her youth")])
    assert db.get_performer(1).birth_date is None


def test_an_update_does_and_the_known_date_stays(db, take):
    assert take("1990-05-06") == []
    assert due(db)
    take("soon")
    assert (due(db), db.get_performer(1).birth_date) == (False, "1990-05-06")


@pytest.mark.parametrize("birth_date", ["1990", "1990-05-06T00:00:00Z", "c. 1990"])
def test_a_corrected_import_clears_it(db, take, birth_date):
    take("soon")
    take(birth_date)
    assert (due(db), waiting(db)) == (True, [])


def test_silence_does_not_clear_it(db, take):
    take("soon")
    take(None)
    assert not due(db)


def test_somebody_sees_to_it_and_the_same_text_is_not_asked_again(db, take, clock):
    take("soon")
    with db.write() as connection:
        assert see_to(connection, 1, clock())
        assert not see_to(connection, 77, clock())
    assert (due(db), waiting(db)) == (True, [])
    take("soon", country="ES")
    assert due(db)
    take("later")
    assert not due(db)


def test_somebody_enters_the_date(db, take, clock):
    take("soon")
    with db.write() as connection:
        set_birth_date(connection, 1, PartialDate(1990), clock())
    assert (due(db), db.get_performer(1).birth_date) == (True, "1990")


def test_who_was_looked_up_before_is_not_looked_up_again(db, take, clock):
    take("1990")
    for selection in SELECTIONS[:2]:
        mode = ReferenceSiteMode(selection.mode)
        item = lookup(db.get_performer(1), Outcome.FAILED, source=selection.source, mode=mode)
        store_lookup(db, item, model_id=None, retry=RetryPolicy(), judge=None)
    clock.now += 10**9
    assert due(db)
    take("soon")
    assert not due(db)


def test_another_door_reads_it_too(db):
    assert db.add_performer("Nora V", birth_date="2012-03-02T00:00:00Z") == 1
    assert db.get_performer(1).birth_date == "2012-03-02"
    db.add_performer("Mia R", birth_date="soon")
    db.add_performer("Ada B", birth_date="0000-00-00")
    assert waiting(db) == [(2, "Mia R", "soon")]


@pytest.mark.sqlite_only
def test_however_many_wait_a_page_of_work_stays_cheap(db):
    """The steps of SQLite's machine, not the clock, say what a query costs."""
    with db.write() as connection:
        for number in range(1, 4001):
            row = {"id": number, "canonical_name": f"Person {number}"}
            connection.execute(
                text("INSERT INTO performers(id, canonical_name) VALUES (:id, :canonical_name)"),
                row,
            )
        note_unread(connection, dict.fromkeys(range(1, 4000), "soon"))

    with CountingSteps(db) as steps:
        found = db.ledger.list_due(Selection("iafd", "name"))
    assert [one.performer.id for one in found] == [4000]
    assert 0 < steps.hundreds < 50  # walking past them once would be over 100


@pytest.mark.sqlite_only
def test_a_database_from_before_learns_it(tmp_path):
    path = tmp_path / "a.db"
    with PerformerDatabase(path) as db:
        for key in ("a.csv#7.0", "a.csv#x#y", "b.csv#8"):
            db.add_performer(f"Person {key}", import_key=key)
        with db.write() as connection:
            for statement in (
                "DROP VIEW never_looked_up",
                "DROP TRIGGER pending_date_unread",
                "DROP TRIGGER pending_date_seen",
                "DROP TRIGGER pending_date_read",
                "DROP TABLE import_rows",
                "DROP TABLE unread_birth_dates",
                "DELETE FROM schema_migrations WHERE name LIKE '0020%'",
            ):
                connection.exec_driver_sql(statement)
    with PerformerDatabase(path) as db:
        with db.read() as connection:
            rows = connection.execute(
                text("SELECT row_id, file, name, performer_id FROM import_rows ORDER BY 4")
            )
            assert list(map(tuple, rows)) == [
                ("7", "a.csv", "Person a.csv#7.0", 1),
                ("x#y", "a.csv", "Person a.csv#x#y", 2),
                ("8", "b.csv", "Person b.csv#8", 3),
            ]
            assert count_pending_differences(connection) == 0
        db.add_performer("Mia R", birth_date="soon")
        assert [one.performer.id for one in db.ledger.list_due(SELECTIONS[1])] == [1, 2, 3]
