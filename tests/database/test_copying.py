"""A database copied into another: the same, whatever happens meanwhile; the old one as it was."""

import os
import tracemalloc

import pytest
from sqlalchemy import JSON, Boolean, Float, LargeBinary, event, func, insert, select, update

from enrichscrapy.database import PerformerDatabase, copying
from enrichscrapy.database.connection import Database
from enrichscrapy.database.copying import BATCH, copy
from enrichscrapy.database.schema import metadata, origin, performers, photos
from enrichscrapy.exceptions import BadSetting, DatabaseUnavailable, EnrichError
from tests.database.builders import count_pending_differences
from tests.sample_database import fill, open_sample
from tests.support import open_database

ODD = "Zoë\n\t'\"%s 🙂 Ł"


@pytest.fixture(params=["to a server", pytest.param("to a file", marks=pytest.mark.long)])
def pair(request, tmp_path, postgres):
    """A full source, and how an empty target of the other kind is opened."""
    file, url = tmp_path / "copy.db", postgres.create(empty=True)
    sample = open_sample(tmp_path / "source.db")
    fill(sample, performers=12)
    fill_every_table(sample.database)
    if request.param == "to a server":
        source, target = sample.database, url
    else:
        with sample.database, open_target(url, tmp_path) as between:
            list(copy(sample.database, between))
        source, target = PerformerDatabase(url, folder=tmp_path), file
    with source:
        yield source, lambda: open_target(target, tmp_path)
    postgres.drop(url)


def open_target(target, folder):
    return Database(target, folder=folder, unfinished=True)


def url_of(database):
    return database.engine.url.render_as_string() if "://" in database.name else database.path


def fill_every_table(db):
    """A row at least, with values that the databases may write differently."""
    db.ledger.register_sources(["babepedia", "iafd", "stashbox:stashdb"])
    with db.write() as connection:
        connection.execute(update(performers).where(performers.c.id == 1).values(country=ODD))
        # What refers to a row of its own table may refer to a later one.
        first, *_, last = connection.scalars(select(photos.c.id).order_by("id")).all()
        refer = update(photos).where(photos.c.id == first)
        connection.execute(refer.values(duplicate_of=last, sha256=None))
        for table in metadata.sorted_tables:
            if connection.scalar(select(func.count()).select_from(table)) == 0:
                connection.execute(insert(table).values(make_row(connection, table)))
        # The highest id is remembered, though nobody has it any more.
        connection.execute(insert(performers).values(id=7777, canonical_name="Gone"))
        connection.execute(performers.delete().where(performers.c.id == 7777))


def make_row(connection, table):
    row = {}
    for column in table.columns:
        if column.foreign_keys:
            [key] = column.foreign_keys
            row[column.name] = connection.scalar(select(func.max(key.column)))
        elif isinstance(column.type, JSON):
            row[column.name] = {"b": [1.5, None, ODD], "a": True}
        elif isinstance(column.type, LargeBinary):
            row[column.name] = bytes(range(256))
        elif isinstance(column.type, Boolean):
            row[column.name] = True
        elif isinstance(column.type, Float):
            row[column.name] = 1e-7 + 1 / 3
        else:
            row[column.name] = 7 if column.type.python_type is int else f"{ODD} {column.name}"
    return row


def read_all(db):
    """Every row of every table but what each database has of its own."""
    found = {}
    with db.read() as connection:
        for table in metadata.sorted_tables:
            if table.name != "schema_migrations":
                rows = connection.execute(select(table).order_by(*table.primary_key))
                found[table.name] = [tuple(row) for row in rows]
    return found


def test_the_copy_is_the_same_and_goes_on_counting_where_the_old_one_did(pair, tmp_path):
    source, open_it = pair
    before = read_all(source)
    # What a rejection took away is dropped when the source is opened, a day later.
    assert {name for name, rows in before.items() if not rows} <= {"rejected_faces"}
    with open_it() as target:
        told = list(copy(source, target))
        assert {one.table: one.rows for one in told}.items() <= {
            name: len(rows) for name, rows in before.items()
        }.items()
        assert read_all(target) == before == read_all(source)
    with Database(url_of(target), folder=tmp_path) as target:  # as anybody opens it
        assert target.token == source.token
        with target.write() as connection:
            assert count_pending_differences(connection) == 0
            target.backend.check(connection)
            assert target.backend.find_last_id(connection, performers) == 7777
            for table in metadata.sorted_tables:
                if (column := table.autoincrement_column) is not None:
                    [given] = target.backend.reserve_ids(connection, table, 1)
                    assert given > (connection.scalar(select(func.max(column))) or 0)
            new = insert(performers).values(canonical_name="Next").returning(performers.c.id)
            assert connection.scalar(new) > 7777


