"""Many rows in one INSERT, on both databases.

A row a statement costs several times as much: a trigger makes SQLite keep a journal of each
statement, PostgreSQL's triggers look at all new rows of one together, and SQLAlchemy's look at each
value takes as long as the database's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import Insert, psycopg

_POSTGRESQL = psycopg.dialect()
_ROWS = 250
"""Of a statement of SQLite; more of them save nothing. With 20 columns, a sixth of the parameters
that it takes."""


def write_rows(
    connection: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Run an INSERT for many rows, all with the columns of the first; the driver gets their values
    as they are (JSON as text).
    """
    if not rows:
        return
    names = list(rows[0])
    compiled = statement.compile(dialect=connection.dialect, column_keys=names)
    into, _, rest = compiled.string.partition(" VALUES ")
    _, on_conflict, what = rest.partition(" ON CONFLICT ")
    columns = list(compiled.binds)  # in the order of the statement
    write = _write_values if connection.dialect.name == "sqlite" else _write_arrays
    for given, values in write(statement.table, columns, rows):  # type: ignore[arg-type]
        connection.exec_driver_sql(f"{into} {given}{on_conflict}{what}", values)


def _write_values(
    _table: Table, columns: list[str], rows: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Sequence[Any]]]:
    """``VALUES``, with one mark for each value."""
    pick = itemgetter(*columns) if len(columns) > 1 else lambda row: (row[columns[0]],)
    marks = f"({', '.join('?' * len(columns))})"
    for first in range(0, len(rows), _ROWS):
        part = rows[first : first + _ROWS]
        all_marks = ", ".join([marks] * len(part))
        yield f"VALUES {all_marks}", tuple(chain.from_iterable(map(pick, part)))


def _write_arrays(
    table: Table, columns: list[str], rows: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Sequence[Any]]]:
    """An array for each column: one statement, whatever the number of rows. The driver takes three
    times as long to write arrays.
    """
    types = [table.c[name].type.compile(_POSTGRESQL) for name in columns]
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    elements = (",".join([_write_element(row[name]) for row in rows]) for name in columns)
    texts = tuple(f"{{{each}}}" for each in elements)
    yield f"SELECT * FROM unnest({arrays})", texts  # noqa: S608  # types of our own


def _write_element(value: Any) -> str:
    """As an array's text has it (PostgreSQL's manual, 8.15.6)."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        escaped = value.replace("\\", r"\\").replace('"', r"\"")
        return f'"{escaped}"'
    return rf'"\\x{value.hex()}"' if isinstance(value, bytes) else str(value)
