"""``scrapy status``: everything one wants to know between two crawls, in one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.birth_dates import UnreadBirthDate, count_unread, list_unread
from enrichscrapy.reporting.faces import (
    Coverage,
    HardToTell,
    Model,
    VerdictCount,
    count_coverage,
    count_hard_to_tell,
    count_verdicts,
    find_model_in_use,
)
from enrichscrapy.reporting.hosts import HostReport, list_hosts
from enrichscrapy.reporting.index import IndexState, read_index_state
from enrichscrapy.reporting.machines import MachineReport, list_reports
from enrichscrapy.reporting.sources import SourceProgress, list_progress

UNREAD_SHOWN = 5


@dataclass(frozen=True)
class Status:
    """``at`` is when it was read, UTC seconds; ``unread`` counts birth dates to be seen to, and
    ``unread_first`` are the first of them.
    """

    at: float
    database: str
    model: Model | None
    sources: list[SourceProgress]
    faces: list[VerdictCount]
    coverage: Coverage
    hard_to_tell: HardToTell
    index: IndexState
    hosts: list[HostReport]
    machines: list[MachineReport]
    unread: int = 0
    unread_first: tuple[UnreadBirthDate, ...] = ()

    @property
    def waiting_for_review(self) -> int:
        waiting = (row for row in self.faces if row.verdict == "quarantined")
        return sum(row.count for row in waiting if row.reason != "suppressed")

    def to_json(self) -> dict[str, Any]:
        """JSON-serialisable, with the sums a script would otherwise have to make itself."""
        faces: dict[str, int] = {}
        for row in self.faces:
            faces[row.verdict] = faces.get(row.verdict, 0) + row.count
        return {**asdict(self), "verdicts": faces, "waiting_for_review": self.waiting_for_review}


def read_status(
    database: PerformerDatabase,
    index_dir: Path,
    sources: Mapping[str, str | None],
    revisit_after_days: float = 0.0,
) -> Status:
    """``sources`` maps each source to the gender filter of its spider (None: all)."""
    now = database.clock()
    with database.read() as connection:
        model = find_model_in_use(connection)
    model_id = model.id if model else None
    progress = list_progress(
        database, sources, model_id=model_id, revisit_after_days=revisit_after_days
    )
    with database.read() as connection:
        return Status(
            now,
            database.name,
            model,
            progress,
            count_verdicts(connection, model.id) if model else [],
            count_coverage(connection, model_id),
            count_hard_to_tell(connection, model.id) if model else HardToTell(0, 0),
            read_index_state(connection, index_dir, model),
            list_hosts(connection, now),
            list_reports(connection, now),
            count_unread(connection),
            tuple(list_unread(connection, UNREAD_SHOWN)),
        )
