from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import select

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.rejections import UNDO_SECONDS
from enrichscrapy.database.schema import rejected_faces
from enrichscrapy.database.traits import Traits
from enrichscrapy.exceptions import VerdictRefused
from enrichscrapy.index import publish
from enrichscrapy.index.verify import verify
from enrichscrapy.items import Verdict
from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.verdicts import Limits
from tests.sample_database import ACCEPTED, OWN, WAITING

pytestmark = pytest.mark.on_both()


def one_waiting(sample, **options):
    (face_id,) = sample.lookup(sample.performer(), faces=[WAITING], **options)
    return face_id


def test_accepting_makes_it_trusted_and_part_of_the_index(sample, desk, tmp_path):
    face_id = one_waiting(sample)
    decided = desk.accept(face_id)
    face = sample.database.faces.get(face_id)
    assert (decided.verdict, face.verdict, face.trusted) == (
        Verdict.ACCEPTED,
        Verdict.ACCEPTED,
        True,
    )
    publish(sample.database, tmp_path / "index", sample.model_id)
    assert verify(sample.database, tmp_path / "index", sample.model_id) == []


def test_accepting_without_trust(sample, desk):
    face_id = one_waiting(sample)
    desk.accept(face_id, trusted=False)
    assert not sample.database.faces.get(face_id).trusted


def test_rejecting_deletes_vector_and_picture_and_undo_brings_them_back(sample, desk):
    face_id = one_waiting(sample)
    before = sample.database.faces.get(face_id)
    desk.reject(face_id)
    gone = sample.database.faces.get(face_id)
    assert (gone.verdict, gone.vector) == (Verdict.REJECTED, None)
    desk.undo(face_id)
    back = sample.database.faces.get(face_id)
    assert replace(back, decided_by=before.decided_by) == before
    assert np.array_equal(back.vector, before.vector)


def test_undoing_the_rejection_of_an_accepted_face_puts_it_into_the_index_again(
    sample, desk, tmp_path
):
    (face_id,) = sample.lookup(sample.performer(), faces=[ACCEPTED])
    desk.reject(face_id)
    publish(sample.database, tmp_path / "index", sample.model_id)
    desk.undo(face_id)
    publish(sample.database, tmp_path / "index", sample.model_id)
    assert verify(sample.database, tmp_path / "index", sample.model_id) == []
    assert sample.database.faces.get(face_id).trusted


def test_undo_goes_back_decision_by_decision(sample, desk):
    face_id = one_waiting(sample)
    desk.accept(face_id)
    desk.reject(face_id)
    assert desk.undo(face_id).verdict is Verdict.ACCEPTED
    assert desk.undo(face_id).verdict is Verdict.QUARANTINED
    with pytest.raises(VerdictRefused, match="no earlier verdict"):
        desk.undo(face_id)


def test_another_session_can_undo_a_rejection_for_a_day(sample, desk):
    first, second = one_waiting(sample), one_waiting(sample)
    for face_id in (first, second):
        desk.reject(face_id)
    sample.clock.now += UNDO_SECONDS - 1
    other = ReviewDesk(sample.database, desk.limits)
    assert other.undo(first).verdict is Verdict.QUARANTINED
    sample.clock.now += 1
    with pytest.raises(VerdictRefused, match="was not kept"):
        other.undo(second)


@pytest.mark.sqlite_only
def test_what_can_no_longer_be_undone_is_deleted_when_the_database_is_opened(sample, desk):
    desk.reject(one_waiting(sample))
    for later, kept in ((UNDO_SECONDS - 1, 1), (UNDO_SECONDS, 0)):
        then = sample.clock.now + later
        with (
            PerformerDatabase(sample.database.path, clock=lambda then=then: then) as opened,
            opened.read() as connection,
        ):
            assert len(connection.execute(select(rejected_faces)).all()) == kept


