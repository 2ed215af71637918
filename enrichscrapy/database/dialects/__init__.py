"""The databases that this program can use: one module each for what only that one does.

``expressions.py`` has what they write differently. Outside this package no SQL is for one of them.
May import facts and exceptions; no schema.
"""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from enrichscrapy.database.dialects.backend import Backend, describe_statement
from enrichscrapy.database.dialects.sqlite import SqliteBackend
from enrichscrapy.exceptions import BadSetting

__all__ = ["Backend", "describe_statement", "find_backend"]

_ALLOWED = (
    "an SQLite file, as sqlite:///data/enrichscrapy.db, or a PostgreSQL database, as "
    "postgresql+psycopg://user@host/name"
)
_PASSWORD = re.compile(r"(://[^:/@]*):[^@]*@")


def find_backend(
    target: str | Path, folder: Path = Path("data"), busy_timeout: float = 60.0
) -> Backend:
    """What a path or a URL names, not opened yet; ``BadSetting`` for what names neither.

    ``folder`` takes what belongs to a database of a server on this machine; what belongs to a file
    lies beside it. A writer waits up to ``busy_timeout`` seconds for another.
    """
    if isinstance(target, Path) or "://" not in target:
        return SqliteBackend(Path(target).expanduser().absolute(), busy_timeout)
    try:
        url = make_url(target)
    except (ArgumentError, ValueError):
        raise _refuse(target) from None
    kind, _, driver = url.drivername.partition("+")
    if kind == "sqlite" and not driver and url.database and url.database != ":memory:":
        return SqliteBackend(Path(url.database).expanduser().absolute(), busy_timeout)
    if kind in ("postgresql", "postgres") and driver in ("", "psycopg") and url.database:
        try:
            from enrichscrapy.database.dialects.postgresql import PostgresBackend
        except ImportError as error:
            raise BadSetting(
                f"DATABASE_URL: PostgreSQL's driver is missing ({error}): "
                "pip install 'psycopg[binary]'"
            ) from error
        return PostgresBackend(url.set(drivername="postgresql+psycopg"), folder, busy_timeout)
    raise _refuse(target)


def _refuse(target: str) -> BadSetting:
    return BadSetting.name_setting("DATABASE_URL", _PASSWORD.sub(r"\1:***@", target), _ALLOWED)
