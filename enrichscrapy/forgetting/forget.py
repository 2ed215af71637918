"""The job of forgetting a person; ``rows.py`` and ``files.py`` say what is removed.

An erasure is a job of the database: recorded before anything is removed, finished by whatever
command comes next when it is killed, and gone from the database once everything is done. Where
several machines share the database each carries it out before it goes on: its crawls end, and the
next command there removes what its own disk holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sqlalchemy import delete, insert, select, update

from enrichscrapy.database import PerformerDatabase, machines
from enrichscrapy.database.locks import lock_out_crawls
from enrichscrapy.database.performers import read_new_id
from enrichscrapy.database.schema import erasures
from enrichscrapy.database.traits import Traits
from enrichscrapy.exceptions import IndexOfAnotherDatabase
from enrichscrapy.forgetting.files import clean_files
from enrichscrapy.forgetting.rows import Person, erase_mentions, erase_rows
from enrichscrapy.index import erase, find_index_model_id
from enrichscrapy.items import Performer

OUT_OF_REACH = (
    "copies and backups of the database, the index or a JOBDIR that were made by other means",
    "files that were imported (importing them again will leave this person out)",
    "photos in folders that import-faces has read",
    "logs that were not written with LOG_FILE, among them scrapyd's and the terminal's",
    "pictures that a browser keeps of the gallery, for an hour at most",
    "reports, exports and vectors that were copied, sent or loaded into another program",
    "snapshots of the file system, and blocks of the disk that were freed but not overwritten",
)
_WITH_PICTURES = ("photos", "report", "export")
"""Files that may show a minor's face, or hold its vector."""


@dataclass
class Forgotten:
    """What was removed, by table; what was done to files; what is left to do by hand.

    ``silent`` are the machines that still have to carry it out.
    """

    rows: dict[str, int] = field(default_factory=dict)
    suppressions: int = 0
    files: list[str] = field(default_factory=list)
    index: str = ""
    failed: list[str] = field(default_factory=list)
    blocked: dict[int, str] = field(default_factory=dict)
    silent: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Erasure:
    """A row of ``erasures``."""

    id: int
    kind: str
    person: Person


def forget(
    db: PerformerDatabase,
    person: Person,
    index_dir: Path,
    sources: Iterable[str],
    *,
    wait: float | None = None,
    on_wait: Callable[[str], None] = lambda crawl: None,
) -> Forgotten:
    """Suppress the person, then remove every trace; can be run again after an interruption.

    From the suppression on nobody writes them again. Waits ``wait`` seconds (None: for as long as
    it takes) for running crawls of this machine, telling ``on_wait`` which, else raises
    ``SourceLocked``: then the next command that finds no crawl running finishes it.
    """
    job_id = _begin(db, person)
    added = db.suppressions.add(person.traits)
    with db.write() as connection:  # a machine that came in between may hold something
        machines.ask_all(connection, job_id)
    with lock_out_crawls(db, sources, "forget", wait, on_wait, here_only=True):
        done = {job.id: _finish(db, job, index_dir) for job in _list_erasures(db, job_id)}
    forgotten = done.pop(job_id)
    forgotten.failed += [line for other in done.values() for line in other.failed]
    forgotten.suppressions = added
    forgotten.blocked = db.suppressions.list_blocked()
    return forgotten


def finish_erasures(db: PerformerDatabase, index_dir: Path, sources: Iterable[str]) -> list[str]:
    """Finish what was begun, also of minors; returns what could not be removed.

    Raises ``SourceLocked`` while a crawl is running on this machine.
    """
    with lock_out_crawls(db, sources, "forget", 0.0, here_only=True):
        return [line for job in _list_erasures(db) for line in _finish(db, job, index_dir).failed]


def _begin(db: PerformerDatabase, person: Person) -> int:
    row = {
        "kind": "person",
        "person_id": person.performer.id if person.performer is not None else None,
        "traits": asdict(person.traits),
        "begun_at": db.clock(),
    }
    with db.write() as connection:
        job_id = read_new_id(connection.execute(insert(erasures).values(row)))
        machines.ask_all(connection, job_id)
        return job_id


def _list_erasures(db: PerformerDatabase, *begun_here: int) -> list[_Erasure]:
    """What is open for this machine; what it has begun is, even where it holds no files."""
    with db.read() as connection:
        mine = erasures.c.id.in_([*machines.list_open(connection, db.machine), *begun_here])
        rows = connection.execute(select(erasures).where(mine).order_by(erasures.c.id)).all()
    return [_Erasure(row.id, row.kind, _read_person(row.person_id, row.traits)) for row in rows]


def _read_person(performer_id: int | None, fields: dict[str, object] | None) -> Person:
    """The person as the job recorded them: the performer's own row may be gone."""
    traits = Traits(**fields) if fields else Traits()  # type: ignore[arg-type]  # ours
    traits.ids = [(endpoint, value) for endpoint, value in traits.ids]
    name = traits.names[0] if traits.names else ""
    return Person(Performer(performer_id, name) if performer_id is not None else None, traits)


def _erase_from_index(db: PerformerDatabase, index_dir: Path) -> str:
    """What was done to the index, in words."""
    model_id = find_index_model_id(db, index_dir) if index_dir.exists() else None
    if model_id is None:
        return "there was none"
    try:
        manifest = erase(db, index_dir, model_id)
    except IndexOfAnotherDatabase as error:
        return str(error)
    if manifest is None:
        return "there was none"
    return f"{manifest.count} faces, older ones removed"


def _finish(db: PerformerDatabase, job: _Erasure, index_dir: Path) -> Forgotten:
    """Do all of a job, or once more what an interruption left of it; no crawl may run."""
    forgotten, person = Forgotten(), job.person
    cleaned = clean_files(db, person, _WITH_PICTURES if job.kind == "minor" else None)
    forgotten.files, forgotten.failed = cleaned.done, cleaned.failed
    if job.kind == "person":
        db.suppressions.add(person.traits, again=False)
        if person.performer is not None and db.get_performer(person.performer.id) is not None:
            forgotten.rows = erase_rows(db, person.performer.id, person)
        elif person.performer is not None and db.is_shared:
            # Crawls of this machine may have written of them since another one erased the rows.
            erase_mentions(db, person.performer.id, person)
    stranger = job.kind == "person" and person.is_stranger
    forgotten.index = "left as it is" if stranger else _erase_from_index(db, index_dir)
    if not forgotten.failed:
        forgotten.silent = _answer(db, job.id)
    is_done = not (forgotten.failed or forgotten.silent)
    if is_done:
        with db.write() as connection:  # before the file is rewritten: this must not stay in it
            nameless = update(erasures).where(erasures.c.id == job.id)
            connection.execute(nameless.values(traits=None, person_id=None))
    if (is_done or forgotten.failed or forgotten.rows) and (left := db.shrink()):
        forgotten.failed.append(left)
    if is_done and not forgotten.failed:
        with db.write() as connection:
            connection.execute(delete(erasures).where(erasures.c.id == job.id))
    forgotten.failed += cleaned.not_ours
    return forgotten


def _answer(db: PerformerDatabase, job_id: int) -> list[str]:
    """This machine is done; returns those that are not."""
    with db.write() as connection:
        machines.answer(connection, job_id, db.machine, db.read_now(connection))
        return machines.list_silent(connection, job_id)
