"""What the rules in force would decide about stored faces, after a change of model or rules.

Each face is judged as if it came now: against the performer's other accepted faces, together with
the other faces of its source, and never against itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.faces import StoredFace
from enrichscrapy.index import FaceIndex
from enrichscrapy.items import Decision, Face, Identity, Lookup, Outcome, Performer, Verdict
from enrichscrapy.items import ReferenceSiteMode as Mode
from enrichscrapy.lookups.judge import Judge
from enrichscrapy.lookups.neighbours import find_neighbours
from enrichscrapy.lookups.own_photos import SOURCE as OWN

NOT_BY_DISTANCE = frozenset({"placeholder", "shared_photo", "suppressed"})
"""Why a face may wait whatever its vector says: judging that again would tell nothing."""
STANDS = frozenset({"duplicate", "no_room"})
"""Reasons against a face that is the performer's all the same: what is there may stay."""


@dataclass(frozen=True)
class ChangedVerdict:
    """A face on which the rules would now decide otherwise."""

    face: StoredFace
    verdict: Verdict
    reason: str
    trusted: bool

    @property
    def by_person(self) -> bool:
        """Whether a person decided; for own photos that wait, the rules did."""
        face = self.face
        return face.decided_by == "review" or (
            face.confirmed_by_person and face.verdict is Verdict.ACCEPTED
        )


def list_changes(
    database: PerformerDatabase, model_id: int, judge: Judge, index: FaceIndex | None
) -> Iterator[ChangedVerdict]:
    """Every accepted or waiting face of the model whose verdict would change, by performer.

    Nothing is written. What was accepted would at worst wait: only a person takes it away.
    """
    after_id = 0
    while performer_ids := database.faces.list_performers_with_faces(model_id, after_id):
        after_id = performer_ids[-1]
        for performer_id in performer_ids:
            performer = database.get_performer(performer_id)
            if performer is not None:
                stored, _ = database.faces.find_references(performer_id, model_id)
                again = _Again(database, judge, index, performer, stored)
                yield from again.list_changes()


@dataclass(frozen=True)
class _Again:
    """One performer's faces, judged again."""

    database: PerformerDatabase
    judge: Judge
    index: FaceIndex | None
    performer: Performer
    stored: Sequence[StoredFace]

    def list_changes(self) -> Iterator[ChangedVerdict]:
        for together in self._list_parts():
            for face, decision in zip(together, self._take_decisions(together), strict=True):
                if _differs(face, decision):
                    yield _make_change(face, decision)

    def _list_parts(self) -> Iterator[list[StoredFace]]:
        """The faces to judge together: one's own photos are a folder, what the rules decided of a
        source is a page; a face that a person took from a page is judged alone."""
        judged = [
            face
            for face in self.stored
            if face.verdict in (Verdict.ACCEPTED, Verdict.QUARANTINED)
            and face.reason not in NOT_BY_DISTANCE
        ]
        for source in sorted({face.source for face in judged}):
            of_source = [face for face in judged if face.source == source]
            alone = [face for face in of_source if face.confirmed_by_person and source != OWN]
            yield [face for face in of_source if face not in alone]
            yield from ([face] for face in alone)

    def _take_decisions(self, together: Sequence[StoredFace]) -> Sequence[Decision]:
        if not together:
            return ()
        ids = {face.id for face in together}
        lookup = self._make_lookup(together)
        others = [face for face in self.stored if face.id not in ids]
        find_neighbours(lookup, others, self.index, self.database.faces)
        return self.judge(lookup, others).decisions

    def _make_lookup(self, together: Sequence[StoredFace]) -> Lookup:
        """The lookup that brought these faces, as the ledger remembers it."""
        source = together[0].source
        rows = [(mode, self.database.ledger.get(source, mode, self.performer.id)) for mode in Mode]
        found = [(mode, row) for mode, row in rows if row and row["outcome"] == Outcome.FOUND]
        mode, row = found[0] if found else (Mode.URL_LOOKUP, None)
        identity = Identity(row["identity"]) if row and row["identity"] else None
        return Lookup(
            source,
            mode,
            self.performer,
            Outcome.FOUND,
            identity=identity,
            faces=[_make_face(face) for face in together],
        )


def _make_face(stored: StoredFace) -> Face:
    return Face(
        photo_url=stored.photo_url,
        box=(0.0, 0.0, 1.0, 1.0),
        landmarks=(),
        detection_score=stored.detection_score,
        quality=stored.quality,
        vector=stored.vector,
    )


def _differs(face: StoredFace, decision: Decision) -> bool:
    if face.verdict is Verdict.ACCEPTED:
        return decision.verdict is not Verdict.ACCEPTED and decision.reason not in STANDS
    return decision.verdict not in (Verdict.QUARANTINED, Verdict.RETIRED)


def _make_change(face: StoredFace, decision: Decision) -> ChangedVerdict:
    accepted = face.verdict is Verdict.ACCEPTED
    verdict = Verdict.QUARANTINED if accepted else decision.verdict
    return ChangedVerdict(face, verdict, str(decision.reason), decision.trusted)
