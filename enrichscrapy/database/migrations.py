"""The schema's steps, each recorded by name in ``schema_migrations`` once it was taken.

A step is one SQL file of its name for each database, in ``steps/sqlite`` and ``steps/postgresql``;
the latter was added later, and begins with what all steps until then had made (``baseline.sql``). A
released one is never edited. A change of the schema is a new name at the end of ``STEPS``, and
the same change in ``schema.py``; a test holds them together.
"""

from __future__ import annotations

from importlib.resources import files

from sqlalchemy import Connection, Engine, insert, inspect, select

from enrichscrapy.database.dialects import Backend
from enrichscrapy.database.schema import schema_migrations
from enrichscrapy.exceptions import DatabaseUnavailable, NoDatabase

STEPS = (
    "0001_tables",
    "0002_pending",
    "0010_pages",
    "0011_agreeing_photos",
    "0020_import_rows",
    "0030_face_vectors",
    "0040_minors",
    "0041_erasures",
    "0042_origin",
    "0060_stash",
    "0061_stash_box_names",
    "0065_proposal_states",
    "0066_sent_values",
    "0067_box_lookups",
    "0070_gallery",
    "0071_rejected_faces",
    "0072_lookalikes",
    "0073_troubles",
    "0080_crop_area",
    "0110_machines",
    "0111_robots",
    "0112_machine_token",
    "0140_new_performers",
    "0141_birth_dates",
    "0154_imports",
    "0155_odd_dates",
)


def run_step(connection: Connection, backend: Backend, name: str) -> None:
    """Run a file of ``steps/``, in the caller's transaction."""
    steps = files(__package__).joinpath("steps", connection.dialect.name)
    backend.run_script(connection, steps.joinpath(f"{name}.sql").read_text("utf-8"))


def create_baseline(connection: Connection, backend: Backend, last: str, now: float) -> None:
    """What all steps up to ``last`` have made, at once."""
    run_step(connection, backend, "baseline")
    rows = [{"name": name, "applied_at": now} for name in STEPS if name <= last]
    connection.execute(insert(schema_migrations), rows)


def migrate(engine: Engine, backend: Backend, now: float, *, create: bool = True) -> None:
    """Take the steps this database has not taken, all of them or none.

    Raises ``DatabaseUnavailable`` for one that is another program's or a newer version's and,
    without ``create``, ``NoDatabase`` for an empty one.
    """
    with engine.connect() as connection, connection.begin():
        done = _list_steps_done(connection, backend.name)
    if done == list(STEPS):
        return
    if not (done or create):
        raise NoDatabase(
            f"there are no performers in {backend.name}: run scrapy import-performers FILE first, "
            "or name another database with -s DATABASE_URL=…"
        )
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        done = _list_steps_done(connection, backend.name)  # another process may have been faster
        if not done and backend.baseline is not None:
            create_baseline(connection, backend, backend.baseline, now)
            done = _list_steps_done(connection, backend.name)
        for name in STEPS:
            if name not in done:
                run_step(connection, backend, name)
                connection.execute(insert(schema_migrations).values(name=name, applied_at=now))


def _list_steps_done(connection: Connection, database: str) -> list[str]:
    tables = inspect(connection).get_table_names()
    if schema_migrations.name not in tables:
        if tables:
            raise DatabaseUnavailable(
                f"{database} is another program's database: give DATABASE_URL one of its own and "
                f"read this one with scrapy import-performers {database}"
            )
        return []
    names = select(schema_migrations.c.name).order_by(schema_migrations.c.name)
    done = list(connection.scalars(names))
    unknown = [name for name in done if name not in STEPS]
    if unknown:
        raise DatabaseUnavailable(
            f"{database} was written by a newer enrichscrapy (step {unknown[0]}): update the "
            "program"
        )
    return done
