"""Nothing is kept of a minor, whoever says so and whenever it becomes known."""

from __future__ import annotations

import datetime as dt
import json
from importlib import import_module

import pytest
from sqlalchemy import event, func, select, update

from enrichscrapy.database.ledger import RetryPolicy, Selection
from enrichscrapy.database.minors import find_kept_minors, withdraw_kept_minors
from enrichscrapy.database.schema import faces, performers, photos, proposals, verdict_history
from enrichscrapy.database.store import store_lookup
from enrichscrapy.index import FaceIndex, publish
from enrichscrapy.items import Outcome, Profile
from tests.conftest import MODEL
from tests.database.builders import accept, face, lookup, photo, quarantine
from tests.support import import_file

pytestmark = pytest.mark.on_both()

PAGE = "https://www.babepedia.com/babe/Orla_Fenwright"
NOW = dt.datetime(2026, 6, 15, tzinfo=dt.UTC)
CHILD, ADULT = dt.date(2012, 12, 31), dt.date(1992, 12, 31)
BY_LINK, ELSEWHERE = Selection("babepedia", "url"), Selection("babepedia", "name")


@pytest.fixture
def clock(clock):
    clock.now = NOW.timestamp()
    return clock


@pytest.fixture
def orla(db, model_id):
    """Found on IAFD, with accepted and waiting faces, and somebody else beside her."""
    for name in ("Orla Fenwright", "Pia Otherwise"):
        performer_id = db.add_performer(name)
        db.add_stashbox_id(performer_id, "stashdb", name)
        db.add_url(performer_id, f"https://www.babepedia.com/babe/{name.replace(' ', '_')}")
        shots = [photo(f"{name}{number}") for number in range(3)]
        verdicts = [accept(trusted=True), accept(), quarantine()]
        seen = [
            face(s, 10 * performer_id + n, v)
            for n, (s, v) in enumerate(zip(shots, verdicts, strict=True))
        ]
        profile = Profile(name, PAGE, aliases=("Another Name",))
        item = lookup(
            db.get_performer(performer_id), source="iafd", photos=shots, faces=seen, profile=profile
        )
        store(db, item, model_id)
    return db.get_performer(1)


def store(db, item, model_id):
    return store_lookup(db, item, model_id=model_id, retry=RetryPolicy(), judge=None)


def kept(db, performer_id):
    with db.read() as connection:
        return [
            connection.scalar(
                select(func.count()).select_from(t).where(t.c.performer_id == performer_id)
            )
            for t in (photos, faces, proposals)
        ]


def says(performer, born, outcome=Outcome.MISMATCH, **more):
    return lookup(performer, outcome, detail="minor: says the page", born=born, **more)


def imported(db, tmp_path, birth_date):
    ids = {"stashbox_ids": {"stashdb": "Orla Fenwright"}}
    row = {**ids, "name": "Orla Fenwright", "birth_date": birth_date}
    (tmp_path / "people.jsonl").write_text(json.dumps(row) + "\n")
    return import_file(db, tmp_path / "people.jsonl")


def test_a_page_takes_back_what_another_source_gave(db, orla, model_id, tmp_path):
    publish(db, tmp_path / "index", model_id)
    assert store(db, says(orla, CHILD), model_id).stored
    assert (kept(db, 1), kept(db, 2)) == ([0, 0, 0], [3, 3, 2])
    with db.read() as connection:
        assert len(connection.execute(select(verdict_history)).all()) == 3
    publish(db, tmp_path / "index", model_id)
    assert FaceIndex.open_current(tmp_path / "index", MODEL).count == 2
    row = db.ledger.get("iafd", "url", 1)
    assert (row["outcome"], row["detail"]) == ("mismatch", "minor: says another source")


def test_an_import_that_corrects_the_date_does_too(db, orla, model_id, tmp_path):
    assert imported(db, tmp_path, "2012-03-02").updated == 1
    assert (kept(db, 1), kept(db, 2)) == ([0, 0, 0], [3, 3, 2])
    assert db.is_minor(db.get_performer(1))


