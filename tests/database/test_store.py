from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import update

from enrichscrapy.database.due import Selection
from enrichscrapy.database.known_photos import KnownPicture
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.schema import (
    aliases,
    face_changes,
    faces,
    lookups,
    photo_results,
    photos,
    proposals,
    verdict_history,
)
from enrichscrapy.database.store import store_lookup
from enrichscrapy.items import (
    Face,
    Identity,
    Judgement,
    ModelInfo,
    Outcome,
    Photo,
    PhotoOutcome,
    Profile,
    ReferenceSiteMode,
    Verdict,
)
from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.verdicts import Limits
from tests.database.builders import (
    PAGE,
    accept,
    accept_up_to,
    face,
    lookup,
    lost_photo,
    photo,
    quarantine,
    reject,
    rows,
    sha256,
    unit_vector,
)
from tests.support import accepted_vectors, changes_since, count_outcomes

pytestmark = pytest.mark.on_both(
    short=(
        "test_changed_references_are_judged_again",
        "test_known_bytes_add_no_second_face",
        "test_what_an_index_follows",
    )
)

RETRY = RetryPolicy(max_attempts=3, base_seconds=100, max_seconds=1000)


@pytest.fixture
def performer(db):
    performer_id = db.add_performer("Invented Person", gender="FEMALE")
    db.add_url(performer_id, PAGE)
    db.add_alias(performer_id, "Known Alias")
    return db.get_performer(performer_id)


@pytest.fixture
def store(db, model_id):
    def store(item, judge=None, model=model_id):
        return store_lookup(db, item, model_id=model, retry=RETRY, judge=judge)

    return store


class TestLedgerRow:
    def test_a_found_lookup_ends(self, db, store, performer, model_id, clock):
        report = store(lookup(performer, url=PAGE, http_status=200, identity=Identity.CONFIRMED))
        row = db.ledger.get("babepedia", "url", performer.id)
        assert report.stored
        assert (row["outcome"], row["url"], row["http_status"]) == ("found", PAGE, 200)
        assert (row["identity"], row["model_id"]) == ("confirmed", model_id)
        assert (row["attempts"], row["next_attempt_at"], row["updated_at"]) == (0, None, clock.now)
        assert row["page_parts"] == {"names": True, "photos": False, "birth_dates": False}
        assert db.ledger.list_due(Selection("babepedia", "url", model_id)) == []

    def test_without_a_model_a_found_lookup_stays_due(self, db, store, performer):
        store(lookup(performer), model=None)
        assert db.ledger.is_due(Selection("babepedia", "url"), performer.id)

    @pytest.mark.parametrize("outcome", [Outcome.ABSENT, Outcome.MISMATCH])
    def test_absent_and_mismatch_end_it(self, db, store, performer, outcome):
        store(lookup(performer, outcome))
        assert db.ledger.get("babepedia", "url", performer.id)["next_attempt_at"] is None
        assert db.ledger.count_due(Selection("babepedia", "url")) == 0

    def test_failures_wait_longer_each_time_and_are_given_up(self, db, store, performer, clock):
        waits = []
        for _ in range(3):
            report = store(lookup(performer, Outcome.FAILED, detail="http 503"))
            waits.append(report.next_attempt_at and report.next_attempt_at - clock.now)
        assert 100 <= waits[0] <= 125
        assert 200 <= waits[1] <= 250
        assert waits[2] is None
        assert count_outcomes(db, "babepedia", "url") == {"failed": 1}
        clock.now += 10**9
        assert db.ledger.list_due(Selection("babepedia", "url")) == []

    def test_refusals_wait_longer_but_use_up_no_attempt(self, db, store, performer, clock):
        for _ in range(20):
            report = store(lookup(performer, Outcome.BLOCKED))
        row = db.ledger.get("babepedia", "url", performer.id)
        assert (row["attempts"], row["blocks"]) == (0, 20)
        assert 1000 <= report.next_attempt_at - clock.now <= 1250

    def test_success_forgets_the_failures(self, db, store, performer):
        store(lookup(performer, Outcome.FAILED))
        store(lookup(performer, Outcome.ABSENT))
        store(lookup(performer, Outcome.FAILED))
        assert db.ledger.get("babepedia", "url", performer.id)["attempts"] == 1

    def test_evidence_may_hold_numpy_numbers(self, db, store, performer):
        store(lookup(performer, evidence={"score": np.float32(0.5), "rank": np.int64(3)}))
        row = db.ledger.get("babepedia", "url", performer.id)
        assert row["evidence"] == {"score": 0.5, "rank": 3}

    def test_an_unknown_performer_writes_nothing(self, db, store, performer):
        with db.write() as connection:
            connection.exec_driver_sql("DELETE FROM performers")
        report = store(lookup(performer))
        assert (report.stored, report.reason) == (False, "unknown performer")
        assert rows(db, lookups) == []


