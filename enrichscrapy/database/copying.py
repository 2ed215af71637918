"""A whole database copied into another, of the same kind or not.

Rows go in the order of their keys, a batch a transaction: whatever a killed copy has written is the
beginning of each table, and the next run goes on behind it. Until all is compared, the copy bears a
mark with which nothing else opens it. ``sources`` come last: without them the triggers of
``pending`` have nothing to do, and with them ``pending`` is rebuilt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import DBAPIError

from enrichscrapy.database.connection import UNFINISHED, Database
from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.dialects.rows import write_rows
from enrichscrapy.database.schema import (
    artefacts,
    metadata,
    origin,
    pending,
    schema_migrations,
    sources,
)
from enrichscrapy.exceptions import BadSetting, EnrichError
from enrichscrapy.facts.text import fold_line

BATCH = 500
"""Rows: of faces, the largest, some 15 MB."""

_COPIED = [
    table
    for table in metadata.sorted_tables
    if table not in {origin, schema_migrations, pending, sources}
]


@dataclass(frozen=True)
class Compared:
    """A table that is the same in both; ``digest`` is the SHA-256 of its rows, as hex."""

    table: str
    rows: int
    digest: str


def copy(source: Database, target: Database) -> Iterator[Compared]:
    """Copy all of ``source`` into ``target``, which is empty or was begun so, and compare.

    Yields each table once both hold the same. Nobody else writes to the source meanwhile. Raises
    ``BadSetting`` for another target and ``EnrichError`` where a row cannot be copied or a table
    differs.
    """
    begun = f"{UNFINISHED}{source.token}"
    if target.token != begun:
        _check_empty(source, target)
    with source.write() as reading:
        if target.token != begun:
            _begin(target, begun)
        for table in [*_COPIED, sources]:
            _copy_rows(reading, target, table)
            _copy_references(reading, target, table)
            _go_on_counting(source, reading, target, table)
        with target.read() as copied:
            for table in [*_COPIED, sources, pending]:
                yield _compare(reading, copied, table)
        _finish(source, target)


def _check_empty(source: Database, target: Database) -> None:
    if target.token == source.token:
        raise BadSetting(f"{target.name} is this database, or holds a finished copy of it")
    with target.read() as connection:
        filled = any(_has_rows(connection, table) for table in _COPIED)
    if filled or target.token.startswith(UNFINISHED):
        raise BadSetting(f"{target.name} is not empty: give the URL of an empty database")


def _has_rows(connection: Connection, table: Table) -> bool:
    return connection.execute(select(*table.primary_key).limit(1)).first() is not None


def _begin(target: Database, mark: str) -> None:
    with target.write() as connection:
        connection.execute(update(origin).values(token=mark))
        connection.execute(delete(sources))  # as whoever opens an empty database adds them
    target.token = mark


def _finish(source: Database, target: Database) -> None:
    with target.write() as connection:
        connection.execute(update(origin).values(token=source.token))
        # What this machine's crawls wrote is still its own; a file's database names no machine.
        ours = update(artefacts).where(artefacts.c.machine == source.machine)
        connection.execute(ours.values(machine=target.machine))
    target.token = source.token


# --- Rows ----------------------------------------------------------------------------------------


def _copy_rows(reading: Connection, target: Database, table: Table) -> None:
    keys = list(table.primary_key)
    last = select(*keys).order_by(*(key.desc() for key in keys)).limit(1)
    with target.read() as connection:
        row = connection.execute(last).first()
        done = connection.scalar(select(func.count()).select_from(table)) or 0
    after = tuple(row) if row else None
    own = {column.name for column in _list_references(table)}
    while rows := reading.execute(_select_rows(table, after).limit(BATCH)).mappings().all():
        given = [{name: None if name in own else row[name] for name in row} for row in rows]
        after = tuple(rows[-1][key.name] for key in keys)
        try:
            with target.write() as connection:
                write_rows(connection, insert(table), given)
        except DBAPIError as error:
            # Not its key: some tables' keys are names.
            place = f"one of rows {done + 1:,} to {done + len(rows):,}, by their keys,"
            reason = fold_line(str(error.orig))
            raise EnrichError(f"{table.name}: {place} cannot be copied: {reason}") from error
        done += len(rows)


def _copy_references(reading: Connection, target: Database, table: Table) -> None:
    """What refers to rows of the same table, which may come later, once all of them are there."""
    for column in _list_references(table):
        (key,) = table.primary_key
        query = select(key.label("row"), column.label("other")).where(column.is_not(None))
        change = update(table).where(key == bindparam("row")).values({column: bindparam("other")})
        after = 0
        page = query.order_by(key).limit(BATCH)
        while rows := reading.execute(page.where(key > after)).mappings().all():
            with target.write() as connection:
                connection.execute(change, [dict(row) for row in rows])
            after = rows[-1]["row"]


def _list_references(table: Table) -> list[Column[Any]]:
    return [each.parent for each in table.foreign_keys if each.column.table is table]


def _go_on_counting(source: Database, reading: Connection, target: Database, table: Table) -> None:
    """No id is given again in the copy that was given in the source."""
    column = table.autoincrement_column
    if column is not None:
        last = source.backend.find_last_id(reading, table)
        with target.write() as connection:
            target.backend.set_last_id(connection, table, last)


def _select_rows(table: Table, after: Sequence[Any] | None = None) -> Select[Any]:
    """Rows behind a key in the order of keys, with JSON as the text that it is stored as."""
    keys = list(table.primary_key)
    query = select(*map(_cast_as_stored, table.columns)).order_by(*keys)
    return query if after is None else query.where(tuple_(*keys) > after)


def _cast_as_stored(column: Column[Any]) -> ColumnElement[Any]:
    return cast(column, Text).label(column.name) if isinstance(column.type, JSON) else column


# --- Comparing -----------------------------------------------------------------------------------


def _compare(reading: Connection, copied: Connection, table: Table) -> Compared:
    rows, digest = _compute_digest(reading, table)
    if (rows, digest) != _compute_digest(copied, table):
        raise EnrichError(
            f"{table.name} differs in the copy: something else has written there; empty it and "
            "begin again"
        )
    return Compared(table.name, rows, digest)


def _compute_digest(connection: Connection, table: Table) -> tuple[int, str]:
    """How many rows, and the SHA-256 of all of them in the order of their keys."""
    sha256, count = hashlib.sha256(), 0
    found = connection.execute(_select_rows(table), execution_options={"yield_per": BATCH})
    for row in found:
        for value in row:
            # Text loses its NULs on the way to PostgreSQL.
            plain = value.replace("\0", "") if isinstance(value, str) else value
            data = plain if isinstance(plain, bytes) else repr(plain).encode()
            sha256.update(f"{len(data)} ".encode() + data)
        count += 1
    return count, sha256.hexdigest()
