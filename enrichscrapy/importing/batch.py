"""A batch of imported performers: who is stored already, what is new, and writing it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, select, update

from enrichscrapy.database.birth_dates import note_read, note_unread
from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.dialects.rows import write_rows
from enrichscrapy.database.minors import note_stored_dates
from enrichscrapy.database.performers import format_time, make_link_row, split_chunks
from enrichscrapy.database.schema import (
    aliases,
    external_urls,
    merged_ids,
    performers,
    stashbox_ids,
)
from enrichscrapy.database.stash_pictures import note_pictures
from enrichscrapy.database.suppressions import find_confirmed_namesakes
from enrichscrapy.database.traits import Traits
from enrichscrapy.importing.owners import FileMemory, Owners
from enrichscrapy.importing.records import COLUMNS, Fault, Record

if TYPE_CHECKING:
    from enrichscrapy.database.performer_database import PerformerDatabase

_CHILD_VALUES = {
    aliases: (aliases.c.alias,),
    external_urls: (external_urls.c.url,),
    stashbox_ids: (stashbox_ids.c.endpoint, stashbox_ids.c.stashbox_performer_id),
    merged_ids: (merged_ids.c.endpoint, merged_ids.c.merged_stashbox_id),
}


@dataclass
class BatchResult:
    """Counts of rows by result."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    suppressed: int = 0
    faults: list[Fault] = field(default_factory=list)


