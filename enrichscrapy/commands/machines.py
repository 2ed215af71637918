"""``scrapy machines``: who shares the database, and telling it of one that will not come back."""

from __future__ import annotations

import argparse

from enrichscrapy.command import EnrichCommand, finish_what_was_begun, open_existing
from enrichscrapy.database import PerformerDatabase, machines
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.settings_reader import ProjectSettings


class Command(EnrichCommand):
    summary = "Show the machines that share the database, and which erasures wait for them"
    about = """Lists the machines that hold files of a shared database, when each was last seen,
    what runs there, and how many erasures it has not carried out yet. --strike-off NAME says that
    one will not come back (its disk is destroyed, or wiped): nothing waits for it any more, and it
    is refused if it does return. --take-back NAME admits it again, once its index,
    JOBDIRs, logs, kept photos and exports were removed. Exit codes: 0 done, 2 no such machine, or a
    bad argument."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--strike-off", metavar="NAME", help="it will not come back")
        parser.add_argument("--take-back", metavar="NAME", help="it came back, and holds nothing")

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        from enrichscrapy.reporting.machines import list_reports
        from enrichscrapy.reporting.tables import print_machines

        with open_existing(settings) as database:
            _change(database, opts.strike_off, opts.take_back)
            finish_what_was_begun(database, settings.INDEX_DIR)  # it may have waited for that one
            with database.read() as connection:
                print_machines(list_reports(connection, database.clock()))
        return 0


def _change(database: PerformerDatabase, gone: str | None, back: str | None) -> None:
    with database.write() as connection:
        if gone is not None and not machines.strike_off(connection, gone, database.clock()):
            raise BadSetting(f"no machine {gone} has ever used this database")
        if back is not None and not machines.take_back(connection, back):
            raise BadSetting(f"{back} was not struck off")
