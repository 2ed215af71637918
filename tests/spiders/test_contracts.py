"""``scrapy check`` against the demo sites: what is as promised passes, what is not fails."""

from dataclasses import replace

import pytest
from scrapy.exceptions import ContractFail

from demo.people import PEOPLE, babepedia_profiles, iafd_profiles, write_performers
from demo.sites import DemoSites, Fault, Kind
from enrichscrapy.items import Outcome, PartialDate, Profile
from enrichscrapy.spiders.contracts import choose_performer
from tests.sample_database import open_sample
from tests.support import Workplace, count_outcomes

TESSA = next(person for person in PEOPLE if person.name == "Tessa Quillmark")
CHOSEN = '{"babepedia": 1, "iafd": 1}'


@pytest.fixture
def sites():
    with DemoSites(babepedia_profiles([TESSA]), iafd_profiles([TESSA])) as made:
        yield made


@pytest.fixture
def place(tmp_path, sites):
    made = Workplace(tmp_path)
    made.use_sites(sites.babepedia.url, sites.iafd.url)
    write_performers(tmp_path / "performers.jsonl", [TESSA])
    done = made.run("import-performers", str(tmp_path / "performers.jsonl"))
    assert done.returncode == 0, done.stderr
    return made


def test_every_callback_of_both_spiders_is_checked_and_nothing_is_stored(place, sites):
    listed = place.run("check", "--list")
    assert listed.stdout.split() == [
        *("babepedia", "*", "parse_page", "*", "parse_search"),
        *("iafd", "*", "parse_page", "*", "parse_search"),
    ]
    done = place.run("check", "-v", CHECK_PERFORMERS=CHOSEN)
    assert done.returncode == 0, done.stderr
    for spider in ("babepedia", "iafd"):
        assert f"[{spider}] parse_page (@outcome post-hook) ... ok" in done.stderr
        assert f"[{spider}] parse_page (@fields post-hook) ... ok" in done.stderr
        assert f"[{spider}] parse_page (@photos post-hook) ... ok" in done.stderr
        assert f"[{spider}] parse_search (@leads_to post-hook) ... ok" in done.stderr
    with place.database() as database:
        assert count_outcomes(database, "babepedia", "url") == {}
    assert not place.index_dir.exists()
    assert sites.babepedia.paths("photo") == []


def test_a_run_that_checked_nothing_fails(place):
    done = place.run("check", "babepedia")
    assert done.returncode == 1
    assert "no performer to check babepedia with" in done.stderr
    assert "scrapy check: babepedia.parse_page was not checked" in done.stderr
    assert "scrapy check: babepedia.parse_search was not checked" in done.stderr


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault(Kind.UNKNOWN_SHAPE), "expected found, got failed"),
        (Fault(Kind.LAYOUT_CHANGE), "expected found, got failed"),
    ],
)
def test_a_page_that_no_longer_reads_as_promised_fails(place, sites, fault, told):
    sites.babepedia.set_fault("/babe/*", fault)
    done = place.run("check", "babepedia", CHECK_PERFORMERS=CHOSEN)
    assert done.returncode == 1
    assert told in done.stderr
    assert "was not checked" not in done.stderr


def test_a_refusal_is_no_success(place, sites):
    sites.babepedia.set_fault("/babe/*", Fault(Kind.BLOCK))
    done = place.run("check", "babepedia", CHECK_PERFORMERS=CHOSEN)
    assert done.returncode == 1
    assert "babepedia.parse_page was not checked" in done.stderr


def test_without_a_choice_the_one_found_last_with_all_fields_is_taken(tmp_path):
    sample = open_sample(tmp_path / "performers.db")
    database = sample.database
    with pytest.raises(ContractFail, match="CHECK_PERFORMERS"):
        choose_performer(database, "babepedia")
    whole, sparse = sample.performer(), sample.performer()
    page = Profile(
        "Ada Demo",
        "https://www.babepedia.com/babe/Ada_Demo",
        gender="FEMALE",
        birth_date=PartialDate(1990),
        photo_urls=("https://www.babepedia.com/pics/Ada.jpg",),
    )
    other = replace(page, url=f"{page.url}_2", birth_date=None)
    for performer_id, profile in ((whole, page), (sparse, other)):
        sample.clock.now += 60
        sample.lookup(performer_id, Outcome.FOUND, profile=profile)
    assert choose_performer(database, "babepedia").id == whole
    assert choose_performer(database, "babepedia", "2").id == sparse
    with pytest.raises(ContractFail):
        choose_performer(database, "iafd")
    database.close()
