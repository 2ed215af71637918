"""JOBDIRs that resume a clean stop and cannot hurt after any other.

Scrapy's JOBDIR is a convenience here, never the truth: the ledger says what is due, and whatever
is missing from a JOBDIR is asked of it again. What a JOBDIR could do is harm: queues cut by a kill
crash the next start or silently lose requests. So each run signs its JOBDIR while it uses it and,
at a clean end, notes every file with its SHA-256. At the next start anything but exactly that is
set aside, and the crawl completes from the ledger.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from enrichscrapy import __version__
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.files.durable import replace_file

RECORD = "enrichscrapy.json"
QUEUE_FORMAT = "JSON 1"
"""Older JOBDIRs hold pickles, which are never read."""
SCRAPY_NAMES = frozenset({"requests.queue", "requests.seen", "spider.state"})


@dataclass(frozen=True)
class Owner:
    """Whose work is in a JOBDIR: another's is refused."""

    spider: str
    mode: str
    database: str

    def __str__(self) -> str:
        return f"spider {self.spider}, mode {self.mode}, database {self.database}"


@dataclass(frozen=True)
class _Record:
    """``enrichscrapy.json``; ``ended`` is the finish reason, empty while the JOBDIR is in use."""

    owner: Owner
    versions: dict[str, str]
    ended: str = ""
    files: dict[str, str] = field(default_factory=dict)


def list_versions() -> dict[str, str]:
    """What wrote the queues: another version may read them differently."""
    python = ".".join(map(str, sys.version_info[:2]))
    programs = {"enrichscrapy": __version__, "scrapy": version("scrapy"), "python": python}
    return {**programs, "queue format": QUEUE_FORMAT}


@dataclass(frozen=True)
class Opened:
    """A JOBDIR ready for use: ``set_aside`` is where unusable leftovers went, ``why`` says why."""

    path: Path
    resumes: bool = False
    set_aside: Path | None = None
    why: str = ""


def open_jobdir(
    path: Path, owner: Owner, now: float, register: Callable[[Path], None] = lambda path: None
) -> Opened:
    """Make ``path`` ready, readable by its owner only, before Scrapy opens anything in it.

    ``register`` is told of what holds leftovers, and where they go, before they are moved.
    Raises :class:`BadSetting` for a JOBDIR of another spider, mode or database, for a folder
    that is no JOBDIR, and for one that cannot be written.
    """
    try:
        return _open(path, owner, now, register)
    except OSError as error:
        raise BadSetting(f"JOBDIR {path} cannot be used: {error.strerror or error}") from error


def _open(path: Path, owner: Owner, now: float, register: Callable[[Path], None]) -> Opened:
    names = {entry.name for entry in path.iterdir()} if path.exists() else set()
    why = ended = ""
    if names - {f"{RECORD}.new"}:
        _check_is_jobdir(path, names)
        record = _read_record(path)
        _check_owner(path, record, owner)
        register(path)
        why = _find_fault(path, record)
        ended = record.ended if record is not None else ""
    resumes = bool(ended) and ended != "finished" and not why
    aside = _set_aside(path, now, register) if why else None
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    if not resumes:
        _clear(path)
        _write_record(path, _Record(owner, list_versions(), "finished"))
    return Opened(path, resumes, aside, why)


def sign_jobdir(path: Path, owner: Owner) -> None:
    """Note that a run uses the JOBDIR: from here on only :func:`close_jobdir` makes it good again.

    Left to the last moment, so that a run that a bad setting stops costs no leftovers.
    """
    _write_record(path, _Record(owner, list_versions()))


def close_jobdir(path: Path, owner: Owner, reason: str) -> None:
    """Record that the run ended cleanly, and what the JOBDIR holds now.

    To be called once Scrapy has closed its queues; ``OSError`` leaves it signed as in use.
    """
    _write_record(path, _Record(owner, list_versions(), reason, _digest_files(path)))


def _check_is_jobdir(path: Path, names: set[str]) -> None:
    if RECORD not in names and names - SCRAPY_NAMES:
        other = sorted(names - SCRAPY_NAMES)[0]
        raise BadSetting(
            f"JOBDIR {path} holds other things ({other}): name a folder of its own for it"
        )


def _read_record(path: Path) -> _Record | None:
    """The record of the last run; None when there is none that can be read."""
    try:
        fields = json.loads((path / RECORD).read_bytes())
        return _Record(**{**fields, "owner": Owner(**fields["owner"])})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def _check_owner(path: Path, record: _Record | None, owner: Owner) -> None:
    if record is not None and record.owner != owner:
        raise BadSetting(f"JOBDIR {path} belongs to {record.owner}: give {owner} another one")


def _find_fault(path: Path, record: _Record | None) -> str:
    """Why what is in the JOBDIR cannot be used; empty when it can."""
    if record is None:
        return "it has no readable record of its last run"
    if not record.ended:
        return "its last run did not end cleanly"
    for name, current in list_versions().items():
        if record.versions.get(name) != current:
            written = record.versions.get(name) or "of before"
            return f"it was written by {name} {written}, this is {current}"
    return _describe_change(record.files, _digest_files(path))


def _describe_change(noted: dict[str, str], found: dict[str, str]) -> str:
    for name in sorted(noted.keys() | found.keys()):
        if noted.get(name) != found.get(name):
            return f"its file {name} was changed, cut or lost"
    return ""


def _digest_files(path: Path) -> dict[str, str]:
    """SHA-256 of every file by its path in the JOBDIR, without the record itself."""
    found = (each for each in path.rglob("*") if each.is_file())
    return {
        str(each.relative_to(path)): hashlib.sha256(each.read_bytes()).hexdigest()
        for each in found
        if each.name not in (RECORD, f"{RECORD}.new")
    }


def _set_aside(path: Path, now: float, register: Callable[[Path], None]) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    suffixes = ("", *(f"-{number}" for number in range(2, 1000)))
    candidates = (f"{path}.set-aside-{stamp}{suffix}" for suffix in suffixes)
    aside = next(Path(each) for each in candidates if not Path(each).exists())
    register(aside)
    path.replace(aside)
    aside.chmod(0o700)
    return aside


def _clear(path: Path) -> None:
    """Empty a finished JOBDIR: nothing in it is needed, and nothing may suppress a new attempt."""
    for name in SCRAPY_NAMES:
        entry = path / name
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)


def _write_record(path: Path, record: _Record) -> None:
    with replace_file(path / RECORD) as file:
        file.write(json.dumps(asdict(record), indent=2, sort_keys=True).encode())
