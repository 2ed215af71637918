from __future__ import annotations

import argparse
import csv
import importlib
import json
import os
import random
import sqlite3
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.due import Selection
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.schema import aliases, external_urls, merged_ids, performers
from enrichscrapy.database.store import store_lookup
from enrichscrapy.exceptions import UnreadableFile
from enrichscrapy.importing import performers as importing
from enrichscrapy.importing import records as importing_records
from enrichscrapy.importing.readers import MAX_LINE, open_reader
from enrichscrapy.importing.records import Fault
from enrichscrapy.items import Outcome
from tests.database.builders import lookup
from tests.support import import_file

pytestmark = pytest.mark.on_both()

BABEPEDIA = "https://www.babepedia.com/babe/Invented_Person"
IAFD = "https://www.iafd.com/person.rme/id=0a1b2c3d-0000-4000-8000-00000000000a"

ONE = {
    "id": 7,
    "name": "Invented Person",
    "gender": "female",
    "birth_date": "1983-10",
    "country": "ES",
    "disambiguation": "the first",
    "aliases": ["Second Name", "second name", " "],
    "urls": [BABEPEDIA + "/?ref=1", IAFD],
    "stashbox_ids": {"stashdb": "11111111-1111-4111-8111-111111111111"},
}


def write_jsonl(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def write_stash_sense(path, *, wal=False, drop=(), without_columns=()):
    """A performers.db as stash-sense writes it; some tables or columns may be missing."""
    connection = sqlite3.connect(path)
    if wal:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(
        """
        CREATE TABLE schema_version(version INTEGER);
        INSERT INTO schema_version VALUES (3);
        CREATE TABLE performers(id INTEGER PRIMARY KEY, canonical_name TEXT NOT NULL,
          disambiguation TEXT, gender TEXT, country TEXT, birth_date TEXT, height_cm INTEGER,
          face_count INTEGER, image_url TEXT, created_at TEXT, something_new TEXT);
        CREATE TABLE stashbox_ids(performer_id INTEGER, endpoint TEXT, stashbox_performer_id TEXT);
        CREATE TABLE external_urls(id INTEGER PRIMARY KEY, performer_id INTEGER, site TEXT,
          url TEXT, normalized_id TEXT, source_endpoint TEXT, confidence REAL);
        CREATE TABLE aliases(id INTEGER PRIMARY KEY, performer_id INTEGER, alias TEXT,
          source_endpoint TEXT);
        CREATE TABLE faces(id INTEGER PRIMARY KEY, performer_id INTEGER, facenet_index INTEGER,
          arcface_index INTEGER, image_url TEXT);
        CREATE TABLE merged_ids(performer_id INTEGER, merged_stashbox_id TEXT, endpoint TEXT);
        INSERT INTO performers(id, canonical_name, gender, birth_date, height_cm) VALUES
          (3, 'Invented Person', 'FEMALE', '1983', 170), (5, 'Other Person', NULL, NULL, NULL);
        INSERT INTO stashbox_ids VALUES (3, 'stashdb', 'aaa'), (3, 'theporndb', 'bbb');
        INSERT INTO external_urls(performer_id, site, url, normalized_id, confidence) VALUES
          (3, NULL, 'http://iafd.com/person.rme/id=0A1B2C3D-0000-4000-8000-00000000000A', 'x', 1.0),
          (5, 'babepedia', 'https://nowhere.example/babepedia.com/babe/X', 'X', 0.8),
          (5, 'twitter', 'https://twitter.com/other', 'other', 0.6);
        INSERT INTO aliases(performer_id, alias, source_endpoint) VALUES
          (1, 'Nobody', NULL), (3, 'Second Name', 'stashdb');
        INSERT INTO faces(performer_id, image_url) VALUES
          (3, NULL), (3, 'https://images.example/1.jpg'), (3, 'https://images.example/2.jpg');
        INSERT INTO merged_ids VALUES (3, 'old-aaa', 'stashdb');
        """
    )
    for table in drop:
        connection.execute(f"DROP TABLE {table}")
    for table, column in without_columns:
        connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    connection.commit()
    connection.close()
    return path


def contents(db):
    """All that was imported, in natural keys."""
    return [
        (p.canonical_name, p.gender, p.birth_date, set(p.aliases), set(p.urls), p.stashbox_ids)
        for p in db.iter_performers_after_id()
    ]


def imported(db, path):
    faults = []
    summary = import_file(db, path, on_fault=lambda fault, unit: faults.append(fault))
    return summary, faults


class TestJsonLines:
    def test_a_whole_performer(self, db, tmp_path):
        summary, faults = imported(db, write_jsonl(tmp_path / "a.jsonl", ONE))
        assert (str(summary), faults) == ("added 1, updated 0, unchanged 0, skipped 0", [])
        (performer,) = db.iter_performers_after_id()
        assert performer.canonical_name == "Invented Person"
        assert (performer.gender, performer.birth_date) == ("FEMALE", "1983-10")
        assert (performer.country, performer.disambiguation) == ("ES", "the first")
        assert performer.aliases == ("Second Name", "second name")
        assert performer.urls == (BABEPEDIA, IAFD)
        assert performer.stashbox_ids == (("stashdb", ONE["stashbox_ids"]["stashdb"]),)

    def test_importing_again_changes_nothing(self, db, tmp_path):
        path = write_jsonl(tmp_path / "a.jsonl", ONE, {"id": 8, "name": "No Id Elsewhere"})
        imported(db, path)
        before = contents(db)
        summary, _ = imported(db, path)
        assert (summary.added, summary.updated, summary.unchanged) == (0, 0, 2)
        assert contents(db) == before

    def test_importing_again_updates(self, db, tmp_path):
        path = write_jsonl(tmp_path / "a.jsonl", ONE, {"id": 8, "name": "Other"})
        imported(db, path)
        changed = {**ONE, "id": 99, "name": "New Name", "aliases": ["Third"], "country": None}
        write_jsonl(path, changed, {"id": 8, "name": "Other", "urls": ["https://x.com/other"]})
        summary, _ = imported(db, path)
        assert (summary.added, summary.updated) == (0, 2)
        first, second = db.iter_performers_after_id()
        assert first.canonical_name == "New Name"
        assert first.country == "ES"  # what the file no longer says stays
        assert set(first.aliases) == {"Second Name", "second name", "Third"}
        assert second.urls == ("https://x.com/other",)

    def test_a_new_link_makes_an_ended_lookup_due(self, db, tmp_path):
        path = write_jsonl(tmp_path / "a.jsonl", {**ONE, "urls": [BABEPEDIA]})
        imported(db, path)
        (performer,) = db.iter_performers_after_id()
        for source in ("babepedia", "iafd"):
            store_lookup(
                db,
                lookup(performer, Outcome.ABSENT, source=source),
                model_id=None,
                retry=RetryPolicy(),
                judge=None,
            )
        imported(db, path)
        assert not db.ledger.is_due(Selection("babepedia", "url"), performer.id)
        imported(db, write_jsonl(path, {**ONE, "urls": [BABEPEDIA, BABEPEDIA + "2"]}))
        assert db.ledger.is_due(Selection("babepedia", "url"), performer.id)
        assert not db.ledger.is_due(Selection("iafd", "url"), performer.id)

    def test_a_row_that_gets_an_id_later_stays_the_same_performer(self, db, tmp_path):
        path = write_jsonl(tmp_path / "a.jsonl", {"id": 8, "name": "Other"})
        imported(db, path)
        write_jsonl(path, {"id": 8, "name": "Other", "stashbox_ids": {"stashdb": "x"}})
        assert imported(db, path)[0].updated == 1
        write_jsonl(path, {"id": 8, "name": "Somebody", "stashbox_ids": {"stashdb": "y"}})
        assert imported(db, path)[0].added == 1

    def test_the_same_row_id_of_another_file_is_another_performer(self, db, tmp_path):
        imported(db, write_jsonl(tmp_path / "a.jsonl", {"id": 8, "name": "One"}))
        imported(db, write_jsonl(tmp_path / "b.jsonl", {"id": 8, "name": "Two"}))
        assert [p.canonical_name for p in db.iter_performers_after_id()] == ["One", "Two"]

    def test_a_performer_twice_in_one_file_is_one(self, db, tmp_path):
        again = {**ONE, "id": 8, "aliases": ["Third"]}
        summary, _ = imported(db, write_jsonl(tmp_path / "a.jsonl", ONE, again))
        assert (summary.added, summary.updated) == (1, 1)

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b"not json", "not JSON"),
            (b"[1]", "not a JSON object"),
            (b'{"id": 1}', "no name"),
            (b'{"id": 1, "name": "   "}', "no name"),
            (b'{"name": "A"}', "needs an id"),
            (b'{"id": 1, "name": ["A"]}', "expected text"),
            (b'{"id": 1, "name": "A", "aliases": "B"}', "aliases is not a list"),
            (b'{"id": 1, "name": "A", "stashbox_ids": ["B"]}', "stashbox_ids is not an object"),
            (b'{"id": 1, "name": "\xff"}', "not UTF-8"),
            (b'{"id": 1, "name": "\\ud800"}', "not UTF-8"),
            (b'{"id": 1, "name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not JSON"),
            (b'{"id": 1, "name": ' + b"9" * 10_000 + b"}", "not JSON"),
            (b'{"id": 1, "name": "' + b"A" * MAX_LINE * 3 + b'"}', "longer"),
        ],
    )
    def test_a_bad_row_is_named_and_skipped(self, db, tmp_path, line, reason):
        path = tmp_path / "a.jsonl"
        good = json.dumps({"id": 2, "name": "Good"}).encode()
        path.write_bytes(good + b"\n\n" + line + b"\n" + good.replace(b"2", b"3"))
        summary, (fault,) = imported(db, path)
        assert (summary.added, summary.skipped, summary.faultless) == (2, 1, False)
        assert fault.line == 3
        assert reason in fault.reason
        assert "\n" not in fault.reason

    def test_a_bad_value_costs_only_itself(self, db, tmp_path):
        row = {
            "id": 1,
            "name": "A\u0000\n B",
            "gender": "?",
            "birth_date": "1983-02-30",
            "height_cm": "tall",
            "urls": ["javascript:alert(1)", "https://x.com/a", "http://[::1"],
            "stashbox_ids": {"stashdb": None},
        }
        summary, faults = imported(db, write_jsonl(tmp_path / "a.jsonl", row))
        assert (summary.added, summary.left_out, summary.faultless) == (1, 6, False)
        assert {fault.reason.split(" left out")[0] for fault in faults} == {
            "gender",
            "birth_date",
            "height_cm",
            "link",
            "stash-box id",
        }
        (performer,) = db.iter_performers_after_id()
        assert (performer.canonical_name, performer.urls) == ("A B", ("https://x.com/a",))

    def test_ids_of_two_performers_are_a_fault(self, db, tmp_path):
        two = [{"name": n, "stashbox_ids": {"stashdb": n}} for n in "AB"]
        both = {"name": "C", "stashbox_ids": {"stashdb": "A", "x": "1"}}
        imported(db, write_jsonl(tmp_path / "a.jsonl", *two))
        db.add_stashbox_id(2, "x", "1")
        summary, (fault,) = imported(db, write_jsonl(tmp_path / "b.jsonl", both))
        assert summary.skipped == 1
        assert "several performers: 1 and 2" in fault.reason


