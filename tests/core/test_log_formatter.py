"""What breaks is logged by id: no name, no birth date, no item, no address."""

import json
import logging

import pytest
from scrapy import Request
from scrapy.utils.log import logformatter_adapter
from twisted.python.failure import Failure

from demo.people import PEOPLE, babepedia_profiles, iafd_profiles, write_performers
from demo.sites import DemoSites
from enrichscrapy.core.log_formatter import IdsOnlyLogFormatter
from enrichscrapy.core.meta import RequestInfo
from tests.support import Workplace

PERSON = PEOPLE[0]


@pytest.fixture
def crawl(tmp_path):
    """Runs a crawl of one performer whose lookup breaks a stage; returns what was said."""
    with DemoSites(babepedia_profiles([PERSON]), iafd_profiles([PERSON])) as sites:
        place = Workplace(tmp_path, {"FACES_ENABLED": "0"})
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        write_performers(tmp_path / "performers.jsonl", [PERSON])
        assert place.run("import-performers", str(tmp_path / "performers.jsonl")).returncode == 0
        broken = json.dumps({"tests.core.broken_stage.QuotingStage": 1})
        yield lambda **more: place.crawl("babepedia", ITEM_PIPELINES=broken, **more).stderr


def test_a_stage_that_breaks_quotes_nobody(crawl):
    said = crawl()
    assert "Error processing <Lookup of performer 1 on babepedia: found>" in said
    assert 'broken_stage.py", line ' in said
    assert "KeyError (what it said" in said
    assert "ValueError (what it said" in said
    for secret in (PERSON.name, PERSON.name.split()[1], PERSON.birth_date, "babe/"):
        assert secret not in said
    assert "no use for Performer" in crawl(LOG_LEVEL="DEBUG")


@pytest.mark.parametrize("performers", [(), (7,), (7, 9)])
def test_a_callback_that_breaks_and_a_page_that_fails_name_ids(performers):
    info = RequestInfo("babepedia", performers)
    request = Request("https://www.babepedia.com/babe/Ada_Demo", meta=info.make_meta())
    failure = Failure(ValueError("Ada Demo"))
    formatter = IdsOnlyLogFormatter()
    for result in (
        formatter.spider_error(failure, request, failure, None),
        formatter.download_error(failure, request, None, "Ada Demo"),
    ):
        record = logging.LogRecord("scrapy", 0, "", 0, "", (), None)
        record.levelno, record.msg, *arguments = logformatter_adapter(result)
        record.args = arguments[0] if arguments else ()
        assert "Ada" not in record.getMessage()
        assert all(str(number) in record.getMessage() for number in performers)
