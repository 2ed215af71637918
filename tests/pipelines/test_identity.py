import asyncio

import pytest

from enrichscrapy.items import Identity, Outcome, PartialDate, Profile, ReferenceSiteMode
from enrichscrapy.pipelines.identity import IdentityPipeline
from tests.database.builders import PAGE, lookup


@pytest.fixture
def identify(database):
    def run(item):
        return asyncio.run(IdentityPipeline(database.count_population).process_item(item))

    return run


def test_a_page_that_agrees_is_confirmed_and_says_why(identify, performer):
    born = PartialDate.parse("1981-04-02")
    item = identify(lookup(performer, profile=Profile("Asta Quernholt", PAGE, birth_date=born)))
    assert (item.outcome, item.identity) == (Outcome.FOUND, Identity.CONFIRMED)
    assert item.evidence["identity"]["reason"]


@pytest.mark.parametrize("mode", ReferenceSiteMode)
def test_a_page_about_somebody_else_is_a_mismatch_with_its_reason(identify, performer, mode):
    born = PartialDate.parse("1962-11-30")
    page = Profile("Asta Quernholt", PAGE, birth_date=born)
    item = identify(lookup(performer, mode=mode, profile=page))
    assert (item.outcome, item.identity) == (Outcome.MISMATCH, Identity.MISMATCH)
    assert item.detail == item.evidence["identity"]["reason"]


def test_a_lookup_that_found_nothing_passes_as_it_is(identify, performer):
    item = identify(lookup(performer, Outcome.ABSENT))
    assert (item.outcome, item.identity, item.evidence) == (Outcome.ABSENT, None, {})
