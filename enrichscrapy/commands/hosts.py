"""``scrapy hosts``: how each host receives us, and ending a pause by hand."""

from __future__ import annotations

import argparse

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.settings_reader import ProjectSettings


class Command(EnrichCommand):
    summary = "Show how each host receives the crawls, or end its pause (--resume HOST)"
    about = """Lists the hosts with their state, delay and the requests of the day. --resume HOST
    forgets that a host asked for a pause, refused or failed: for what was a mistake of theirs, or
    is settled with the site's operator. Its robots.txt, the delay floors and the day's budget stay
    in force. Exit codes: 0 done, 2 no such host, or a bad argument."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--resume", metavar="HOST", help="end this host's pause")

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        from enrichscrapy.reporting.hosts import list_hosts
        from enrichscrapy.reporting.tables import print_hosts

        with open_existing(settings) as database:
            if opts.resume is not None and not database.hosts.resume(opts.resume):
                known = ", ".join(name for name, _, _ in database.hosts.list_all()) or "none yet"
                raise BadSetting(f"no host {opts.resume} was ever asked; known: {known}")
            with database.read() as connection:
                print_hosts(list_hosts(connection, database.clock()), database.clock())
        return 0
