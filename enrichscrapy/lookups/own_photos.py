"""The user's own photos of performers: the first known faces, taken through stages 300 to 500."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.store import store_lookup
from enrichscrapy.faces.engine import FaceEngine
from enrichscrapy.items import Lookup, Outcome, Performer, Photo, ReferenceSiteMode
from enrichscrapy.lookups.judge import Judge
from enrichscrapy.lookups.stages import give_verdicts, take_faces

SOURCE = "import"
PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif"})


@dataclass(frozen=True)
class FolderReport:
    """What came of one sub-folder; ``problem`` says why nothing did."""

    folder: str
    lookup: Lookup | None
    problem: str = ""


def import_faces(
    directory: Path, database: PerformerDatabase, engine: FaceEngine, model_id: int, judge: Judge
) -> Iterator[FolderReport]:
    """Take in every sub-folder, named by a performer's id or stash-box id, in name order.

    Photos already known (same bytes, or the same picture) are not looked at again.
    """
    for folder in sorted(path for path in directory.iterdir() if path.is_dir()):
        performer = _performer(database, folder.name)
        if performer is None:
            problem = "no performer has this id or stash-box id"
            yield FolderReport(folder.name, None, problem)
            continue
        if database.is_minor(performer):
            yield FolderReport(folder.name, None, "under 18 by the dates known: no photo is read")
            continue
        lookup = _lookup(folder, performer)
        _look(lookup, database, engine, model_id, judge.thresholds.twin)
        stored, token = database.faces.references(performer.id, model_id)
        give_verdicts(lookup, stored, token, judge)
        store_lookup(database, lookup, model_id=model_id, retry=RetryPolicy(), judge=judge)
        yield FolderReport(folder.name, lookup)


def _performer(database: PerformerDatabase, name: str) -> Performer | None:
    if name.isdecimal():
        return database.get_performer(int(name))
    return database.find_by_stashbox_id(name)


def _lookup(folder: Path, performer: Performer) -> Lookup:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES)
    return Lookup(
        source=SOURCE,
        mode=ReferenceSiteMode.URL_LOOKUP,
        performer=performer,
        outcome=Outcome.FOUND,
        photos=[_photo(path) for path in files],
    )


def _photo(path: Path) -> Photo:
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return Photo(url=f"{SOURCE}:{digest}", data=data, sha256=digest)


def _look(
    lookup: Lookup, database: PerformerDatabase, engine: FaceEngine, model_id: int, twin: float
) -> None:
    known = database.faces.known_photos(lookup.performer.id, model_id)
    fresh = {photo.url: photo for photo in lookup.photos if photo.url not in known.urls}
    lookup.photos = [photo for photo in fresh.values() if photo.sha256 not in known.sha256s]
    results = engine.look([photo.data or b"" for photo in lookup.photos])
    take_faces(lookup, lookup.photos, results, known.pictures, twin)
