"""Importing performers: in batches of one transaction each; importing again changes only what
changed.

What the file says becomes the performer's own data; what it does not say stays.
:mod:`enrichscrapy.importing.owners` says how a performer is recognised.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enrichscrapy.importing.batch import ImportBatch
from enrichscrapy.importing.owners import FileMemory
from enrichscrapy.importing.readers import Reader
from enrichscrapy.importing.records import Fault, Record, describe_ignored_column

if TYPE_CHECKING:
    from enrichscrapy.database.performer_database import PerformerDatabase

BATCH = 2000
"""Performers a transaction: a fifth of a second, short enough for a crawl that writes beside it."""


@dataclass
class Summary:
    """Rows by what became of them, and ``left_out`` values of rows that were taken."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    suppressed: int = 0
    skipped: int = 0
    left_out: int = 0

    def __str__(self) -> str:
        text = f"added {self.added}, updated {self.updated}, unchanged {self.unchanged}"
        text += f", skipped {self.skipped}"
        text += f", suppressed {self.suppressed}" if self.suppressed else ""
        return text + (f", values left out {self.left_out}" if self.left_out else "")

    @property
    def faultless(self) -> bool:
        return not self.skipped and not self.left_out


def import_records(
    db: PerformerDatabase,
    reader: Reader,
    file_name: str,
    *,
    namesakes: Collection[int] = (),
    on_fault: Callable[[Fault, str], None] = lambda fault, unit: None,
    on_note: Callable[[str], None] = lambda note: None,
    on_progress: Callable[[int, int], None] = lambda position, total: None,
) -> Summary:
    """Import what a reader gives; ``file_name`` is what its rows are remembered under.

    ``on_fault`` gets each fault and what its number counts (``line``, ``row``), but of the rows
    without an id only the first; ``on_note`` notes on the whole file; ``on_progress`` the reader's
    position and total after each batch. ``namesakes`` are lines that a person checked: they only
    share the name of a person who was forgotten. Raises ``UnreadableFile``; batches before the
    place that could not be read stay imported.
    """
    with _collect_between_batches():
        return _Import(db, file_name, reader, namesakes, on_fault, on_note, on_progress).run()


@contextmanager
def _collect_between_batches() -> Iterator[None]:
    """Records are no garbage until they are written: looking at them again and again, Python's
    collector takes an eighth of an import.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _list_names(record: Record) -> set[tuple[str, str]]:
    """Every id of the record's performer, as (endpoint, id)."""
    key = [("", record.key)] if record.key else []
    return {*record.stashbox_ids, *record.merged_ids, *key}


@dataclass(eq=False, repr=False)
class _Import:
    db: PerformerDatabase
    file_name: str
    reader: Reader
    namesakes: Collection[int]
    on_fault: Callable[[Fault, str], None]
    on_note: Callable[[str], None]
    on_progress: Callable[[int, int], None]
    summary: Summary = field(default_factory=Summary, init=False)
    without_id: int = field(default=0, init=False)
    ignored_reported: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.memory = FileMemory(self.file_name)

    def run(self) -> Summary:
        batch: list[Record] = []
        names: set[tuple[str, str]] = set()
        for item in self.reader:
            if isinstance(item, Fault):
                self.memory.leave_out(item.key)
                self._report(item)
                continue
            own_names = _list_names(item)
            if not own_names:
                self._report_without_id(item.line)
                continue
            if (
                len(batch) >= BATCH or own_names & names
            ):  # a performer twice: one batch after another
                self._write(batch)
                batch, names = [], set()
            batch.append(item)
            names |= own_names
        self._write(batch)
        if self.without_id > 1:
            self.on_note(f"{self.without_id} rows have neither an id nor a stash-box id: skipped")
        return self.summary

    def _report_without_id(self, line: int) -> None:
        self.without_id += 1
        if self.without_id > 1:
            self.summary.skipped += 1
            return
        reason = (
            "needs an id or a stash-box id, to be recognised next time (any number or text of "
            "your own that stays the same); said once for all such rows"
        )
        self._report(Fault(line, reason))

    def _report(self, fault: Fault) -> None:
        if fault.whole_row:
            self.summary.skipped += 1
        else:
            self.summary.left_out += 1
        self.on_fault(fault, self.reader.unit)

    def _tell_ignored(self) -> None:
        for name in self.reader.ignored[self.ignored_reported :]:
            self.on_note(describe_ignored_column(name))
        self.ignored_reported = len(self.reader.ignored)

    def _write(self, batch: Sequence[Record]) -> None:
        self._tell_ignored()
        with self.db.write() as connection:
            result = ImportBatch(connection, self.db, self.memory, self.namesakes).write(batch)
        gc.collect(0)
        # Counted and reported once it is committed.
        self.summary.added += result.added
        self.summary.updated += result.updated
        self.summary.unchanged += result.unchanged
        self.summary.suppressed += result.suppressed
        for fault in result.faults:
            self._report(fault)
        self.on_progress(self.reader.position, self.reader.total)