class TestPhotos:
    def test_a_photo_and_its_result_are_kept(self, db, store, performer, model_id):
        store(lookup(performer, photos=[photo("a", outcome=PhotoOutcome.NO_FACE)]))
        known = db.faces.find_known_photos(performer.id, model_id)
        assert known.urls == {photo("a").url}
        assert set(known.sha256s) == {sha256("a")}
        assert known.pictures == [KnownPicture(sha256("a")[:16])]
        assert rows(db, photo_results, photo_results.c.outcome) == [("no_face",)]

    def test_a_known_picture_has_its_faces_vectors(self, db, store, performer, model_id):
        two = photo("a"), photo("b")
        store(lookup(performer, photos=list(two), faces=[face(two[0], 1, accept())]))
        known = db.faces.find_known_photos(performer.id, model_id)
        shown = {picture.phash: picture.vectors for picture in known.pictures}
        assert shown[two[1].phash] == ()
        np.testing.assert_array_equal(shown[two[0].phash], [unit_vector(1)])

    def test_known_bytes_at_another_address_point_to_the_first(self, db, store, performer):
        store(lookup(performer, photos=[photo("a"), photo("b", content="a")]))
        store(lookup(performer, photos=[photo("c", content="a")]))
        stored = rows(db, photos, photos.c.id, photos.c.sha256, photos.c.duplicate_of)
        assert stored == [(1, sha256("a"), None), (2, None, 1), (3, None, 1)]
        results = rows(db, photo_results, photo_results.c.outcome)
        assert results == [("faces",), ("duplicate",), ("duplicate",)]

    def test_a_photo_that_never_came_has_no_hash_and_is_not_known(
        self, db, store, performer, model_id
    ):
        store(lookup(performer, photos=[lost_photo("a")]))
        assert rows(db, photos, photos.c.sha256) == [(None,)]
        assert db.faces.find_known_photos(performer.id, model_id).urls == frozenset()
        store(lookup(performer, photos=[photo("a")]))
        assert rows(db, photos, photos.c.sha256) == [(sha256("a"),)]
        assert db.faces.find_known_photos(performer.id, model_id).urls == {photo("a").url}

    def test_a_lost_photo_does_not_write_over_a_result(self, db, store, performer):
        store(lookup(performer, photos=[photo("a")]))
        store(lookup(performer, photos=[lost_photo("a")]))
        assert rows(db, photos, photos.c.sha256) == [(sha256("a"),)]
        assert rows(db, photo_results, photo_results.c.outcome) == [("faces",)]

    def test_an_address_that_shows_other_bytes_makes_another_photo(
        self, db, store, performer, model_id
    ):
        store(lookup(performer, photos=[photo("a", content="old")]))
        other = db.faces.ensure_model(ModelInfo("other", "1" * 64, "none-1", 512))
        store(lookup(performer, photos=[photo("a", content="new")]), model=other)
        assert set(db.faces.find_known_photos(performer.id, other).sha256s) == {sha256("new")}
        assert set(db.faces.find_known_photos(performer.id, model_id).sha256s) == {sha256("old")}

    def test_a_new_model_knows_no_photo(self, db, store, performer):
        store(lookup(performer, photos=[photo("a")]))
        other = db.faces.ensure_model(ModelInfo("other", "1" * 64, "none-1", 512))
        known = db.faces.find_known_photos(performer.id, other)
        assert (known.urls, known.sha256s, known.pictures) == (frozenset(), {}, [])


