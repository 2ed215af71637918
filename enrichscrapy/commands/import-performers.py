"""``scrapy import-performers``: performers of a media library become this database's own."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand, finish_what_was_begun
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.stash_pictures import count_to_take
from enrichscrapy.importing.libraries import Library, open_file, open_server
from enrichscrapy.importing.performers import Summary, import_records
from enrichscrapy.importing.records import Fault
from enrichscrapy.importing.stash_client import KEY_VARIABLE, is_address
from enrichscrapy.lookups.stash_pictures import PictureReport, StashPictures
from enrichscrapy.settings_reader import ProjectSettings

SHOWN = 20
"""Faults of one kind that are shown; the others are counted."""


class Command(EnrichCommand):
    usage = "FILE|URL"
    summary = "Import performers from Stash, stash-sense, JSONL or CSV"
    about = """FILE is Stash's stash-go.sqlite (also while Stash runs; nothing is written to it), a
    performers.db of stash-sense or stash-sense2, a JSONL file (one object a line: id, name, gender,
    birth_date, country, disambiguation, aliases, urls, stashbox_ids) or a CSV file with these
    columns (commas, semicolons, tabs; lists split by |, stashbox_ids as stashdb:ID|theporndb:ID).
    URL is a running Stash, as http://localhost:9999; its API key is taken from the environment as
    STASH_API_KEY, and only what changed since the last import is read. A performer's picture in
    Stash becomes their first trusted face. Importing again updates what changed and duplicates
    nothing, also under another file name; one that was stopped goes on. Exit codes: 0 all taken, 1
    rows, values or pictures were left out or wait for you, 2 nothing could be read."""

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
        parser.add_argument(
            "--faces",
            action=argparse.BooleanOptionalAction,
            default=None,
            help="take in performers' pictures from Stash (on where the face weights are there)",
        )
        parser.add_argument(
            "--all",
            action="store_true",
            help="read all performers of a running Stash, not only those that changed",
        )
        parser.add_argument(
            "--blobs",
            metavar="DIR",
            type=Path,
            help="where Stash keeps its blobs, if not in the file (the folder blobs beside it)",
        )

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if len(args) != 1:
            raise UsageError("name one file to import, or the address of a running Stash")
        with PerformerDatabase.of(settings) as database:
            finish_what_was_begun(database, settings.INDEX_DIR)
            library = self._open(args[0], opts, settings, database)
            with closing(library), _Run(database, settings) as run:
                try:
                    faultless = run.take_in(library, opts.namesake, opts.faces)
                except KeyboardInterrupt:
                    self.say("stopped: run it again to go on where it was")
                    return 1
        return 0 if faultless else 1

    def _open(
        self,
        place: str,
        opts: argparse.Namespace,
        settings: ProjectSettings,
        database: PerformerDatabase,
    ) -> Library:
        max_bytes = settings.PHOTO_MAX_BYTES
        if not is_address(place):
            return open_file(Path(place), database, opts.blobs, max_bytes)
        whole = opts.all or bool(opts.namesake)  # whom a name kept out has not changed since
        # No setting: those are shown in logs.
        key = os.environ.get(KEY_VARIABLE, "")
        return open_server(place, key, database, max_bytes, whole=whole)


class _Run:
    """One import with its progress bar and the messages above it, which never name performers."""

    def __init__(self, database: PerformerDatabase, settings: ProjectSettings) -> None:
        self.database = database
        self.settings = settings
        self.console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        self.bar = Progress(
            *columns,
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.task = self.bar.add_task("Importing performers", total=None)

    def __enter__(self) -> _Run:
        self.bar.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.bar.stop()

    def take_in(self, library: Library, namesakes: Sequence[int], faces: bool | None) -> bool:
        """True when nothing was left out and nothing waits."""
        looks = library.pictures is not None and self._is_to_look(library, faces)
        summary = self._take_records(library, namesakes)
        line, faultless = str(summary), summary.faultless
        if looks:
            counts = self._take_pictures(library)
            line += "".join(f", {name} {number}" for name, number in counts.items() if number)
            faultless = faultless and not (counts[WAITING] or counts[MISSING])
        if not summary.skipped:  # else the next import reads them again, as it does of a file
            library.finish(self.database)
        self.bar.stop()
        print(line)
        return faultless

    # --- Performers ----------------------------------------------------------------------------

    def _take_records(self, library: Library, namesakes: Sequence[int]) -> Summary:
        kinds: Counter[str] = Counter()

        def report(fault: Fault, unit: str) -> None:
            kind = fault.reason.partition(":")[0]
            kinds[kind] += 1
            if kinds[kind] <= SHOWN:
                fate = ": skipped" if fault.whole_row else ""
                self._say(f"{library.label}, {unit} {fault.line}: {fault.reason}{fate}")

        def note(text: str) -> None:
            self._say(f"{library.label}: {text}")

        def advance(position: int, total: int) -> None:
            self.bar.update(self.task, completed=position, total=total)

        summary = import_records(
            self.database,
            library.reader,
            library.name,
            namesakes=namesakes,
            on_fault=report,
            on_note=note,
            on_progress=advance,
        )
        self._say_more(library, kinds)
        return summary

    def _say(self, line: str) -> None:
        self.console.print(line)

    def _say_more(self, library: Library, kinds: Counter[str]) -> None:
        for kind, count in kinds.items():
            if count > SHOWN:
                self._say(f"{library.label}: and {count - SHOWN:,} more: {kind}")

    # --- Pictures ------------------------------------------------------------------------------

    def _is_to_look(self, library: Library, faces: bool | None) -> bool:
        """Whether pictures are taken in; weights that cannot be used end the command here."""
        # Loading the model's module takes a moment: do it only where there are pictures.
        from enrichscrapy.faces.options import FaceOptions

        if faces is False:
            return False
        options = FaceOptions.from_settings(self.settings)
        if faces is None and options.needs_download:
            self._say(
                f"{library.label}: pictures are left for later, as there are no face weights yet: "
                "--faces fetches them (112 MB, once)"
            )
            return False
        options.describe_model()
        return True

    def _take_pictures(self, library: Library) -> Counter[str]:
        # Loading FAISS takes a moment: do it only where there are pictures.
        from enrichscrapy.faces.blocking import BlockingWorkers
        from enrichscrapy.faces.options import FaceOptions
        from enrichscrapy.index import publish
        from enrichscrapy.lookups.own_photos import OwnPhotos

        assert library.pictures is not None
        with self.database.read() as connection:
            due = count_to_take(connection, library.name)
        counts: Counter[str] = Counter()
        options = FaceOptions.from_settings(self.settings)
        if due:
            self.bar.reset(self.task, total=due, description="Taking in pictures")
            with BlockingWorkers(options) as workers:
                photos = OwnPhotos.from_settings(self.settings, self.database, workers, self._say)
                pictures = StashPictures(photos, library.pictures, library.name, workers.at_once)
                counts = self._count(library, pictures.take_all())
        # One that was killed may have left faces that are in no index yet.
        model_id = self.database.faces.find_model(options.describe_model())
        if model_id is not None:
            publish(self.database, self.settings.INDEX_DIR, model_id)
        return counts

    def _count(self, library: Library, reports: Iterable[PictureReport]) -> Counter[str]:
        counts: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        for report in reports:
            self.bar.advance(self.task)
            counts[_name_outcome(report)] += 1
            for line in _list_notes(report):
                kind = line.partition(":")[0]
                kinds[kind] += 1
                if kinds[kind] <= SHOWN:
                    self._say(f"{library.label}, {library.reader.unit} {report.row_id}: {line}")
        self._say_more(library, kinds)
        del counts[UNCHANGED]
        return counts


FIRST, WAITING, MISSING, UNCHANGED = (
    "pictures taken in",
    "pictures that wait for you",
    "pictures not available",
    "",
)


def _name_outcome(report: PictureReport) -> str:
    if report.problem:
        return MISSING
    taken = report.taken
    if taken is None or taken.refusal:
        return UNCHANGED
    if taken.waiting:
        return WAITING
    if taken.lookup.faces:
        return FIRST
    if taken.lookup.photos:
        return f"pictures {taken.lookup.photos[0].outcome}"
    return UNCHANGED  # a photo that was known already


def _list_notes(report: PictureReport) -> Iterable[str]:
    if report.problem:
        yield report.problem
    if report.taken:
        yield from report.taken.unusable
        yield from (f"{each}: see scrapy review" for each in report.taken.waiting)
