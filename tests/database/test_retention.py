import numpy as np
import pytest
from sqlalchemy import insert, select

from enrichscrapy.database.retention import reject_expired
from enrichscrapy.database.schema import faces, photos, verdict_history

pytestmark = pytest.mark.on_both()

DAY = 86400


@pytest.fixture
def add_face(db, model_id):
    performer = db.add_performer("Mira Vantongeren")

    def add(number: int, verdict: str, days_ago: float) -> int:
        at = db.clock() - days_ago * DAY
        with db.write() as connection:
            photo = connection.execute(
                insert(photos).values(
                    performer_id=performer, url=f"https://x/{number}", source="iafd", seen_at=at
                )
            ).inserted_primary_key[0]
            return connection.execute(
                insert(faces).values(
                    performer_id=performer,
                    photo_id=photo,
                    model_id=model_id,
                    source="iafd",
                    vector=np.ones(512, "<f4").tobytes(),
                    crop=b"crop",
                    box=[],
                    landmarks=[],
                    detection_score=1.0,
                    quality=1.0,
                    measures={},
                    verdict=verdict,
                    reason="few_references",
                    distances={},
                    rule_version="1",
                    created_at=at,
                    updated_at=at,
                )
            ).inserted_primary_key[0]

    return add


def test_only_quarantined_faces_that_waited_too_long_are_dropped(db, add_face):
    old = add_face(1, "quarantined", 181)
    add_face(2, "quarantined", 179)
    add_face(3, "accepted", 400)
    add_face(4, "retired", 400)
    assert reject_expired(db, 180) == 1
    assert reject_expired(db, 180) == 0
    with db.read() as connection:
        rows = connection.execute(
            select(faces.c.id, faces.c.verdict, faces.c.reason, faces.c.vector, faces.c.crop)
        ).all()
        history = connection.execute(
            select(verdict_history.c.face_id, verdict_history.c.decided_by)
        ).all()
    kept = {row.id: row.verdict for row in rows}
    assert sorted(kept.values()) == ["accepted", "quarantined", "rejected", "retired"]
    (dropped,) = [row for row in rows if row.id == old]
    assert (dropped.verdict, dropped.reason) == ("rejected", "retention")
    assert dropped.vector is None
    assert dropped.crop is None
    assert history == [(old, "retention")]


def test_more_than_one_batch(db, add_face, monkeypatch):
    monkeypatch.setattr("enrichscrapy.database.retention.BATCH", 3)
    for number in range(8):
        add_face(number, "quarantined", 400)
    assert reject_expired(db, 180) == 8


def test_zero_days_keep_everything(db, add_face):
    add_face(1, "quarantined", 4000)
    assert reject_expired(db, 0) == 0
