"""``enrichscrapy init DIR``: make a folder that works."""

from __future__ import annotations

import argparse
from pathlib import Path

from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.folder.make import make_folder
from enrichscrapy.politeness.user_agent import make_user_agent
from enrichscrapy.settings_reader import ProjectSettings

NEXT = """\
Next, in that folder:
  enrichscrapy import-performers FILE       Stash's database, CSV or JSONL
  enrichscrapy import-faces my-photos       after my-photos/NAME/any.jpg
  enrichscrapy crawl babepedia -a limit=20  after a look at .env"""


class Command(EnrichCommand):
    requires_project = False

    usage = "DIR [--contact ADDRESS]"
    summary = "Make a folder that works: settings, places for the data, a schedule to copy"
    about = """Makes DIR, or what it lacks, and changes nothing that is there: scrapy.cfg, .env (the
    folder's settings), data/, jobs/, logs/, my-photos/, and in schedule/ a crontab and a systemd
    unit to copy. What holds faces or names is readable by you only. Every command works in that
    folder. Exit codes: 0 made, 1 it cannot be written, 2 bad argument."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--contact", metavar="ADDRESS", default="", help="put into .env as CONTACT"
        )

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if len(args) != 1 or not args[0]:
            raise UsageError("name one folder, new or empty")
        folder = Path(args[0]).expanduser()
        if folder.exists() and not folder.is_dir():
            raise BadSetting(f"{folder} is a file: name a folder")
        make_user_agent(opts.contact)  # refuses what cannot be sent
        made = make_folder(folder, opts.contact)
        names = [name for name in made.made if "/" not in name.rstrip("/")]
        print(f"{folder}: made {', '.join(names) or 'nothing'}")
        if made.kept:
            print(f"left as they are: {', '.join(made.kept)}")
        print(NEXT)
        return 0
