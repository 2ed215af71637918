"""Removing a person from the files that crawls wrote and registered."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from enrichscrapy.database.schema import artefacts
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.files.jobdir import RECORD, SCRAPY_NAMES
from enrichscrapy.files.kept_photos import folder_of
from enrichscrapy.forgetting.mentions import Mentions
from enrichscrapy.forgetting.rows import Person, erase_rows, same_person, shrink

if TYPE_CHECKING:
    from enrichscrapy.database.performer_database import PerformerDatabase


@dataclass
class CleanedFiles:
    """``done`` says what became of each file; ``failed`` what could not be done, and why."""

    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def clean_files(db: PerformerDatabase, person: Person) -> CleanedFiles:
    """Clean every registered file that is still there.

    No crawl may run: JOBDIRs and logs are changed under it.
    """
    cleaned = CleanedFiles()
    mentions = Mentions(person.traits)
    with db.read() as connection:
        registered = connection.execute(select(artefacts.c.kind, artefacts.c.path)).all()
    for kind, name in registered:
        path = Path(name)
        if not path.exists():
            db.artefacts.remove(path)
            continue
        try:
            cleaned.done.append(_clean(kind, path, person, mentions))
        except (OSError, EnrichError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            cleaned.failed.append(f"{kind} {path}: {reason}")
    return cleaned


def _clean(kind: str, path: Path, person: Person, mentions: Mentions) -> str:
    if kind == "jobdir":
        _remove_jobdir(path)
        return f"JOBDIR {path}: removed (the ledger knows what is left to do)"
    if kind == "log":
        return f"log {path}: {_drop_lines(path, mentions)} lines removed"
    if kind == "backup":
        return f"backup {path}: {_clean_backup(path, person)} performers removed"
    if kind == "photos":
        return f"photos {path}: {_drop_photos(path, person)} folders removed"
    # A report shows faces, an export holds vectors: both are made again from the database.
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    return f"{kind} {path}: removed"


def _drop_photos(path: Path, person: Person) -> int:
    """Remove the person's own folder among the kept photos."""
    own = folder_of(path, person.performer.id) if person.performer is not None else None
    if own is None or not own.is_dir():
        return 0
    shutil.rmtree(own)
    return 1


def _remove_jobdir(path: Path) -> None:
    """A JOBDIR's queues are pickles that cannot be searched for sure, and nothing needs them."""
    names = {entry.name for entry in path.iterdir()}
    if names and RECORD not in names and names - SCRAPY_NAMES:
        raise EnrichError(f"holds other things ({min(names - SCRAPY_NAMES)}): not touched")
    shutil.rmtree(path)


def _drop_lines(path: Path, mentions: Mentions) -> int:
    """Rewrite a text file without the lines that mention the person; all or nothing."""
    temporary = path.with_name(f"{path.name}.new")
    dropped = 0
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with (
        os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as new,
        path.open(encoding="utf-8", errors="surrogateescape", newline="") as old,
    ):
        for line in old:
            if line in mentions:
                dropped += 1
            else:
                new.write(line)
        new.flush()
        os.fsync(new.fileno())
    shutil.copymode(path, temporary)
    os.replace(temporary, path)
    return dropped


def _clean_backup(path: Path, person: Person) -> int:
    from enrichscrapy.database.performer_database import PerformerDatabase

    with PerformerDatabase(path) as backup:
        found = same_person(backup, person)
        for performer_id in found:
            erase_rows(backup, performer_id, person)
        if found and not shrink(backup):
            raise EnrichError("another program has it open: its WAL could not be emptied")
    return len(found)
