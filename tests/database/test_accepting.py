"""What is accepted enters the performer's record, what is rejected stays out."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import insert, select

from enrichscrapy.database.accepting import Wanted
from enrichscrapy.database.due import Selection
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.schema import aliases, external_urls, minors, proposals
from enrichscrapy.database.store import store_lookup
from enrichscrapy.database.traits import Traits
from enrichscrapy.items import Identity, PartialDate, Profile
from tests.database.builders import lookup

pytestmark = pytest.mark.on_both()

PAGE = "https://www.iafd.com/person.rme/id=0badc0de-0000-4000-8000-000000000001"
BABEPEDIA = "https://www.babepedia.com/babe/Ada_Demo"
BOX_ID = "0badc0de-0000-4000-8000-00000000000a"


@pytest.fixture
def ada(db):
    performer_id = db.add_performer("Ada Demo", birth_date="1990")
    db.add_url(performer_id, PAGE)
    return performer_id


def find(db, performer_id, identity=Identity.CONFIRMED, source="iafd", **profile):
    """Store a lookup that found a page which says this."""
    performer = db.get_performer(performer_id)
    own_id = f"{BOX_ID[:-1]}{'a' if performer_id == 1 else performer_id}"
    told = Profile(performer.canonical_name, PAGE, source_id=own_id, **profile)
    found = lookup(performer, source=source, url=PAGE, identity=identity, profile=told)
    store_lookup(db, found, model_id=None, retry=RetryPolicy(), judge=None)


def propose(db, performer_id, **more):
    """Proposals of each kind, by kind."""
    find(
        db,
        performer_id,
        aliases=("Ada D",),
        links={"babepedia": (BABEPEDIA,)},
        birth_date=PartialDate(1990, 3),
        death_date=PartialDate(2020),
        country="SE",
        **more,
    )
    return {each.kind: each for each in db.proposals.iterate(Wanted(state=None))}


def record(db, performer_id):
    performer = db.get_performer(performer_id)
    own = (performer.birth_date, performer.death_date, performer.country)
    return own, performer.aliases, [url for url in performer.urls if url != PAGE]


def test_a_link_that_is_too_long_to_be_stored_is_not_proposed(db, ada):
    letters = "".join(
        random.Random(1).choices([chr(each) for each in range(0x3041, 0x9FA5)], k=990)
    )
    find(db, ada, links={"www": (f"https://ada.example/{letters}", "https://ada.example/")})
    told = [each.value for each in db.proposals.iterate(Wanted(state=None))]
    assert told == ["https://ada.example/"]


def test_what_a_page_says_more_waits_with_its_page_and_how_sure_it_is(db, ada):
    told = propose(db, ada, identity=Identity.UNCORROBORATED)
    assert set(told) == {"alias", "link", "birth_date", "death_date", "country"}
    alias = told["alias"]
    assert (alias.name, alias.url, alias.identity) == ("Ada Demo", PAGE, "uncorroborated")
    assert record(db, ada) == (("1990", None, None), (), [])
    propose(db, ada)  # by now it is surer
    assert {each.identity for each in db.proposals.iterate()} == {"confirmed"}


def test_what_is_accepted_enters_the_record_and_can_be_taken_back(db, ada):
    db.ledger.register_sources(["babepedia"])
    told = propose(db, ada)
    assert {db.proposals.accept(each.id).refusal for each in told.values()} == {""}
    assert record(db, ada) == (("1990-03", "2020", "SE"), ("Ada D",), [BABEPEDIA])
    with db.read() as connection:
        origins = {*connection.scalars(select(aliases.c.source_endpoint))}
        links = select(external_urls.c.source_endpoint).where(external_urls.c.url == BABEPEDIA)
        assert (origins, connection.scalar(links)) == ({"iafd"}, "iafd")
    assert [due.performer.id for due in db.ledger.list_due(Selection("babepedia", "url"))] == [ada]
    assert list(db.proposals.iterate()) == []
    for each in told.values():
        assert db.proposals.reject(each.id).state == "rejected"
    assert record(db, ada) == (("1990", None, None), (), [])
    propose(db, ada)
    assert list(db.proposals.iterate()) == []  # it does not come again


def test_the_users_own_alias_stays_when_a_page_s_is_rejected(db, ada):
    told = propose(db, ada)
    db.add_alias(ada, "Ada D")
    db.proposals.accept(told["alias"].id)
    db.proposals.reject(told["alias"].id)
    assert db.get_performer(ada).aliases == ("Ada D",)


def test_all_confirmed_leaves_open_what_could_be_a_mistake(db, ada):
    other = db.add_performer("Ada d")
    told = propose(db, ada)
    find(db, other, identity=Identity.UNCORROBORATED, aliases=("Somebody",))
    refused = {each.kind: each.refusal for each in db.proposals.accept_confirmed() if each.refusal}
    assert refused == {
        "alias": f"it is the name of id:{other} Ada d",
        "birth_date": "the record says 1990",
    }
    waiting = {each.value for each in db.proposals.iterate()}
    assert waiting >= {"Ada D", "1990-03", "Somebody"}
    assert record(db, ada) == (("1990", "2020", "SE"), (), [BABEPEDIA])
    assert db.proposals.accept(told["alias"].id).refusal == ""  # a person knows better


def test_a_date_that_makes_a_minor_withdraws_everything(db, ada):
    with db.write() as connection:
        row = {"kind": "birth_date", "value": "2015", "source": "iafd", "seen_at": 1.0}
        connection.execute(insert(proposals).values(performer_id=ada, **row))
    (waiting,) = db.proposals.iterate()
    assert "minor" in db.proposals.accept(waiting.id).refusal
    with db.read() as connection:
        assert connection.execute(select(proposals)).all() == []
        assert connection.scalars(select(minors.c.performer_id)).all() == [ada]


def test_an_unknown_id_and_somebody_who_is_kept_out(db, ada):
    assert db.proposals.accept(99).refusal == "there is no proposal 99"
    assert db.proposals.reject(99).performer_id is None
    told = propose(db, ada)
    db.suppressions.add(Traits(links=[PAGE]))
    assert list(db.proposals.iterate()) == []
    assert "there is no proposal" in db.proposals.accept(told["alias"].id).refusal


class TestEntriesOfBoxes:
    @pytest.fixture
    def known(self, db, ada):
        db.add_stashbox_id(ada, "stashdb", BOX_ID)
        return ada

    def test_they_enter_at_once_but_what_could_be_a_mistake(self, db, known):
        db.add_performer("Somebody Else")
        find(
            db,
            known,
            source="stashbox:stashdb",
            aliases=("Ada D", "Somebody Else"),
            links={"babepedia": (BABEPEDIA,)},
            birth_date=PartialDate(1990, 3),
            country="SE",
            former_ids=("0badc0de-0000-4000-8000-00000000000b",),
        )
        assert record(db, known) == (("1990", None, "SE"), ("Ada D",), [BABEPEDIA])
        waiting = {(each.kind, each.value) for each in db.proposals.iterate()}
        assert waiting == {("alias", "Somebody Else"), ("birth_date", "1990-03")}
        rejected = next(each for each in db.proposals.iterate(Wanted(state="accepted")))
        db.proposals.reject(rejected.id)
        find(db, known, source="stashbox:stashdb", aliases=("Ada D",))
        assert db.get_performer(known).aliases == ()

    def test_nothing_is_kept_of_somebody_who_was_forgotten(self, db, known):
        db.suppressions.add(Traits(ids=[("stashdb", "0badc0de-0000-4000-8000-00000000000b")]))
        find(
            db,
            known,
            source="stashbox:stashdb",
            aliases=("Ada D",),
            former_ids=("0badc0de-0000-4000-8000-00000000000b",),
        )
        row = db.ledger.get("stashbox:stashdb", "url", known)
        assert (row["outcome"], row["url"], row["evidence"]) == ("mismatch", None, {})
        assert record(db, known) == (("1990", None, None), (), [])
