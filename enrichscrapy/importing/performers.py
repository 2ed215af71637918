"""Importing performers: in batches of one transaction each; importing again changes only what
changed. While a batch is written, which leaves Python's interpreter free for most of the time, the
next one is read.

What the file says becomes the performer's own data; what it does not say stays.
:mod:`enrichscrapy.importing.owners` says how a performer is recognised.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enrichscrapy.importing.batch import BatchResult, ImportBatch
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


def _list_ids(record: Record) -> set[tuple[str, str]]:
    """Every id of the record's performer, as (endpoint, id)."""
    key = [("", record.key)] if record.key else []
    return {*record.stashbox_ids, *record.merged_ids, *key}


@dataclass
class _Batch:
    """What is written together: no performer twice, and the faults that were read in between."""

    records: list[Record] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    ids: set[tuple[str, str]] = field(default_factory=set)


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
        writing: Future[BatchResult] | None = None
        with ThreadPoolExecutor(1, "import") as writer:
            try:
                for batch in self._read_batches():
                    written, writing = writing, None
                    self._count(written)
                    self._tell(batch)
                    writing = writer.submit(self._write, batch)
            finally:  # what was begun is ended and counted, also where the rest cannot be read
                self._count(writing)
        if self.without_id > 1:
            self.on_note(f"{self.without_id} rows have neither an id nor a stash-box id: skipped")
        return self.summary

    def _read_batches(self) -> Iterator[_Batch]:
        batch = _Batch()
        for item in self.reader:
            ids = set() if isinstance(item, Fault) else _list_ids(item)
            is_full = len(batch.records) + len(batch.faults) >= BATCH
            if is_full or not batch.ids.isdisjoint(ids):
                yield batch
                batch = _Batch()
            if isinstance(item, Fault):
                batch.faults.append(item)
            elif not ids:
                self._leave_out_without_id(item.line, batch)
            else:
                batch.records.append(item)
                batch.ids |= ids
        yield batch

    def _leave_out_without_id(self, line: int, batch: _Batch) -> None:
        self.without_id += 1
        if self.without_id > 1:
            self.summary.skipped += 1
            return
        reason = (
            "needs an id or a stash-box id, to be recognised next time (any number or text of "
            "your own that stays the same); said once for all such rows"
        )
        batch.faults.append(Fault(line, reason))

    def _tell(self, batch: _Batch) -> None:
        """What the file says on its columns, and what of it could not be read."""
        for name in self.reader.ignored[self.ignored_reported :]:
            self.on_note(describe_ignored_column(name))
        self.ignored_reported = len(self.reader.ignored)
        for fault in batch.faults:
            self._report(fault)

    def _write(self, batch: _Batch) -> BatchResult:
        for fault in batch.faults:
            self.memory.leave_out(fault.key)
        with self.db.write() as connection:
            return ImportBatch(connection, self.db, self.memory, self.namesakes).write(
                batch.records
            )

    def _count(self, writing: Future[BatchResult] | None) -> None:
        """Count and report a batch once it is committed."""
        if writing is None:
            return
        result = writing.result()
        gc.collect(0)
        self.summary.added += result.added
        self.summary.updated += result.updated
        self.summary.unchanged += result.unchanged
        self.summary.suppressed += result.suppressed
        for fault in result.faults:
            self._report(fault)
        self.on_progress(self.reader.position, self.reader.total)

    def _report(self, fault: Fault) -> None:
        if fault.whole_row:
            self.summary.skipped += 1
        else:
            self.summary.left_out += 1
        self.on_fault(fault, self.reader.unit)
