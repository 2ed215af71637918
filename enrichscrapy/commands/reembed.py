"""``scrapy reembed``: every stored face under the face model now set, without asking any site."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.locks import lock_out_crawls
from enrichscrapy.database.whom import describe_id
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.faces.model import find_crop_shape, resolve_model
from enrichscrapy.faces.options import FaceOptions
from enrichscrapy.reporting.words import VERDICTS, count_words, describe_reason
from enrichscrapy.settings_reader import ProjectSettings
from enrichscrapy.sites import find_sites

if TYPE_CHECKING:
    from enrichscrapy.lookups.reembed import Moved
    from enrichscrapy.lookups.rejudge import ChangedVerdict

_NAMED = 5


class Command(EnrichCommand):
    summary = "Compute all faces' vectors again with the face model now set"
    about = """Every face that is kept (accepted, waiting, retired) gets its vector under the model
    of FACE_MODEL and FACE_WEIGHTS, from the crops in the database or the photos in KEEP_PHOTOS; no
    site is asked, and no lookup becomes due. The old index is served until all is done. Stopped or
    killed, the next run goes on. Then the verdicts are judged again, and what would change is
    listed; --apply changes what the rules decided, never what a person did. Exit codes: 0 done, 1
    some faces had no picture left, or it was stopped, 2 bad setting or argument, 4 a crawl is
    running."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--apply", action="store_true", help="put the rules' new verdicts in force"
        )

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        # No crawl may add faces of the old model meanwhile, or judge by half of the new ones.
        with (
            open_existing(settings) as database,
            lock_out_crawls(database, find_sites(), self.name, timeout=0.0),
        ):
            try:
                moved = self._move(database, settings)
                self._judge(database, settings, apply=opts.apply)
            except KeyboardInterrupt:
                self.say("stopped: run it again to go on where it was")
                return 1
            except OSError as error:
                self.say(f"{settings.INDEX_DIR} cannot be written: {error.strerror}")
                return 1
        return 1 if moved.lost else 0

    def _move(self, database: PerformerDatabase, settings: ProjectSettings) -> Moved:
        # Loading FAISS takes a moment: do it only when the command goes on.
        from enrichscrapy.index import publish

        options = FaceOptions.from_settings(settings)
        model_id = database.faces.ensure_model(options.describe_model())
        moved = asyncio.run(_reembed(database, options, model_id, settings.KEEP_PHOTOS))
        publish(database, settings.INDEX_DIR, model_id)
        print(f"{count_words(moved.faces, 'face')} re-embedded.")
        if moved.narrow:
            print(
                f"{count_words(moved.narrow, 'face')} came from crops of an older version, which "
                f"show {moved.shown:.0%} of what this model looks at: "
                "its vectors of them are less good."
            )
        if moved.lost:
            named = ", ".join(map(str, moved.lost[:_NAMED]))
            more = f" and {len(moved.lost) - _NAMED:,} more" if len(moved.lost) > _NAMED else ""
            self.say(
                f"no picture is left of {count_words(len(moved.lost), 'face')} ({named}{more}): "
                "their performers are due again"
            )
        return moved

    def _judge(
        self, database: PerformerDatabase, settings: ProjectSettings, *, apply: bool
    ) -> None:
        from enrichscrapy.index import FaceIndex, publish
        from enrichscrapy.lookups.judge import Judge
        from enrichscrapy.lookups.rejudge import list_changes

        options, index_dir = FaceOptions.from_settings(settings), settings.INDEX_DIR
        info = options.describe_model()
        model_id = database.faces.ensure_model(info)
        stored = database.faces.get_thresholds(model_id)
        try:
            judge = Judge.from_settings(settings).for_model(
                info, stored, resolve_model(options.model)
            )
        except BadSetting as error:
            self.say(f"the verdicts were not judged again: {error}")
            return
        index = FaceIndex.open_current(index_dir, info)
        found = list(list_changes(database, model_id, judge, index))
        for change in found:
            print(_describe_change(change, describe_id(database, change.face.performer_id)))
        if apply:
            _apply(database, found)
            publish(database, index_dir, model_id)
        print(_summarise(found, applied=apply))


async def _reembed(
    database: PerformerDatabase, options: FaceOptions, model_id: int, photos: Path | None
) -> Moved:
    from enrichscrapy.faces.workers import FaceWorkers
    from enrichscrapy.lookups.reembed import reembed

    workers = FaceWorkers(options)
    await workers.start()
    try:
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("Faces", total=None)
            return await reembed(
                database,
                workers,
                model_id,
                find_crop_shape(resolve_model(options.model)),
                photos,
                lambda done, total: bar.update(task, completed=done, total=total),
            )
    finally:
        await workers.close()


def _describe_change(change: ChangedVerdict, whom: str) -> str:
    face = change.face
    person = "; a person decided, so it stays" if change.by_person else ""
    return (
        f"face {face.id} of {whom}: {VERDICTS[face.verdict]} -> "
        f"{VERDICTS[change.verdict]} ({describe_reason(change.reason)}{person})"
    )


def _apply(database: PerformerDatabase, found: Sequence[ChangedVerdict]) -> None:
    for change in found:
        if not change.by_person:
            database.faces.decide(
                change.face.id, change.verdict, change.reason, "rules", change.trusted
            )


def _summarise(found: Sequence[ChangedVerdict], *, applied: bool) -> str:
    rules = sum(not change.by_person for change in found)
    if not found:
        return "The rules would decide as before on every face."
    summary = f"The rules would decide differently on {count_words(len(found), 'face')}"
    if applied:
        return f"{summary}; {rules:,} changed, {len(found) - rules:,} decided by a person stay."
    return f"{summary}; nothing was changed: scrapy reembed --apply changes {rules:,} of them."
