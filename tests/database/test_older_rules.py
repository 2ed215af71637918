"""The first opening after the rules changed: what only agreeing photos had spoken for waits."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.schema import face_changes, schema_migrations
from enrichscrapy.database.store import store_lookup
from enrichscrapy.items import Identity, Verdict
from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.review.queue import list_waiting
from enrichscrapy.verdicts import Limits
from tests.database.builders import accept, face, lookup, photo
from tests.support import accepted_vectors

ACCEPTED, WAITING = Verdict.ACCEPTED, Verdict.QUARANTINED
BY_NAME = {"identity": {"reason": "name, country and another name agree", "by_link": False}}
BY_BIRTHDAY = {"identity": {"reason": "name and birthday agree", "by_link": False}}
BY_LINK = {"identity": {"reason": "link and name agree", "by_link": True}}


@pytest.fixture
def add(db, model_id):
    """One performer's faces, each (reason, trusted, source), as older rules had accepted them."""

    def add(*decided, evidence=None, identity=Identity.UNCORROBORATED):
        performer = db.get_performer(db.add_performer("Invented Person"))
        for number, (reason, trusted, source) in enumerate(decided):
            shown = photo(f"{performer.id}-{number}")
            item = lookup(
                performer,
                source=source,
                identity=identity,
                evidence=evidence or {},
                photos=[shown],
                faces=[face(shown, number, accept(reason, trusted))],
                profile=None,
            )
            store_lookup(db, item, model_id=model_id, retry=RetryPolicy(), judge=None)
        return performer.id

    return add


def reopen(db):
    with db.write() as connection:
        step = schema_migrations.c.name == "0011_agreeing_photos"
        connection.execute(delete(schema_migrations).where(step))
    return PerformerDatabase(db.path)


def verdicts(db, performer_id):
    return [each.verdict for each in db.faces.list_faces(performer_id)]


@pytest.mark.parametrize("reason", ["agreeing_photos", "agrees_with_other_source"])
@pytest.mark.parametrize(
    ("evidence", "identity", "left"),
    [
        (None, Identity.UNCORROBORATED, WAITING),
        (None, Identity.CONFIRMED, WAITING),
        (BY_NAME, Identity.CONFIRMED, WAITING),
        (BY_LINK, Identity.UNCORROBORATED, WAITING),
        (BY_LINK, Identity.CONFIRMED, ACCEPTED),
        (BY_BIRTHDAY, Identity.CONFIRMED, ACCEPTED),
    ],
)
def test_they_wait_unless_the_page_was_proven(db, add, reason, evidence, identity, left):
    who = add((reason, False, "babepedia"), evidence=evidence, identity=identity)
    with reopen(db) as again:
        assert verdicts(again, who) == [left]


def test_what_is_trusted_only_through_them_waits_too(db, add):
    who = add(("agreeing_photos", True, "babepedia"), ("match", False, "iafd"))
    other = add(("corroborated_page", True, "babepedia"), ("match", False, "iafd"))
    with reopen(db) as again:
        assert verdicts(again, who) == [WAITING, WAITING]
        assert not any(each.trusted for each in again.faces.list_faces(who))
        assert verdicts(again, other) == [ACCEPTED, ACCEPTED]


def test_ones_own_photos_stand_and_what_matches_them(db, add):
    who = add(
        ("own_photo", True, "import"), ("match", False, "iafd"), ("agreeing_photos", 0, "babepedia")
    )
    with reopen(db) as again:
        assert verdicts(again, who) == [ACCEPTED, ACCEPTED, WAITING]


def test_the_index_is_told_the_list_shows_them_and_review_undoes_it(db, add, model_id):
    who = add(("agreeing_photos", True, "babepedia"))
    with reopen(db) as again:
        [listed] = list_waiting(again)
        assert (listed.performer_id, listed.reason) == (who, "older_rules")
        with again.read() as connection:
            changes = connection.scalars(select(face_changes.c.change)).all()
        assert changes == ["added", "removed"]
        assert accepted_vectors(again, model_id) == {}
        ReviewDesk(again, Limits(5, 20)).undo(listed.face_id)
        [back] = again.faces.list_faces(who)
        assert (back.verdict, back.trusted, back.reason) == (ACCEPTED, True, "agreeing_photos")


def test_it_happens_once(db, add):
    with reopen(db):
        pass
    who = add(("agreeing_photos", False, "babepedia"))
    with PerformerDatabase(db.path) as again:
        assert verdicts(again, who) == [ACCEPTED]
