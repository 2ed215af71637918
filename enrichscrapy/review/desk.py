"""A person's decisions about faces: the same for the command and for the gallery."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, Row, select

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.connection import count_rows
from enrichscrapy.database.performers import load_performers
from enrichscrapy.database.rejections import keep_for_undo, restore_rejected
from enrichscrapy.database.schema import faces
from enrichscrapy.database.verdict_log import VerdictEntry, change_verdict, undo_verdict
from enrichscrapy.database.whom import describe
from enrichscrapy.exceptions import VerdictRefused
from enrichscrapy.items import Verdict
from enrichscrapy.reporting.words import count_words
from enrichscrapy.review.queue import list_waiting_of_page
from enrichscrapy.verdicts import Limits, Reason

DECIDED_BY = "review"


@dataclass(frozen=True)
class Decided:
    """The result of a decision; ``words`` is a sentence for the person who took it."""

    face_id: int
    verdict: Verdict
    trusted: bool
    words: str


@dataclass(frozen=True)
class Step:
    """What one key did, and one undo takes back; ``words`` as in :class:`Decided`."""

    face_ids: tuple[int, ...]
    words: str


class ReviewDesk:
    """Takes decisions one at a time; safe for threads.

    Every decision is one transaction. A rejected face loses vector and crop at once; for a day
    they are set aside, so that a mistake can be undone. ``steps`` are those of this session
    that were not undone, the latest last.
    """

    def __init__(self, database: PerformerDatabase, limits: Limits) -> None:
        self.database = database
        self.limits = limits
        self.counts: Counter[str] = Counter()
        self.steps: list[Step] = []
        self._lock = threading.RLock()

    def accept(self, face_id: int, *, trusted: bool = True) -> Decided:
        """It is this performer's face. ``trusted``: it may serve as a reference from now on.

        Where MAX_FACES_* leave no room it is kept as ``retired``, as the rules would. Raises
        ``VerdictRefused`` when there is no such face, it was rejected before, or the performer is
        kept out.
        """
        with self._lock, self.database.write() as connection:
            face = _read_face(connection, face_id)
            self._check_not_kept_out(connection, face)
            full = self._find_why_full(connection, face)
            if full:
                ruling = self._make_entry(Verdict.RETIRED, False, Reason.NO_ROOM.value)
            else:
                ruling = self._make_entry(Verdict.ACCEPTED, trusted, DECIDED_BY)
            change_verdict(connection, face_id, ruling)
        suffix = ", and used as a reference" if trusted else ""
        words = f"right, but not kept: {full}" if full else f"accepted{suffix}"
        return self._make_decided(face_id, ruling, words)

    def reject(self, face_id: int) -> Decided:
        """It is not this performer's face, or not worth keeping; raises as :meth:`accept`."""
        with self._lock, self.database.write() as connection:
            ruling = self._reject(connection, face_id)
        return self._make_decided(face_id, ruling, "rejected; undo brings it back within a day")

    def reject_rest(self, face_id: int) -> Step:
        """Reject what waits of the page (a performer's faces from one source) this face is from.

        All of it or nothing, as one step; raises as :meth:`accept`.
        """
        with self._lock, self.database.write() as connection:
            face_ids = list_waiting_of_page(connection, _read_face(connection, face_id))
            for other in face_ids:
                self._reject(connection, other)
        self.counts[Verdict.REJECTED.value] += len(face_ids)
        words = f"{count_words(len(face_ids), 'face')} of this page rejected."
        return self._note(Step(tuple(face_ids), words))

    def undo(self, face_id: int) -> Decided:
        """Put the verdict before the last one back.

        Raises ``VerdictRefused`` when there is none, for a rejection of more than a day ago (what
        it took is gone), and where an accepted face would have no place or no right to come back.
        """
        with self._lock, self.database.write() as connection:
            ruling = self._undo(connection, face_id)
            self._drop_step(face_id)
        return self._undone(face_id, ruling)

    def undo_step(self) -> Step:
        """Take the latest step of this session back, all of it; ``VerdictRefused`` as :meth:`undo`
        and when there is none. A step that cannot be taken back is not tried again."""
        with self._lock:
            if not self.steps:
                raise VerdictRefused("nothing was decided in this session that is not undone")
            step = self.steps[-1]
            try:
                with self.database.write() as connection:
                    rulings = [self._undo(connection, face_id) for face_id in step.face_ids]
            except VerdictRefused:
                self.steps.pop()
                raise
            self.steps.pop()
        self.counts["undone"] += len(rulings)
        if len(rulings) == 1:
            words = f"Face {step.face_ids[0]}: undone: {rulings[0].verdict.value} as before."
        else:
            words = f"{count_words(len(rulings), 'face')}: undone."
        return Step(step.face_ids, words)

    def _reject(self, connection: Connection, face_id: int) -> VerdictEntry:
        ruling = self._make_entry(Verdict.REJECTED, False, DECIDED_BY)
        keep_for_undo(connection, face_id, ruling.at)
        change_verdict(connection, face_id, ruling)
        return ruling

    def _undo(self, connection: Connection, face_id: int) -> VerdictEntry:
        face = _read_face(connection, face_id)
        restore_rejected(connection, face_id, self.database.clock())
        ruling = undo_verdict(connection, face_id, self.database.clock())
        if ruling.verdict is Verdict.ACCEPTED:
            self._check_not_kept_out(connection, face)
            if full := self._find_why_full(connection, face):
                raise VerdictRefused(f"face {face_id} has lost its place: {full}")
        return ruling

    def _find_why_full(self, connection: Connection, face: Row[tuple[object, ...]]) -> str:
        """Why there is no room for one more accepted face; empty when there is."""
        others = (
            faces.c.performer_id == face.performer_id,
            faces.c.model_id == face.model_id,
            faces.c.verdict == Verdict.ACCEPTED.value,
            faces.c.id != face.id,
        )
        same = count_rows(connection, faces, *others, faces.c.source == face.source)
        if same >= self.limits.per_source:
            return f"{same} faces from {face.source} are the most (MAX_FACES_PER_SOURCE)"
        total = count_rows(connection, faces, *others)
        if total >= self.limits.total:
            return f"{total} faces are the most (MAX_FACES_TOTAL)"
        return ""

    def _check_not_kept_out(self, connection: Connection, face: Row[tuple[object, ...]]) -> None:
        performers = load_performers(connection, [face.performer_id])
        if self.database.suppressions.find_kept_out(connection, performers):
            raise VerdictRefused(
                f"{describe(performers[0])} is suppressed: no face of theirs is accepted"
            )

    def _make_entry(self, verdict: Verdict, trusted: bool, reason: str) -> VerdictEntry:
        return VerdictEntry(verdict, trusted, reason, DECIDED_BY, self.database.clock())

    def _make_decided(self, face_id: int, ruling: VerdictEntry, words: str) -> Decided:
        self.counts[ruling.verdict.value] += 1
        words = f"Face {face_id}: {words}."
        self._note(Step((face_id,), words))
        return Decided(face_id, ruling.verdict, ruling.trusted, words)

    def _undone(self, face_id: int, ruling: VerdictEntry) -> Decided:
        self.counts["undone"] += 1
        words = f"Face {face_id}: undone: {ruling.verdict.value} as before."
        return Decided(face_id, ruling.verdict, ruling.trusted, words)

    def _drop_step(self, face_id: int) -> None:
        """Remove this face from the latest step that has it."""
        for place in reversed(range(len(self.steps))):
            step = self.steps[place]
            if face_id in step.face_ids:
                left = tuple(other for other in step.face_ids if other != face_id)
                self.steps[place : place + 1] = [Step(left, step.words)] if left else []
                return

    def _note(self, step: Step) -> Step:
        if step.face_ids:
            self.steps.append(step)
        return step


def _read_face(connection: Connection, face_id: int) -> Row[tuple[object, ...]]:
    row = connection.execute(select(faces).where(faces.c.id == face_id)).first()
    if row is None:
        raise VerdictRefused(f"there is no face {face_id}")
    return row
