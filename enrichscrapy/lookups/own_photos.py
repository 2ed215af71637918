"""The user's own photos of performers: the first known faces, taken through stages 300 to 500."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.store import store_lookup
from enrichscrapy.faces.engine import FaceEngine
from enrichscrapy.items import (
    Lookup,
    Outcome,
    Performer,
    Photo,
    PhotoOutcome,
    ReferenceSiteMode,
    Verdict,
)
from enrichscrapy.lookups.judge import Judge
from enrichscrapy.lookups.neighbours import Neighbourhood
from enrichscrapy.lookups.own_folders import Folder
from enrichscrapy.lookups.stages import give_verdicts, take_faces
from enrichscrapy.reporting.words import describe_reason

SOURCE = "import"
_UNUSABLE = (PhotoOutcome.UNREADABLE, PhotoOutcome.TOO_LARGE, PhotoOutcome.FAILED)


@dataclass(frozen=True)
class FolderReport:
    """What came of one sub-folder; ``problem`` says why nothing did.

    ``unusable`` names the files that turned out to be no photos that can be used, ``waiting`` those
    whose faces wait for a decision, and why.
    """

    folder: str
    lookup: Lookup | None
    problem: str = ""
    unusable: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


def import_faces(
    folders: Iterable[Folder],
    database: PerformerDatabase,
    engine: FaceEngine,
    model_id: int,
    judge: Judge,
    around: Neighbourhood,
) -> Iterator[FolderReport]:
    """Take in the photos of every folder that is a performer's, in the order given.

    Photos already known (same bytes, or the same picture) are not looked at again. Each is compared
    with the others of its folder and with everybody's faces ``around``.
    """
    for folder in folders:
        if folder.performer is None or folder.problem:
            yield FolderReport(folder.path.name, None, folder.problem)
            continue
        if database.is_minor(folder.performer):
            problem = "under 18 by the dates known: no photo is read"
            yield FolderReport(folder.path.name, None, problem)
            continue
        lookup = _make_lookup(folder.performer, folder.photos)
        _look(lookup, database, engine, model_id, judge.thresholds.twin)
        stored, token = database.faces.find_references(folder.performer.id, model_id)
        around.find(lookup, stored)
        give_verdicts(lookup, stored, token, judge)
        report = store_lookup(database, lookup, model_id=model_id, retry=RetryPolicy(), judge=judge)
        if report.stored:
            around.add(lookup, report.face_ids)
        yield FolderReport(
            folder.path.name,
            lookup,
            unusable=tuple(_list_unusable(folder, lookup)),
            waiting=tuple(_list_waiting(folder, lookup)),
        )


def _list_unusable(folder: Folder, lookup: Lookup) -> Iterator[str]:
    for photo in lookup.photos:
        if photo.outcome in _UNUSABLE:
            yield f"{_name_photo(folder, photo.url)}: {photo.outcome}: {photo.detail}"


def _list_waiting(folder: Folder, lookup: Lookup) -> Iterator[str]:
    for face in lookup.faces:
        if face.decision is not None and face.decision.verdict is Verdict.QUARANTINED:
            yield f"{_name_photo(folder, face.photo_url)}: {describe_reason(face.decision.reason)}"


def _name_photo(folder: Folder, url: str) -> str:
    names = (path.name for path in folder.photos if _read_photo(path).url == url)
    return f"{folder.path.name}/{next(names)}"


def _make_lookup(performer: Performer, files: Iterable[Path]) -> Lookup:
    return Lookup(
        source=SOURCE,
        mode=ReferenceSiteMode.URL_LOOKUP,
        performer=performer,
        outcome=Outcome.FOUND,
        photos=[_read_photo(path) for path in files],
    )


def _read_photo(path: Path) -> Photo:
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return Photo(url=f"{SOURCE}:{digest}", data=data, sha256=digest)


def _look(
    lookup: Lookup, database: PerformerDatabase, engine: FaceEngine, model_id: int, twin: float
) -> None:
    known = database.faces.find_known_photos(lookup.performer.id, model_id)
    fresh = {photo.url: photo for photo in lookup.photos if photo.url not in known.urls}
    lookup.photos = [photo for photo in fresh.values() if photo.sha256 not in known.sha256s]
    results = engine.look([photo.data or b"" for photo in lookup.photos])
    take_faces(lookup, lookup.photos, results, known.pictures, twin)
