"""A batch of imported performers: whom the database has, what is new of them, and writing it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert

from enrichscrapy.database.minors import note_stored_dates
from enrichscrapy.database.performers import chunks, iso_time, link_row
from enrichscrapy.database.schema import (
    aliases,
    external_urls,
    merged_ids,
    performers,
    stashbox_ids,
)
from enrichscrapy.database.suppressions import SuppressionStore, confirmed_namesakes
from enrichscrapy.database.traits import Traits
from enrichscrapy.importing.records import COLUMNS, Fault, Record

Pair = tuple[str, str]
_CHILD_VALUES = {
    aliases: (aliases.c.alias,),
    external_urls: (external_urls.c.url,),
    stashbox_ids: (stashbox_ids.c.endpoint, stashbox_ids.c.stashbox_performer_id),
    merged_ids: (merged_ids.c.endpoint, merged_ids.c.merged_stashbox_id),
}


@dataclass
class BatchResult:
    """Rows by what became of them."""

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
        now: float,
        suppressions: SuppressionStore,
        namesakes: Collection[int] = (),
    ) -> None:
        self.connection = connection
        self.now = now
        self.suppressions = suppressions
        self.namesakes = namesakes
        self.result = BatchResult()
        self._lines: dict[int, int] = {}
        self._rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)

    def write(self, records: Sequence[Record]) -> BatchResult:
        """``namesakes`` are lines somebody has looked at: not the forgotten person of that name."""
        known = _Owners(self.connection, records)
        kept_out = self.suppressions.in_force(self.connection)
        new: list[Record] = []
        old: dict[int, Record] = {}
        for record in records:
            owners = known.of(record)
            if kept_out and self._is_kept_out(record, owners):
                continue
            if len(owners) > 1:
                several = " and ".join(map(str, sorted(owners)))
                reason = f"its stash-box ids belong to several performers: {several}"
                self.result.faults.append(Fault(record.line, reason))
                continue
            self.result.faults += record.faults
            if owners:
                old[owners.pop()] = record
            else:
                record.key = None if known.has_key(record.key) else record.key
                new.append(record)
        self._add(new)
        self._update(old)
        for table, rows in self._rows.items():
            if rows:
                self.connection.execute(insert(table).on_conflict_do_nothing(), rows)
        note_stored_dates(self.connection, sorted(self._lines), self.now)
        if kept_out:
            self.suppressions.refresh(self.connection, sorted(self._lines))
            for performer_id, line in self._lines.items():
                if line in self.namesakes:
                    self.suppressions.confirm_within(self.connection, performer_id)
        return self.result

    def _is_kept_out(self, record: Record, owners: set[int]) -> bool:
        kind = self.suppressions.kind_of(self.connection, _traits(record))
        if kind is None:
            return False
        if kind != "name":
            self.result.suppressed += 1
            return True
        if record.line in self.namesakes:
            return False
        if owners and owners <= confirmed_namesakes(self.connection, owners):
            return False
        reason = "has the name of somebody who was forgotten; see --namesake"
        self.result.faults.append(Fault(record.line, reason))
        return True

    def _add(self, new: Sequence[Record]) -> None:
        if not new:
            return
        time = iso_time(self.now)
        rows = [
            {
                **{column: record.fields.get(column) for column in COLUMNS},
                "import_key": record.key,
                "created_at": time,
                "updated_at": time,
            }
            for record in new
        ]
        statement = insert(performers).returning(performers.c.id, sort_by_parameter_order=True)
        ids = self.connection.scalars(statement, rows).all()
        for performer_id, record in zip(ids, new, strict=True):
            self._lines[performer_id] = record.line
            for table, children in self._children(performer_id, record).items():
                self._rows[table] += children.values()
        self.result.added += len(new)

    def _update(self, old: dict[int, Record]) -> None:
        present = {table: self._present(table, old) for table in _CHILD_VALUES}
        own = self._own_columns(old)
        for performer_id, record in old.items():
            self._lines[performer_id] = record.line
            changed = self._update_columns(performer_id, record, own[performer_id])
            for table, children in self._children(performer_id, record).items():
                missing = children.keys() - present[table][performer_id]
                self._rows[table] += [children[key] for key in children if key in missing]
                changed = changed or bool(missing)
            self.result.updated += changed
            self.result.unchanged += not changed

    def _update_columns(self, performer_id: int, record: Record, own: dict[str, Any]) -> bool:
        changes = {name: value for name, value in record.fields.items() if own[name] != value}
        if changes:
            values = {**changes, "updated_at": iso_time(self.now)}
            statement = update(performers).where(performers.c.id == performer_id)
            self.connection.execute(statement.values(values))
        return bool(changes)

    def _children(
        self, performer_id: int, record: Record
    ) -> dict[Table, dict[tuple[str, ...], dict[str, Any]]]:
        """The record's rows of the other tables, by the values that tell them apart."""
        mine = {"performer_id": performer_id}
        time = iso_time(self.now)
        return {
            aliases: {
                (alias,): {**mine, "alias": alias, "source_endpoint": source, "created_at": time}
                for alias, source in record.aliases
            },
            external_urls: {
                (link.url,): link_row(performer_id, link, source, confidence, self.now)
                for link, source, confidence in record.links
            },
            stashbox_ids: {
                pair: {**mine, "endpoint": pair[0], "stashbox_performer_id": pair[1]}
                for pair in record.stashbox_ids
            },
            merged_ids: {
                pair: {**mine, "endpoint": pair[0], "merged_stashbox_id": pair[1]}
                for pair in record.merged_ids
            },
        }

    def _present(
        self, table: Table, performer_ids: Iterable[int]
    ) -> dict[int, set[tuple[str, ...]]]:
        found: dict[int, set[tuple[str, ...]]] = defaultdict(set)
        for some in chunks(sorted(performer_ids)):
            query = select(table.c.performer_id, *_CHILD_VALUES[table])
            for row in self.connection.execute(query.where(table.c.performer_id.in_(some))).all():
                found[row[0]].add(tuple(row[1:]))
        return found

    def _own_columns(self, performer_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        columns = [performers.c[name] for name in ("id", *COLUMNS)]
        return {
            row["id"]: dict(row)
            for some in chunks(sorted(performer_ids))
            for row in self.connection.execute(
                select(*columns).where(performers.c.id.in_(some))
            ).mappings()
        }


def _traits(record: Record) -> Traits:
    return Traits(
        [record.fields["canonical_name"], *(alias for alias, _ in record.aliases)],
        [link.url for link, _, _ in record.links],
        [*record.stashbox_ids, *record.merged_ids],
        record.key,
    )


class _Owners:
    """Which performers the database knows the records as."""

    def __init__(self, connection: Connection, records: Sequence[Record]) -> None:
        self._connection = connection
        own = {pair for record in records for pair in record.stashbox_ids}
        merged = {pair for record in records for pair in record.merged_ids}
        self._ids = self._by_pair(stashbox_ids, own | merged)
        self._merged = self._by_pair(merged_ids, own)
        self._keys = self._by_key([record.key for record in records if record.key])
        self._endpoints = self._endpoints_of(self._keys.values())

    def of(self, record: Record) -> set[int]:
        """Normally one performer or none; several when the record's ids belong to several."""
        by_id = {self._ids[pair] for pair in record.stashbox_ids if pair in self._ids}
        if by_id:
            return by_id
        before = {self._ids[pair] for pair in record.merged_ids if pair in self._ids}
        since = {self._merged[pair] for pair in record.stashbox_ids if pair in self._merged}
        if before or since:
            return before | since
        owner = self._keys.get(record.key) if record.key else None
        if owner is None or {e for e, _ in record.stashbox_ids} & self._endpoints[owner]:
            return set()  # the row's id is known, but as somebody with another id there
        return {owner}

    def has_key(self, key: str | None) -> bool:
        """Whether another performer came from a row with this id."""
        return key in self._keys

    def _by_pair(self, table: Table, pairs: set[Pair]) -> dict[Pair, int]:
        columns = _CHILD_VALUES[table]
        query = select(*columns, table.c.performer_id)
        return {
            (endpoint, value): performer_id
            for some in chunks(sorted(pairs))
            for endpoint, value, performer_id in map(
                tuple, self._connection.execute(query.where(tuple_(*columns).in_(some)))
            )
        }

    def _by_key(self, keys: Sequence[str]) -> dict[str | None, int]:
        query = select(performers.c.import_key, performers.c.id)
        found: dict[str | None, int] = {}
        for some in chunks(keys):
            found |= dict(
                self._connection.execute(query.where(performers.c.import_key.in_(some))).all()
            )
        return found

    def _endpoints_of(self, performer_ids: Iterable[int]) -> dict[int, set[str]]:
        query = select(stashbox_ids.c.performer_id, stashbox_ids.c.endpoint)
        found: dict[int, set[str]] = defaultdict(set)
        for some in chunks(sorted(performer_ids)):
            where = stashbox_ids.c.performer_id.in_(some)
            for performer_id, endpoint in self._connection.execute(query.where(where)):
                found[performer_id].add(endpoint)
        return found
