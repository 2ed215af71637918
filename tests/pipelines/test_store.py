import asyncio
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.items import Judgement, Outcome
from enrichscrapy.pipelines.store import StorePipeline
from tests.database.builders import accept, face, lookup, photo, quarantine
from tests.support import count_outcomes


@pytest.fixture
def store(database, model, judging, stats, stop):
    def run(item, *, writes=True, faces=True):
        stage = StorePipeline(
            database, model, judging, stats, stop, RetryPolicy(), writes=writes, faces=faces
        )
        return asyncio.run(stage.process_item(item))

    return run


@pytest.fixture
def item(performer, db, model_id):
    shots = [photo("a"), photo("b")]
    decisions = (accept("match"), quarantine())
    found = [face(shot, seed, decisions[seed]) for seed, shot in enumerate(shots)]
    _, token = db.faces.find_references(performer.id, model_id)
    return lookup(
        performer, photos=shots, faces=found, references_token=token, judgement=Judgement(decisions)
    )


COUNTED = {
    "lookups/found": 1,
    "photos/faces": 2,
    "faces/accepted": 1,
    "faces/accepted/match": 1,
    "faces/quarantined": 1,
    "faces/quarantined/between_thresholds": 1,
}


def test_what_is_stored_is_counted(store, item, db, stats):
    assert store(item) is item
    assert count_outcomes(db, "babepedia", "url") == {"found": 1}
    assert stats.get_stats() == COUNTED


def test_a_dry_run_counts_what_would_have_been_and_stores_nothing(store, item, db, stats):
    store(item, writes=False)
    assert count_outcomes(db, "babepedia", "url") == {}
    assert stats.get_stats() == COUNTED


def test_without_faces_a_found_lookup_stays_due_and_an_absent_one_ends(store, item, db, performer):
    store(item, faces=False)
    store(lookup(performer, Outcome.ABSENT, source="iafd"), faces=False)
    assert count_outcomes(db, "babepedia", "url") == {}
    assert count_outcomes(db, "iafd", "url") == {"absent": 1}


def test_a_performer_who_was_forgotten_meanwhile_is_not_stored(store, item, db, stats):
    from enrichscrapy.database.traits import Traits

    db.suppressions.add(Traits(names=[item.performer.canonical_name]))
    store(item)
    assert count_outcomes(db, "babepedia", "url") == {}
    assert stats.get_stats() == {"lookups/not_stored": 1}


def test_a_database_that_another_program_changed_ends_the_crawl_at_once(store, item, db, stopped):
    with sqlite3.connect(db.path) as other:
        other.execute("ALTER TABLE lookups RENAME TO gone")
    with pytest.raises(OperationalError):
        store(item)
    [(reason, message, at_once)] = stopped
    assert (reason, at_once) == ("database_error", True)
    assert "no such table: lookups" in message
