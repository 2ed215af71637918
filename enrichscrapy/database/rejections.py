"""The vectors and crops that a person's rejection removed, for as long as it can be undone."""

from __future__ import annotations

from sqlalchemy import Connection, delete, literal, select, update

from enrichscrapy.database.connection import Database
from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.schema import faces, rejected_faces
from enrichscrapy.items import Verdict

UNDO_SECONDS = 86_400.0
"""How long: a mistake is usually noticed within the day."""


def keep_for_undo(connection: Connection, face_id: int, now: float) -> None:
    """Set aside what is about to be taken from a face; nothing where it has no vector."""
    columns = ["face_id", "model_id", "vector", "crop", "until"]
    until = now + UNDO_SECONDS
    kept = select(faces.c.id, faces.c.model_id, faces.c.vector, faces.c.crop, literal(until)).where(
        faces.c.id == face_id, faces.c.vector.is_not(None)
    )
    statement = insert(rejected_faces).from_select(columns, kept)
    newer = {name: statement.excluded[name] for name in columns[1:]}
    connection.execute(statement.on_conflict_do_update(index_elements=["face_id"], set_=newer))


def restore_rejected(connection: Connection, face_id: int, now: float) -> None:
    """Give a rejected face back what was set aside; the caller then sets its verdict.

    Nothing where that is gone, or of another model than the face is of by now.
    """
    row = connection.execute(
        select(rejected_faces)
        .join(faces, faces.c.id == rejected_faces.c.face_id)
        .where(
            rejected_faces.c.face_id == face_id,
            rejected_faces.c.model_id == faces.c.model_id,
            rejected_faces.c.until > now,
            faces.c.vector.is_(None),
        )
    ).first()
    if row is None:
        return
    values = {"vector": row.vector, "crop": row.crop, "verdict": Verdict.QUARANTINED.value}
    connection.execute(update(faces).where(faces.c.id == face_id).values(values))
    connection.execute(delete(rejected_faces).where(rejected_faces.c.face_id == face_id))


def drop_expired(database: Database) -> None:
    """Delete what can no longer be undone."""
    expired = rejected_faces.c.until <= database.clock()
    with database.read() as connection:
        if connection.scalar(select(rejected_faces.c.face_id).where(expired).limit(1)) is None:
            return
    with database.write() as connection:
        connection.execute(delete(rejected_faces).where(expired))
