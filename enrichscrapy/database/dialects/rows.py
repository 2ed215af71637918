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

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import Insert

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
    dialect = connection.dialect
    compiled = statement.compile(dialect=dialect, column_keys=list(rows[0]))
    into, _, rest = compiled.string.partition(" VALUES ")
    _, on_conflict, what = rest.partition(" ON CONFLICT ")
    names = list(compiled.binds)  # in the order of the statement
    if dialect.name == "sqlite":
        written = _write_values(names, rows)
    else:
        types = [statement.table.columns[name].type.compile(dialect) for name in names]
        written = _write_arrays(names, types, rows)
    for given, values in written:
        connection.exec_driver_sql(f"{into} {given}{on_conflict}{what}", values)


def _write_values(
    names: list[str], rows: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """``VALUES``, with a mark for each value."""
    marks = f"({', '.join('?' * len(names))})"
    first, *others = names
    pick = itemgetter(first, *others) if others else lambda row: (row[first],)
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        values = tuple(chain.from_iterable(map(pick, part)))
        yield f"VALUES {', '.join([marks] * len(part))}", values


def _write_arrays(
    names: list[str], types: list[str], rows: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """An array for each column: one statement, whatever the number of rows. The driver takes three
    times as long to write arrays.
    """
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    elements = (",".join([_write_element(row[name]) for row in rows]) for name in names)
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
