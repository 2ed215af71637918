import pytest

from enrichscrapy.items import ModelInfo, Outcome, PhotoOutcome, Verdict
from enrichscrapy.reporting.faces import (
    count_coverage,
    count_photo_outcomes,
    count_verdicts,
    find_model_in_use,
)
from tests.sample_database import ACCEPTED, MODEL, OWN, REJECTED, WAITING, WEAKER

pytestmark = pytest.mark.on_both()


def test_coverage_counts_every_performer_before_and_after(sample):
    first, second, _none = (sample.performer() for _ in range(3))
    sample.lookup(first, source="import", faces=[OWN])
    sample.lookup(first, faces=[ACCEPTED, WEAKER, WAITING, REJECTED])
    sample.lookup(second, faces=[ACCEPTED])
    with sample.database.read() as connection:
        covered = count_coverage(connection, sample.model_id)
    assert covered.performers == 3
    assert covered.before == {0: 2, 1: 1}
    assert covered.after == {0: 1, 1: 1, 3: 1}
    assert covered.trusted == 3
    assert covered.with_enough(covered.after) == 1
    assert covered.with_enough(covered.before) == 0


def test_coverage_without_a_model_is_nobody(sample):
    sample.performer()
    with sample.database.read() as connection:
        assert count_coverage(connection, None).after == {0: 1}


def test_verdicts_are_counted_by_reason_and_source(sample):
    sample.lookup(sample.performer(), faces=[ACCEPTED, ACCEPTED, WEAKER, REJECTED])
    with sample.database.read() as connection:
        counts = count_verdicts(connection, sample.model_id)
    assert [(row.verdict, row.reason, row.count) for row in counts] == [
        ("accepted", "match", 2),
        ("accepted", "match_by_profile", 1),
        ("rejected", "too_far", 1),
    ]


def test_photo_outcomes_count_what_the_model_saw(sample):
    photos = [(PhotoOutcome.NO_FACE, ""), (PhotoOutcome.NO_FACE, "")]
    sample.lookup(sample.performer(), faces=[ACCEPTED], photos=photos)
    with sample.database.read() as connection:
        assert count_photo_outcomes(connection, sample.model_id) == {"no_face": 2, "faces": 1}


def test_the_model_in_use_is_the_one_of_the_latest_lookup(sample):
    newer = ModelInfo("tests.Newer", "1" * 64, "test-1", 512)
    sample.database.faces.ensure_model(newer)
    with sample.database.read() as connection:
        assert find_model_in_use(connection).name == "tests.Newer"
    sample.clock.now += 60
    sample.lookup(sample.performer(), Outcome.FOUND, faces=[(Verdict.ACCEPTED, "match", True)])
    with sample.database.read() as connection:
        model = find_model_in_use(connection)
    assert model.name == MODEL.name
    assert model.is_of(MODEL)
    assert not model.is_of(newer)
    assert not model.calibrated
