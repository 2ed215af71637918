"""``scrapy export``: the accepted faces as files that other programs read."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.settings_reader import ProjectSettings

FORMATS = ("parquet", "numpy", "faiss", "usearch", "folder")
OWN_FOLDER = {"faiss", "usearch", "folder"}
"""Formats whose files do not lie beside the tables."""


class Command(EnrichCommand):
    summary = "Write the accepted faces as Parquet, NumPy and CSV, an index, or crops"
    about = """Without --format: faces.parquet, faces.npz (vectors) and faces.csv (what they are).
    --format faiss is one index file, --format usearch the layout of stash-sense2, --format folder
    the accepted crops, one folder a performer. A README beside the files shows how to load them.
    Local files only, readable by you only, and removed by scrapy forget. Exit codes: 0 written, 1 a
    file cannot be written or there is no face, 2 bad setting or argument."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--format", choices=FORMATS, help="write this format only")
        parser.add_argument(
            "-o",
            "--output",
            metavar="DIR",
            help="folder; default: export beside the database; faiss, usearch, folder: one in it",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        # Reading an index manifest loads FAISS: only this command should pay for it.
        from enrichscrapy.exporting.export import DEFAULT, export_faces
        from enrichscrapy.index import find_index_model_id
        from enrichscrapy.reporting.words import count_words

        formats = (opts.format,) if opts.format else DEFAULT
        with open_existing(settings) as database:
            own = opts.format if opts.format in OWN_FOLDER else ""
            folder = Path(opts.output or database.path.with_name("export") / own).absolute()
            model_id = find_index_model_id(database, settings.INDEX_DIR)
            if model_id is None:
                raise EnrichError("no face was ever accepted: there is nothing to export")
            try:
                exported = export_faces(database, folder, model_id, formats)
            except OSError as error:
                raise EnrichError(f"{folder} cannot be written: {error.strerror}") from error
        if opts.json:
            print(json.dumps(asdict(exported), default=str))
        else:
            print(f"{count_words(exported.faces, 'face')} in {folder}: {', '.join(exported.files)}")
            if exported.left_out:
                print(f"{count_words(exported.left_out, 'face')} without a stored crop left out")
        return 0
