"""A database in which nearly all is done: lookups, photos and faces of invented performers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sqlalchemy import func, insert, select

from demo.stand_in import LocalBinaryPatterns
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.dialects.expressions import listed
from enrichscrapy.database.due import Selection
from enrichscrapy.database.schema import face_changes, faces, lookups, performers, photos
from enrichscrapy.faces.model import DIMENSION, ModelOptions
from enrichscrapy.items import (
    Decision,
    Face,
    Lookup,
    Outcome,
    Photo,
    PhotoOutcome,
    Profile,
    ReferenceSiteMode,
    Verdict,
)

EVERY, FIRST = 1000, 30
"""One performer of so many, and the first so many, are still to be looked up."""
BATCH = 2_000
MODEL = f"{LocalBinaryPatterns.__module__}.{LocalBinaryPatterns.__qualname__}"
_THEN = 1.7e9


def finish_nearly_all(database: PerformerDatabase) -> int:
    """Let each performer but one of a thousand be found, with a face; returns the model's id."""
    model_id = database.faces.ensure_model(LocalBinaryPatterns.describe(ModelOptions()))
    with database.read() as connection:
        last = connection.scalar(select(func.max(performers.c.id))) or 0
    for first in range(1, last + 1, BATCH):
        batch = range(first, min(first + BATCH, last + 1))
        ids = [each for each in batch if each % EVERY and each > FIRST]
        found = [_make_lookup(each, model_id) for each in ids]
        with database.write() as connection:
            connection.execute(insert(lookups), found)
        add_faces(database, model_id, ids)
    return model_id


def add_faces(
    database: PerformerDatabase, model_id: int, owners: list[int], prefix: str = ""
) -> None:
    """One more accepted face of each of these performers; vectors are drawn at random."""
    vectors = np.random.default_rng(owners).standard_normal((len(owners), DIMENSION), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with database.write() as connection:
        connection.execute(insert(photos), [_make_photo(owner, prefix) for owner in owners])
        query = select(photos.c.performer_id, photos.c.id).order_by(photos.c.id)
        known = connection.execute(query.where(photos.c.performer_id.in_(listed(owners))))
        last = dict(known.all())
        ids = database.backend.reserve_ids(connection, faces, len(owners))
        rows = [
            {"id": number, **_make_face(last[owner], owner, model_id, vector)}
            for number, owner, vector in zip(ids, owners, vectors, strict=True)
        ]
        connection.execute(insert(faces), rows)
        noted = {"model_id": model_id, "change": "added"}
        connection.execute(insert(face_changes), [{"face_id": number, **noted} for number in ids])


def make_lookups(database: PerformerDatabase, model_id: int, count: int = 20) -> Iterator[Lookup]:
    """Found pages of performers who are due, each with a photo and an accepted face."""
    due = database.ledger.list_due(Selection("babepedia", "url", model_id), batch_size=count)
    for one in due:
        owner, url = one.performer.id, f"https://www.babepedia.com/pics/new-{one.performer.id}.jpg"
        vector = np.eye(1, DIMENSION, owner % DIMENSION, dtype=np.float32)[0]
        decision = Decision(Verdict.ACCEPTED, "match", False, {}, "0")
        yield Lookup(
            "babepedia",
            ReferenceSiteMode.URL_LOOKUP,
            one.performer,
            Outcome.FOUND,
            url=one.urls[0],
            http_status=200,
            profile=Profile(one.performer.canonical_name, one.urls[0], photo_urls=(url,)),
            photos=[Photo(url, sha256=f"{owner:064x}", outcome=PhotoOutcome.FACES)],
            faces=[Face(url, (0, 0, 160, 160), (), 1.0, 1.0, vector=vector, decision=decision)],
        )


def _make_lookup(owner: int, model_id: int) -> dict[str, Any]:
    return {
        "source": "babepedia",
        "mode": "url",
        "performer_id": owner,
        "outcome": "found",
        "identity": "confirmed",
        "evidence": {"identity": {"reason": "the link leads to the same name"}},
        "page_parts": {"name": True, "photos": True},
        "model_id": model_id,
        "updated_at": _THEN,
    }


def _make_photo(owner: int, prefix: str) -> dict[str, Any]:
    return {
        "performer_id": owner,
        "url": f"https://www.babepedia.com/pics/{prefix}{owner}.jpg",
        "sha256": f"{prefix}{owner:064x}",
        "phash": f"{owner * 7919:016x}",
        "source": "babepedia",
        "seen_at": _THEN,
    }


def _make_face(photo: int, owner: int, model_id: int, vector: Any) -> dict[str, Any]:
    return {
        "performer_id": owner,
        "photo_id": photo,
        "model_id": model_id,
        "source": "babepedia",
        "vector": vector.tobytes(),
        "box": [0, 0, 160, 160],
        "landmarks": [],
        "detection_score": 1.0,
        "quality": 1.0,
        "measures": {},
        "verdict": "accepted",
        "reason": "match",
        "distances": {},
        "rule_version": "0",
        "created_at": _THEN,
        "updated_at": _THEN,
    }
