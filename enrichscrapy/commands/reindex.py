"""``scrapy reindex``: rebuild the index from the database."""

from __future__ import annotations

import argparse

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.database.minors import withdraw_kept_minors
from enrichscrapy.index import find_index_model_id, reindex
from enrichscrapy.settings_reader import ProjectSettings


class Command(EnrichCommand):
    summary = "Rebuild the index from the database"
    about = """Reads every accepted face from the database and publishes a new index, whatever state
    the old one is in. Readers keep a whole index all the while. Exit codes: 0 published, 1 there is
    nothing to index or it could not be written, 2 bad setting."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--force", action="store_true", help="replace another database's index")

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        index_dir = settings.INDEX_DIR
        with open_existing(settings) as database:
            with database.write() as connection:
                withdraw_kept_minors(connection, database.clock())
            model_id = find_index_model_id(database, index_dir)
            if model_id is None:
                self.say("the database has no accepted face yet: there is nothing to index")
                return 1
            try:
                generation = reindex(
                    database,
                    index_dir,
                    model_id,
                    force=opts.force,
                    exact_faces=settings.INDEX_EXACT_FACES,
                )
            except OSError as error:
                self.say(f"{index_dir} cannot be written: {error.strerror}")
                return 1
        manifest = generation.manifest
        print(f"Published generation {manifest.generation}: {manifest.count} faces.")
        for face_id in manifest.skipped:
            print(f"Left out face {face_id}: its vector in the database is no unit vector.")
        return 0