class TestSharedPhotos:
    @pytest.fixture
    def others(self, db):
        """Two more performers."""
        return [db.get_performer(db.add_performer(f"Invented {n}")) for n in (2, 3)]

    def test_other_performers_with_the_same_bytes_or_picture_are_counted(
        self, db, store, performer, others
    ):
        resized = replace(photo("b", content="elsewhere"), phash=photo("a").phash)
        store(lookup(performer, photos=[photo("a")]))
        store(lookup(others[0], photos=[resized, photo("c")]))
        unread = Photo(url="https://www.babepedia.com/pics/z.jpg", outcome=PhotoOutcome.UNREADABLE)
        store(lookup(others[0], photos=[unread]))
        found = [photo("a"), photo("c"), photo("new"), replace(unread)]
        counts = db.faces.count_shared_photos(others[1].id, found)
        assert list(counts.values()) == [2, 1, 0, 0]
        assert db.faces.count_shared_photos(performer.id, found[:1])[photo("a").url] == 1

    def test_a_placeholder_takes_back_what_the_rules_accepted_and_nothing_else(
        self, db, store, performer, others, model_id
    ):
        shown, own = photo("a"), photo("own")
        store(
            lookup(
                performer,
                photos=[shown, own],
                faces=[face(shown, 1, accept()), face(own, 2, accept())],
            )
        )
        store(lookup(others[0], photos=[shown], faces=[face(shown, 1, accept())], source="import"))
        nobodys = replace(shown, outcome=PhotoOutcome.PLACEHOLDER)
        store(lookup(others[1], photos=[nobodys]))
        verdicts = {
            (stored.performer_id, stored.photo_url): (stored.verdict, stored.reason)
            for who in (performer, others[0])
            for stored in db.faces.find_references(who.id, model_id)[0]
        }
        assert verdicts == {
            (performer.id, shown.url): (Verdict.QUARANTINED, "placeholder"),
            (performer.id, own.url): (Verdict.ACCEPTED, "match"),
            (others[0].id, shown.url): (Verdict.ACCEPTED, "match"),
        }


