"""A site that changes its layout overnight: the run notices, and nothing is counted as missing."""

from __future__ import annotations

import pytest

from demo.sites import DemoSites, Fault, Kind, SiteProfile
from enrichscrapy.items import PartialDate
from tests.support import Workplace, count_outcomes

PEOPLE = [
    SiteProfile(name=f"Person Number{n}", birth_date=PartialDate(1980 + n % 20, 3, 2))
    for n in range(40)
]


@pytest.fixture
def place(tmp_path):
    place = Workplace(tmp_path, {"FACES_ENABLED": "0"})
    with place.database() as database:
        for person in PEOPLE:
            performer = database.add_performer(
                person.name, gender="FEMALE", birth_date=str(person.birth_date)
            )
            slug = person.name.replace(" ", "_")
            database.add_url(performer, f"https://www.babepedia.com/babe/{slug}")
    return place


def test_the_crawl_stops_with_exit_code_5_and_the_pages_are_due_again(place):
    with DemoSites(PEOPLE) as sites:
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        sites.babepedia.set_fault("/babe/*", Fault(Kind.LAYOUT_CHANGE))
        done = place.crawl("babepedia")
        assert done.returncode == 5, done.stderr
        assert "changed its layout" in done.stderr
        with place.database() as database:
            outcomes = count_outcomes(database, "babepedia", "url")
            assert set(outcomes) == {"failed"}
            before = sum(outcomes.values())
        assert 30 <= before < len(PEOPLE)

        sites.babepedia.clear_faults()
        asked = len(sites.babepedia.paths("page"))
        place.crawl("babepedia", FACE_MODEL="demo.stand_in.LocalBinaryPatterns", FACES_ENABLED=1)
        again = sites.babepedia.paths("page")[asked:]
        assert len(again) >= 30
