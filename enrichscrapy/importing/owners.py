"""Which performers of the database a file's rows are.

By a stash-box id; without one by the row: the same id in the same file under the same name. Where
that name stands at another id by now, the file was renumbered; where the same id and name came
from another file, the file was renamed, unless the two rows contradict each other. A row whose id
was somebody else's is somebody new, unless both have a profile or account in common: two people
never become one, since what is stored of the one (faces above all) would become the other's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Connection, Text, delete, select

from enrichscrapy.database.dialects.expressions import insert, listed
from enrichscrapy.database.dialects.rows import write_rows
from enrichscrapy.database.performers import split_chunks
from enrichscrapy.database.schema import (
    external_urls,
    import_rows,
    merged_ids,
    performers,
    stashbox_ids,
)
from enrichscrapy.facts.names import make_name_key
from enrichscrapy.facts.stored_dates import read_stored_date
from enrichscrapy.facts.text import MAX_STORED_NAME, is_longer
from enrichscrapy.importing.records import COLUMNS, Record

Pair = tuple[str, str]
_IDS = {
    stashbox_ids: (stashbox_ids.c.endpoint, stashbox_ids.c.stashbox_performer_id),
    merged_ids: (merged_ids.c.endpoint, merged_ids.c.merged_stashbox_id),
}
_TELLING = ("gender", "country", "disambiguation")


class FileRow(NamedTuple):
    """A row of ``import_rows``."""

    row_id: str
    file: str
    name: str
    performer_id: int | None


@dataclass
class FileMemory:
    """What one import learns about its file as it goes.

    ``renumbered``: an id turned out to be somebody else's than last time. ``left_out``: ids of rows
    that were not imported.
    """

    file: str
    renumbered: bool = False
    left_out: list[str] = field(default_factory=list)

    def leave_out(self, key: str | None) -> None:
        if key is not None and key.isdecimal() and not is_longer(key, MAX_STORED_NAME):
            self.left_out.append(key)

    def take_left_out(self) -> list[str]:
        keys, self.left_out = self.left_out, []
        return keys

    def make_key(self, record: Record) -> str | None:
        """The record's row as ``performers.import_key`` has it."""
        return f"{self.file}#{record.key}" if record.key else None