class TestFaces:
    def test_an_accepted_face_is_kept_whole(self, db, store, performer, model_id):
        shot = photo("a")
        report = store(lookup(performer, photos=[shot], faces=[face(shot, 7, accept())]))
        (stored,) = db.get_faces(performer.id)
        assert report.face_ids == (stored.id,)
        assert np.array_equal(stored.vector, unit_vector(7))
        assert (stored.verdict, stored.reason, stored.trusted) == ("accepted", "match", False)
        assert stored.distances == {"own": 0.2}
        assert (stored.source_endpoint, stored.photo_url) == ("babepedia", shot.url)
        assert rows(db, face_changes) == [(1, stored.id, model_id, "added")]
        assert rows(db, faces, faces.c.crop) == [(b"a crop",)]

    def test_a_rejected_face_keeps_neither_vector_nor_crop(self, db, store, performer):
        shot = photo("a")
        store(lookup(performer, photos=[shot], faces=[face(shot, 7, reject())]))
        assert rows(db, faces, faces.c.vector, faces.c.crop) == [(None, None)]
        assert rows(db, face_changes) == []
        assert rows(db, verdict_history, verdict_history.c.verdict) == [("rejected",)]

    @pytest.mark.parametrize(
        "vector",
        [
            unit_vector(1) * 2,
            unit_vector(1)[:100],
            np.full(512, np.nan, dtype=np.float32),
            np.zeros(512, dtype=np.float32),
        ],
        ids=["long", "short", "nan", "zero"],
    )
    def test_a_bad_vector_stores_nothing_at_all(self, db, store, performer, vector):
        shot = photo("a")
        bad = face(shot, 7, accept())
        bad.vector = vector
        with pytest.raises(ValueError, match="vector"):
            store(lookup(performer, photos=[shot], faces=[bad]))
        assert rows(db, photos) == rows(db, lookups) == []

    def test_a_face_needs_a_decision_and_a_photo(self, db, store, performer):
        shot = photo("a")
        with pytest.raises(ValueError, match="decision"):
            store(lookup(performer, photos=[shot], faces=[face(shot)]))
        with pytest.raises(ValueError, match="among"):
            store(lookup(performer, photos=[], faces=[face(shot, 1, accept())]))

    def test_known_bytes_add_no_second_face(self, db, store, performer):
        first, second = photo("a"), photo("b", content="a")
        store(lookup(performer, photos=[first], faces=[face(first, 1, accept())]))
        late = lookup(performer, photos=[second], faces=[face(second, 1, accept())])
        report = store(late)
        assert report.face_ids == ()
        assert late.faces == []
        assert len(db.get_faces(performer.id)) == 1

    def test_a_new_model_looks_at_known_bytes_under_their_first_row(self, db, store, performer):
        first, second = photo("a"), photo("b", content="a")
        store(lookup(performer, photos=[first], faces=[face(first, 1, accept())]))
        other = db.faces.ensure_model(ModelInfo("other", "1" * 64, "none-1", 512))
        store(lookup(performer, photos=[second], faces=[face(second, 2, accept())]), model=other)
        assert [stored.photo_id for stored in db.get_faces(performer.id)] == [1, 1]
        assert set(db.faces.find_known_photos(performer.id, other).sha256s) == {sha256("a")}

    def test_retired_and_confirmed_faces_change_with_the_lookup(
        self, db, store, performer, model_id
    ):
        old, new = photo("old"), photo("new")
        (first,) = store(lookup(performer, photos=[old], faces=[face(old, 1, accept())])).face_ids
        item = lookup(performer, photos=[new], faces=[face(new, 2, accept())])
        _, item.references_token = db.faces.find_references(performer.id, model_id)
        item.judgement = Judgement((accept(),), retire=((first, "better_photo"),))
        (second,) = store(item, judge=pytest.fail).face_ids
        assert [(f.verdict, f.reason) for f in db.get_faces(performer.id)] == [
            ("retired", "better_photo"),
            ("accepted", "match"),
        ]
        assert [row[1:] for row in rows(db, face_changes)] == [
            (first, model_id, "added"),
            (second, model_id, "added"),
            (first, model_id, "removed"),
        ]
        item = lookup(performer)
        _, item.references_token = db.faces.find_references(performer.id, model_id)
        third = photo("third")
        item.photos, item.faces = [third], [face(third, 3, quarantine())]
        item.judgement = Judgement((quarantine(),), confirm=(second,))
        assert store(item, judge=pytest.fail).confirmed == (second,)
        assert db.faces.get(second).trusted
        assert len(rows(db, face_changes)) == 3

    def test_changed_references_are_judged_again(self, db, store, performer, model_id):
        first, second = photo("a"), photo("b")
        _, token = db.faces.find_references(performer.id, model_id)
        store(lookup(performer, photos=[first], faces=[face(first, 1, accept())]))
        item = lookup(performer, photos=[second], faces=[face(second, 2, accept())])
        item.references_token, item.judgement = token, Judgement((accept(),))
        store(item, judge=accept_up_to(per_source=1, total=9))
        assert item.faces[0].decision.reason == "no_room"
        assert [f.verdict for f in db.get_faces(performer.id)] == ["accepted", "rejected"]

    def test_unchanged_references_are_not(self, db, store, performer, model_id):
        shot = photo("a")
        item = lookup(performer, photos=[shot], faces=[face(shot, 1, accept())])
        _, item.references_token = db.faces.find_references(performer.id, model_id)
        item.judgement = Judgement((accept(),))
        assert store(item, judge=pytest.fail).face_ids

    def test_faces_of_another_model_are_no_references(self, db, store, performer, model_id):
        shot = photo("a")
        store(lookup(performer, photos=[shot], faces=[face(shot, 1, accept())]))
        other = db.faces.ensure_model(ModelInfo("other", "1" * 64, "none-1", 512))
        assert db.faces.find_references(performer.id, other)[0] == []
        assert len(db.faces.find_references(performer.id, model_id)[0]) == 1


