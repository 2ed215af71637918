"""Removing a person from the files that crawls wrote and registered."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from enrichscrapy.database.artefacts import OWN_FOLDER
from enrichscrapy.database.schema import artefacts
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.files.durable import replace_file
from enrichscrapy.files.jobdir import RECORD, SCRAPY_NAMES
from enrichscrapy.files.kept_photos import find_folder
from enrichscrapy.forgetting.mentions import Mentions
from enrichscrapy.forgetting.rows import Person, erase_rows, find_same_person

if TYPE_CHECKING:
    from enrichscrapy.database.performer_database import PerformerDatabase


@dataclass
class CleanedFiles:
    """``done`` says what became of each file; ``failed`` what could not be done, and why.

    ``not_ours`` are folders that hold other things: they are left as they are.
    """

    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    not_ours: list[str] = field(default_factory=list)


class NotOurs(EnrichError):
    """A registered folder holds other things than what was registered."""


def clean_files(
    db: PerformerDatabase, person: Person, kinds: Collection[str] | None = None
) -> CleanedFiles:
    """Clean every registered file (of these kinds) that is still there.

    No crawl may run: JOBDIRs and logs are changed under it. A folder that turns out to be
    somebody else's is named once and then no longer registered.
    """
    cleaned = CleanedFiles()
    mentions = Mentions(person.traits)
    with db.read() as connection:
        here = artefacts.c.machine == db.machine  # another machine's are on its own disk
        registered = connection.execute(
            select(artefacts.c.kind, artefacts.c.path).where(here)
        ).all()
    for kind, name in registered:
        if kinds is not None and kind not in kinds:
            continue
        path = Path(name)
        try:
            if path.exists() and (done := _clean(kind, path, person, mentions)):
                cleaned.done.append(done)
        except NotOurs as error:
            cleaned.not_ours.append(f"{kind} {path}: {error}")
            db.artefacts.remove(path)
        except (OSError, EnrichError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            cleaned.failed.append(f"{kind} {path}: {reason}")
        else:
            if not path.exists():
                db.artefacts.remove(path)
    return cleaned


def _clean(kind: str, path: Path, person: Person, mentions: Mentions) -> str:
    """What was done, in words; empty for what does not concern the person."""
    if kind == "jobdir":
        _remove_jobdir(path)
        return f"JOBDIR {path}: removed (the ledger knows what is left to do)"
    if kind == "log":
        return f"log {path}: {_drop_lines(path, mentions)} lines removed"
    if kind == "backup":
        return f"backup {path}: {_clean_backup(path, person)} performers removed"
    if kind == "photos":
        return f"photos {path}: removed" if _drop_photos(path, person) else ""
    # A report shows faces, an export holds vectors: both are made again from the database.
    if not path.is_dir():
        path.unlink()
    elif (path / OWN_FOLDER).exists():
        shutil.rmtree(path)
    else:
        raise NotOurs(f"is another folder than the one that was written ({OWN_FOLDER} is missing)")
    return f"{kind} {path}: removed"


def _drop_photos(path: Path, person: Person) -> bool:
    """Remove a folder of kept photos (see ``kept_photos``) if it is the person's own."""
    if person.performer is None or path != find_folder(path.parent, person.performer.id):
        return False
    shutil.rmtree(path)
    return True


def _remove_jobdir(path: Path) -> None:
    """Nothing needs a JOBDIR, and what its queues hold cannot be searched for sure."""
    names = {entry.name for entry in path.iterdir()}
    others = {name for name in names if not name.startswith((RECORD, *SCRAPY_NAMES))}
    if others and RECORD not in names:
        raise NotOurs(f"holds other things ({min(others)}): not touched")
    shutil.rmtree(path)


def _drop_lines(path: Path, mentions: Mentions) -> int:
    """Rewrite a text file without the lines that mention the person; all or nothing."""
    dropped = 0
    with (
        path.open(encoding="utf-8", errors="surrogateescape", newline="") as old,
        replace_file(path) as new,
    ):
        for line in old:
            if line in mentions:
                dropped += 1
            else:
                new.write(line.encode("utf-8", "surrogateescape"))
        os.fchmod(new.fileno(), path.stat().st_mode)
    return dropped


def _clean_backup(path: Path, person: Person) -> int:
    from enrichscrapy.database.performer_database import PerformerDatabase

    with PerformerDatabase(path) as backup:
        found = find_same_person(backup, person)
        for performer_id in found:
            erase_rows(backup, performer_id, person)
        if found and (left := backup.shrink()):
            raise EnrichError(left)
    return len(found)
