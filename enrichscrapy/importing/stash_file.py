"""Reading Stash's own database, ``stash-go.sqlite``: every version, by its tables and columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from enrichscrapy.exceptions import ImportRowError, UnreadableFile
from enrichscrapy.importing.records import Fault, Record
from enrichscrapy.importing.sqlite_file import Row, Side, SqliteFile
from enrichscrapy.importing.stash import cut_date, make_stash_record

_OWN = (
    "name",
    "disambiguation",
    "gender",
    "birthdate",
    "birthdate_precision",
    "death_date",
    "death_date_precision",
    "country",
    "ethnicity",
    "eye_color",
    "hair_color",
    "height",
    "career_length",
    "career_start",
    "career_end",
    "url",
    "twitter",
    "instagram",
    "aliases",
    "image_blob",
    "updated_at",
)
_CHILDREN = {
    "performer_urls": ("url",),
    "performer_aliases": ("alias",),
    "performer_stash_ids": ("endpoint", "stash_id"),
}
_TABLES = ("scenes", "studios", "tags", "performers_scenes")
"""Every version has some of these; other programs' databases have performers as well."""


class StashFileReader:
    """All tables are walked side by side in the order of the performers' ids."""

    unit = "row"

    def __init__(self, file: SqliteFile) -> None:
        self.position = 0
        self.ignored: list[str] = []
        self._file = file
        _refuse_migrating(file)
        self._there = file.list_columns("performers")
        self.total = file.count("performers")
        # Before the blobs a table of its own held the pictures.
        self._has_image_table = "image" in file.list_columns("performers_image")

    @staticmethod
    def reads(file: SqliteFile) -> bool:
        is_named = {"id", "name"} <= file.list_columns("performers")
        return is_named and any(file.list_columns(table) for table in _TABLES)

    def close(self) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Record | Fault]:
        with self._file.snapshot():
            yield from self._read_all()

    def _read_all(self) -> Iterator[Record | Fault]:
        children = {
            table: Side(self._file.read_children(table, columns, "position"))
            for table, columns in _CHILDREN.items()
        }
        pictures = Side(self._list_pictures())
        own = [name for name in _OWN if name in self._there]
        for row in self._file.read_rows("performers", "id", own):
            self.position += 1
            child_rows = {table: rows.take(row["id"]) for table, rows in children.items()}
            has_own = bool(pictures.take(row["id"]))
            try:
                yield self._read_record(row, child_rows, has_own)
            except ImportRowError as error:
                yield Fault(row["id"], str(error), key=str(row["id"]))

    def _list_pictures(self) -> Iterator[Row]:
        """Whose picture the older table has; not the pictures themselves."""
        if not self._has_image_table:
            return iter(())
        return self._file.read_rows("performers_image", "performer_id", [])

    def _read_record(self, row: Row, child_rows: dict[str, list[Row]], has_own: bool) -> Record:
        values = {
            **row,
            "birth_date": self._read_date(row, "birthdate"),
            "death_date": self._read_date(row, "death_date"),
        }
        aliases: list[Any] = [each["alias"] for each in child_rows["performer_aliases"]]
        aliases += str(row.get("aliases") or "").split(",")
        return make_stash_record(
            row["id"],
            values,
            aliases=aliases,
            urls=[each["url"] for each in child_rows["performer_urls"]],
            ids=[
                (each["endpoint"], each["stash_id"]) for each in child_rows["performer_stash_ids"]
            ],
            picture=row.get("image_blob") or (str(row.get("updated_at")) if has_own else None),
        )

    def _read_date(self, row: Row, name: str) -> Any:
        precision = f"{name}_precision"
        has_precision = precision in self._there
        return cut_date(row.get(name), row.get(precision), has_precision=has_precision)


def _refuse_migrating(file: SqliteFile) -> None:
    """Stash marks its database as it begins a migration and takes the mark away when it is done."""
    if "dirty" not in file.list_columns("schema_migrations"):
        return
    row = file.read_one("SELECT max(dirty) AS dirty FROM schema_migrations")
    if row and row["dirty"]:
        raise UnreadableFile(
            f"{file.path} is being migrated by Stash, or a migration was interrupted: import it "
            "when Stash has finished"
        )
