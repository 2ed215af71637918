"""``scrapy export``: the accepted faces as NumPy and CSV files."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.settings_reader import ProjectSettings


class Command(EnrichCommand):
    def short_desc(self) -> str:
        return "Write the accepted faces to faces.npz (vectors) and faces.csv (what they are)"

    def long_desc(self) -> str:
        return (
            "faces.npz holds face_ids, performer_ids, vectors (float32, unit length) and model; "
            "faces.csv says of each face, in the same order, whose it is, where it comes from and "
            "why it was accepted. Local files only, readable by you only, and removed by scrapy "
            "forget. Exit codes: 0 written, 1 a file cannot be written or there is no face, 2 bad "
            "setting or argument."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "-o", "--output", metavar="DIR", help="folder; default: export beside the database"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if args:
            raise UsageError("export takes no arguments, only -o DIR and --json")
        # Reading an index manifest loads FAISS: only this command should pay for it.
        from enrichscrapy.index import index_model_id
        from enrichscrapy.reporting.export import export_faces
        from enrichscrapy.reporting.words import plural

        with open_existing(settings) as database:
            folder = Path(opts.output or database.path.with_name("export")).absolute()
            model_id = index_model_id(database, settings.INDEX_DIR)
            if model_id is None:
                raise EnrichError("no face was ever accepted: there is nothing to export")
            try:
                exported = export_faces(database, folder, model_id)
            except OSError as error:
                raise EnrichError(f"{folder} cannot be written: {error.strerror}") from error
        if opts.json:
            print(json.dumps({key: str(value) for key, value in asdict(exported).items()}))
        else:
            print(f"{plural(exported.faces, 'face')}: {exported.vectors}, {exported.table}")
        return 0
