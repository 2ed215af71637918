"""The user's own photos of performers: the first known faces, taken through stages 300 to 500."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.store import store_lookup
from enrichscrapy.exceptions import IndexDamaged
from enrichscrapy.items import (
    Lookup,
    ModelInfo,
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

if TYPE_CHECKING:
    from enrichscrapy.faces.engine import PhotoFaces
    from enrichscrapy.index import FaceIndex
    from enrichscrapy.settings_reader import ProjectSettings

SOURCE = "import"
Look = Callable[[Sequence[bytes]], "Sequence[PhotoFaces]"]
"""Photos in, what was seen in each out."""
_UNUSABLE = (PhotoOutcome.UNREADABLE, PhotoOutcome.TOO_LARGE, PhotoOutcome.FAILED)


@dataclass(frozen=True)
class Taken:
    """The result of one performer's photos.

    ``unusable`` names those that turned out to be no photos that can be used, ``waiting`` those
    whose faces wait for a decision, and why. ``refusal``: why nothing was stored.
    """

    lookup: Lookup
    unusable: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    refusal: str = ""


@dataclass(frozen=True)
class FolderReport:
    """The result of one sub-folder; ``problem`` says why nothing did."""

    folder: str
    taken: Taken | None
    problem: str = ""


class Looker(Protocol):
    """What looks at photos: the engine in this process, or workers in others."""

    @property
    def info(self) -> ModelInfo: ...

    def look(self, photos: Sequence[bytes]) -> Sequence[PhotoFaces]: ...


@dataclass(eq=False, repr=False)
class OwnPhotos:
    """Takes in the user's own photos, one performer's at a time.

    Photos already known (same bytes, or the same picture) are not looked at again. Each is compared
    with the others of its performer and with everybody's faces ``around``.
    """

    database: PerformerDatabase
    looker: Looker
    model_id: int
    judge: Judge
    around: Neighbourhood

    @classmethod
    def from_settings(
        cls,
        settings: ProjectSettings,
        database: PerformerDatabase,
        looker: Looker,
        note: Callable[[str], None],
    ) -> Self:
        """With the rules in force for the looker's model; ``note`` is called when the index cannot
        be used.
        """
        from enrichscrapy.faces.model import resolve_model

        model_id = database.faces.ensure_model(looker.info)
        database.faces.refuse_unmoved(model_id, looker.info)
        judge = Judge.from_settings(settings).for_model(
            looker.info, database.faces.get_thresholds(model_id), resolve_model(settings.FACE_MODEL)
        )
        index = _open_index(settings, looker.info, note)
        return cls(database, looker, model_id, judge, Neighbourhood(index, database.faces))

    def take(
        self,
        performer: Performer,
        named: Iterable[tuple[str, bytes]],
        *,
        prefix: str = f"{SOURCE}:",
        look: Look | None = None,
        before_verdicts: Callable[[Lookup], None] = lambda lookup: None,
    ) -> Taken:
        """Take in photos as (what to call it, bytes); their addresses are ``prefix`` and SHA-256.

        ``look`` is asked in place of the looker; ``before_verdicts`` may change what was seen.
        """
        lookup = _make_lookup(performer)
        names: dict[str, str] = {}
        for name, data in named:
            photo = _make_photo(prefix, data)
            if photo.url not in names:
                lookup.photos.append(photo)
            names.setdefault(photo.url, name)
        self._look(lookup, look or self.looker.look)
        before_verdicts(lookup)
        stored, token = self.database.faces.find_references(performer.id, self.model_id)
        self.around.find(lookup, stored)
        give_verdicts(lookup, stored, token, self.judge)
        report = store_lookup(
            self.database, lookup, model_id=self.model_id, retry=RetryPolicy(), judge=self.judge
        )
        if report.stored:
            self.around.add(lookup, report.face_ids)
        refusal = "" if report.stored else report.reason
        waiting = tuple(_list_waiting(names, lookup))
        return Taken(lookup, tuple(_list_unusable(names, lookup)), waiting, refusal)

    def _look(self, lookup: Lookup, look: Look) -> None:
        known = self.database.faces.find_known_photos(lookup.performer.id, self.model_id)
        lookup.photos = [
            photo
            for photo in lookup.photos
            if photo.url not in known.urls and photo.sha256 not in known.sha256s
        ]
        results = look([photo.data or b"" for photo in lookup.photos])
        take_faces(lookup, lookup.photos, results, known.pictures, self.judge.thresholds.twin)


def import_faces(folders: Iterable[Folder], photos: OwnPhotos) -> Iterator[FolderReport]:
    """Take in the photos of every folder that is a performer's, in the order given."""
    for folder in folders:
        name = folder.path.name
        if folder.performer is None or folder.problem:
            yield FolderReport(name, None, folder.problem)
        elif photos.database.is_minor(folder.performer):
            yield FolderReport(name, None, "under 18 by the dates known: no photo is read")
        else:
            named = ((f"{name}/{path.name}", path.read_bytes()) for path in folder.photos)
            yield FolderReport(name, photos.take(folder.performer, named))


def _open_index(
    settings: ProjectSettings, info: ModelInfo, note: Callable[[str], None]
) -> FaceIndex | None:
    """Everybody else's faces; an index that cannot be used is reported and left out."""
    from enrichscrapy.index import FaceIndex

    try:
        return FaceIndex.open_current(settings.INDEX_DIR, info)
    except IndexDamaged as error:
        note(f"comparing with this import only: {error}")
        return None


def _list_unusable(names: Mapping[str, str], lookup: Lookup) -> Iterator[str]:
    for photo in lookup.photos:
        if photo.outcome in _UNUSABLE:
            yield f"{names[photo.url]}: {photo.outcome}: {photo.detail}"


def _list_waiting(names: Mapping[str, str], lookup: Lookup) -> Iterator[str]:
    for face in lookup.faces:
        if face.decision is not None and face.decision.verdict is Verdict.QUARANTINED:
            yield f"{names[face.photo_url]}: {describe_reason(face.decision.reason)}"


def _make_lookup(performer: Performer) -> Lookup:
    return Lookup(
        source=SOURCE,
        mode=ReferenceSiteMode.URL_LOOKUP,
        performer=performer,
        outcome=Outcome.FOUND,
    )


def _make_photo(prefix: str, data: bytes) -> Photo:
    digest = hashlib.sha256(data).hexdigest()
    return Photo(url=f"{prefix}{digest}", data=data, sha256=digest)
