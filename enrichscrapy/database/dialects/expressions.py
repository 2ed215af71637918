"""What the databases write differently, under one name each; and the one ``insert`` for upserts.

The rules stand side by side, so that whoever needs another has a place and a pattern. Text is
compared as SQLite does it on both: letter case counts for nothing between A and Z only. That is
what ``lower`` and ``ILIKE`` do under PostgreSQL's collation "C", which every text column has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Integer,
    Text,
    TextClause,
    collate,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement, Select
from sqlalchemy.types import TypeEngine

__all__ = [
    "KEY_ONLY",
    "NEVER_REUSED",
    "Whole",
    "caseless",
    "has_accents",
    "holds",
    "insert",
    "is_odd_date",
    "listed",
    "matches",
    "only_where",
    "read_day",
    "truncate",
]

# "insert" is PostgreSQL's on both: SQLite's compiler reads the same parts of its ON CONFLICT.

Whole: TypeEngine[int] = Integer().with_variant(BigInteger(), "postgresql")
"""64 bits, as every integer of SQLite has."""

KEY_ONLY: dict[str, Any] = {"sqlite_with_rowid": False}
"""For a table whose rows are little more than their key: SQLite need not keep them twice."""

NEVER_REUSED: dict[str, Any] = {"sqlite_autoincrement": True}
"""An id is given once. Without it SQLite gives the highest one again; a sequence never does."""


def only_where(condition: TextClause | ColumnElement[bool]) -> dict[str, Any]:
    """Makes an index a partial one."""
    return {"sqlite_where": condition, "postgresql_where": condition}


class _Condition(FunctionElement[Any]):
    type = Boolean()
    # Else SQLAlchemy adds "= 1" in SQLite, and no partial index is asked for by its words.
    _is_implicitly_boolean = True


class _Caseless(FunctionElement[Any]):
    inherit_cache = True
    type = Text()


def caseless(value: ColumnElement[Any] | str) -> ColumnElement[str]:
    """A text as names are sorted and compared: A to Z are a to z. Both sides of a comparison
    must be."""
    return _Caseless(literal(value, Text()) if isinstance(value, str) else value)


@compiles(_Caseless, "sqlite")
def _write_collation(element: _Caseless, compiler: Any, **kw: Any) -> str:
    [value] = element.clauses
    return str(compiler.process(collate(value, "NOCASE"), **kw))


@compiles(_Caseless, "postgresql")
def _write_lower(element: _Caseless, compiler: Any, **kw: Any) -> str:
    return f'lower({compiler.process(element.clauses, **kw)} COLLATE "C")'


class _HasAccents(_Condition):
    inherit_cache = True


def has_accents(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a text holds anything but plain ASCII. Nothing is bound: a partial index has to be
    asked for in its very words."""
    return _HasAccents(column)


@compiles(_HasAccents, "sqlite")
def _write_glob_of_accents(element: _HasAccents, compiler: Any, **kw: Any) -> str:
    return f"{compiler.process(element.clauses, **kw)} GLOB '*[^ -~]*'"


@compiles(_HasAccents, "postgresql")
def _write_pattern_of_accents(element: _HasAccents, compiler: Any, **kw: Any) -> str:
    return f"{compiler.process(element.clauses, **kw)} ~ '[^ -~]'"


class _OddDate(_Condition):
    inherit_cache = True


