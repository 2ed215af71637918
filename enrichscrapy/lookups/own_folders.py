"""The user's folders of photos: whose each one is, and which of its files are photos."""

from __future__ import annotations

import stat
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.birth_dates import find_unread
from enrichscrapy.database.whom import Meant, find_whom
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.faces.decode import SNIFFED, sniff
from enrichscrapy.facts.stored_dates import read_today
from enrichscrapy.identity.age import find_whose_word
from enrichscrapy.items import Performer

MAX_BYTES = 100_000_000
"""A larger file is no photo."""
_LITTER = frozenset({"thumbs.db", "desktop.ini"})


@dataclass
class Folder:
    """A sub-folder: whose it is, or ``problem``; ``passed_over`` are files that are no photos."""

    path: Path
    performer: Performer | None
    problem: str = ""
    photos: list[Path] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def read_folders(directory: Path, database: PerformerDatabase) -> list[Folder]:
    """Every sub-folder in name order, each with its photos where its name means a performer.

    Raises ``BadSetting`` where there is none: the photos lie in ``directory`` itself.
    """
    paths = sorted(path for path in directory.iterdir() if path.is_dir() and not _is_litter(path))
    if not paths:
        raise BadSetting(
            f"{directory} holds no folders: name the folder that holds one for each performer"
        )
    meant = find_whom(database, [path.name for path in paths], bare_is_local=False)
    found = [one.performer.id for one in meant if one.performer]
    with database.read() as connection:
        unread = find_unread(connection, found)
    return [_make_folder(path, one, unread) for path, one in zip(paths, meant, strict=True)]


def list_loose_files(directory: Path) -> list[str]:
    """Files beside the sub-folders: they are nobody's."""
    return sorted(
        path.name for path in directory.iterdir() if not path.is_dir() and not _is_litter(path)
    )


def _make_folder(path: Path, meant: Meant, unread: Collection[int]) -> Folder:
    folder = Folder(path, meant.performer, meant.refusal)
    entries = sorted(entry for entry in path.iterdir() if not _is_litter(entry))
    if folder.performer is None:
        if any(entry.is_dir() for entry in entries):
            folder.problem += f"; it holds folders: did you mean {path}?"
        return folder
    folder.problem = _find_why_kept_away(folder.performer, unread)
    if not folder.problem:
        for entry in entries:
            why = _find_photo_fault(entry)
            if why:
                folder.passed_over.append(f"{path.name}/{entry.name}: {why}")
            else:
                folder.photos.append(entry)
    return folder


def _find_why_kept_away(performer: Performer, unread: Collection[int]) -> str:
    """Why no face of this performer may be stored; empty when it may."""
    if performer.id in unread:
        return "the birth date cannot be read; see scrapy birth-date"
    is_minor = find_whose_word(performer, None, read_today()) is not None
    return "under 18 for all that is known" if is_minor else ""


def _find_photo_fault(path: Path) -> str:
    """Why a file is no photo, whatever its name; empty when it is one. Opens regular files only."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            return "a folder; photos lie in the performer's folder itself"
        if not stat.S_ISREG(status.st_mode):
            return "no regular file"
        if status.st_size > MAX_BYTES:
            return f"larger than {MAX_BYTES // 1_000_000} MB"
        with path.open("rb") as file:
            start = file.read(SNIFFED)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return "" if sniff(start) else "not a JPEG, PNG, WebP, AVIF, GIF or HEIC"


def _is_litter(path: Path) -> bool:
    """What operating systems leave in folders of photos."""
    return path.name.startswith(".") or path.name.lower() in _LITTER
