"""The machines that share the database, for people."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from enrichscrapy.database import machines, workers


@dataclass(frozen=True)
class MachineReport:
    """One machine now; ``crawls`` are the sources being crawled there, ``erasures_left`` what it
    has not carried out yet. Times are UTC seconds."""

    name: str
    last_seen: float
    struck_off_at: float | None
    crawls: tuple[str, ...]
    erasures_left: int
    files: int


def list_reports(connection: Connection, now: float) -> list[MachineReport]:
    """All machines by name; none where the database is a file."""
    known = machines.list_machines(connection)
    running = workers.list_running(connection, now) if known else []
    return [
        MachineReport(
            each.name,
            each.last_seen,
            each.struck_off_at,
            tuple(source for source, machine, _ in running if machine == each.name),
            each.erasures_left,
            each.files,
        )
        for each in known
    ]
