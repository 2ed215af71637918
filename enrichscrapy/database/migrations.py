"""The schema's steps, each recorded by name in ``schema_migrations`` once it was taken.

A released step is never edited; a change of the schema is a new function at the end of
``STEPS``. The first step makes the tables as ``schema.py`` has them, so a later step has to bear
with a database that already has what it adds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, select

from enrichscrapy.database import pending
from enrichscrapy.database.schema import metadata, schema_migrations
from enrichscrapy.exceptions import DatabaseUnavailable

Step = Callable[[Connection], None]


def create_tables(connection: Connection) -> None:
    """All tables and indexes."""
    metadata.create_all(connection)


def create_pending(connection: Connection) -> None:
    """The view of never looked-up performers and the triggers that keep its copy in step."""
    pending.create(connection)


def create_minors(connection: Connection) -> None:
    """Whose word makes a performer a minor."""
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS minors (performer_id INTEGER NOT NULL REFERENCES performers "
        "(id) ON DELETE CASCADE, said_by TEXT NOT NULL, adult_on TEXT NOT NULL, "
        "PRIMARY KEY (performer_id, said_by))"
    )


def create_erasures(connection: Connection) -> None:
    """Erasures that were begun."""
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS erasures (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "
        "kind TEXT NOT NULL, person_id INTEGER, traits JSON, begun_at FLOAT NOT NULL)"
    )


def create_origin(connection: Connection) -> None:
    """The token that tells this database from any other."""
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS origin (token TEXT PRIMARY KEY NOT NULL)"
    )
    connection.exec_driver_sql("INSERT INTO origin SELECT lower(hex(randomblob(16)))")


STEPS: tuple[tuple[str, Step], ...] = (
    ("0001_tables", create_tables),
    ("0002_pending", create_pending),
    ("0040_minors", create_minors),
    ("0041_erasures", create_erasures),
    ("0042_origin", create_origin),
)


def migrate(engine: Engine, path: Path, now: float) -> None:
    """Take the steps this database has not taken, all of them or none.

    Raises ``DatabaseUnavailable`` for a file that is another program's or a newer version's.
    """
    with engine.connect() as connection, connection.begin():
        done = _steps_done(connection, path)
    if done == [name for name, _ in STEPS]:
        return
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        done = _steps_done(connection, path)  # another process may have been faster
        for name, step in STEPS:
            if name not in done:
                step(connection)
                connection.execute(insert(schema_migrations).values(name=name, applied_at=now))


def _steps_done(connection: Connection, path: Path) -> list[str]:
    tables = inspect(connection).get_table_names()
    if schema_migrations.name not in tables:
        if tables:
            raise DatabaseUnavailable(
                f"{path} is another program's database: give DATABASE_URL a file of its own and "
                f"read this one with scrapy import-performers {path}"
            )
        return []
    names = select(schema_migrations.c.name).order_by(schema_migrations.c.name)
    done = list(connection.scalars(names))
    unknown = [name for name in done if name not in dict(STEPS)]
    if unknown:
        raise DatabaseUnavailable(
            f"{path} was written by a newer enrichscrapy (step {unknown[0]}): update the program"
        )
    return done
