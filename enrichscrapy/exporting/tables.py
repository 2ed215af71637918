"""The columns of the exported CSV, and the vectors as NumPy, in the same order."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.exporting.rows import AcceptedFaces, ExportedFace

COLUMNS = (
    "face_id",
    "performer_id",
    "name",
    "stashbox_ids",
    "source",
    "photo_url",
    "quality",
    "trusted",
    "reason",
    "created_at",
)
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def write_npz(file: IO[bytes], faces: AcceptedFaces) -> None:
    """``face_ids`` and ``performer_ids`` (n,) int64, ``vectors`` (n, d) float32 of unit length,
    and ``model`` (name, sha256, preprocessing), readable without pickles.

    Vectors are streamed: a million faces need no memory.
    """
    ids = np.empty((faces.count, 2), np.int64)
    with zipfile.ZipFile(file, "w") as archive:
        with archive.open("vectors.npy", "w", force_zip64=True) as entry:
            shape = (faces.count, faces.model.dimension)
            header = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(entry, header)
            start = 0
            for batch in faces.batches():
                entry.write(np.stack([face.vector for face in batch]).tobytes())
                stop = start + len(batch)
                ids[start:stop] = [(face.face_id, face.owner.performer_id) for face in batch]
                start = stop
        model = (faces.model.name, faces.model.sha256, faces.model.preprocessing)
        _write_array(archive, "face_ids", ids[:, 0])
        _write_array(archive, "performer_ids", ids[:, 1])
        _write_array(archive, "model", np.asarray(model))


def _write_array(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    with archive.open(f"{name}.npy", "w") as entry:
        np.lib.format.write_array(entry, np.ascontiguousarray(array), allow_pickle=False)


def write_csv(file: IO[bytes], faces: AcceptedFaces) -> None:
    """One row a face, with a header; UTF-8."""
    write_rows(file, COLUMNS, (make_row(face) for batch in faces.batches() for face in batch))


def make_row(face: ExportedFace) -> tuple[object, ...]:
    """The cells of a face, in the order of ``COLUMNS``."""
    created = dt.datetime.fromtimestamp(face.created_at, dt.UTC)
    return (
        face.face_id,
        face.owner.performer_id,
        face.owner.name,
        " ".join(f"{box}:{value}" for box, value in face.owner.ids),
        face.source,
        face.photo_url,
        face.quality,
        int(face.trusted),
        face.reason,
        f"{created:%Y-%m-%d %H:%M:%S}",
    )


def write_rows(file: IO[bytes], columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """A CSV table in which no cell is a formula."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(columns)
    for cells in rows:
        writer.writerow([escape_formula(cell) for cell in cells])
    text.detach()  # the caller closes the file


def escape_formula(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: text that looks like one gets a quote."""
    if isinstance(value, str) and value.startswith(_FORMULAS):
        return f"'{value}"
    return value
