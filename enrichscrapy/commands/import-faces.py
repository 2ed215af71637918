"""``scrapy import-faces DIR``: the user's own photos become the first trusted faces."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import track
from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.items import Lookup
from enrichscrapy.settings_reader import ProjectSettings


class Command(EnrichCommand):
    def syntax(self) -> str:
        return "DIR"

    def short_desc(self) -> str:
        return "Import your own photos of performers as trusted faces"

    def long_desc(self) -> str:
        return (
            "DIR holds one sub-folder a performer, named by the performer's id or a stash-box id, "
            "with photos in it. Each photo goes through the same face stages as a downloaded one; "
            "its face is accepted and trusted. Importing again adds only what is new. Exit codes: "
            "0 all folders taken in, 1 some were skipped, 2 nothing could be done."
        )

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if len(args) != 1:
            raise UsageError("name one folder that holds a sub-folder for each performer")
        directory = Path(args[0])
        if not directory.is_dir():
            raise BadSetting(f"{directory} is not a folder: name one with a sub-folder a performer")
        return self._import(directory, settings)

    def _import(self, directory: Path, settings: ProjectSettings) -> int:
        # Loading torch takes seconds: only this command should pay for it.
        from enrichscrapy.faces.engine import FaceEngine, FaceOptions
        from enrichscrapy.faces.model import resolve_model
        from enrichscrapy.index import publish
        from enrichscrapy.lookups.judge import Judge
        from enrichscrapy.lookups.own_photos import import_faces

        with open_existing(settings) as database:
            options = FaceOptions.from_settings(settings)
            engine = FaceEngine(options)
            model_id = database.faces.ensure_model(engine.info)
            judge = Judge.from_settings(settings).for_model(
                engine.info, database.faces.thresholds(model_id), resolve_model(options.model)
            )
            counts: Counter[str] = Counter()
            total = sum(path.is_dir() for path in directory.iterdir())
            reports = import_faces(directory, database, engine, model_id, judge)
            for report in track(reports, "Importing faces", total, console=Console(stderr=True)):
                if report.lookup is None:
                    counts["skipped folders"] += 1
                    self.say(f"{report.folder}: {report.problem}: skipped")
                else:
                    counts += _counts(report.lookup)
            publish(database, settings.INDEX_DIR, model_id)
        print(", ".join(f"{name}: {number}" for name, number in counts.items()))
        return 1 if counts["skipped folders"] else 0


def _counts(lookup: Lookup) -> Counter[str]:
    counts = Counter({"performers": 1, "new photos": len(lookup.photos)})
    for face in lookup.faces:
        if face.decision is not None:
            counts[f"faces {face.decision.verdict}"] += 1
    for photo in lookup.photos:
        if photo.outcome is not None and photo.outcome.value != "faces":
            counts[f"photos {photo.outcome}"] += 1
    return counts
