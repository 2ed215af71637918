"""Another program's SQLite file: read while that program runs, never written to.

A fault of the file is one line, and comes before anything was read where the file itself shows it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from enrichscrapy.exceptions import UnreadableFile

Row = dict[str, Any]

PATIENCE = 3.0
"""Seconds to wait for a lock that another program holds."""
_CODE = 0xFF  # the primary part of SQLite's error codes


class SqliteFile:
    """One file and its connection; as a context manager it turns SQLite's errors into one line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        _refuse_cut(path)
        with self.reading():
            self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        # With "immutable" SQLite makes no file beside this one; it must not be used while
        # another program has the file open or left it half-way, which the files beside it tell.
        in_use = any(self._has_beside(suffix) for suffix in ("wal", "journal"))
        mode = "mode=ro" if in_use else "immutable=1"
        uri = f"{self.path.absolute().as_uri()}?{mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None)
        connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        connection.row_factory = lambda cursor, row: {
            column[0]: value for column, value in zip(cursor.description, row, strict=True)
        }
        return connection

    def _has_beside(self, suffix: str) -> bool:
        return self.path.with_name(f"{self.path.name}-{suffix}").exists()

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> SqliteFile:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Raises :class:`UnreadableFile` for what SQLite cannot read."""
        try:
            yield
        except sqlite3.Error as error:
            raise UnreadableFile(self._describe(error)) from error

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """All reads within see one state of the file; its program can tidy up only afterwards."""
        with self.reading():
            self._connection.execute("BEGIN")
        try:
            yield
        finally:
            with contextlib.suppress(sqlite3.Error):  # closed meanwhile
                self._connection.execute("ROLLBACK")

    def list_columns(self, table: str) -> set[str]:
        """A table's columns; empty where there is no such table."""
        with self.reading():
            rows = self._connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
            return {row["name"] for row in rows}

    def read_one(self, query: str, *values: object) -> Row | None:
        with self.reading():
            row: Row | None = self._connection.execute(query, values).fetchone()
        return row

    def count(self, table: str) -> int:
        row = self.read_one(f"SELECT count(*) AS n FROM {table}")  # noqa: S608  # our names
        return int(row["n"]) if row else 0

    def read_rows(
        self, table: str, key: str, columns: Iterator[str] | list[str], then: str = ""
    ) -> Iterator[Row]:
        """Rows in the order of ``key``, called ``id`` in them, and within it of ``then``."""
        names = "".join(f', "{name}"' for name in columns)
        order = f'1, "{then}"' if then else "1"
        query = f'SELECT "{key}" AS id{names} FROM {table} ORDER BY {order}'  # noqa: S608  # our names
        with self.reading():
            yield from self._connection.execute(query)

    def read_children(self, table: str, known: tuple[str, ...], then: str = "") -> Iterator[Row]:
        """A child table's rows in the order of ``performer_id``, with the columns it has."""
        there = self.list_columns(table)
        columns = [name for name in known if name in there]
        if "performer_id" not in there or not columns:
            return iter(())
        return self.read_rows(table, "performer_id", columns, then if then in there else "")

    def _describe(self, error: sqlite3.Error) -> str:
        code = getattr(error, "sqlite_errorcode", 0) & _CODE
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return (
                f"{self.path} is locked by another program, which may be migrating it: try again "
                "when that has ended"
            )
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR):
            return describe_damage(self.path)
        if self._has_beside("journal"):
            return (
                f"{self.path} was left in the middle of a change, as the file "
                f"{self.path.name}-journal beside it tells: open it once with its own program"
            )
        return f"{self.path} cannot be read: {error}"


def describe_damage(path: Path) -> str:
    return (
        f"{path} is damaged, or was copied only in part: copy it again while its program is "
        f"stopped, together with {path.name}-wal where there is one"
    )


def _refuse_cut(path: Path) -> None:
    """A file shorter than its header says was copied in part; SQLite finds out on the way only."""
    with path.open("rb") as file:
        header = file.read(100)
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    is_told = header[24:28] == header[92:96]  # else the number of pages is an older SQLite's
    size = pages * (65536 if page == 1 else page)
    if is_told and path.stat().st_size < size and not Path(f"{path}-wal").exists():
        raise UnreadableFile(describe_damage(path))


class Side:
    """A child table's rows, handed out one performer at a time, ids ascending."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._next: Row | None = next(rows, None)

    def take(self, performer_id: int) -> list[Row]:
        while self._next is not None and _is_before(self._next["id"], performer_id):
            self._next = next(self._rows, None)  # rows of nobody
        if self._next is None or self._next["id"] != performer_id:
            return []
        rows = [self._next]
        self._next = None
        for row in self._rows:
            if row["id"] != performer_id:
                self._next = row
                break
            rows.append(row)
        return rows


def _is_before(one: Any, other: int) -> bool:
    return not isinstance(one, int) or one < other
