"""``scrapy verify``: prove that the published index is what the database says."""

from __future__ import annotations

import argparse

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.database.locks import list_crawls
from enrichscrapy.database.minors import find_kept_minors
from enrichscrapy.database.whom import describe_id
from enrichscrapy.index import find_index_model_id
from enrichscrapy.index.verify import list_differences
from enrichscrapy.settings_reader import ProjectSettings


class Command(EnrichCommand):
    summary = "Compare the published index with the database, face by face"
    about = """Checks the whole database file, then compares every id and vector of the published
    index with the accepted faces of the database, and prints each difference, and that nothing is
    kept of anybody under 18. Exit codes: 0 no difference, 1 differences (scrapy reindex fixes
    them), 2 bad setting."""

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        index_dir = settings.INDEX_DIR
        with open_existing(settings) as database:
            database.check()
            found = 0
            with database.read() as connection:
                minors = list(find_kept_minors(connection, database.clock()))
            for performer_id in minors:
                name = describe_id(database, performer_id)
                print(f"minor: {name} is under 18, and something is kept")
                found += 1
            model_id = find_index_model_id(database, index_dir)
            running = list_crawls(database)
            for crawl in running:
                self.say(f"being crawled: {crawl}; what it has not published yet is left out")
            for difference in list_differences(
                database, index_dir, model_id, up_to_date=not running
            ):
                print(difference)
                found += 1
        if found:
            self.say(f"{found} differences: scrapy reindex fixes them from the database")
            return 1
        print(f"The index in {index_dir} holds exactly the accepted faces of the database.")
        return 0
