"""Storing a lookup: ledger, photos, faces, verdicts and proposals in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from enrichscrapy.database import leases
from enrichscrapy.database.accepting import accept_of_box
from enrichscrapy.database.box_ids import write_ids
from enrichscrapy.database.claims import REASON as CONTESTED
from enrichscrapy.database.claims import Claim, find_page, settle
from enrichscrapy.database.faces import StoredFace, load_references
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.ledger_row import write_row
from enrichscrapy.database.minors import IN_THE_DATABASE, note_birthdays
from enrichscrapy.database.performers import load_performers
from enrichscrapy.database.photo_rows import PhotoRows, write_photos
from enrichscrapy.database.proposals import write_proposals
from enrichscrapy.database.schema import models
from enrichscrapy.database.shared_photos import quarantine_placeholders
from enrichscrapy.database.traits import Traits
from enrichscrapy.database.vectors import encode_vector
from enrichscrapy.database.verdict_log import VerdictEntry, change_verdict, insert_face
from enrichscrapy.exceptions import LeaseLost
from enrichscrapy.facts.stashboxes import find_box
from enrichscrapy.facts.stored_dates import read_latest_birthday, to_utc_day
from enrichscrapy.items import (
    Decision,
    Face,
    Judgement,
    Lookup,
    Outcome,
    Verdict,
)

if TYPE_CHECKING:
    from enrichscrapy.database.performer_database import PerformerDatabase

Judging = Callable[[Lookup, list[StoredFace]], Judgement]
_OWN_PHOTOS = "import"
UNKNOWN = "unknown performer"


@dataclass(frozen=True)
class StoreReport:
    """The result of storing a lookup.

    ``stored`` is False when nothing of it was written, ``reason`` says why (``suppressed``,
    ``minor``, ``unknown performer``). ``face_ids`` are the new faces', in the lookup's order.
    """

    stored: bool
    reason: str = ""
    face_ids: tuple[int, ...] = ()
    retired: tuple[int, ...] = ()
    confirmed: tuple[int, ...] = ()
    proposals: int = 0
    next_attempt_at: float | None = None


def store_lookup(
    db: PerformerDatabase,
    lookup: Lookup,
    *,
    model_id: int | None,
    retry: RetryPolicy,
    judge: Judging | None,
    worker_id: int | None = None,
) -> StoreReport:
    """Write a lookup and all it brought, or nothing.

    The performer's faces are read again inside the transaction: where they are no longer those
    the verdicts were taken on (``references_token``), or where a photo turns out to be known by
    now, ``judge`` decides again. Without ``judge`` the faces' decisions stand. Faces of photos
    that this model has seen before are dropped from ``lookup.faces``.

    With ``worker_id`` the lookup was leased, and the lease ends with it. Raises ``LeaseLost`` where
    another has it by now, ``ValueError`` for a vector that is not finite or not of unit length, for
    a face without a decision, and for one whose photo is not among the lookup's.
    """
    given, lookup = lookup, replace(lookup)  # a transaction that is undone leaves it as it is
    with db.write() as connection:
        refusal = _find_refusal(db, connection, lookup)
        if worker_id is not None and refusal != UNKNOWN:  # with the performer, the lease has gone
            _end_lease(connection, lookup, worker_id)
        if refusal:
            return StoreReport(False, refusal)
        _leave_forgotten(db, connection, lookup)
        page = find_page(lookup)
        claim = settle(connection, lookup, page, db.clock())
        if claim is not Claim.HOLDS:
            lookup.outcome, lookup.detail = Outcome.MISMATCH, claim.value
        if claim is Claim.LOST:
            lookup.photos, lookup.faces = [], []
        storing = _Storing(connection, lookup, page, model_id, db.clock())
        report, decided = storing.run(retry, judge, contested=claim is Claim.CONTESTED)
        if find_box(lookup.source) is not None:  # the record has grown
            db.suppressions.refresh(connection, [lookup.performer.id])
    for face, decision in decided:
        face.decision = decision
    lookup.faces = [face for face, _ in decided]
    vars(given).update(vars(lookup))
    return report


def _end_lease(connection: Connection, lookup: Lookup, worker_id: int) -> None:
    source, mode, performer_id = lookup.key
    if not leases.end(connection, (source, mode), [performer_id], worker_id):
        raise LeaseLost(f"performer {performer_id} is another crawl's by now: nothing is stored")


def _find_refusal(db: PerformerDatabase, connection: Connection, lookup: Lookup) -> str:
    found = load_performers(connection, [lookup.performer.id])
    if not found:
        return UNKNOWN
    if db.suppressions.find_kept_out(connection, found):
        return "suppressed"
    stored = read_latest_birthday(found[0].birth_date, to_utc_day(db.clock()))
    words = {IN_THE_DATABASE: stored, lookup.source: lookup.born}
    if note_birthdays(connection, found[0].id, words, db.clock()):
        return "" if lookup.outcome is Outcome.MISMATCH else "minor"  # that it ended is kept
    return ""


def _leave_forgotten(db: PerformerDatabase, connection: Connection, lookup: Lookup) -> None:
    """Of an entry that is a forgotten person's nothing is kept but that the lookup has ended.

    A performer's old id may have been merged into that person's.
    """
    box, profile = find_box(lookup.source), lookup.profile
    if box is None or profile is None:
        return
    ids = [(box, each) for each in (profile.source_id, *profile.former_ids) if each]
    links = [url for urls in profile.links.values() for url in urls]
    if db.suppressions.find_kind(connection, Traits(ids=ids, links=links)) is not None:
        lookup.outcome, lookup.detail = Outcome.MISMATCH, "the entry of somebody who is kept out"
        lookup.url, lookup.profile, lookup.evidence = None, None, {}
        lookup.photos, lookup.faces = [], []


class _Storing:
    """One lookup on its way into one transaction."""

    def __init__(
        self,
        connection: Connection,
        lookup: Lookup,
        page: str | None,
        model_id: int | None,
        now: float,
    ) -> None:
        self.connection = connection
        self.lookup = lookup
        self.page = page
        self.model_id = model_id
        self.now = now
        self.performer = load_performers(connection, [lookup.performer.id])[0]
        self.decided_by = "import" if lookup.source == _OWN_PHOTOS else "rules"

    def run(
        self, retry: RetryPolicy, judge: Judging | None, *, contested: bool
    ) -> tuple[StoreReport, list[tuple[Face, Decision]]]:
        """What was written, and the faces that are stored with their decisions."""
        rows = write_photos(
            self.connection,
            self.performer.id,
            self.lookup.source,
            self.lookup.photos,
            self.model_id,
            self.now,
        )
        quarantine_placeholders(self.connection, self.lookup.photos, self.now)
        kept = self._list_new_faces(rows)
        judgement = self._find_judgement(kept, judge)
        if contested:
            judgement = Judgement(tuple(map(_make_wait, judgement.decisions)))
        face_ids = self._write_faces(kept, judgement.decisions, rows)
        self._write_rulings(judgement)
        report = StoreReport(
            True,
            face_ids=tuple(face_ids),
            retired=tuple(face_id for face_id, _ in judgement.retire),
            confirmed=judgement.confirm,
            proposals=self._write_proposals(),
            next_attempt_at=write_row(
                self.connection, self.lookup, self.page, self.model_id, retry, self.now
            ),
        )
        return report, list(zip(kept, judgement.decisions, strict=True))

    def _list_new_faces(self, rows: PhotoRows) -> list[Face]:
        """The faces of photos that this model had not seen."""
        strangers = {face.photo_url for face in self.lookup.faces} - rows.ids.keys()
        if strangers:
            raise ValueError(f"{len(strangers)} photos with faces are not among the lookup's")
        return [face for face in self.lookup.faces if face.photo_url not in rows.settled]

    def _find_judgement(self, kept: Sequence[Face], judge: Judging | None) -> Judgement:
        """The verdicts to write: taken again where the references changed meanwhile."""
        lookup = self.lookup
        if judge is None or self.model_id is None:
            return _take_over(kept, lookup.judgement)
        references, token = load_references(self.connection, self.performer.id, self.model_id)
        stands = (
            token == lookup.references_token
            and len(kept) == len(lookup.faces)
            and lookup.judgement is not None
        )
        if stands or not kept:
            return _take_over(kept, lookup.judgement if stands else None)
        return judge(replace(lookup, faces=list(kept)), references)

    def _write_faces(
        self, kept: Sequence[Face], decisions: Sequence[Decision], rows: PhotoRows
    ) -> list[int]:
        if not kept:
            return []
        if self.model_id is None:
            raise ValueError("faces cannot be stored without their model")
        query = select(models.c.dimension).where(models.c.id == self.model_id)
        dimension = self.connection.scalars(query).one()
        return [
            insert_face(
                self.connection,
                {
                    "performer_id": self.performer.id,
                    "photo_id": rows.ids[face.photo_url],
                    "model_id": self.model_id,
                    "source": self.lookup.source,
                    **_make_face_values(face, decision, dimension),
                },
                self._make_entry(decision.verdict, decision.trusted, decision.reason),
            )
            for face, decision in zip(kept, decisions, strict=True)
        ]

    def _write_rulings(self, judgement: Judgement) -> None:
        for face_id, reason in judgement.retire:
            change_verdict(
                self.connection, face_id, self._make_entry(Verdict.RETIRED, False, reason)
            )
        for face_id in judgement.confirm:
            ruling = self._make_entry(Verdict.ACCEPTED, True, "confirmed")
            change_verdict(self.connection, face_id, ruling)

    def _make_entry(self, verdict: Verdict, trusted: bool, reason: str) -> VerdictEntry:
        return VerdictEntry(verdict, trusted, str(reason), self.decided_by, self.now)

    def _write_proposals(self) -> int:
        profile = self.lookup.profile
        if profile is None or self.lookup.outcome is not Outcome.FOUND:
            return 0
        added = write_proposals(self.connection, self.performer, self.lookup, self.now)
        if (box := find_box(self.lookup.source)) is not None:
            write_ids(self.connection, self.performer.id, box, profile)
            accept_of_box(self.connection, self.performer.id, self.lookup.source, self.now)
        return added


def _take_over(kept: Sequence[Face], judgement: Judgement | None) -> Judgement:
    decisions = [face.decision for face in kept if face.decision is not None]
    if len(decisions) != len(kept):
        raise ValueError("a face cannot be stored without a decision")
    retire, confirm = (judgement.retire, judgement.confirm) if judgement else ((), ())
    return Judgement(tuple(decisions), retire, confirm)


def _make_wait(decision: Decision) -> Decision:
    """The same, but nothing is accepted from a page that somebody else claims."""
    if decision.verdict is not Verdict.ACCEPTED:
        return decision
    return replace(decision, verdict=Verdict.QUARANTINED, trusted=False, reason=CONTESTED)


def _make_face_values(face: Face, decision: Decision, dimension: int) -> dict[str, Any]:
    vector = None if face.vector is None else encode_vector(face.vector, dimension)
    return {
        "vector": vector,
        "crop": face.crop or None,
        "crop_area": list(face.crop_area) if face.crop_area else None,
        "box": list(face.box),
        "landmarks": [list(point) for point in face.landmarks],
        "detection_score": float(face.detection_score),
        "quality": float(face.quality),
        "measures": face.measures,
        "distances": decision.distances,
        "rule_version": decision.rule_version,
    }
