"""Changing a face's verdict: the face, the index's sequence and the history, always together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select, update

from enrichscrapy.database.performers import read_new_id
from enrichscrapy.database.schema import (
    face_changes,
    face_vectors,
    faces,
    photos,
    verdict_history,
)
from enrichscrapy.exceptions import VerdictRefused
from enrichscrapy.items import Verdict

UNDO = "undo"


@dataclass(frozen=True)
class VerdictEntry:
    """What was decided on a face, by whom (``rules``, ``review``, ``import``, …) and when."""

    verdict: Verdict
    trusted: bool
    reason: str
    decided_by: str
    at: float


def insert_face(connection: Connection, values: dict[str, Any], ruling: VerdictEntry) -> int:
    """Write a new face under its first ruling and return its id.

    A rejected face keeps neither vector nor crop, whatever ``values`` say.
    """
    row = {
        **values,
        "verdict": ruling.verdict.value,
        "trusted": ruling.trusted,
        "reason": ruling.reason,
        "created_at": ruling.at,
        "updated_at": ruling.at,
    }
    if ruling.verdict is Verdict.REJECTED:
        row |= {"vector": None, "crop": None}
    face_id = read_new_id(connection.execute(insert(faces).values(row)))
    if ruling.verdict is Verdict.ACCEPTED:
        _log_change(connection, face_id, values["model_id"], "added")
    _log_ruling(connection, face_id, ruling)
    return face_id


def change_verdict(connection: Connection, face_id: int, ruling: VerdictEntry) -> None:
    """Change the verdict of a stored face.

    Raises ``VerdictRefused`` when there is no such face, and when a rejected one, whose vector is
    gone, would have to come back.
    """
    old = _read_face(connection, face_id)
    values: dict[str, Any] = {
        "verdict": ruling.verdict.value,
        "trusted": ruling.trusted,
        "reason": ruling.reason,
        "updated_at": ruling.at,
    }
    if ruling.verdict is Verdict.REJECTED:
        values |= {"vector": None, "crop": None}
        connection.execute(delete(face_vectors).where(face_vectors.c.face_id == face_id))
    elif not old["kept"]:
        raise VerdictRefused(f"face {face_id} was rejected: its vector was not kept")
    connection.execute(update(faces).where(faces.c.id == face_id).values(values))
    was, is_now = old["verdict"] == Verdict.ACCEPTED, ruling.verdict is Verdict.ACCEPTED
    if was != is_now:
        _log_change(connection, face_id, old["model_id"], "added" if is_now else "removed")
    _log_ruling(connection, face_id, ruling)


def quarantine_unless_a_person_ruled(
    connection: Connection,
    which: Sequence[ColumnElement[bool]],
    reason: str,
    now: float,
    persons: Sequence[str] = ("import", "review"),
) -> None:
    """Let accepted faces (joined with their photos) wait, but for those a person ruled on."""
    person = select(verdict_history.c.id).where(
        verdict_history.c.face_id == faces.c.id,
        verdict_history.c.decided_by.in_(persons),
    )
    query = select(faces.c.id).join(photos, photos.c.id == faces.c.photo_id)
    query = query.where(*which, faces.c.verdict == Verdict.ACCEPTED.value, ~person.exists())
    for face_id in connection.scalars(query).all():
        change_verdict(
            connection, face_id, VerdictEntry(Verdict.QUARANTINED, False, reason, "rules", now)
        )


def undo_verdict(connection: Connection, face_id: int, now: float) -> VerdictEntry:
    """Put the ruling before the one in force back and return it.

    Undoing again goes back further. Raises ``VerdictRefused`` at the first ruling, and as
    :func:`change_verdict`.
    """
    in_force = _read_in_force(connection, face_id)
    if len(in_force) < 2:
        raise VerdictRefused(f"face {face_id} has no earlier verdict to go back to")
    before = in_force[-2]
    ruling = VerdictEntry(
        Verdict(before["verdict"]), before["trusted"], before["reason"], UNDO, now
    )
    change_verdict(connection, face_id, ruling)
    return ruling


def undo_verdict_of(connection: Connection, face_id: int, decided_by: str, now: float) -> None:
    """Undo the ruling in force if ``decided_by`` made it; else do nothing."""
    in_force = _read_in_force(connection, face_id)
    if in_force and in_force[-1]["decided_by"] == decided_by:
        undo_verdict(connection, face_id, now)


def log_removals(connection: Connection, performer_id: int) -> None:
    """Tell the index that a performer's accepted faces go; to be called before they do."""
    _log_removals(connection, faces.c.performer_id == performer_id)


def log_photo_removals(connection: Connection, photo_id: int) -> None:
    """The same of a photo's accepted faces."""
    _log_removals(connection, faces.c.photo_id == photo_id)


def _log_removals(connection: Connection, which: ColumnElement[bool]) -> None:
    accepted = faces.c.verdict == Verdict.ACCEPTED.value
    query = select(faces.c.id, faces.c.model_id).where(which, accepted)
    for face_id, model_id in connection.execute(query).all():
        _log_change(connection, face_id, model_id, "removed")


def _read_in_force(connection: Connection, face_id: int) -> list[RowMapping]:
    """The rulings that were not undone, the one in force last."""
    rulings: list[RowMapping] = []
    query = select(verdict_history).where(verdict_history.c.face_id == face_id)
    for row in connection.execute(query.order_by(verdict_history.c.id)).mappings():
        if row["decided_by"] == UNDO:
            rulings.pop()
        else:
            rulings.append(row)
    return rulings


def _read_face(connection: Connection, face_id: int) -> RowMapping:
    query = select(
        faces.c.verdict, faces.c.model_id, faces.c.vector.is_not(None).label("kept")
    ).where(faces.c.id == face_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise VerdictRefused(f"there is no face {face_id}")
    return row


def _log_change(connection: Connection, face_id: int, model_id: int, change: str) -> None:
    row = {"face_id": face_id, "model_id": model_id, "change": change}
    connection.execute(insert(face_changes).values(row))


def _log_ruling(connection: Connection, face_id: int, ruling: VerdictEntry) -> None:
    connection.execute(
        insert(verdict_history).values(
            face_id=face_id,
            verdict=ruling.verdict.value,
            trusted=ruling.trusted,
            reason=ruling.reason,
            decided_by=ruling.decided_by,
            at=ruling.at,
        )
    )
