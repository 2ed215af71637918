"""Invented lookups, photos and faces for the database's tests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Table, select, text

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.faces import StoredFace
from enrichscrapy.items import (
    Decision,
    Face,
    Judgement,
    Lookup,
    Outcome,
    Performer,
    Photo,
    PhotoOutcome,
    Profile,
    ReferenceSiteMode,
    Verdict,
)

PAGE = "https://www.babepedia.com/babe/Invented_Person"


def unit_vector(seed: int, size: int = 512) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    return vector / np.linalg.norm(vector)


def sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def photo(
    name: str, content: str | None = None, outcome: PhotoOutcome | None = PhotoOutcome.FACES
) -> Photo:
    """A photo at ``name``; its bytes are those of ``content`` (its name, unless given)."""
    return Photo(
        url=f"https://www.babepedia.com/pics/{name}.jpg",
        sha256=sha256(content or name),
        phash=sha256(content or name)[:16],
        width=400,
        height=500,
        outcome=outcome,
    )


def lost_photo(name: str, outcome: PhotoOutcome = PhotoOutcome.FAILED) -> Photo:
    """A photo whose bytes never arrived."""
    return Photo(url=f"https://www.babepedia.com/pics/{name}.jpg", outcome=outcome, detail="lost")


def face(of: Photo, seed: int = 0, decision: Decision | None = None, **fields: Any) -> Face:
    return Face(
        photo_url=of.url,
        box=(1.0, 2.0, 101.0, 122.0),
        landmarks=((1, 2), (3, 4), (5, 6), (7, 8), (9, 10)),
        detection_score=0.99,
        quality=fields.pop("quality", 0.8),
        measures={"sharpness": 12.5},
        crop=b"a crop",
        vector=unit_vector(seed),
        decision=decision,
        **fields,
    )


def accept(reason: str = "match", trusted: bool = False) -> Decision:
    return Decision(Verdict.ACCEPTED, reason, trusted, {"own": 0.2}, "1")


def reject(reason: str = "too_far") -> Decision:
    return Decision(Verdict.REJECTED, reason, False, {"own": 0.9}, "1")


def quarantine(reason: str = "between_thresholds") -> Decision:
    return Decision(Verdict.QUARANTINED, reason, False, {"own": 0.5}, "1")


def lookup(performer: Performer, outcome: Outcome = Outcome.FOUND, **fields: Any) -> Lookup:
    fields.setdefault("source", "babepedia")
    fields.setdefault("mode", ReferenceSiteMode.URL_LOOKUP)
    if outcome is Outcome.FOUND:
        fields.setdefault("profile", Profile(name=performer.canonical_name, url=PAGE))
    return Lookup(performer=performer, outcome=outcome, **fields)


def accept_up_to(
    per_source: int, total: int
) -> Callable[[Lookup, Sequence[StoredFace]], Judgement]:
    """A judge that accepts until the limits are reached, then rejects."""

    def judge(lookup: Lookup, stored: Sequence[StoredFace]) -> Judgement:
        accepted = [face for face in stored if face.verdict is Verdict.ACCEPTED]
        of_source = sum(face.source == lookup.source for face in accepted)
        decisions = []
        for index, _ in enumerate(lookup.faces):
            room = min(per_source - of_source, total - len(accepted)) - index
            decisions.append(accept() if room > 0 else reject("no_room"))
        return Judgement(tuple(decisions))

    return judge


def rows(
    db: PerformerDatabase, table: Table, *columns: ColumnElement[Any]
) -> list[tuple[Any, ...]]:
    """What a table holds, or these columns of it."""
    with db.read() as connection:
        return [tuple(row) for row in connection.execute(select(*(columns or table.c)))]


def count_pending_differences(connection: Connection) -> int:
    """In how many rows the copy ``pending`` differs from its view; anything but 0 is a fault."""
    columns = "source, mode, performer_id, gender"
    view, copy = (f"SELECT {columns} FROM {name}" for name in ("never_looked_up", "pending"))
    differences = " UNION ALL ".join(
        f"SELECT * FROM ({one} EXCEPT {other})" for one, other in ((view, copy), (copy, view))
    )
    return int(connection.scalar(text(f"SELECT count(*) FROM ({differences})")) or 0)
