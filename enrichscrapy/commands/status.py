"""``scrapy status``: what is done, what is due, and what stands in the way."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.database.whom import find_whom
from enrichscrapy.settings_reader import ProjectSettings


class Command(EnrichCommand):
    summary = "Show what was looked up, what is due, the faces, the index and the hosts"
    about = """Without options: per source and mode how many lookups are due and how the others
    ended, the faces by verdict and reason, the index, and how each host receives the crawls.
    --performer tells the story of one performer: what was asked, what came back, and why each face
    got its verdict. --json prints the same for scripts. Exit codes: 0 shown, 1 no such performer, 2
    bad setting or argument."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument(
            "--performer", metavar="WHO", help="tell a performer's story: an id, a link or a name"
        )

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if opts.performer is None:
            return _show_status(settings, self.gender_filters(), opts.json)
        return self._show_story(settings, opts.performer, opts.json)

    def _show_story(self, settings: ProjectSettings, word: str, as_json: bool) -> int:
        from enrichscrapy.reporting.story import read_story
        from enrichscrapy.reporting.tell import tell

        with open_existing(settings) as database:
            meant = find_whom(database, [word], bare_is_local=True)[0]
            story = read_story(database, meant.performer.id) if meant.performer else None
        if meant.note:
            self.say(meant.note)
        if story is None:
            self.say(meant.refusal)
            return 1
        print(json.dumps(story.to_json(), indent=2) if as_json else "\n".join(tell(story)))
        return 0


def _show_status(
    settings: ProjectSettings, genders: Mapping[str, str | None], as_json: bool
) -> int:
    # Reading an index manifest loads FAISS: only this command should pay for it.
    from enrichscrapy.reporting.status import read_status
    from enrichscrapy.reporting.tables import print_status

    with open_existing(settings) as database:
        status = read_status(
            database,
            settings.INDEX_DIR,
            genders,
            settings.REVISIT_AFTER_DAYS,
        )
    if as_json:
        print(json.dumps(status.to_json(), indent=2))
    else:
        print_status(status)
    return 0
