"""Faces that nobody decided about are not kept for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from enrichscrapy.database.schema import faces
from enrichscrapy.database.verdict_log import VerdictEntry, change_verdict
from enrichscrapy.items import Verdict

if TYPE_CHECKING:
    from enrichscrapy.database.performer_database import PerformerDatabase

BATCH = 500
"""Faces ruled on in one transaction: others must not wait long."""
RETENTION = "retention"


def reject_expired(db: PerformerDatabase, days: float) -> int:
    """Reject the faces that have waited for a person's decision for more than ``days``.

    Vector and crop go, what was decided and when stays. Returns how many; 0 days: none.
    """
    if days <= 0:
        return 0
    before = db.clock() - days * 86400
    expired = (
        select(faces.c.id)
        .where(faces.c.verdict == Verdict.QUARANTINED.value, faces.c.updated_at < before)
        .limit(BATCH)
    )
    total = 0
    while True:
        with db.write() as connection:
            found = connection.scalars(expired).all()
            for face_id in found:
                ruling = VerdictEntry(Verdict.REJECTED, False, RETENTION, RETENTION, db.clock())
                change_verdict(connection, face_id, ruling)
        total += len(found)
        if len(found) < BATCH:
            return total