def is_odd_date(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a stored date is another text than ``1983``, ``1983-10`` or ``1983-10-15``, which
    compare as the dates do. Nothing is bound, as in :func:`has_accents`."""
    return _OddDate(column)


@compiles(_OddDate, "sqlite")
def _write_globs_of_dates(element: _OddDate, compiler: Any, **kw: Any) -> str:
    date, digits = compiler.process(element.clauses, **kw), "[0-9][0-9]"
    forms = (f"[12][0-9]{digits}{more}" for more in ("", f"-{digits}", f"-{digits}-{digits}"))
    terms = " AND ".join(f"{date} NOT GLOB '{form}'" for form in forms)
    return f"({terms})"


@compiles(_OddDate, "postgresql")
def _write_pattern_of_dates(element: _OddDate, compiler: Any, **kw: Any) -> str:
    date = compiler.process(element.clauses, **kw)
    return f"{date} !~ '^[12][0-9]{{3}}(-[0-9][0-9]){{0,2}}$'"


class _Matches(_Condition):
    inherit_cache = True


def matches(column: ColumnElement[Any], *parts: str, anywhere: bool = False) -> ColumnElement[bool]:
    """Whether a text is these parts in a row: each a set of letters, as ``[0-9]``, or a letter.

    ``anywhere``: whether it holds them. Letter case counts.
    """
    glob, expression = "".join(parts), "".join(map(_escape_set, parts))
    if anywhere:
        return _Matches(column, literal(f"*{glob}*"), literal(expression))
    return _Matches(column, literal(glob), literal(f"^{expression}$"))


def _escape_set(part: str) -> str:
    """A set of letters for a regular expression, in which more letters mean something."""
    inside = part[1:-1] if len(part) > 2 else part
    negated = inside.startswith("^") and len(inside) > 1
    letters = "".join(f"\\{each}" if each in "\\^[]" else each for each in inside[negated:])
    return f"[{'^' * negated}{letters}]"


@compiles(_Matches, "sqlite")
def _write_glob(element: _Matches, compiler: Any, **kw: Any) -> str:
    column, pattern, _ = element.clauses
    return f"{compiler.process(column, **kw)} GLOB {compiler.process(pattern, **kw)}"


@compiles(_Matches, "postgresql")
def _write_expression(element: _Matches, compiler: Any, **kw: Any) -> str:
    column, _, pattern = element.clauses
    return f"{compiler.process(column, **kw)} ~ {compiler.process(pattern, **kw)}"


class _Holds(_Condition):
    inherit_cache = True


def holds(column: ColumnElement[Any], part: str) -> ColumnElement[bool]:
    """Whether a text holds another, in whatever letter case."""
    escaped = "".join(f"/{each}" if each in "%_/" else each for each in part)
    return _Holds(column, literal(f"%{escaped}%"))


@compiles(_Holds, "sqlite")
def _write_like(element: _Holds, compiler: Any, **kw: Any) -> str:
    column, pattern = element.clauses
    return f"{compiler.process(column, **kw)} LIKE {compiler.process(pattern, **kw)} ESCAPE '/'"


@compiles(_Holds, "postgresql")
def _write_ilike(element: _Holds, compiler: Any, **kw: Any) -> str:
    column, pattern = element.clauses
    return f"{compiler.process(column, **kw)} ILIKE {compiler.process(pattern, **kw)} ESCAPE '/'"


class _Day(FunctionElement[Any]):
    inherit_cache = True
    type = Text()


def read_day(seconds: ColumnElement[float]) -> ColumnElement[str]:
    """The UTC day of a time, as ISO text."""
    return _Day(seconds)


@compiles(_Day, "sqlite")
def _write_date(element: _Day, compiler: Any, **kw: Any) -> str:
    return f"date({compiler.process(element.clauses, **kw)}, 'unixepoch')"


@compiles(_Day, "postgresql")
def _write_to_char(element: _Day, compiler: Any, **kw: Any) -> str:
    time = f"to_timestamp({compiler.process(element.clauses, **kw)}) AT TIME ZONE 'UTC'"
    return f"to_char({time}, 'YYYY-MM-DD')"


class _Truncated(FunctionElement[Any]):
    inherit_cache = True
    type = Integer()


def truncate(number: ColumnElement[Any]) -> ColumnElement[int]:
    """A number without its fraction: PostgreSQL's CAST would round it."""
    return _Truncated(number)


@compiles(_Truncated, "sqlite")
def _write_cast(element: _Truncated, compiler: Any, **kw: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **kw)} AS INTEGER)"


@compiles(_Truncated, "postgresql")
def _write_trunc(element: _Truncated, compiler: Any, **kw: Any) -> str:
    return f"CAST(trunc({compiler.process(element.clauses, **kw)}) AS INTEGER)"


class _Elements(FunctionElement[Any]):
    """Values as rows, in a column ``value``: given as JSON and as an array."""

    inherit_cache = True
    name = "json_each"


def listed(values: Iterable[object], kind: TypeEngine[Any] = Whole) -> Select[Any]:
    """Values of one kind, however many, as a sub-query: a statement's parameters are limited."""
    values = list(values)
    given = literal(json.dumps(values), Text()), literal(values, ARRAY(kind))
    return select(_Elements(*given).table_valued(Column("value", kind)).c.value)


@compiles(_Elements, "sqlite")
def _write_json_each(element: _Elements, compiler: Any, **kw: Any) -> str:
    as_json, _ = element.clauses
    return f"json_each({compiler.process(as_json, **kw)})"


@compiles(_Elements, "postgresql")
def _write_unnest(element: _Elements, compiler: Any, **kw: Any) -> str:
    _, as_array = element.clauses
    return f"(SELECT unnest({compiler.process(as_array, **kw)}) AS value)"
