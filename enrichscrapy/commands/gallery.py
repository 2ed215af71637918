"""``scrapy gallery``: look at everything, and decide, in the browser."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.settings_reader import ProjectSettings


class Command(EnrichCommand):
    summary = "Look at everything, and decide, in the browser"
    about = """Serves pages to this machine alone and prints their link; Ctrl-C ends it, and the
    index follows what was decided. Nothing is asked of any site. Exit codes: 0 done, 1 the port is
    taken, 2 bad setting or argument."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--port", type=int, default=0, help="default: a free one")

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if not 0 <= opts.port <= 65_535:
            raise UsageError(f"--port {opts.port} is not usable: give a number from 1 to 65,535")
        from enrichscrapy.gallery.sitting import hold_sitting

        with open_existing(settings) as database:
            hold_sitting(database, settings, self.gender_filters(), opts.port)
        return 0
