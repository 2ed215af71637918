"""``scrapy import-performers FILE``: performers of a media library become this database's own."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand, finish_what_was_begun
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.importing.performers import Summary, import_file
from enrichscrapy.importing.records import Fault
from enrichscrapy.settings_reader import ProjectSettings

SHOWN = 20
"""Faults of one kind that are shown; the others are counted."""


class Command(EnrichCommand):
    def syntax(self) -> str:
        return "FILE"

    def short_desc(self) -> str:
        return "Import performers from a stash-sense performers.db, JSONL or CSV file"

    def long_desc(self) -> str:
        return (
            "FILE is a stash-sense performers.db, a JSONL file (one object a line: id, name, "
            "gender, birth_date, country, disambiguation, aliases, urls, stashbox_ids) or a CSV "
            "file with these columns (commas, semicolons, tabs; lists split by |, stashbox_ids "
            "as stashdb:ID|theporndb:ID). Importing again updates what changed and duplicates "
            "nothing, also under another file name. Exit codes: 0 all taken, 1 rows or values "
            "were left out, 2 the file could not be read."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--namesake",
            metavar="LINE",
            type=int,
            action="append",
            default=[],
            help="this line is somebody else than the forgotten person of that name; "
            "may be given several times",
        )

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if len(args) != 1:
            raise UsageError("name one file to import")
        with PerformerDatabase(settings.DATABASE_URL) as database:
            finish_what_was_begun(database, settings.INDEX_DIR)
            summary = _import(database, Path(args[0]), opts.namesake)
        print(summary)
        return 0 if summary.faultless else 1


def _import(database: PerformerDatabase, path: Path, namesakes: Sequence[int]) -> Summary:
    """Import with a progress bar; faults are printed above it, the performers' names never."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    columns = (TextColumn("Importing performers"), BarColumn(), TaskProgressColumn())
    with Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task("", total=None)

        kinds: Counter[str] = Counter()

        def report(fault: Fault, unit: str) -> None:
            kind = fault.reason.partition(":")[0]
            kinds[kind] += 1
            if kinds[kind] <= SHOWN:
                fate = ": skipped" if fault.whole_row else ""
                console.print(f"{path.name}, {unit} {fault.line}: {fault.reason}{fate}")

        def note(text: str) -> None:
            console.print(f"{path.name}: {text}")

        def advance(position: int, total: int) -> None:
            progress.update(task, completed=position, total=total)

        summary = import_file(
            database,
            path,
            namesakes=namesakes,
            on_fault=report,
            on_note=note,
            on_progress=advance,
        )
        for kind, count in kinds.items():
            if count > SHOWN:
                note(f"and {count - SHOWN:,} more: {kind}")
        return summary