class TestCsv:
    def test_lists_are_split(self, db, tmp_path):
        path = tmp_path / "a.csv"
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "Name", "aliases", "urls", "stashbox_ids", "my_notes"])
            writer.writerow([1, 'In"vented,\nPerson', "One|Two", BABEPEDIA, "stashdb:aaa|x:b"])
            writer.writerow([1, "A", "One|Two", f"{BABEPEDIA}|{IAFD}", "stashdb:aaa|x:b", "z"])
        _, (fault,) = imported(db, path)
        assert fault == Fault(2, "5 columns where the header has 6")
        (performer,) = db.iter_performers_after_id()
        assert performer.aliases == ("One", "Two")
        assert performer.urls == (BABEPEDIA, IAFD)
        assert performer.stashbox_ids == (("stashdb", "aaa"), ("x", "b"))

    def test_the_line_of_a_fault_is_the_files(self, db, tmp_path):
        path = tmp_path / "a.csv"
        path.write_bytes(b'id,name\n1,"two\nlines"\n2,\n3,\xff\n4,"bro"ken"\n5,Good\n')
        summary, faults = imported(db, path)
        assert [fault.line for fault in faults] == [4, 5, 6]
        assert summary.added == 2

    def test_csv_and_jsonl_say_the_same(self, tmp_path):
        path = tmp_path / "a.csv"
        ids = f"stashdb:{ONE['stashbox_ids']['stashdb']}"
        row = {**ONE, "aliases": "Second Name|second name", "urls": "|".join(ONE["urls"])}
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            writer.writeheader()
            writer.writerow({**row, "stashbox_ids": ids})
        with (
            PerformerDatabase(tmp_path / "1.db") as one,
            PerformerDatabase(tmp_path / "2.db") as two,
        ):
            imported(one, path)
            imported(two, write_jsonl(tmp_path / "a.jsonl", ONE))
            assert contents(one) == contents(two)


