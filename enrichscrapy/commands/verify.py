"""``scrapy verify``: prove that the published index is what the database says."""

from __future__ import annotations

import argparse

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.index import index_model_id
from enrichscrapy.index.verify import differences
from enrichscrapy.settings_reader import ProjectSettings


class Command(EnrichCommand):
    def short_desc(self) -> str:
        return "Compare the published index with the database, face by face"

    def long_desc(self) -> str:
        return (
            "Checks the whole database file, then compares every id and vector of the published "
            "index with the accepted faces of the database, and prints each difference. Exit "
            "codes: 0 no difference, 1 differences (scrapy reindex mends the index), 2 bad "
            "setting."
        )

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        index_dir = settings.INDEX_DIR
        with open_existing(settings) as database:
            database.check()
            model_id = index_model_id(database, index_dir)
            found = 0
            for difference in differences(database, index_dir, model_id):
                print(difference)
                found += 1
        if found:
            self.say(f"{found} differences: scrapy reindex reads the index anew from the database")
            return 1
        print(f"The index in {index_dir} holds exactly the accepted faces of the database.")
        return 0
