"""Stash's own database, of every version, and what may be wrong with the file."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.stash import NEWEST, OLDEST, StashPerformer, write_stash_file
from enrichscrapy.exceptions import ImportRowError, UnreadableFile
from enrichscrapy.importing import sqlite_file
from enrichscrapy.importing.readers import open_reader
from enrichscrapy.importing.records import Record
from enrichscrapy.importing.stash import cut_date, list_links, make_stash_record
from tests.support import import_file

BOX = "https://stashdb.org/graphql"
UUID = "11111111-1111-4111-8111-111111111111"
ONE = StashPerformer(
    7,
    "Ava Lindqvist",
    gender="FEMALE",
    birthdate="1990-03-02",
    death_date="2020-05-06",
    country="SE",
    eye_color="blue",
    height_cm=171,
    career_length="2010 - 2015",
    career_start="2010",
    career_end="2015",
    urls=[
        "https://www.babepedia.com/babe/Ava_Lindqvist",
        "https://www.twitter.com/ava",
        "https://www.instagram.com/ava.l",
    ],
    alias_list=["Mona Dahl", "Ava L"],
    stash_ids=[(BOX, UUID), ("https://fansdb.cc/graphql", "22"), (BOX, "33")],
    image=b"\xff\xd8picture",
)


def read(path):
    reader = open_reader(path)
    try:
        return list(reader)
    finally:
        reader.close()


@pytest.mark.parametrize("schema", [OLDEST, 36, 39, 42, 45, 61, 62, 69, 75, 78, 84, 85, NEWEST])
def test_every_version_says_the_same(tmp_path, schema):
    path = write_stash_file(tmp_path / "stash-go.sqlite", [ONE], schema)
    (record,) = read(path)
    assert (record.key, record.faults) == ("7", [])
    assert record.fields == {
        "canonical_name": "Ava Lindqvist",
        "gender": "FEMALE",
        "birth_date": "1990-03-02",
        "death_date": "2020-05-06",
        "country": "SE",
        "eye_color": "blue",
        "height_cm": 171,
        "career_start_year": 2010,
        "career_end_year": 2015,
    }
    assert [alias for alias, _ in record.aliases] == ONE.alias_list
    assert [link.url for link, _, _ in record.links] == ONE.urls
    assert record.stashbox_ids == [("stashdb", UUID), ("fansdb", "22"), ("stashdb", "33")]
    assert record.picture


@pytest.mark.parametrize("schema", [74, 75])
@pytest.mark.parametrize("date", ["1990", "1990-03-02"])
def test_a_year_is_no_whole_date(tmp_path, schema, date):
    person = StashPerformer(1, "Ava", birthdate=date, death_date=date)
    (record,) = read(write_stash_file(tmp_path / "stash-go.sqlite", [person], schema))
    assert record.fields["birth_date"] == record.fields["death_date"] == date


def test_a_month_is_no_whole_date(tmp_path):
    person = StashPerformer(1, "Ava", birthdate="1990-03")
    (record,) = read(write_stash_file(tmp_path / "stash-go.sqlite", [person]))
    assert record.fields["birth_date"] == "1990-03"


@pytest.mark.parametrize(
    ("stored", "precision", "kept"),
    [
        ("1990-01-01", 0, "1990-01-01"),
        ("1990-01-01", None, "1990-01-01"),
        ("1990-01-01T00:00:00Z", 2, "1990"),
        ("1990-03-02 00:00:00+00:00", 0, "1990-03-02"),
        ("0001-01-01", 0, None),
        ("0001-01-01T00:00:00Z", 2, None),
        ("", 0, ""),
        (None, None, None),
        (1990, 2, 1990),
    ],
)
def test_dates_as_versions_write_them(stored, precision, kept):
    assert cut_date(stored, precision, has_precision=True) == kept


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("2010 - 2015", (2010, 2015)),
        ("2010-", (2010, None)),
        ("since 2010", (2010, None)),
        ("- 2015", (None, 2015)),
        ("until 2015", (None, 2015)),
        ("ten years", (None, None)),
        ("2010-2012, 2015 - present", (2010, 2015)),
    ],
)
def test_careers_in_words(tmp_path, text, years):
    person = StashPerformer(1, "Ava", career_length=text)
    (record,) = read(write_stash_file(tmp_path / "stash-go.sqlite", [person], 62))
    fields = record.fields
    assert (fields.get("career_start_year"), fields.get("career_end_year")) == years


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"twitter": "@ava"}, ["https://www.twitter.com/ava"]),
        ({"twitter": "https://x.com/ava"}, ["https://x.com/ava"]),
        ({"instagram": "instagram.com/ava.l/"}, ["https://instagram.com/ava.l/"]),
        ({"url": "example.org", "instagram": " "}, ["https://example.org"]),
        ({"url": "no address"}, ["no address"]),
        ({}, []),
    ],
)
def test_links_before_there_was_a_list(said, found):
    assert list(list_links(said, [])) == found


def test_countries_as_they_were_typed(tmp_path):
    people = [
        StashPerformer(number, f"Ava {number}", country=country)
        for number, country in enumerate(("United States of America", "gb", "Atlantis"), 1)
    ]
    path = write_stash_file(tmp_path / "stash-go.sqlite", people, 36)
    assert [record.fields["country"] for record in read(path)] == ["US", "GB", "Atlantis"]


def test_a_row_that_cannot_be_used_costs_itself(tmp_path):
    people = [StashPerformer(1, ""), StashPerformer(2, "Ava", urls=["javascript:alert(1)"])]
    path = write_stash_file(tmp_path / "stash-go.sqlite", people)
    fault, record = read(path)
    assert (fault.line, fault.key, fault.reason) == (1, "1", "no name")
    assert isinstance(record, Record)
    assert "not a web address" in record.faults[0].reason


_ANY = st.none() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=20)


@given(st.dictionaries(st.sampled_from(["birth_date", "career_length", "twitter", "url"]), _ANY))
def test_no_value_breaks_the_reading(said):
    with contextlib.suppress(ImportRowError):
        make_stash_record(1, {"name": "Ava", **said}, aliases=[], urls=[], ids=[], picture=None)


class TestWhileStashRuns:
    def test_what_it_has_not_yet_put_into_the_file_is_read(self, tmp_path):
        path = write_stash_file(tmp_path / "stash-go.sqlite", [ONE])
        with closing(sqlite3.connect(path)) as stash, stash:
            stash.execute("UPDATE performers SET name = 'Renamed'")
            stash.commit()
            before = path.read_bytes()
            assert path.with_name(f"{path.name}-wal").stat().st_size
            (record,) = read(path)
            assert path.read_bytes() == before
        assert record.fields["canonical_name"] == "Renamed"

    def test_it_can_tidy_up_as_soon_as_the_performers_are_read(self, tmp_path):
        """The pictures after them take an hour: its log must not grow for so long."""
        path = write_stash_file(tmp_path / "stash-go.sqlite", [ONE])
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as stash:
            stash.execute("UPDATE performers SET favorite = 1")
            with closing(open_reader(path)) as reader:
                records = iter(reader)
                next(records)
                stash.execute("UPDATE performers SET favorite = 0")
                assert _is_kept_from_tidying(stash)
                assert list(records) == []
                assert not _is_kept_from_tidying(stash)

    def test_nothing_is_written_beside_a_file_that_nobody_uses(self, tmp_path):
        path = write_stash_file(tmp_path / "stash-go.sqlite", [ONE])
        before = path.read_bytes()
        read(path)
        assert list(tmp_path.iterdir()) == [path]
        assert path.read_bytes() == before


def _is_kept_from_tidying(stash):
    return bool(stash.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])


def refusal(path):
    with pytest.raises(UnreadableFile) as told:
        read(path)
    text = str(told.value)
    assert "\n" not in text
    assert str(path) in text
    return text


class TestBadFiles:
    def test_being_migrated(self, tmp_path):
        path = write_stash_file(tmp_path / "stash-go.sqlite", [ONE], is_migrating=True)
        assert "being migrated by Stash" in refusal(path)

    def test_locked(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sqlite_file, "PATIENCE", 0.1)
        path = write_stash_file(tmp_path / "stash-go.sqlite", [ONE])
        with closing(sqlite3.connect(path, isolation_level=None)) as stash:
            stash.execute("PRAGMA journal_mode=DELETE")
            stash.execute("BEGIN EXCLUSIVE")
            stash.execute("UPDATE performers SET name = 'x'")
            assert "locked by another program" in refusal(path)
            stash.execute("ROLLBACK")
        assert read(path)

    @pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
    def test_copied_in_part(self, tmp_path, kept, db):
        people = [StashPerformer(number, f"Ava {number}") for number in range(1, 400)]
        path = write_stash_file(tmp_path / "stash-go.sqlite", people)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * kept)])
        assert "copied only in part" in refusal(path)
        with pytest.raises(UnreadableFile):
            import_file(db, path)
        assert db.count_performers() == 0

    def test_damaged_inside(self, tmp_path):
        people = [StashPerformer(number, f"Ava {number}") for number in range(1, 400)]
        path = write_stash_file(tmp_path / "stash-go.sqlite", people)
        whole = bytearray(path.read_bytes())
        whole[8192:] = b"\xff" * (len(whole) - 8192)
        path.write_bytes(whole)
        assert "is damaged" in refusal(path)

    def test_left_in_the_middle_of_a_change(self, tmp_path):
        path = write_stash_file(tmp_path / "stash-go.sqlite", [ONE])
        copy = tmp_path / "copy.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None)) as stash:
            stash.execute("PRAGMA journal_mode=DELETE")
            stash.execute("PRAGMA cache_size=1")
            stash.execute("BEGIN")
            stash.execute("CREATE TABLE more AS SELECT * FROM performers")
            for _ in range(12):
                stash.execute("INSERT INTO more SELECT * FROM more")
            stash.execute("UPDATE performers SET name = 'x'")
            copy.write_bytes(path.read_bytes())
            journal = path.with_name(f"{path.name}-journal").read_bytes()
            copy.with_name("copy.sqlite-journal").write_bytes(journal)
            stash.execute("ROLLBACK")
        assert "left in the middle of a change" in refusal(copy)

    def test_of_another_program(self, tmp_path):
        path = tmp_path / "other.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE performers (id INTEGER, name TEXT, stage TEXT)")
        assert "another program's database" in refusal(path)

    def test_no_database_at_all_in_the_name_of_one(self, tmp_path):
        path = tmp_path / "stash-go.sqlite"
        path.write_bytes(b"SQLite format 3\0" + b"nothing" * 500)
        assert "is damaged" in refusal(path)


def test_a_stash_that_writes_meanwhile_disturbs_nothing(tmp_path, db):
    people = [StashPerformer(number, f"Ava {number}") for number in range(1, 1200)]
    path = write_stash_file(tmp_path / "stash-go.sqlite", people)
    stop = threading.Event()

    def edit():
        with closing(sqlite3.connect(path, isolation_level=None, timeout=60)) as stash:
            while not stop.is_set():
                stash.execute("UPDATE performers SET favorite = NOT coalesce(favorite, 0)")

    with closing(sqlite3.connect(path)) as open_before:
        open_before.execute("UPDATE performers SET favorite = 0")
        open_before.commit()
        thread = threading.Thread(target=edit)
        thread.start()
        try:
            summary = import_file(db, path)
        finally:
            stop.set()
            thread.join()
    assert (summary.added, summary.skipped) == (len(people), 0)