def test_a_minor_stays_out(db, orla, model_id):
    assert db.ledger.is_due(ELSEWHERE, 1)
    store(db, says(orla, CHILD), model_id)
    assert not db.ledger.is_due(ELSEWHERE, 1)
    assert not db.ledger.is_due(BY_LINK, 1)
    assert [each.minor for each in db.ledger.list_due(ELSEWHERE)] == ["another source", ""]
    shot = photo("late")
    late = lookup(orla, source="iafd", photos=[shot], faces=[face(shot, 5, accept())])
    assert not store(db, late, model_id).stored
    assert kept(db, 1) == [0, 0, 0]


def test_a_lookup_on_its_way_while_the_date_comes_brings_nothing(db, orla, model_id):
    shot = photo("late")
    late = lookup(orla, born=CHILD, photos=[shot], faces=[face(shot, 5, accept())])
    report = store(db, late, model_id)
    assert (report.stored, report.reason) == (False, "minor")
    assert kept(db, 1) == [0, 0, 0]


def test_until_the_same_source_says_otherwise(db, orla, model_id, tmp_path):
    imported(db, tmp_path, "2012")
    assert not db.ledger.is_due(ELSEWHERE, 1)
    imported(db, tmp_path, "1992")
    assert db.ledger.is_due(ELSEWHERE, 1)
    assert db.ledger.get("iafd", "url", 1)["next_attempt_at"] is not None
    assert not db.is_minor(db.get_performer(1))


def test_a_date_that_somebody_enters_withdraws_and_one_that_corrects_it_makes_due(
    db, orla, model_id
):
    command = import_module("enrichscrapy.commands.birth-date").Command()
    command._enter(db, "id:1", "2012")
    assert (kept(db, 1), kept(db, 2)) == ([0, 0, 0], [3, 3, 2])
    assert not db.ledger.is_due(ELSEWHERE, 1)
    command._enter(db, "id:1", "1992")
    assert db.ledger.is_due(ELSEWHERE, 1)
    assert db.ledger.get("iafd", "url", 1)["next_attempt_at"] is not None


def test_an_adult_word_of_another_source_changes_nothing(db, orla, model_id, tmp_path):
    store(db, says(orla, CHILD), model_id)
    imported(db, tmp_path, "1992-01-01")
    assert db.is_minor(db.get_performer(1))
    assert not db.ledger.is_due(ELSEWHERE, 1)


def test_the_eighteenth_birthday_ends_it(db, orla, model_id, clock):
    store(db, says(orla, dt.date(2008, 7, 1)), model_id)
    clock.now = dt.datetime(2026, 6, 30, 23, tzinfo=dt.UTC).timestamp()
    assert db.is_minor(orla)
    clock.now = dt.datetime(2026, 7, 1, 1, tzinfo=dt.UTC).timestamp()
    assert not db.is_minor(orla)
    assert db.ledger.is_due(ELSEWHERE, 1)


def test_a_date_given_with_the_performer_counts(db):
    young = db.add_performer("Ida Later", birth_date="2011-00-00")
    assert not db.ledger.is_due(ELSEWHERE, young)
    assert [each.minor for each in db.ledger.list_due(ELSEWHERE)] == ["the database"]


@pytest.mark.parametrize("text", ["2012-03-02T00:00", "1999 or 2012", "11/27/2012", "2008"])
def test_what_another_program_wrote_is_found_and_withdrawn(db, orla, model_id, clock, text):
    with db.write() as connection:
        born = update(performers).where(performers.c.id == 1).values(birth_date=text)
        connection.execute(born)
        assert find_kept_minors(connection, clock()) == [1]
        withdraw_kept_minors(connection, clock())
        assert find_kept_minors(connection, clock()) == []
    assert (kept(db, 1), kept(db, 2)) == ([0, 0, 0], [3, 3, 2])


def test_adults_are_left_alone(db, orla, model_id):
    item = lookup(orla, born=ADULT)
    assert store(db, item, model_id).stored
    assert kept(db, 1)[:2] == [3, 3]


@pytest.mark.sqlite_only
def test_who_may_be_a_minor_is_asked_of_indexes_alone(db):
    """With a million performers another plan takes .3 seconds at each crawl's start."""
    asked = []
    event.listen(
        db.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3]))
    )
    with db.read() as connection:
        find_kept_minors(connection, db.clock())
        odd = [each for each in asked if "NOT GLOB" in each[0]]
        [plan] = [
            [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)]
            for sql, given in odd
        ]
    assert plan[0].endswith("INDEX performers_odd_birth_date")
