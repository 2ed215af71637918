"""The demo's work folder: one that ``enrichscrapy init`` made, gone on with where it was."""

from __future__ import annotations

import hashlib
import os
import shutil
from enum import StrEnum
from pathlib import Path

from sqlalchemy import func, select

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import hosts, lookups
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.folder.make import make_folder
from enrichscrapy.items import Outcome

HERE = Path(__file__).resolve().parent
BEGUN, WHOLE = "begun", "whole-run"
"""Files that hold the fingerprint of the demo that began, and that ended as expected."""
CONTACT = "demo@enrichscrapy.invalid"


class State(StrEnum):
    """What the folder held before this run."""

    NEW = "new"
    STOPPED = "stopped"
    WHOLE = "whole"


class WorkFolder:
    """Everything the demo makes lies in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def database(self) -> Path:
        return self.path / "data" / "enrichscrapy.db"

    @property
    def index(self) -> Path:
        return self.path / "data" / "index"

    @property
    def report(self) -> Path:
        return self.path / "data" / "report.html"

    @property
    def export(self) -> Path:
        return self.path / "data" / "export"

    @property
    def access_log(self) -> Path:
        return self.path / "access.jsonl"

    def open(self) -> State:
        """Make the folder, or go on with what lies there if it is this very demo's."""
        if self._holds(WHOLE):
            return State.WHOLE
        if self._holds(BEGUN) and not self._waits():
            return State.STOPPED
        if self.path.exists():
            shutil.rmtree(self.path)
        make_folder(self.path, CONTACT)
        (self.path / BEGUN).write_text(fingerprint())
        return State.NEW

    def mark_whole(self) -> None:
        (self.path / WHOLE).write_text(fingerprint())

    def _holds(self, mark: str) -> bool:
        path = self.path / mark
        return path.exists() and path.read_text() == fingerprint()

    def _waits(self) -> bool:
        """Whether something went wrong that is not tried again for a while.

        A demo that was killed leaves a crawl whose sites are gone: the end could not be reached.
        """
        if not self.database.exists():
            return False
        unlucky = lookups.c.outcome.in_([Outcome.FAILED.value, Outcome.BLOCKED.value])
        left_alone = hosts.c.circuit != "closed"
        try:
            with PerformerDatabase(self.database) as database, database.read() as connection:
                return any(
                    connection.scalar(select(func.count()).where(condition))
                    for condition in (unlucky, left_alone)
                )
        except EnrichError:  # an older program's: nothing to go on with
            return True


def fingerprint() -> str:
    """What the results depend on: the demo's own files, and whose weights are used."""
    digest = hashlib.sha256(os.environ.get("FACE_WEIGHTS", "").encode())
    for path in sorted([*HERE.rglob("*.py"), *HERE.glob("*.json")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()
