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
from enrichscrapy.sites import all_sites

Step = Callable[[Connection], None]


def create_tables(connection: Connection) -> None:
    """The tables and indexes of the first version."""
    run_script(connection, "0001_tables.sql")


def create_pending(connection: Connection) -> None:
    """The view of never looked-up performers and the triggers that keep its copy in step."""
    run_script(connection, "0002_pending.sql")


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
    columns = {column["name"] for column in inspect(connection).get_columns("lookups")}
    if "page" not in columns:
        connection.exec_driver_sql("ALTER TABLE lookups ADD COLUMN page TEXT")
    connection.exec_driver_sql(
        "CREATE INDEX IF NOT EXISTS lookups_by_page ON lookups (source, page) "
        "WHERE page IS NOT NULL"
    )
    found = connection.exec_driver_sql(
        "SELECT rowid, source, url FROM lookups WHERE outcome = 'found' AND page IS NULL "
        "AND identity IN ('confirmed', 'uncorroborated') AND url IS NOT NULL"
    )
    for row_id, source, url in found.all():
        known = all_sites().get(source)
        if known is not None and (page := known.slug_from_url(url)):
            connection.exec_driver_sql(
                "UPDATE lookups SET page = ? WHERE rowid = ?", (page, row_id)
            )


_LEFT_TO_A_PERSON = """
CREATE TEMP TABLE doubted AS
WITH ruled AS (
  SELECT id, performer_id, model_id, source, trusted, EXISTS (
    SELECT 1 FROM verdict_history AS h
    WHERE h.face_id = faces.id AND h.decided_by IN ('import', 'review')
  ) AS by_a_person, EXISTS (
    SELECT 1 FROM verdict_history AS h
    WHERE h.face_id = faces.id AND h.reason IN ('agreeing_photos', 'agrees_with_other_source')
  ) AS on_photos, EXISTS (
    SELECT 1 FROM lookups AS l
    WHERE l.performer_id = faces.performer_id AND l.source = faces.source
      AND l.outcome = 'found' AND l.identity = 'confirmed'
      AND (json_extract(l.evidence, '$.identity.by_link')
        OR json_extract(l.evidence, '$.identity.reason') LIKE '%birthday agree%'
        OR json_extract(l.evidence, '$.identity.reason') LIKE '%account agree%')
  ) AS proven
  FROM faces WHERE verdict = 'accepted'
), roots AS (
  SELECT * FROM ruled WHERE on_photos AND NOT by_a_person AND NOT proven
)
SELECT id, model_id, performer_id FROM roots
UNION
-- Trusted only through those: nobody vouched for this performer, nor did a page with proof.
SELECT id, model_id, performer_id FROM ruled AS face
WHERE NOT by_a_person AND NOT proven
  AND EXISTS (
    SELECT 1 FROM roots
    WHERE roots.performer_id = face.performer_id AND roots.model_id = face.model_id
  )
  AND NOT EXISTS (
    SELECT 1 FROM ruled AS other
    WHERE other.performer_id = face.performer_id AND other.model_id = face.model_id
      AND other.trusted AND (other.by_a_person OR other.proven)
  )
"""


def withdraw_agreeing_photos(connection: Connection) -> None:
    """Let faces wait that older rules accepted only because a page's photos agreed.

    A stranger's photos agree as well. What is trusted only through such faces waits too; a page
    that a link, a birthday or an account had confirmed is not in doubt.
    """
    run = connection.exec_driver_sql
    run(_LEFT_TO_A_PERSON)
    run(
        "INSERT INTO face_changes (face_id, model_id, change) "
        "SELECT id, model_id, 'removed' FROM doubted ORDER BY id"
    )
    run(
        "INSERT INTO verdict_history (face_id, verdict, trusted, reason, decided_by, at) "
        "SELECT id, 'quarantined', 0, 'older_rules', 'rules', "
        "CAST(strftime('%s', 'now') AS REAL) FROM doubted ORDER BY id"
    )
    run(
        "UPDATE faces SET verdict = 'quarantined', trusted = 0, reason = 'older_rules', "
        "updated_at = CAST(strftime('%s', 'now') AS REAL) WHERE id IN (SELECT id FROM doubted)"
    )
    run("DROP TABLE doubted")


STEPS: tuple[tuple[str, Step], ...] = (
    ("0001_tables", create_tables),
    ("0002_pending", create_pending),
    ("0010_pages", add_pages),
    ("0011_agreeing_photos", withdraw_agreeing_photos),
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