class Owners:
    """The stored performers that records may be; ``columns`` are those performers' own columns."""

    def __init__(
        self, connection: Connection, records: Sequence[Record], memory: FileMemory
    ) -> None:
        self._connection = connection
        self._memory = memory
        self._names = {record.fields["canonical_name"] for record in records}
        own = {pair for record in records for pair in record.stashbox_ids}
        merged = {pair for record in records for pair in record.merged_ids}
        self._ids = self._find_by_pair(stashbox_ids, own | merged)
        self._merged = self._find_by_pair(merged_ids, own)
        self._rows = self._find_by_row({record.key for record in records if record.key})
        rows = _list_performers(row for file_rows in self._rows.values() for row in file_rows)
        self._endpoints = self._find_endpoints(rows)
        self.columns: dict[int, dict[str, Any]] = {}
        self._load({*self._ids.values(), *self._merged.values(), *rows})

    def find(self, record: Record) -> set[int]:
        """Normally one performer or none; several when it cannot be told who is meant."""
        by_id = {self._ids[pair] for pair in record.stashbox_ids if pair in self._ids}
        if by_id:
            return by_id
        before = {self._ids[pair] for pair in record.merged_ids if pair in self._ids}
        since = {self._merged[pair] for pair in record.stashbox_ids if pair in self._merged}
        if before or since:
            return before | since
        return self._find_of_row(record) if record.key else set()

    def has_key(self, record: Record) -> bool:
        """Whether another performer came from a row with this id."""
        rows = self._rows.get(record.key or "", ())
        return bool(_list_performers(row for row in rows if row.file == self._memory.file))

    def remember(self, taken: Iterable[tuple[Record, int]], left_out: Iterable[str]) -> None:
        """Store which performer each row is from now on, and which ids of the file are nobody's."""
        rows, file = self._rows, self._memory.file
        file_rows = [
            FileRow(record.key, file, record.fields["canonical_name"], owner)
            for record, owner in taken
            if record.key is not None
        ]
        new = [row._asdict() for row in file_rows if row not in rows.get(row.row_id, ())]
        statement = insert(import_rows)
        statement = statement.on_conflict_do_update(
            index_elements=["row_id", "file", "name"],
            set_={"performer_id": statement.excluded.performer_id},
        )
        write_rows(self._connection, statement, new)
        nobodys = [FileRow(key, file, "", None)._asdict() for key in dict.fromkeys(left_out)]
        write_rows(self._connection, insert(import_rows).on_conflict_do_nothing(), nobodys)
        for row in {FileRow(row.row_id, file, "", None) for row in file_rows}:
            if row in rows.get(row.row_id, ()):
                table = import_rows
                gone = delete(table).filter_by(row_id=row.row_id, file=file, name="")
                self._connection.execute(gone)

    # --- Recognised by its row ----------------------------------------------------------------

    def _find_of_row(self, record: Record) -> set[int]:
        rows = self._rows.get(record.key or "", [])
        if not rows and not self._memory.renumbered:  # as in every first import
            return set()
        here = [row for row in rows if row.file == self._memory.file]
        name = record.fields["canonical_name"]
        same = self._find_free(record, (row for row in here if _same_name(row.name, name)))
        if same and not any(self._contradict(record, owner) for owner in same):
            return same
        if not same and _list_performers(here):
            self._memory.renumbered = True
        moved = self._find_of_name(record) if self._memory.renumbered or same else set()
        if moved or same:
            return moved or same
        renamed = {
            owner for owner in self._find_free(record, here) if self._share_link(record, owner)
        }
        if renamed:
            return renamed
        elsewhere = (row for row in rows if row.file != self._memory.file)
        other_file = self._find_free(
            record, (row for row in elsewhere if _same_name(row.name, name))
        )
        return {owner for owner in other_file if not self._contradict(record, owner)}

    def _find_free(self, record: Record, rows: Iterable[FileRow]) -> set[int]:
        """Their performers, but for those who have another id at one of the record's endpoints."""
        endpoints = {endpoint for endpoint, _ in record.stashbox_ids}
        return {owner for owner in _list_performers(rows) if not endpoints & self._endpoints[owner]}

    def _find_of_name(self, record: Record) -> set[int]:
        """Who came from this file under the record's name, whatever the id was."""
        rows = self._rows_by_name[record.fields["canonical_name"]]
        return {
            owner for owner in self._find_free(record, rows) if not self._contradict(record, owner)
        }

    @cached_property
    def _rows_by_name(self) -> dict[str, list[FileRow]]:
        """This file's rows under the names of all the records: one pass over the table."""
        query = select(*import_rows.c).where(
            import_rows.c.file == self._memory.file,
            import_rows.c.name.in_(listed(self._names, Text())),
        )
        found: dict[str, list[FileRow]] = defaultdict(list)
        for row in self._connection.execute(query):
            found[row.name].append(FileRow(*row))
        owners = _list_performers(row for file_rows in found.values() for row in file_rows)
        self._load(owners - self.columns.keys())
        self._endpoints |= self._find_endpoints(owners)
        return found

    def _share_link(self, record: Record, owner: int) -> bool:
        urls = {link.url for link, _, _ in record.links if link.normalized_id}
        query = select(external_urls.c.url).where(external_urls.c.performer_id == owner)
        return bool(urls) and not urls.isdisjoint(self._connection.scalars(query))

    def _contradict(self, record: Record, owner: int) -> bool:
        """Whether the two contradict each other."""
        stored, stated = self.columns[owner], record.fields
        both = [
            (stored[name], stated[name]) for name in _TELLING if stored[name] and name in stated
        ]
        if any(ours.casefold() != theirs.casefold() for ours, theirs in both):
            return True
        texts = stored["birth_date"], stated.get("birth_date")
        if texts[0] == texts[1]:
            return False
        ours, theirs = (read_stored_date(text) for text in texts)
        return ours is not None and theirs is not None and ours.contradicts(theirs)

    # --- Reading -------------------------------------------------------------------------------

    def _load(self, performer_ids: Iterable[int]) -> None:
        columns = [performers.c[name] for name in ("id", *COLUMNS)]
        for chunk in split_chunks(sorted(performer_ids)):
            query = select(*columns).where(performers.c.id.in_(chunk))
            for row in self._connection.execute(query).mappings():
                self.columns[row["id"]] = dict(row)

    def _find_by_pair(self, table: Any, pairs: set[Pair]) -> dict[Pair, int]:
        endpoint, value = _IDS[table]
        wanted: dict[str, list[str]] = defaultdict(list)
        for box, each in pairs:
            wanted[box].append(each)
        query = select(value, table.c.performer_id)
        return {
            (box, found): performer_id
            for box, values in wanted.items()
            for found, performer_id in map(
                tuple,
                self._connection.execute(
                    query.where(endpoint == box, value.in_(listed(values, Text())))
                ),
            )
        }

    def _find_by_row(self, keys: Iterable[str]) -> dict[str, list[FileRow]]:
        found: dict[str, list[FileRow]] = defaultdict(list)
        query = select(*import_rows.c).where(import_rows.c.row_id.in_(listed(keys, Text())))
        for row in self._connection.execute(query):
            found[row.row_id].append(FileRow(*row))
        return found

    def _find_endpoints(self, performer_ids: Iterable[int]) -> dict[int, set[str]]:
        query = select(stashbox_ids.c.performer_id, stashbox_ids.c.endpoint)
        found: dict[int, set[str]] = defaultdict(set)
        for chunk in split_chunks(sorted(performer_ids)):
            where = stashbox_ids.c.performer_id.in_(chunk)
            for performer_id, endpoint in self._connection.execute(query.where(where)):
                found[performer_id].add(endpoint)
        return found


def _list_performers(rows: Iterable[FileRow]) -> set[int]:
    return {row.performer_id for row in rows if row.performer_id is not None}


def _same_name(one: str, other: str) -> bool:
    return one == other or (bool(key := make_name_key(one)) and key == make_name_key(other))