def test_the_rest_of_a_page_is_rejected_and_undone_as_one_step(sample, desk):
    performer_id = sample.performer()
    accepted, *waiting = sample.lookup(performer_id, faces=[ACCEPTED, WAITING, WAITING, WAITING])
    (elsewhere,) = sample.lookup(performer_id, source="iafd", faces=[WAITING])
    desk.accept(waiting[0])
    assert set(desk.reject_rest(waiting[0]).face_ids) == set(waiting[1:])
    verdicts = [sample.database.faces.get(n).verdict.value for n in (accepted, *waiting, elsewhere)]
    assert verdicts == ["accepted", "accepted", "rejected", "rejected", "quarantined"]
    assert desk.undo_step().words == "2 faces: undone."
    assert desk.undo_step().face_ids == (waiting[0],)
    with pytest.raises(VerdictRefused, match="nothing was decided"):
        desk.undo_step()
    assert all(
        sample.database.faces.get(n).verdict is Verdict.QUARANTINED for n in (*waiting, elsewhere)
    )


def test_undoing_one_face_leaves_the_rest_of_its_step(sample, desk):
    first, second = sample.lookup(sample.performer(), faces=[WAITING, WAITING])
    desk.reject_rest(first)
    desk.undo(first)
    assert desk.undo_step().face_ids == (second,)
    assert desk.steps == []


def test_the_limits_hold_for_people_too(sample):
    desk = ReviewDesk(sample.database, Limits(per_source=2, total=3))
    performer_id = sample.performer()
    sample.lookup(performer_id, source="import", faces=[OWN])
    *_, first, second = sample.lookup(performer_id, faces=[ACCEPTED, WAITING, WAITING])
    assert desk.accept(first).verdict is Verdict.ACCEPTED
    full = desk.accept(second)
    assert full.verdict is Verdict.RETIRED
    assert "MAX_FACES_PER_SOURCE" in full.words
    assert sample.database.faces.get(second).reason == "no_room"
    (third,) = sample.lookup(performer_id, source="iafd", faces=[WAITING])
    assert "MAX_FACES_TOTAL" in desk.accept(third).words
    desk.undo(third)
    desk.reject(first)
    assert desk.accept(third).verdict is Verdict.ACCEPTED


def test_undo_finds_no_place_for_a_face_that_others_have_taken(sample):
    desk = ReviewDesk(sample.database, Limits(per_source=1, total=3))
    first, second = sample.lookup(sample.performer(), faces=[ACCEPTED, WAITING])
    desk.reject(first)
    desk.accept(second)
    with pytest.raises(VerdictRefused, match="lost its place"):
        desk.undo(first)
    assert sample.database.faces.get(first).verdict is Verdict.REJECTED
    desk.undo(second)
    assert desk.undo(first).verdict is Verdict.ACCEPTED


def test_nobody_who_is_kept_out_gets_a_face(sample, desk):
    performer_id = sample.performer("Ada Demo")
    accepted, candidate = sample.lookup(performer_id, faces=[ACCEPTED, WAITING])
    desk.reject(accepted)
    sample.database.suppressions.add(Traits(names=["Ada Demo"]))
    with pytest.raises(VerdictRefused, match="suppressed"):
        desk.accept(candidate)
    with pytest.raises(VerdictRefused, match="suppressed"):
        desk.undo(accepted)
    assert sample.database.faces.get(accepted).vector is None


def test_a_face_that_is_gone_is_refused(desk):
    for decide in (desk.accept, desk.reject, desk.undo):
        with pytest.raises(VerdictRefused, match="no face 7"):
            decide(7)


def test_a_rejected_face_cannot_be_accepted_any_more(sample, desk):
    face_id = one_waiting(sample)
    desk.reject(face_id)
    with pytest.raises(VerdictRefused, match="not kept"):
        desk.accept(face_id)
    assert len(desk.steps) == 1


def test_the_session_counts_what_it_did(sample, desk):
    first, second = one_waiting(sample), one_waiting(sample)
    desk.accept(first)
    desk.reject(second)
    desk.undo(second)
    assert desk.counts == {"accepted": 1, "rejected": 1, "undone": 1}
