"""Forgetting a person everywhere this program can reach, and saying what it cannot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.files.locks import all_sources
from enrichscrapy.forgetting.files import clean_files
from enrichscrapy.forgetting.rows import Person, erase_rows, shrink
from enrichscrapy.index import index_model_id, reindex

OUT_OF_REACH = (
    "copies and backups of the database, the index or a JOBDIR that were made by other means",
    "files that were imported (importing them again will leave this person out)",
    "photos in folders that import-faces has read",
    "logs that were not written with LOG_FILE, among them scrapyd's and the terminal's",
    "reports, exports and vectors that were copied, sent or loaded into another program",
    "snapshots of the file system, and blocks of the disk that were freed but not overwritten",
)


@dataclass
class Forgotten:
    """What was removed, by table; what became of files; what is left to do by hand."""

    rows: dict[str, int] = field(default_factory=dict)
    suppressions: int = 0
    files: list[str] = field(default_factory=list)
    index: str = "there was none"
    failed: list[str] = field(default_factory=list)
    blocked: dict[int, str] = field(default_factory=dict)


def forget(
    db: PerformerDatabase,
    person: Person,
    index_dir: Path,
    sources: Iterable[str],
    *,
    wait: float | None = None,
) -> Forgotten:
    """Suppress the person, then remove every trace; can be run again after an interruption.

    Waits ``wait`` seconds (None: for as long as it takes) for running crawls, else raises
    ``SourceLocked``. The suppression comes first: from then on nobody writes them again.
    """
    forgotten = Forgotten()
    with all_sources(db.path, sources, "forget", wait):
        forgotten.suppressions = db.suppressions.add(person.traits)
        cleaned = clean_files(db, person)
        forgotten.files, forgotten.failed = cleaned.done, cleaned.failed
        if person.performer is not None:
            forgotten.rows = erase_rows(db, person.performer.id, person)
        model_id = index_model_id(db, index_dir) if index_dir.exists() else None
        if model_id is not None:
            generation = reindex(db, index_dir, model_id, keep_previous=False)
            forgotten.index = (
                f"made anew with {generation.manifest.count} faces, older ones removed"
            )
        if not shrink(db):
            forgotten.failed.append(
                f"{db.path.name}-wal: another program has the database open; close it and run "
                "this again"
            )
    forgotten.blocked = db.suppressions.blocked()
    return forgotten
