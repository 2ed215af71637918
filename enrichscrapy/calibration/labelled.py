"""Folders of photos of known people, for measuring: ``labels.csv`` or one sub-folder a person."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps

from enrichscrapy.exceptions import BadSetting

LABELS = "labels.csv"
# Photos smaller than this (shorter side, pixels) are enlarged first: detectors want larger faces.
SMALL, ENLARGED = 200, 400


def list_labelled_photos(directory: Path) -> list[tuple[Path, str]]:
    """(photo, person) in a fixed order, from a folder.

    Labels are a ``labels.csv`` (columns ``file`` and ``identity``; photos without an identity are
    left out) or one sub-folder a person. Where people belong to groups (a column ``group``, or a
    folder of people's folders), a person is named ``group/person``. Raises ``BadSetting`` when the
    folder has neither.
    """
    return list(_read_labels(directory))


def _read_labels(directory: Path) -> Iterator[tuple[Path, str]]:
    if not directory.is_dir():
        raise BadSetting(f"{directory} is not a folder: name one with labelled photos")
    table = directory / LABELS
    if table.is_file():
        with table.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        if not rows or not {"file", "identity"} <= rows[0].keys():
            raise BadSetting(f"{table} needs the columns file and identity")
        for row in rows:
            if row["identity"]:
                group = (row.get("group") or "").replace("/", " ")
                yield directory / row["file"], f"{group}/{row['identity']}".removeprefix("/")
        return
    folders = sorted(path for path in directory.iterdir() if path.is_dir())
    if not folders:
        raise BadSetting(f"{directory} has neither a {LABELS} nor a sub-folder for each person")
    for folder in folders:
        inside = sorted(folder.iterdir())
        yield from ((path, folder.name) for path in inside if path.is_file())
        for person in (path for path in inside if path.is_dir()):
            name = f"{folder.name}/{person.name}"
            yield from ((path, name) for path in sorted(person.iterdir()) if path.is_file())


def group_of(person: str) -> str:
    """The group of a person as named by :func:`list_labelled_photos`; empty where there is none."""
    return person.rpartition("/")[0]


def read_photo(path: Path) -> bytes | None:
    """A photo as bytes the engine reads: any format Pillow knows, small ones enlarged."""
    try:
        with Image.open(path) as opened:
            image = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    shorter = min(image.size)
    if shorter < SMALL:
        times = ENLARGED / shorter
        size = (round(image.width * times), round(image.height * times))
        image = image.resize(size, Image.Resampling.BICUBIC)
    data = io.BytesIO()
    image.save(data, "PNG", compress_level=1)
    return data.getvalue()
