"""``scrapy import-faces DIR``: the user's own photos become the first trusted faces."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track
from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.whom import describe
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.items import Lookup
from enrichscrapy.lookups.own_folders import Folder, list_loose_files, read_folders
from enrichscrapy.settings_reader import ProjectSettings

NAMED = 5
"""Skipped files that are named; the others are counted."""


class Command(EnrichCommand):
    usage = "DIR"
    summary = "Import your own photos of performers as trusted faces"
    about = """DIR holds one sub-folder a performer, with photos in it, named by a stash-box id, by
    the id in the file you imported, by the name, or by this database's id as id:17 or id=17. A name
    that could mean several performers is refused; --dry-run shows whose each folder is and changes
    nothing. Each photo goes through the same face stages as a downloaded one; its face is accepted
    and trusted, unless it contradicts the folder's other photos or is nearer to another performer:
    that one is named and waits, and so does a folder that shows two people. Importing again adds
    only what is new. Exit codes: 0 all taken in, 1 folders or files were skipped or photos wait, 2
    nothing could be done."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--dry-run", action="store_true", help="show whose each folder is, and end"
        )

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if len(args) != 1:
            raise UsageError("name one folder that holds a sub-folder for each performer")
        directory = Path(args[0])
        if not directory.is_dir():
            raise BadSetting(f"{directory} is not a folder: name one with a sub-folder a performer")
        with open_existing(settings) as database:
            folders = read_folders(directory, database)
            unusable: list[str] = []
            if opts.dry_run:
                counts = self._show(folders)
            else:
                counts, unusable = self._import(folders, database, settings)
        passed_over = [name for folder in folders for name in folder.passed_over]
        passed_over += unusable
        passed_over += [f"{name}: in no performer's folder" for name in list_loose_files(directory)]
        self._tell(passed_over)
        counts["files skipped"] += len(passed_over)
        print(", ".join(f"{name}: {number}" for name, number in counts.items() if number))
        waits = counts["photos that wait for you"]
        return 1 if counts["skipped folders"] or passed_over or waits else 0

    def _show(self, folders: Sequence[Folder]) -> Counter[str]:
        """Whose each folder is, on stdout."""
        for folder in folders:
            whose = describe(folder.performer) if folder.performer else "nobody's"
            what = folder.problem or f"photos: {len(folder.photos)}"
            print(f"{folder.path.name}: {whose}: {what}")
        skipped = sum(bool(folder.problem) for folder in folders)
        photos = sum(len(folder.photos) for folder in folders)
        return Counter(
            {"performers": len(folders) - skipped, "photos": photos, "skipped folders": skipped}
        )

    def _import(
        self, folders: Sequence[Folder], database: PerformerDatabase, settings: ProjectSettings
    ) -> tuple[Counter[str], list[str]]:
        """The counts, and the files that were not usable photos."""
        # Loading torch and FAISS takes seconds: do it only where there are photos.
        from enrichscrapy.faces.engine import FaceEngine, FaceOptions
        from enrichscrapy.index import publish
        from enrichscrapy.lookups.own_photos import OwnPhotos, import_faces

        engine = FaceEngine(FaceOptions.from_settings(settings))
        photos = OwnPhotos.from_settings(settings, database, engine, self.say)
        counts: Counter[str] = Counter()
        unusable: list[str] = []
        reports = import_faces(folders, photos)
        console = Console(stderr=True)
        for report in track(reports, "Importing faces", len(folders), console=console):
            if report.taken is None:
                counts["skipped folders"] += 1
                self.say(f"{report.folder}: {report.problem}: skipped")
            else:
                counts += _count_verdicts(report.taken.lookup)
                unusable += report.taken.unusable
                counts["photos that wait for you"] += len(report.taken.waiting)
                for line in report.taken.waiting:
                    self.say(f"{line}: waits for you (scrapy review)")
        publish(database, settings.INDEX_DIR, photos.model_id)
        return counts, unusable

    def _tell(self, passed_over: Sequence[str]) -> None:
        for name in passed_over[:NAMED]:
            self.say(f"{name}: skipped")
        if len(passed_over) > NAMED:
            self.say(f"and {len(passed_over) - NAMED} more files skipped")


def _count_verdicts(lookup: Lookup) -> Counter[str]:
    counts = Counter({"performers": 1, "new photos": len(lookup.photos)})
    for face in lookup.faces:
        if face.decision is not None:
            counts[f"faces {face.decision.verdict}"] += 1
    for photo in lookup.photos:
        if photo.outcome is not None and photo.outcome.value != "faces":
            counts[f"photos {photo.outcome}"] += 1
    return counts