@pytest.mark.parametrize(
    "commits", [9, *(pytest.param(number, marks=pytest.mark.long) for number in (1, 5, 14, 40))]
)
@pytest.mark.parametrize("when", ["commit", pytest.param("begin", marks=pytest.mark.long)])
def test_a_killed_copy_is_no_database_until_it_is_finished(pair, monkeypatch, commits, when):
    source, open_it = pair
    monkeypatch.setattr(copying, "BATCH", 3)
    source.engine.dispose()
    child = os.fork()
    if not child:
        copy_and_die(source, open_it, when, commits)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    with open_it() as target:
        assert target.token != source.token
        place = url_of(target)
    with pytest.raises(DatabaseUnavailable, match="not finished"):
        PerformerDatabase(place)
    with open_it() as target:
        list(copy(source, target))
        assert read_all(target) == read_all(source)


def copy_and_die(source, open_it, when, commits):
    try:
        with open_it() as target:
            left = [commits]

            def strike(connection):
                if connection.get_execution_options().get("writes"):
                    left[0] -= 1
                    if left[0] < 0:
                        os._exit(9)

            event.listen(target.engine, when, strike)
            list(copy(source, target))
    finally:
        os._exit(1)


def test_the_old_file_is_not_changed_by_a_bit(tmp_path, postgres_url):
    with open_database(tmp_path / "a.db") as source:
        source.add_performer("Ada")
    before = (tmp_path / "a.db").read_bytes()
    with (
        PerformerDatabase(tmp_path / "a.db") as source,
        open_target(postgres_url, tmp_path) as target,
    ):
        list(copy(source, target))
    assert (tmp_path / "a.db").read_bytes() == before


def test_nobody_else_writes_meanwhile(tmp_path, postgres_url):
    with (
        open_database(tmp_path / "a.db") as source,
        PerformerDatabase(tmp_path / "a.db", busy_timeout=0.1) as other,
        open_target(postgres_url, tmp_path) as target,
    ):
        copied = copy(source, target)
        next(copied)
        with pytest.raises(DatabaseUnavailable, match="locked"):
            other.add_performer("Late")
        list(copied)
        assert other.add_performer("After") == 1


def test_only_an_empty_database_is_written_to(tmp_path, postgres_url):
    with (
        open_database(tmp_path / "a.db") as source,
        open_database(tmp_path / "b.db") as other,
        open_target(postgres_url, tmp_path) as target,
    ):
        for refused in (source, target):
            if refused is target:
                with target.write() as connection:
                    connection.execute(insert(performers).values(canonical_name="Somebody"))
            with pytest.raises(BadSetting) as caught:
                list(copy(source, refused))
            assert "\n" not in str(caught.value)
        with target.write() as connection:
            connection.execute(performers.delete())
        next(copied := copy(other, target))
        copied.close()
        with pytest.raises(BadSetting, match="not empty"):
            list(copy(source, target))
        list(copy(other, target))
        with pytest.raises(BadSetting, match="finished copy"):
            list(copy(other, target))


def test_a_row_that_cannot_be_copied_is_named(tmp_path, postgres_url):
    with (
        open_database(tmp_path / "a.db") as source,
        open_target(postgres_url, tmp_path) as target,
    ):
        for number in range(BATCH + 2):
            source.add_performer(f"Ada {number}")
        with source.write() as connection:
            tall = f"UPDATE performers SET height_cm = 'tall' WHERE id = {BATCH + 1}"
            connection.exec_driver_sql(tall)
        place = "performers: one of rows 501 to 502, by their keys,"
        for _ in range(2):  # and when it is tried again
            with pytest.raises(EnrichError, match=place) as caught:
                list(copy(source, target))
            assert "\n" not in str(caught.value)
            assert "Ada" not in str(caught.value)


def test_what_was_changed_in_a_beginning_is_found(tmp_path, postgres_url):
    with (
        open_database(tmp_path / "a.db") as source,
        open_target(postgres_url, tmp_path) as target,
    ):
        source.add_performer("Ada")
        next(copied := copy(source, target))
        copied.close()
        with target.write() as connection:
            connection.execute(update(performers).values(gender="FEMALE"))
        with pytest.raises(EnrichError, match="performers differs"):
            list(copy(source, target))
        with target.read() as connection:
            assert connection.scalar(select(origin.c.token)) != source.token


@pytest.mark.long
def test_memory_does_not_grow_with_the_database(tmp_path, postgres_url):
    with (
        open_database(tmp_path / "a.db") as source,
        open_target(postgres_url, tmp_path) as target,
    ):
        with source.write() as connection:
            rows = [
                {"canonical_name": f"Person {n}", "ethnicity": "x" * 5000} for n in range(20000)
            ]
            connection.execute(insert(performers), rows)
            del rows
        tracemalloc.start()
        list(copy(source, target))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 30e6  # all rows at once are 100 MB
