"""``scrapy export``: which files each format is made of, written privately and all at once."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.artefacts import OWN_FOLDER
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.exporting.readme import README, make_readme
from enrichscrapy.exporting.rows import AcceptedFaces

FORMATS = ("parquet", "numpy", "faiss", "usearch", "folder")
DEFAULT = ("parquet", "numpy")
"""What is written when no format is named: tables."""
Writer = Callable[[IO[bytes]], object]


@dataclass(frozen=True)
class Exported:
    """What was written; ``left_out`` counts accepted faces without a stored crop."""

    folder: Path
    files: tuple[str, ...]
    faces: int
    left_out: int = 0


def export_faces(
    database: PerformerDatabase,
    folder: Path,
    model_id: int,
    formats: tuple[str, ...] = DEFAULT,
) -> Exported:
    """Write the accepted faces of one model, with a README that shows how to load them.

    All files are of one state of the database, readable by their owner only, and registered for
    erasure. ``OSError`` when they cannot be written; ``EnrichError`` for a damaged vector, and for
    a folder of crops that would take the place of something else.
    """
    with database.read() as connection:
        faces = AcceptedFaces(connection, model_id)
        if formats == ("folder",):
            return _export_crops(database, folder, faces)
        return _export_files(database, folder, faces, formats)


def _export_files(
    database: PerformerDatabase, folder: Path, faces: AcceptedFaces, formats: tuple[str, ...]
) -> Exported:
    folder.mkdir(parents=True, exist_ok=True)
    writers = _choose_writers(formats, faces)
    with ExitStack() as stack:  # the files take their places together, once all are written
        for name, write in writers.items():
            write(stack.enter_context(database.artefacts.write_private("export", folder / name)))
    return Exported(folder, tuple(writers), faces.count)


def _choose_writers(formats: tuple[str, ...], faces: AcceptedFaces) -> dict[str, Writer]:
    """Each file's name and who writes it. A format's library is loaded only where it is asked."""
    writers: dict[str, Writer] = {README: _write(make_readme(formats, faces))}
    if "parquet" in formats:
        from enrichscrapy.exporting.parquet import write_parquet

        writers["faces.parquet"] = partial(write_parquet, faces=faces)
    if "numpy" in formats:
        from enrichscrapy.exporting.tables import write_npz

        writers["faces.npz"] = partial(write_npz, faces=faces)
    if "faiss" in formats:
        from enrichscrapy.exporting.faiss_index import INDEX, write_index

        writers[INDEX] = partial(write_index, faces=faces)
    if not {"numpy", "faiss"}.isdisjoint(formats):
        from enrichscrapy.exporting.tables import write_csv

        writers["faces.csv"] = partial(write_csv, faces=faces)
    if "usearch" in formats:
        writers |= {name: _write(data) for name, data in _build_search_files(faces).items()}
    return writers


def _write(data: bytes) -> Writer:
    return lambda file: file.write(data)


def _build_search_files(faces: AcceptedFaces) -> dict[str, bytes]:
    from enrichscrapy.exporting.search_index import INDEX, build_search_index

    built = build_search_index(faces)
    files = {INDEX: built.index, **built.json_files()}
    manifest = {
        "model": faces.model.name,
        "sha256": faces.model.sha256,
        "preprocessing": faces.model.preprocessing,
        "dimension": faces.model.dimension,
        "metric": "cos",
        "face_count": faces.count,
        "performer_count": len(built.people),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    return {**files, "manifest.json": json.dumps(manifest, indent=1).encode()}


def _export_crops(database: PerformerDatabase, folder: Path, faces: AcceptedFaces) -> Exported:
    """Write beside ``folder`` and put the new one in its place; what was there was an export."""
    from enrichscrapy.exporting.crops import write_crops
    from enrichscrapy.files.durable import open_private

    if folder.is_dir() and any(folder.iterdir()) and not (folder / OWN_FOLDER).exists():
        raise EnrichError(f"{folder} holds other things: name an empty or a new folder with -o")
    new, old = (folder.with_name(f"{folder.name}.{word}") for word in ("new", "old"))
    for path in (folder, new, old):
        database.artefacts.register("export", path)
    try:
        for path in (new, old):
            shutil.rmtree(path, ignore_errors=True)
        new.mkdir(mode=0o700, parents=True)
        open_private(new / OWN_FOLDER).close()
        left_out = write_crops(new, faces)
        with open_private(new / README) as file:
            file.write(make_readme(("folder",), faces))
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        for path in (new, old):
            shutil.rmtree(path, ignore_errors=True)
            database.artefacts.remove(path)
    return Exported(folder, (README, "faces.csv"), faces.count - left_out, left_out)
