"""The schema's steps, each recorded by name in ``schema_migrations`` once it was taken.

A released step is never edited, and nothing in it refers to today's schema: the first ones are the
SQL files in ``steps/``. A change of the schema is a new function at the end of ``STEPS``, and the
same change in ``schema.py``; a test holds the two together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, select

from enrichscrapy.database.schema import schema_migrations
from enrichscrapy.exceptions import DatabaseUnavailable

Step = Callable[[Connection], None]


def create_tables(connection: Connection) -> None:
    """The tables and indexes of the first version."""
    run_script(connection, "0001_tables.sql")


def create_pending(connection: Connection) -> None:
    """The view of never looked-up performers and the triggers that keep its copy in step."""
    run_script(connection, "0002_pending.sql")


def create_import_rows(connection: Connection) -> None:
    """Which row of which file was whom, and the birth dates that nobody could read."""
    run_script(connection, "0020_import_rows.sql")


def run_script(connection: Connection, name: str) -> None:
    """Run a file of ``steps/``, in the caller's transaction."""
    lines = files(__package__).joinpath("steps", name).read_text("utf-8").splitlines(keepends=True)
    statement = ""
    for line in lines:
        statement += line
        if sqlite3.complete_statement(statement):
            connection.exec_driver_sql(statement)
            statement = ""


def add_pages(connection: Connection) -> None:
    """Which page a lookup found, so that no two performers have the same one."""
    run_script(connection, "0010_pages.sql")


def withdraw_agreeing_photos(connection: Connection) -> None:
    """Let faces wait that older rules accepted only because a page's photos agreed."""
    run_script(connection, "0011_agreeing_photos.sql")


def create_face_vectors(connection: Connection) -> None:
    """Where vectors of another model wait until every face has one."""
    connection.exec_driver_sql("""
        CREATE TABLE IF NOT EXISTS face_vectors (
            face_id INTEGER NOT NULL,
            model_id INTEGER NOT NULL,
            vector BLOB NOT NULL,
            quality FLOAT NOT NULL,
            measures JSON NOT NULL,
            PRIMARY KEY (face_id),
            FOREIGN KEY (face_id) REFERENCES faces (id) ON DELETE CASCADE,
            FOREIGN KEY (model_id) REFERENCES models (id)
        )
    """)


def create_minors(connection: Connection) -> None:
    """Whose word makes a performer a minor."""
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS minors (performer_id INTEGER NOT NULL, said_by TEXT NOT NULL, "
        "adult_on TEXT NOT NULL, PRIMARY KEY (performer_id, said_by), "
        "FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE)"
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


def add_proposal_states(connection: Connection) -> None:
    """What became of each proposal."""
    run_script(connection, "0065_proposal_states.sql")


def create_sent_values(connection: Connection) -> None:
    """What a Stash was sent."""
    run_script(connection, "0066_sent_values.sql")


def add_box_lookups(connection: Connection) -> None:
    """Who is due on a stash-box: everybody with an id there."""
    run_script(connection, "0067_box_lookups.sql")


def create_gallery_indexes(connection: Connection) -> None:
    """What the gallery's lists and figures are read from."""
    run_script(connection, "0070_gallery.sql")


def create_rejected_faces(connection: Connection) -> None:
    """What a rejection took away, while it can be undone; the gallery's visits."""
    run_script(connection, "0071_rejected_faces.sql")


def add_crop_area(connection: Connection) -> None:
    """Which part of its photo a crop shows: it is wider than one network's input from now on."""
    connection.exec_driver_sql("ALTER TABLE faces ADD COLUMN crop_area JSON")


def create_stash_tables(connection: Connection) -> None:
    """Pictures of performers in the user's Stash, and how far a server was read."""
    run_script(connection, "0060_stash.sql")


def name_stash_boxes(connection: Connection) -> None:
    """One name for a stash-box, whether a file wrote its name, its domain or its address."""
    run_script(connection, "0061_stash_box_names.sql")


def index_lookalikes(connection: Connection) -> None:
    """Faces near somebody else's, by the reasons as they are stored."""
    run_script(connection, "0072_lookalikes.sql")


def index_troubles(connection: Connection) -> None:
    """Why lookups were refused, failed or mismatched."""
    run_script(connection, "0073_troubles.sql")


STEPS: tuple[tuple[str, Step], ...] = (
    ("0001_tables", create_tables),
    ("0002_pending", create_pending),
    ("0010_pages", add_pages),
    ("0011_agreeing_photos", withdraw_agreeing_photos),
    ("0020_import_rows", create_import_rows),
    ("0030_face_vectors", create_face_vectors),
    ("0040_minors", create_minors),
    ("0041_erasures", create_erasures),
    ("0042_origin", create_origin),
    ("0060_stash", create_stash_tables),
    ("0061_stash_box_names", name_stash_boxes),
    ("0065_proposal_states", add_proposal_states),
    ("0066_sent_values", create_sent_values),
    ("0067_box_lookups", add_box_lookups),
    ("0070_gallery", create_gallery_indexes),
    ("0071_rejected_faces", create_rejected_faces),
    ("0072_lookalikes", index_lookalikes),
    ("0073_troubles", index_troubles),
    ("0080_crop_area", add_crop_area),
)


def migrate(engine: Engine, path: Path, now: float) -> None:
    """Take the steps this database has not taken, all of them or none.

    Raises ``DatabaseUnavailable`` for a file that is another program's or a newer version's.
    """
    with engine.connect() as connection, connection.begin():
        done = _list_steps_done(connection, path)
    if done == [name for name, _ in STEPS]:
        return
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        done = _list_steps_done(connection, path)  # another process may have been faster
        for name, step in STEPS:
            if name not in done:
                step(connection)
                connection.execute(insert(schema_migrations).values(name=name, applied_at=now))


def _list_steps_done(connection: Connection, path: Path) -> list[str]:
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
