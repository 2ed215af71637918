"""A page is one performer's: whose, in either order of arrival, and when a person has decided."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.schema import faces, lookups, proposals
from enrichscrapy.database.store import store_lookup
from enrichscrapy.items import Identity, Outcome, Profile, Verdict
from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.verdicts import Limits
from tests.database.builders import PAGE, accept, face, lookup, photo

pytestmark = pytest.mark.on_both(
    short=("test_who_had_it_first_keeps_faces_to_wait_not_to_be_lost",)
)

RETRY = RetryPolicy()


@pytest.fixture
def people(db):
    ids = [db.add_performer("Invented Person") for _ in range(2)]
    return [db.get_performer(performer_id) for performer_id in ids]


@pytest.fixture
def find(db, model_id):
    """Store what a lookup found: one accepted face from the page, with these kinds of proof."""

    def find(performer, *proofs, page=PAGE, identity=Identity.CONFIRMED, **more):
        shown = photo(f"{performer.id}-{page[-6:]}-{len(more)}")
        item = lookup(
            performer,
            identity=identity,
            evidence={"identity": {"proofs": list(proofs)}},
            profile=Profile(name="Invented Person", url=page, links={"x": ("https://x.com/p",)}),
            photos=[shown],
            faces=[face(shown, performer.id, accept("corroborated_page"))],
            **more,
        )
        return store_lookup(db, item, model_id=model_id, retry=RETRY, judge=None)

    return find


def outcomes(db):
    with db.read() as connection:
        return dict(connection.execute(select(lookups.c.performer_id, lookups.c.outcome)).all())


def verdicts(db, performer):
    return [(each.verdict, each.reason) for each in db.faces.list_faces(performer.id)]


ACCEPTED = [(Verdict.ACCEPTED, "corroborated_page")]
WAITING = [(Verdict.QUARANTINED, "contested_page")]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_one_with_proof_has_it_whoever_comes_first(db, people, find, order):
    for place in order:
        find(people[place], *(["birthday"] if place == 0 else []))
    assert outcomes(db) == {people[0].id: "found", people[1].id: "mismatch"}
    assert verdicts(db, people[0]) == ACCEPTED
    assert ACCEPTED[0] not in verdicts(db, people[1])
    with db.read() as connection:
        assert set(connection.scalars(select(proposals.c.performer_id))) >= {people[0].id}


def test_who_had_it_first_keeps_faces_to_wait_not_to_be_lost(db, people, find):
    find(people[1])
    find(people[0], "account")
    assert verdicts(db, people[1]) == WAITING
    with db.read() as connection:
        kept = connection.scalars(select(faces.c.crop).where(faces.c.performer_id == people[1].id))
        assert list(kept) == [b"a crop"]


@pytest.mark.parametrize("proofs", [(), ("link",), ("birthday", "account")])
def test_without_a_difference_nobody_has_it(db, people, find, proofs):
    for performer in people:
        find(performer, *proofs)
    assert set(outcomes(db).values()) == {"mismatch"}
    assert verdicts(db, people[0]) == verdicts(db, people[1]) == WAITING
    with db.read() as connection:
        told = set(connection.scalars(select(lookups.c.detail)))
        assert told == {"another performer claims the page: nobody has it until somebody decides"}


@pytest.mark.parametrize("decided", [0, 1])
def test_a_persons_decision_settles_it_for_good(db, people, find, decided):
    for performer in people:
        find(performer)
    mine = db.faces.list_faces(people[decided].id)[0]
    ReviewDesk(db, Limits(5, 20)).accept(mine.id)
    for performer in people:  # looked up again, in whatever order
        find(performer, source="babepedia", url="again")
    assert outcomes(db)[people[decided].id] == "found"
    assert outcomes(db)[people[1 - decided].id] == "mismatch"
    assert (Verdict.ACCEPTED, "review") in verdicts(db, people[decided])
    assert Verdict.ACCEPTED not in dict(verdicts(db, people[1 - decided]))


def test_a_rejection_by_a_person_gives_it_to_the_other(db, people, find):
    for performer in people:
        find(performer)
    ReviewDesk(db, Limits(5, 20)).reject(db.faces.list_faces(people[0].id)[0].id)
    find(people[1], url="again")
    assert outcomes(db)[people[1].id] == "found"


def test_other_pages_and_other_sources_are_nobodys_rivals(db, people, find):
    find(people[0])
    find(people[1], page=PAGE + "_2")
    assert set(outcomes(db).values()) == {"found"}
    find(people[1], source="iafd", page=PAGE)
    assert verdicts(db, people[0]) == ACCEPTED


def test_a_page_that_was_not_found_is_not_claimed(db, people, find):
    find(people[0])
    find(people[1], identity=Identity.MISMATCH)
    item = lookup(people[1], Outcome.ABSENT, url=PAGE)
    store_lookup(db, item, model_id=None, retry=RETRY, judge=None)
    assert verdicts(db, people[0]) == ACCEPTED


def test_what_an_older_version_found_is_claimed_by_its_address(db, people, find):
    find(people[0])
    with db.write() as connection:
        connection.execute(update(lookups).values(page=PAGE))
    find(people[1], "birthday")
    assert outcomes(db) == {people[0].id: "mismatch", people[1].id: "found"}
