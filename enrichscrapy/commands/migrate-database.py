"""``scrapy migrate-database``: the whole database into another, of the same kind or not."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.connection import Database
from enrichscrapy.database.copying import copy
from enrichscrapy.database.locks import lock_out_crawls
from enrichscrapy.database.suppressions import SuppressionStore
from enrichscrapy.reporting.words import count_words
from enrichscrapy.settings_reader import ProjectSettings
from enrichscrapy.sites import find_sites


class Command(EnrichCommand):
    usage = "URL"
    summary = "Copy the whole database to another: SQLite to PostgreSQL, or back"
    about = """Copies everything from DATABASE_URL into the empty database that URL names, with all
    ids, and compares both table by table; DATABASE_URL's own is not changed. Nothing may write to
    it meanwhile. Stopped or killed, the same command goes on where it was; until it is done,
    nothing else opens the copy. The index fits both. Exit codes: 0 copied and the same, 1 something
    could not be copied or differs, or it was stopped, 2 bad setting or argument, 4 a crawl is
    running."""

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if len(args) != 1:
            raise UsageError("give the URL of the database to copy to")
        with (
            open_existing(settings) as source,
            lock_out_crawls(source, find_sites(), self.name, timeout=0.0),
            self._open_target(args[0], settings) as target,
        ):
            try:
                rows = self._copy(source, target)
            except KeyboardInterrupt:
                self.say("stopped: run it again to go on where it was")
                return 1
            print(f"Copied {count_words(rows, 'row')}; {target.name} holds the same.")
            self._say_what_to_do(source, target)
        return 0

    def _open_target(self, url: str, settings: ProjectSettings) -> Database:
        return Database(
            url,
            folder=settings.STATE_DIR,
            machine=settings.MACHINE_NAME,
            key_file=settings.SUPPRESSION_KEY_FILE,
            unfinished=True,
        )

    def _copy(self, source: PerformerDatabase, target: Database) -> int:
        rows = 0
        for table in copy(source, target):
            print(f"{table.table:<22} {table.rows:>12,}  {table.digest[:16]}", flush=True)
            rows += table.rows
        return rows

    def _say_what_to_do(self, source: PerformerDatabase, target: Database) -> None:
        before, after = source.suppressions.key_path, SuppressionStore(target).key_path
        if before.exists() and before != after:
            print(
                f"Who was forgotten is known by a key: copy {before} to {after}, readable by you."
            )
        print(
            "Set DATABASE_URL to it from now on, and delete the old one when all is well: scrapy "
            "forget does not reach it any more."
        )
