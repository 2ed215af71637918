"""``scrapy report``: one HTML file that shows how things stand."""

from __future__ import annotations

import argparse
from pathlib import Path

from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.settings_reader import ProjectSettings


class Command(EnrichCommand):
    summary = "Write an HTML page to keep: progress, plots, and every face that waits for you"
    about = """Writes one self-contained page that loads nothing from anywhere: open it in a
    browser. It shows faces and names, so it is readable by you only and is removed by scrapy forget
    like the database's own rows. Exit codes: 0 written, 1 the file cannot be written, 2 bad setting
    or argument."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "-o", "--output", metavar="FILE", help="default: report.html beside the database"
        )
        parser.add_argument(
            "--crops",
            type=int,
            metavar="N",
            help="pictures at most beside those of the faces that wait; default: 6000",
        )

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if opts.crops is not None and opts.crops < 0:
            raise UsageError(f"--crops {opts.crops} is not usable: give a number from 0 up")
        from enrichscrapy.reporting.report import OTHERS, write_report
        from enrichscrapy.reporting.words import count_words

        with open_existing(settings) as database:
            path = Path(opts.output or database.path.with_name("report.html"))
            try:
                written = write_report(
                    database,
                    settings.INDEX_DIR,
                    self.gender_filters(),
                    path,
                    revisit_after_days=settings.REVISIT_AFTER_DAYS,
                    others=OTHERS if opts.crops is None else opts.crops,
                )
            except OSError as error:
                raise EnrichError(f"{path} cannot be written: {error.strerror}") from error
        who = count_words(written.performers, "performer")
        print(
            f"{written.path}: faces of {who} wait for you, {written.size / 1e6:.1f} MB: open it in "
            "a browser"
        )
        return 0