class TestStashSense:
    def test_what_is_known_is_taken(self, db, tmp_path):
        summary, faults = imported(db, write_stash_sense(tmp_path / "theirs.db"))
        assert (summary.added, faults) == (2, [])
        first, second = db.iter_performers_after_id()
        assert (first.birth_date, first.face_count) == ("1983", 3)
        assert first.image_url == "https://images.example/1.jpg"
        assert first.aliases == ("Second Name",)
        assert first.stashbox_ids == (("stashdb", "aaa"), ("theporndb", "bbb"))
        assert second.gender is None
        with db.read() as connection:
            sites = connection.execute(select(external_urls.c.site, external_urls.c.confidence))
            assert list(sites) == [("iafd", 1.0), ("nowhere.example", 0.8), ("twitter", 0.6)]
            assert connection.scalars(select(merged_ids.c.merged_stashbox_id)).all() == ["old-aaa"]
        assert [row[0] for row in db.iter_performers_with_site_urls("iafd")] == [first.id]
        assert list(db.iter_performers_with_site_urls("babepedia")) == []

    def test_again_and_under_merged_ids(self, db, tmp_path):
        old = {"name": "Before The Merge", "stashbox_ids": {"stashdb": "old-aaa"}}
        imported(db, write_jsonl(tmp_path / "old.jsonl", old))
        path = write_stash_sense(tmp_path / "theirs.db")
        summary, _ = imported(db, path)
        assert (summary.added, summary.updated) == (1, 1)
        assert db.get_performer(1).canonical_name == "Invented Person"
        assert imported(db, path)[0].unchanged == 2

    def test_tables_and_columns_may_be_missing(self, db, tmp_path):
        path = write_stash_sense(
            tmp_path / "theirs.db",
            drop=("stashbox_ids", "aliases", "faces", "merged_ids", "schema_version"),
            without_columns=[("performers", "gender"), ("external_urls", "confidence")],
        )
        summary, faults = imported(db, path)
        assert (summary.added, faults) == (2, [])
        assert db.get_performer(1).gender is None

    @pytest.mark.parametrize("wal", [False, True])
    def test_the_file_and_its_folder_are_not_touched(self, db, tmp_path, wal):
        folder = tmp_path / "theirs"
        folder.mkdir()
        path = write_stash_sense(folder / "performers.db", wal=wal)
        before = path.read_bytes()
        imported(db, path)
        assert path.read_bytes() == before
        assert os.listdir(folder) == ["performers.db"]

    def test_a_file_in_use_is_read_with_its_wal(self, db, tmp_path):
        path = write_stash_sense(tmp_path / "theirs.db", wal=True)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("INSERT INTO performers(id, canonical_name) VALUES (9, 'Just Added')")
        assert imported(db, path)[0].added == 3
        other.close()

    def test_a_damaged_file_is_one_line(self, db, tmp_path):
        path = write_stash_sense(tmp_path / "theirs.db")
        data = bytearray(path.read_bytes())
        data[4096 : 4096 * 3] = os.urandom(4096 * 2)
        path.write_bytes(data)
        with pytest.raises(UnreadableFile) as caught:
            imported(db, path)
        assert "\n" not in str(caught.value)

    def test_our_own_database_can_be_imported_elsewhere(self, tmp_path):
        with (
            PerformerDatabase(tmp_path / "1.db") as one,
            PerformerDatabase(tmp_path / "2.db") as two,
        ):
            imported(one, write_stash_sense(tmp_path / "theirs.db"))
            imported(two, tmp_path / "1.db")
            assert contents(one) == contents(two)


