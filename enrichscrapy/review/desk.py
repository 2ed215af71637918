"""A person's decisions about faces: the same for the command and for the web page."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass

from sqlalchemy import Connection, Row, func, select, update

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.performers import load_performers
from enrichscrapy.database.schema import faces
from enrichscrapy.database.verdict_log import Ruling, change_verdict, undo_verdict
from enrichscrapy.exceptions import VerdictRefused
from enrichscrapy.items import Verdict
from enrichscrapy.verdicts import Limits, Reason

DECIDED_BY = "review"
REMEMBERED = 200
"""Rejections of this session that can be undone."""


@dataclass(frozen=True)
class Decided:
    """What a decision came to; ``words`` is a sentence for the person who took it."""

    face_id: int
    verdict: Verdict
    trusted: bool
    words: str


@dataclass(frozen=True)
class _Dropped:
    """What a rejection removes from the database, remembered so that it can be undone."""

    model_id: int
    vector: bytes
    crop: bytes | None


class ReviewDesk:
    """Takes decisions one at a time; safe for threads.

    Every decision is one transaction. A rejected face loses vector and crop at once; this object
    remembers those of its last rejections, so that they can be undone while it lives.
    """

    def __init__(self, database: PerformerDatabase, limits: Limits) -> None:
        self.database = database
        self.limits = limits
        self.counts: Counter[str] = Counter()
        self._dropped: OrderedDict[int, _Dropped] = OrderedDict()
        self._lock = threading.Lock()

    def accept(self, face_id: int, *, trusted: bool = True) -> Decided:
        """It is this performer's face. ``trusted``: it may vouch for others from now on.

        Where MAX_FACES_* leave no room it is kept as ``retired``, as the rules would. Raises
        ``VerdictRefused`` when there is no such face, it was rejected before, or the performer is
        kept out.
        """
        with self._lock, self.database.write() as connection:
            face = _face(connection, face_id)
            self._check_not_kept_out(connection, face)
            full = self._full(connection, face)
            if full:
                ruling = self._ruling(Verdict.RETIRED, False, Reason.NO_ROOM.value)
            else:
                ruling = self._ruling(Verdict.ACCEPTED, trusted, DECIDED_BY)
            change_verdict(connection, face_id, ruling)
        vouches = ", and vouches for others" if trusted else ""
        words = f"right, but not kept: {full}" if full else f"accepted{vouches}"
        return self._decided(face_id, ruling, words)

    def reject(self, face_id: int) -> Decided:
        """It is not this performer's face, or not worth keeping; raises as :meth:`accept`."""
        ruling = self._ruling(Verdict.REJECTED, False, DECIDED_BY)
        with self._lock, self.database.write() as connection:
            face = _face(connection, face_id)
            change_verdict(connection, face_id, ruling)
            if face.vector is not None:
                self._remember(face_id, _Dropped(face.model_id, face.vector, face.crop))
        return self._decided(face_id, ruling, "rejected; its vector and picture are deleted")

    def undo(self, face_id: int) -> Decided:
        """Put the verdict before the last one back.

        Raises ``VerdictRefused`` when there is none, for a rejection of another session (what it
        deleted is gone), and where an accepted face would have no place or no right to come back.
        """
        with self._lock, self.database.write() as connection:
            face = _face(connection, face_id)
            dropped = self._dropped.get(face_id)
            # Faces may have moved to another model meanwhile: what was dropped is then of no use.
            if dropped and face.vector is None and face.model_id == dropped.model_id:
                _put_back(connection, face_id, dropped)
            ruling = undo_verdict(connection, face_id, self.database.clock())
            if ruling.verdict is Verdict.ACCEPTED:
                self._check_not_kept_out(connection, face)
                if full := self._full(connection, face):
                    raise VerdictRefused(f"face {face_id} has lost its place: {full}")
        self._dropped.pop(face_id, None)
        return self._decided(face_id, ruling, f"undone: {ruling.verdict.value} as before", "undone")

    def _full(self, connection: Connection, face: Row[tuple[object, ...]]) -> str:
        """Why there is no room for one more accepted face; empty when there is."""
        others = select(func.count()).where(
            faces.c.performer_id == face.performer_id,
            faces.c.model_id == face.model_id,
            faces.c.verdict == Verdict.ACCEPTED.value,
            faces.c.id != face.id,
        )
        same = int(connection.scalar(others.where(faces.c.source == face.source)) or 0)
        if same >= self.limits.per_source:
            return f"{same} faces from {face.source} are the most (MAX_FACES_PER_SOURCE)"
        total = int(connection.scalar(others) or 0)
        if total >= self.limits.total:
            return f"{total} faces are the most (MAX_FACES_TOTAL)"
        return ""

    def _check_not_kept_out(self, connection: Connection, face: Row[tuple[object, ...]]) -> None:
        performers = load_performers(connection, [face.performer_id])
        if self.database.suppressions.kept_out(connection, performers):
            raise VerdictRefused(
                f"performer {face.performer_id} is suppressed: no face of theirs is accepted"
            )

    def _ruling(self, verdict: Verdict, trusted: bool, reason: str) -> Ruling:
        return Ruling(verdict, trusted, reason, DECIDED_BY, self.database.clock())

    def _remember(self, face_id: int, dropped: _Dropped) -> None:
        self._dropped[face_id] = dropped
        while len(self._dropped) > REMEMBERED:
            self._dropped.popitem(last=False)

    def _decided(self, face_id: int, ruling: Ruling, words: str, count: str = "") -> Decided:
        self.counts[count or ruling.verdict.value] += 1
        return Decided(face_id, ruling.verdict, ruling.trusted, f"Face {face_id}: {words}.")


def _face(connection: Connection, face_id: int) -> Row[tuple[object, ...]]:
    row = connection.execute(select(faces).where(faces.c.id == face_id)).first()
    if row is None:
        raise VerdictRefused(f"there is no face {face_id}")
    return row


def _put_back(connection: Connection, face_id: int, dropped: _Dropped) -> None:
    """Give a rejected face what its rejection took; ``undo_verdict`` then sets its verdict."""
    values = {"vector": dropped.vector, "crop": dropped.crop, "verdict": Verdict.QUARANTINED.value}
    connection.execute(update(faces).where(faces.c.id == face_id).values(values))
