"""Reading a ``performers.db`` of stash-sense or stash-sense2, by the tables and columns it has.

Its ``schema_version`` does not tell what is in it; its ``site`` does not tell whose a link is.
"""

from __future__ import annotations

from collections.abc import Iterator

from enrichscrapy.exceptions import ImportRowError
from enrichscrapy.importing.records import (
    COLUMNS,
    Fault,
    ImportedLink,
    Record,
    make_record,
)
from enrichscrapy.importing.sqlite_file import Row, Side, SqliteFile

_LINKS = ("external_urls", "performer_urls")
"""stash-sense's table, and its successor's."""
_CHILDREN = {
    "aliases": ("alias", "source_endpoint"),
    **dict.fromkeys(_LINKS, ("url", "source_endpoint", "confidence", "normalized_id")),
    "stashbox_ids": ("endpoint", "stashbox_performer_id"),
    "merged_ids": ("endpoint", "merged_stashbox_id"),
    "faces": ("image_url",),
}


class StashSenseReader:
    """All tables are walked side by side in the order of the performers' ids."""

    unit = "row"

    def __init__(self, file: SqliteFile) -> None:
        self.position = 0
        self.ignored: list[str] = []  # other columns of such a file are not mistakes
        self._file = file
        own = file.list_columns("performers")
        self.total = file.count("performers")
        self._own = [name for name in COLUMNS if name in own]

    @staticmethod
    def reads(file: SqliteFile) -> bool:
        return {"id", "canonical_name"} <= file.list_columns("performers")

    def close(self) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Record | Fault]:
        with self._file.snapshot():
            yield from self._read_all()

    def _read_all(self) -> Iterator[Record | Fault]:
        children = {
            table: Side(self._file.read_children(table, columns))
            for table, columns in _CHILDREN.items()
        }
        for row in self._file.read_rows("performers", "id", self._own):
            self.position += 1
            if not isinstance(row["id"], int):
                yield Fault(self.position, "its id is no whole number")
                continue
            child_rows = {table: rows.take(row["id"]) for table, rows in children.items()}
            try:
                yield _read_record(row, child_rows)
            except ImportRowError as error:
                yield Fault(row["id"], str(error), key=str(row["id"]))


def _read_record(row: Row, child_rows: dict[str, list[Row]]) -> Record:
    images = [face["image_url"] for face in child_rows["faces"] if face.get("image_url")]
    values = {
        **row,
        "face_count": row.get("face_count") or len(child_rows["faces"]) or None,
        "image_url": row.get("image_url") or next(iter(images), None),
    }
    record = make_record(row["id"], row["id"], values)
    record.add_aliases((r.get("alias"), r.get("source_endpoint")) for r in child_rows["aliases"])
    record.add_links(
        ImportedLink(
            r.get("url"),
            r.get("source_endpoint"),
            r.get("confidence"),
            r.get("normalized_id"),
        )
        for table in _LINKS
        for r in child_rows[table]
    )
    record.add_ids(
        (r.get("endpoint"), r.get("stashbox_performer_id")) for r in child_rows["stashbox_ids"]
    )
    record.add_merged_ids(
        (r.get("endpoint"), r.get("merged_stashbox_id")) for r in child_rows["merged_ids"]
    )
    return record