@pytest.mark.parametrize(
    "content",
    [b"", b"nothing,of,use\n1,2,3\n", os.urandom(500), b"SQLite format 3\0" + b"x" * 100],
    ids=["empty", "csv-without-name", "noise", "sqlite-header-only"],
)
def test_a_file_of_no_known_kind_is_one_line(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as caught:
        list(open_reader(path))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_missing_file_and_a_folder(tmp_path):
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(UnreadableFile, match="cannot be read"):
            open_reader(path)


@pytest.mark.sqlite_only
def test_the_database_is_not_imported_into_itself(db):
    with pytest.raises(UnreadableFile, match="DATABASE_URL"):
        import_file(db, db.path)


def test_memory_does_not_grow_with_the_file(db, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 200)  # one is read while another is written
    path = tmp_path / "many.jsonl"

    def peak(rows):
        with path.open("w") as file:
            for number in range(rows):
                row = {"id": number, "name": f"Person {number}", "aliases": [f"Alias {number}"]}
                file.write(json.dumps(row) + "\n")
        tracemalloc.start()
        import_file(db, path)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(1000)  # whatever is kept for good is kept by now
    assert peak(3000) < 1.5 * peak(1000)


def test_what_is_too_long_for_an_index_costs_itself_or_its_row(db, tmp_path):
    """The longest of all that is taken fits PostgreSQL's indexes, also where nothing repeats."""

    def text(size, seed):
        return "".join(random.Random(seed).choices("aebcdfghijklmnopqrstuvwxyz0123456789", k=size))

    def row(extra):
        return {
            "id": text(1000 + extra, 1),
            "name": text(1000 - 3, 2) + "あ" + "x" * extra,
            "aliases": [text(1000 - 3, 3) + "あ" + "x" * extra],
            "urls": [f"https://{text(60, 4)}.example/{text(2000 - 8 - 60 - 9 + extra, 5)}"],
            "stashbox_ids": {"stashdb": text(1000 - 7 + extra, 6)},
        }

    path = tmp_path / f"{text(240, 7)}.jsonl"
    rows = [row(0), {**row(1), "id": "2", "name": "Two"}, {**row(1), "id": "3"}]
    rows += [{**row(1), "name": "Four"}, {"id": "9" * 1001, "name": "Five"}]
    path.write_text("".join(f"{json.dumps(each)}\n" for each in rows))
    told = []
    import_file(db, path, on_fault=lambda fault, unit: told.append((fault.line, fault.reason)))
    assert sorted(line for line, _ in told) == [2, 2, 2, 3, 4, 5]
    assert all("longer than" in reason for _, reason in told)
    first, second = db.iter_performers_after_id()
    assert len(first.aliases) == len(first.urls) == len(first.stashbox_ids) == 1
    assert (second.canonical_name, second.aliases, second.urls) == ("Two", (), ())


class CutOff:
    """A reader whose file cannot be read to its end."""

    unit, total, position = "line", 9, 0

    def __init__(self, *items):
        self.items = items
        self.ignored = []

    def __iter__(self):
        yield from self.items
        raise UnreadableFile("the file ends in the middle")

    def close(self):
        """Nothing is open."""


def test_what_was_read_before_the_file_ended_is_written_and_told(db, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    odd = {"canonical_name": "One", "height_cm": "tall"}
    items = [importing_records.make_record(1, "1", odd), Fault(2, "not JSON", key="2")]
    items.append(importing_records.make_record(3, "3", {"canonical_name": "Three"}))
    told = []
    with pytest.raises(UnreadableFile):
        importing.import_records(
            db, CutOff(*items), "a", on_fault=lambda fault, unit: told.append(fault.line)
        )
    assert told == [2, 1]
    assert [one.canonical_name for one in db.iter_performers_after_id()] == ["One"]


def test_faults_are_told_in_the_order_of_the_batches(db, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    path = tmp_path / "a.jsonl"
    good = [{"id": number, "name": f"P {number}", "height_cm": "tall"} for number in range(20)]
    path.write_text("".join(f"{json.dumps(row)}\nnot JSON\n" for row in good))
    told = []
    summary = import_file(db, path, on_fault=lambda fault, unit: told.append(fault.line))
    assert told == [line for first in range(1, 40, 2) for line in (first + 1, first)]
    assert (summary.added, summary.skipped, summary.left_out) == (20, 20, 20)


@pytest.mark.sqlite_only
def test_a_batch_that_cannot_be_written_ends_the_import(db, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"id": {number}, "name": "P"}}\n' for number in range(20)))
    with db.write() as connection:
        connection.exec_driver_sql("DROP TABLE import_rows")
    with pytest.raises(DBAPIError, match="import_rows"):
        import_file(db, path)
    assert not list(db.iter_performers_after_id())


@given(st.lists(st.binary(max_size=60), max_size=8))
@settings(max_examples=150)
def test_no_jsonl_file_breaks_the_reader(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("fuzz") / "a.jsonl"
    path.write_bytes(b'{"id": 1, "name": "A"}\n' + b"\n".join(lines))
    for item in open_reader(path):
        assert "\n" not in (item.reason if isinstance(item, Fault) else item.key)


@given(
    st.dictionaries(
        st.sampled_from(sorted(ONE)),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        ),
    )
)
@settings(max_examples=80)
def test_no_json_object_breaks_the_import(tmp_path_factory, row):
    folder = tmp_path_factory.mktemp("fuzz")
    path = write_jsonl(folder / "a.jsonl", {"id": 1, "name": "A"}, row)
    items = list(open_reader(path))
    assert len(items) == 2


def test_the_command_reports_and_ends_as_it_should(tmp_path, capsys):
    command = importlib.import_module("enrichscrapy.commands.import-performers").Command()
    options = argparse.Namespace(namesake=[], faces=None, blobs=None, all=False)
    command.settings = {"DATABASE_URL": f"sqlite:///{tmp_path / 'a.db'}"}
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(ONE) + "\n{}\n")
    command.run([str(path)], options)
    out, err = capsys.readouterr()
    assert out == "added 1, updated 0, unchanged 0, skipped 1\n"
    assert "a.jsonl, line 2: no name: skipped" in err
    assert command.exitcode == 1
    path.write_text(json.dumps(ONE))
    command.run([str(path)], options)
    assert command.exitcode == 0
    command.run([str(tmp_path / "missing")], options)
    assert capsys.readouterr().err.count("\n") == 1
    assert command.exitcode == 2


def test_aliases_and_performers_carry_their_times(db, tmp_path):
    imported(db, write_jsonl(tmp_path / "a.jsonl", ONE))
    with db.read() as connection:
        times = {
            *connection.scalars(select(performers.c.created_at)),
            *connection.scalars(select(performers.c.updated_at)),
            *connection.scalars(select(aliases.c.created_at)),
        }
    assert times == {"2023-11-14T22:13:20+00:00"}
