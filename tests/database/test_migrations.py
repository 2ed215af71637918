"""Every later version opens what an earlier one wrote, and makes the schema that schema.py says."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import Engine, create_engine, inspect

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.dialects.postgresql import PostgresBackend
from enrichscrapy.database.migrations import STEPS, run_step
from enrichscrapy.database.schema import metadata
from tests.database.builders import count_pending_differences
from tests.postgres import name_of
from tests.support import PROJECT

WRITTEN = sorted((PROJECT / "tests" / "database" / "files").glob("*.sql"))
"""Databases as released versions left them, each with the steps it knew."""


def shape(engine: Engine) -> dict[str, object]:
    """Tables with their columns, keys, rules and indexes, whatever their order."""
    inspector = inspect(engine)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["primary_key"])
                for column in inspector.get_columns(table)
            },
            "unique": {
                tuple(rule["column_names"]) for rule in inspector.get_unique_constraints(table)
            },
            "checks": {rule["name"] for rule in inspector.get_check_constraints(table)},
            "foreign": {
                (*rule["constrained_columns"], rule["referred_table"], str(rule["options"]))
                for rule in inspector.get_foreign_keys(table)
            },
            "indexes": {
                (
                    rule["name"],
                    *rule["column_names"],
                    rule["unique"],
                    str(rule["dialect_options"].get("sqlite_where")),
                )
                for rule in inspector.get_indexes(table)
            },
        }
        for table in inspector.get_table_names()
        if table != "sqlite_sequence"
    }


def code_of(engine: Engine) -> set[str]:
    """The views and triggers, white space folded."""
    query = "SELECT sql FROM sqlite_master WHERE type IN ('view', 'trigger')"
    with engine.connect() as connection:
        return {" ".join(sql.split()) for (sql,) in connection.exec_driver_sql(query)}


@pytest.fixture(params=WRITTEN, ids=lambda path: path.stem)
def older(request, tmp_path):
    """A database file as an earlier version wrote it."""
    path = tmp_path / "older.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(request.param.read_text())
    return path


def test_the_steps_make_the_schema_that_is_declared(db, tmp_path):
    declared = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    metadata.create_all(declared)
    assert shape(db.engine) == shape(declared)
    declared.dispose()


def shape_on_server(url: str) -> dict[str, set[tuple[object, ...]]]:
    """Columns, indexes and rules in a server's own words, without how a text sorts or an id is
    counted."""
    queries = {
        "columns": """
            SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                   CASE WHEN pg_get_expr(d.adbin, d.adrelid) NOT LIKE 'nextval%'
                        THEN pg_get_expr(d.adbin, d.adrelid) END
              FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
              LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
             WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
        """,
        "indexes": "SELECT replace(indexdef, ' COLLATE \"C\"', '') FROM pg_indexes"
        " WHERE schemaname = 'public'",
        "rules": """
            SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
             WHERE connamespace = 'public'::regnamespace
        """,
    }
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            name: {tuple(row) for row in connection.exec_driver_sql(query.replace("%", "%%"))}
            for name, query in queries.items()
        }
    engine.dispose()
    return found


def test_the_steps_make_the_same_schema_on_a_server(postgres, postgres_url):
    declared = postgres.create(empty=True)
    engine = create_engine(declared)
    metadata.create_all(engine)
    engine.dispose()
    assert shape_on_server(postgres_url) == shape_on_server(declared)
    postgres.drop(declared)


def test_text_sorts_on_a_server_as_in_a_file(postgres, postgres_url):
    query = (
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND data_type = 'text'"
        " AND collation_name IS DISTINCT FROM 'C'"
    )
    with postgres.connect(name_of(postgres_url)) as connection:
        found = connection.execute(query).fetchall()
    assert [row for row in found if row[0] != "never_looked_up"] == []


def test_every_step_after_the_first_of_a_server_has_a_file_for_each():
    folder = PROJECT / "enrichscrapy" / "database" / "steps"
    names = {kind.name: {path.stem for path in kind.glob("*.sql")} for kind in folder.iterdir()}
    assert names["sqlite"] == set(STEPS)
    later = {name for name in STEPS if name > PostgresBackend.baseline}
    assert names["postgresql"] == {"baseline", *later}


def test_an_older_file_becomes_like_a_new_one(older, db):
    with PerformerDatabase(older) as opened:
        assert shape(opened.engine) == shape(db.engine)
        assert code_of(opened.engine) == code_of(db.engine)
        opened.check()


def test_nothing_in_an_older_file_is_lost(older):
    with closing(sqlite3.connect(older)) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        ]
        before = {
            name: connection.execute(f"SELECT * FROM {name}").fetchall()
            for name in tables
            if name != "schema_migrations"
        }
        columns = {
            name: ", ".join(row[1] for row in connection.execute(f"PRAGMA table_info({name})"))
            for name in before
        }
    assert before["faces"]
    assert before["lookups"]
    with PerformerDatabase(older):
        pass
    with closing(sqlite3.connect(older)) as connection:
        for name, rows in before.items():
            now = connection.execute(f"SELECT {columns[name]} FROM {name}").fetchall()
            assert set(now) >= set(rows), name


def test_an_older_file_goes_on_in_use(older):
    with PerformerDatabase(older) as opened:
        added = opened.add_performer("Nova Fresh", gender="FEMALE")
        opened.add_url(added, "https://www.babepedia.com/babe/Nova_Fresh")
        with opened.read() as connection:
            assert count_pending_differences(connection) == 0
        assert opened.get_performer(added).urls == ("https://www.babepedia.com/babe/Nova_Fresh",)


def test_steps_are_recorded_once_and_in_order(db):
    with db.read() as connection:
        names = connection.exec_driver_sql("SELECT name FROM schema_migrations").scalars().all()
    assert sorted(names) == list(STEPS)


def test_a_stash_box_has_one_name_however_older_versions_wrote_it(db):
    one, other = db.add_performer("Ava One"), db.add_performer("Ava Two")
    rows = [
        (one, "stashdb.org", "a"),
        (one, "https://fansdb.cc/graphql", "b"),
        (one, "box.example", "c"),
        (one, "stashdb", "twice"),
        (other, "StashDB.org", "twice"),
    ]
    with db.write() as connection:
        for row in rows:
            connection.exec_driver_sql("INSERT INTO stashbox_ids VALUES (?, ?, ?)", row)
        run_step(connection, db.backend, "0061_stash_box_names")
        found = connection.exec_driver_sql("SELECT * FROM stashbox_ids ORDER BY 3, 1").all()
    assert [tuple(row) for row in found] == [
        (one, "stashdb", "a"),
        (one, "fansdb", "b"),
        (one, "box.example", "c"),
        (one, "stashdb", "twice"),
        (other, "StashDB.org", "twice"),  # whose it is cannot be told: nothing is lost
    ]
