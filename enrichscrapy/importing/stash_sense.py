"""Reading a stash-sense ``performers.db``: by the tables and columns it has, never writing to it.

Its ``schema_version`` does not tell what is in it; its ``site`` does not tell whose a link is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from enrichscrapy.exceptions import ImportRowError, UnreadableFile
from enrichscrapy.importing.records import (
    COLUMNS,
    Fault,
    ImportedLink,
    Record,
    new_record,
)

Row = dict[str, Any]

_CHILDREN = {
    "aliases": ("alias", "source_endpoint"),
    "external_urls": ("url", "source_endpoint", "confidence", "normalized_id"),
    "stashbox_ids": ("endpoint", "stashbox_performer_id"),
    "merged_ids": ("endpoint", "merged_stashbox_id"),
    "faces": ("image_url",),
}


class StashSenseReader:
    """All tables are walked side by side in the order of the performers' ids."""

    unit = "row"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0
        self.ignored: list[str] = []  # other columns of such a file are no mistake
        try:
            self._connection = self._open()
            own = self._columns("performers")
            if not {"id", "canonical_name"} <= own:
                raise UnreadableFile(f"{path} has no performers table: it is no performers.db")
            count = self._connection.execute("SELECT count(*) AS n FROM performers").fetchone()
            self.total = count["n"]
            self._own = [name for name in COLUMNS if name in own]
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def _open(self) -> sqlite3.Connection:
        # With "immutable" SQLite makes no file beside this one; it must not be used while
        # another program has the file open, which a -wal file tells.
        in_use = self.path.with_name(f"{self.path.name}-wal").exists()
        mode = "mode=ro" if in_use else "immutable=1"
        connection = sqlite3.connect(f"{self.path.absolute().as_uri()}?{mode}", uri=True)
        connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        connection.row_factory = lambda cursor, row: {
            column[0]: value for column, value in zip(cursor.description, row, strict=True)
        }
        return connection

    def _columns(self, table: str) -> set[str]:
        rows = self._connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
        return {row["name"] for row in rows}

    def close(self) -> None:
        self._connection.close()

    def __iter__(self) -> Iterator[Record | Fault]:
        try:
            children = {table: _Merged(self._child_rows(table)) for table in _CHILDREN}
            for row in self._rows("performers", "id", self._own):
                self.position += 1
                if not isinstance(row["id"], int):
                    yield Fault(self.position, "its id is no whole number")
                    continue
                mine = {table: rows.of(row["id"]) for table, rows in children.items()}
                try:
                    yield self._record(row, mine)
                except ImportRowError as error:
                    yield Fault(row["id"], str(error), key=str(row["id"]))
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def _rows(self, table: str, key: str, columns: list[str]) -> Iterator[Row]:
        names = ", ".join(f'"{name}"' for name in columns)
        query = f'SELECT "{key}" AS id, {names} FROM {table} ORDER BY 1'  # noqa: S608  # our names
        yield from self._connection.execute(query)

    def _child_rows(self, table: str) -> Iterator[Row]:
        there = self._columns(table)
        columns = [name for name in _CHILDREN[table] if name in there]
        if "performer_id" not in there or not columns:
            return iter(())
        return self._rows(table, "performer_id", columns)

    def _record(self, row: Row, mine: dict[str, list[Row]]) -> Record:
        images = [face["image_url"] for face in mine["faces"] if face["image_url"]]
        values = {
            **row,
            "face_count": row.get("face_count") or len(mine["faces"]) or None,
            "image_url": row.get("image_url") or next(iter(images), None),
        }
        record = new_record(row["id"], row["id"], values)
        record.add_aliases((r.get("alias"), r.get("source_endpoint")) for r in mine["aliases"])
        record.add_links(
            ImportedLink(
                r.get("url"),
                r.get("source_endpoint"),
                r.get("confidence"),
                r.get("normalized_id"),
            )
            for r in mine["external_urls"]
        )
        record.add_ids(
            (r.get("endpoint"), r.get("stashbox_performer_id")) for r in mine["stashbox_ids"]
        )
        for merged in mine["merged_ids"]:
            if merged.get("endpoint") and merged.get("merged_stashbox_id"):
                record.merged_ids.append((merged["endpoint"], merged["merged_stashbox_id"]))
        return record

    def _unreadable(self, error: sqlite3.Error) -> UnreadableFile:
        return UnreadableFile(f"{self.path} cannot be read: {error}")


class _Merged:
    """Rows in id order, handed out one id at a time, ids ascending."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._next: Row | None = next(rows, None)

    def of(self, performer_id: int) -> list[Row]:
        while self._next is not None and _before(self._next["id"], performer_id):
            self._next = next(self._rows, None)  # rows of nobody
        if self._next is None or self._next["id"] != performer_id:
            return []
        mine = [self._next]
        self._next = None
        for row in self._rows:
            if row["id"] != performer_id:
                self._next = row
                break
            mine.append(row)
        return mine


def _before(one: Any, other: int) -> bool:
    return not isinstance(one, int) or one < other
