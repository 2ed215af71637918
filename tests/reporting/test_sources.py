import pytest

from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.items import Outcome
from enrichscrapy.reporting.sources import count_outcomes_by_day, list_progress, list_troubles
from enrichscrapy.reporting.tables import OUTCOME_COLUMNS
from tests.sample_database import DAY, OWN

pytestmark = pytest.mark.on_both()

SOURCES = {"babepedia": "FEMALE", "iafd": None}


def count_looked_up(row):
    return sum(getattr(row, name) for name in OUTCOME_COLUMNS)


def progress(sample, **options):
    rows = list_progress(sample.database, SOURCES, **options)
    return {(row.source, row.mode): row for row in rows}


def test_everybody_is_due_before_the_first_crawl(sample):
    sample.performer(gender="FEMALE")
    sample.performer(gender="MALE")
    sample.performer(gender=None)
    rows = progress(sample)
    assert rows["babepedia", "url"].due == 3
    assert rows["babepedia", "name"].due == 2
    assert rows["babepedia", "name"].gender == "FEMALE"
    assert rows["iafd", "url"].due == 0
    assert rows["iafd", "name"].due == 3
    assert sum(map(count_looked_up, rows.values())) == 0


def test_outcomes_are_disjoint_and_add_up_to_the_lookups_done(sample):
    for outcome in Outcome:
        sample.lookup(sample.performer(), outcome)
    sample.lookup(sample.performer(), Outcome.FAILED, retry=RetryPolicy(max_attempts=1))
    row = progress(sample, model_id=sample.model_id)["babepedia", "url"]
    assert (row.found, row.absent, row.mismatch) == (1, 1, 1)
    assert (row.blocked, row.failed, row.given_up) == (1, 1, 1)
    assert count_looked_up(row) == 6
    assert row.waiting == 2
    assert row.due == 0


def test_what_waits_becomes_due_when_its_time_has_come(sample):
    sample.lookup(sample.performer(), Outcome.FAILED)
    row = progress(sample)["babepedia", "url"]
    assert (row.due, row.waiting) == (0, 1)
    assert row.next_attempt_at > sample.clock.now
    sample.clock.now = row.next_attempt_at
    row = progress(sample)["babepedia", "url"]
    assert (row.due, row.waiting, row.next_attempt_at) == (1, 0, None)


def test_a_revisit_and_a_new_model_show_as_due(sample):
    sample.lookup(sample.performer(), Outcome.FOUND)
    sample.clock.now += 31 * DAY
    assert progress(sample)["babepedia", "url"].due == 0
    assert progress(sample, revisit_after_days=30)["babepedia", "url"].due == 1
    assert progress(sample, model_id=sample.model_id + 1)["babepedia", "url"].due == 1


def test_outcomes_by_day_are_those_of_the_crawled_sources(sample):
    sample.lookup(sample.performer(), source="import", faces=[OWN])
    sample.lookup(sample.performer(), Outcome.FOUND)
    sample.lookup(sample.performer(), Outcome.FOUND)
    sample.clock.now += 2 * DAY
    sample.lookup(sample.performer(), Outcome.ABSENT)
    with sample.database.read() as connection:
        days = count_outcomes_by_day(connection, SOURCES)
    assert [(day.day, day.outcome, day.count) for day in days] == [
        ("2026-01-01", "found", 2),
        ("2026-01-03", "absent", 1),
    ]


def test_troubles_are_grouped_by_reason_the_most_frequent_first(sample):
    for detail in ("http 500", "challenge: cf-mitigated", "http 500"):
        sample.lookup(sample.performer(), Outcome.FAILED, detail=detail)
    sample.lookup(sample.performer(), Outcome.ABSENT, detail="http 404")
    with sample.database.read() as connection:
        found = list_troubles(connection, SOURCES)
    assert [(trouble.detail, trouble.count) for trouble in found] == [
        ("http 500", 2),
        ("challenge: cf-mitigated", 1),
    ]