class TestProposals:
    def profile(self, **fields):
        fields = {"name": "Invented  Person", "url": PAGE, **fields}
        return Profile(**fields)

    def test_only_what_the_performer_has_not(self, db, store, performer):
        profile = self.profile(
            aliases=("known alias", "New Alias", "NEW  ALIAS", " "),
            links={"babepedia": (PAGE + "/",), "x": ("https://x.com/invented", "javascript:1")},
        )
        assert store(lookup(performer, profile=profile)).proposals == 2
        assert rows(db, proposals, proposals.c.kind, proposals.c.value, proposals.c.label) == [
            ("alias", "New Alias", None),
            ("link", "https://x.com/invented", "x"),
        ]
        assert store(lookup(performer, profile=profile)).proposals == 0
        assert rows(db, aliases, aliases.c.alias) == [("Known Alias",)]

    def test_the_page_itself_is_proposed_where_it_was_found_by_name(self, db, store):
        performer = db.get_performer(db.add_performer("Invented Person"))
        store(lookup(performer, mode=ReferenceSiteMode.NAME_LOOKUP, profile=self.profile()))
        assert rows(db, proposals, proposals.c.value, proposals.c.label) == [(PAGE, "babepedia")]

    @pytest.mark.parametrize("outcome", [Outcome.MISMATCH, Outcome.FAILED])
    def test_nothing_from_a_page_that_was_not_found_to_be_theirs(
        self, db, store, performer, outcome
    ):
        store(lookup(performer, outcome, profile=self.profile(aliases=("New Alias",))))
        assert rows(db, proposals) == []


class TestReview:
    @pytest.fixture
    def quarantined(self, store, performer) -> Face:
        shot = photo("a")
        item = lookup(performer, photos=[shot], faces=[face(shot, 1, quarantine())])
        return store(item).face_ids[0]

    def test_deciding_and_undoing_keep_sequence_and_history(self, db, quarantined):
        desk = ReviewDesk(db, Limits(per_source=5, total=20))
        desk.accept(quarantined)
        assert db.faces.get(quarantined).trusted
        assert desk.undo(quarantined).verdict is Verdict.QUARANTINED
        assert db.faces.get(quarantined).verdict is Verdict.QUARANTINED
        assert [row[3] for row in rows(db, face_changes)] == ["added", "removed"]
        assert [row[0] for row in rows(db, verdict_history, verdict_history.c.decided_by)] == [
            "rules",
            "review",
            "undo",
        ]

    def test_a_rejected_face_cannot_come_back(self, db, quarantined):
        db.faces.decide(quarantined, Verdict.REJECTED, "person")
        assert db.faces.get(quarantined).vector is None
        with pytest.raises(Exception, match="not kept"):
            db.faces.decide(quarantined, Verdict.ACCEPTED, "person")
        with pytest.raises(Exception, match="there is no face"):
            db.faces.decide(10**6, Verdict.ACCEPTED, "person")


def test_what_an_index_follows(db, store, performer, model_id):
    shots = [photo(name) for name in "abc"]
    items = [face(shot, seed, accept()) for seed, shot in enumerate(shots)]
    ids = store(lookup(performer, photos=shots, faces=items)).face_ids
    seq = len(changes_since(db, model_id, 0))
    db.faces.decide(ids[1], Verdict.RETIRED, "person")
    assert list(accepted_vectors(db, model_id)) == [
        ids[0],
        ids[2],
    ]
    assert changes_since(db, model_id, seq) == [(ids[1], "removed")]
    assert db.faces.map_performers([*ids, 999]) == dict.fromkeys(ids, performer.id)


def test_scrape_progress_is_derived(db, store, performer):
    assert db.get_scrape_progress("babepedia:url") is None
    shot = photo("a")
    store(lookup(performer, photos=[shot], faces=[face(shot, 1, accept())]))
    other = db.get_performer(db.add_performer("Another Person"))
    store(lookup(other, Outcome.FAILED))
    progress = db.get_scrape_progress("babepedia:url")
    assert progress["last_processed_id"] == other.id
    assert progress["performers_processed"] == 2
    assert (progress["faces_added"], progress["errors"]) == (1, 1)


def test_thresholds_of_a_model(db, model_id):
    assert db.faces.get_thresholds(model_id) is None
    db.faces.set_thresholds(model_id, {"accept": 0.4})
    assert db.faces.get_thresholds(model_id) == {"accept": 0.4}
    db.faces.set_thresholds(model_id, None)
    assert db.faces.get_thresholds(model_id) is None


def test_the_tables_refuse_what_the_store_would_never_write(db, store, performer):
    shot = photo("a")
    store(lookup(performer, photos=[shot], faces=[face(shot, 1, accept())]))
    with pytest.raises(Exception, match="rejected_keeps_nothing"), db.write() as connection:
        connection.execute(update(faces).values(verdict="rejected"))