class ImportBatch:
    """Writes records, no two of the same performer, within the connection's transaction."""

    def __init__(
        self,
        connection: Connection,
        db: PerformerDatabase,
        memory: FileMemory,
        namesakes: Collection[int] = (),
    ) -> None:
        self.connection = connection
        self.backend = db.backend
        self.now = db.clock()
        self.suppressions = db.suppressions
        self.memory = memory
        self.namesakes = namesakes
        self.result = BatchResult()
        self._lines: dict[int, int] = {}
        self._taken: list[tuple[Record, int]] = []
        self._unread: dict[int, str] = {}
        self._read: list[int] = []
        self._rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)

    def write(self, records: Sequence[Record]) -> BatchResult:
        """``namesakes`` are lines that a person checked: not the forgotten person of that name."""
        known = Owners(self.connection, records, self.memory)
        kept_out = self.suppressions.has_any(self.connection)
        new: list[Record] = []
        old: dict[int, Record] = {}
        for record in records:
            owners = known.find(record)
            if kept_out and self._is_kept_out(record, owners):
                self.memory.leave_out(record.key)
                continue
            if len(owners) > 1:
                self.result.faults.append(Fault(record.line, _describe_doubt(record, owners)))
                self.memory.leave_out(record.key)
                continue
            self.result.faults += record.faults
            if not owners:
                new.append(record)
            elif owners <= old.keys():  # twice in this batch, by different ids
                self._update(old, known.columns)
                old = {owners.pop(): record}
            else:
                old[owners.pop()] = record
        self._add(new, known)
        self._update(old, known.columns)
        known.remember(self._taken, self.memory.take_left_out())
        note_unread(self.connection, self._unread)
        note_read(self.connection, self._read)
        for table, rows in self._rows.items():
            write_rows(self.connection, insert(table).on_conflict_do_nothing(), rows)
        note_stored_dates(self.connection, sorted(self._lines), self.now)
        note_pictures(self.connection, self.memory.file, self._list_pictures(), self.now)
        if kept_out:
            self.suppressions.refresh(self.connection, sorted(self._lines))
            for performer_id, line in self._lines.items():
                if line in self.namesakes:
                    self.suppressions.confirm_within(self.connection, performer_id)
        return self.result

    def _list_pictures(self) -> Iterator[tuple[str, int, str]]:
        for record, performer_id in self._taken:
            if record.key and record.picture:
                yield record.key, performer_id, record.picture

    def _is_kept_out(self, record: Record, owners: set[int]) -> bool:
        traits = _gather_traits(record, self.memory.make_key(record))
        kind = self.suppressions.find_kind(self.connection, traits)
        if kind is None:
            return False
        if kind != "name":
            self.result.suppressed += 1
            return True
        if record.line in self.namesakes:
            return False
        if owners and owners <= find_confirmed_namesakes(self.connection, owners):
            return False
        reason = "has the name of somebody who was forgotten; see --namesake"
        self.result.faults.append(Fault(record.line, reason))
        return True

    def _add(self, new: Sequence[Record], known: Owners) -> None:
        if not new:
            return
        time = format_time(self.now)
        ids = self.backend.reserve_ids(self.connection, performers, len(new))
        rows = [
            {
                "id": performer_id,
                **{column: record.fields.get(column) for column in COLUMNS},
                "import_key": None if known.has_key(record) else self.memory.make_key(record),
                "created_at": time,
                "updated_at": time,
            }
            for performer_id, record in zip(ids, new, strict=True)
        ]
        write_rows(self.connection, insert(performers), rows)
        for performer_id, record in zip(ids, new, strict=True):
            self._take(performer_id, record)
            for table, children in self._list_children(performer_id, record).items():
                self._rows[table] += children.values()
        self.result.added += len(new)

    def _take(self, performer_id: int, record: Record) -> None:
        self._lines[performer_id] = record.line
        self._taken.append((record, performer_id))
        if record.unread_birth_date:
            self._unread[performer_id] = record.unread_birth_date
        elif "birth_date" in record.fields:
            self._read.append(performer_id)

    def _update(self, old: dict[int, Record], own: dict[int, dict[str, Any]]) -> None:
        present = {table: self._find_present(table, old) for table in _CHILD_VALUES}
        for performer_id, record in old.items():
            self._take(performer_id, record)
            changed = self._update_columns(performer_id, record, own[performer_id])
            for table, children in self._list_children(performer_id, record).items():
                missing = children.keys() - present[table][performer_id]
                self._rows[table] += [children[key] for key in children if key in missing]
                changed = changed or bool(missing)
            self.result.updated += changed
            self.result.unchanged += not changed

    def _update_columns(self, performer_id: int, record: Record, own: dict[str, Any]) -> bool:
        changes = {name: value for name, value in record.fields.items() if own[name] != value}
        if changes:
            values = {**changes, "updated_at": format_time(self.now)}
            statement = update(performers).where(performers.c.id == performer_id)
            self.connection.execute(statement.values(values))
            own.update(changes)
        return bool(changes)

    def _list_children(
        self, performer_id: int, record: Record
    ) -> dict[Table, dict[tuple[str, ...], dict[str, Any]]]:
        """The record's rows of the other tables, by the values that identify them."""
        owner = {"performer_id": performer_id}
        time = format_time(self.now)
        return {
            aliases: {
                (alias,): {**owner, "alias": alias, "source_endpoint": source, "created_at": time}
                for alias, source in record.aliases
            },
            external_urls: {
                (link.url,): make_link_row(performer_id, link, source, confidence, self.now)
                for link, source, confidence in record.links
            },
            stashbox_ids: {
                pair: {**owner, "endpoint": pair[0], "stashbox_performer_id": pair[1]}
                for pair in record.stashbox_ids
            },
            merged_ids: {
                pair: {**owner, "endpoint": pair[0], "merged_stashbox_id": pair[1]}
                for pair in record.merged_ids
            },
        }

    def _find_present(
        self, table: Table, performer_ids: Iterable[int]
    ) -> dict[int, set[tuple[str, ...]]]:
        found: dict[int, set[tuple[str, ...]]] = defaultdict(set)
        for chunk in split_chunks(sorted(performer_ids)):
            query = select(table.c.performer_id, *_CHILD_VALUES[table])
            for row in self.connection.execute(query.where(table.c.performer_id.in_(chunk))).all():
                found[row[0]].add(tuple(row[1:]))
        return found


def _describe_doubt(record: Record, owners: Collection[int]) -> str:
    several = " and ".join(map(str, sorted(owners)))
    if record.stashbox_ids:
        return f"its stash-box ids belong to several performers: {several}"
    return f"its id and name fit several performers: {several}"


def _gather_traits(record: Record, import_key: str | None) -> Traits:
    return Traits(
        [record.fields["canonical_name"], *(alias for alias, _ in record.aliases)],
        [link.url for link, _, _ in record.links],
        [*record.stashbox_ids, *record.merged_ids],
        import_key,
    )
