"""What breaks in the middle of a crawl costs one lookup, or ends the crawl; it never hangs."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time

import pytest
from scrapy import Request, signals
from scrapy.http import Headers, HtmlResponse
from scrapy.responsetypes import responsetypes
from twisted.python.failure import Failure

from enrichscrapy.exceptions import DatabaseUnavailable
from enrichscrapy.items import Lookup, Outcome, Performer
from enrichscrapy.lookups.plan import PageReport, plan_by_name
from enrichscrapy.sites import PageKind
from enrichscrapy.spiders import lookup
from enrichscrapy.spiders.babepedia import BabepediaSpider
from enrichscrapy.spiders.lookup import LARGE_ANSWER
from tests.resume.harness import Crawl
from tests.spiders.test_runner import EmptySite
from tests.support import Workplace

PERFORMERS = 300


@pytest.fixture
def place(tmp_path):
    place = Workplace(tmp_path, {"FACES_ENABLED": "0"})
    with place.database() as db:
        for number in range(PERFORMERS):
            performer = db.add_performer(f"Ada Demo{number}", gender="FEMALE")
            db.add_url(performer, f"https://www.babepedia.com/babe/Ada_Demo{number}")
    return place


@pytest.mark.parametrize("table", ["lookups", "performers"])
def test_a_database_that_another_program_changed_ends_the_crawl_at_once(place, table):
    """The store meets it in the one case, the callbacks in the other."""
    with EmptySite().running() as site:
        place.use_sites(site.url, site.url)
        crawl = Crawl(place, "babepedia")
        try:
            while len(site.paths) < 10 and crawl.runs:
                time.sleep(0.01)
            other = sqlite3.connect(place.database_path, timeout=30)
            other.execute(f"ALTER TABLE {table} RENAME TO gone")
            other.commit()
            other.close()
            asked = len(site.paths)
            assert crawl.end() == 1
        finally:
            crawl.kill()
        last = crawl.output.strip().splitlines()[-1]
        assert f"does not fit this program (no such table: {table})" in last
        assert len(site.paths) < asked + 50


@pytest.fixture
def spider():
    spider = BabepediaSpider(mode="name")
    performer = Performer(7, "Ada Demo", gender="FEMALE")

    async def read_again(plan):
        return performer

    spider._read_performer = read_again
    spider.performer = performer
    return spider


def test_a_search_page_that_breaks_its_parser_is_a_failed_lookup(spider, monkeypatch):
    plan = plan_by_name(spider.performer, spider.site, 4)
    step = plan.take_step()
    plan.todo.clear()

    def broken(*_):
        raise ZeroDivisionError("a page nobody has seen")

    monkeypatch.setattr(spider, "site", _Searching(spider.site, broken))
    page = HtmlResponse(step.url, body=b"<title>Search</title>", encoding="utf-8")

    async def parse():
        return [each async for each in spider.parse_search(page, plan, step)]

    (lookup,) = asyncio.run(parse())
    assert isinstance(lookup, Lookup)
    assert lookup.outcome is Outcome.FAILED
    assert lookup.detail == "parser: ZeroDivisionError: a page nobody has seen"


def search_answers(spider, body: str, content_type: str, status: int = 200) -> Lookup:
    """The lookup after its guessed page was not there and its search answered so."""
    plan = plan_by_name(spider.performer, spider.site, 4)
    guess, step = plan.take_step(), plan.take_step()
    plan.add_report(PageReport(guess.url, Outcome.ABSENT, name=guess.text))
    plan.todo.clear()
    headers = {"Content-Type": content_type}
    kind = responsetypes.from_args(headers=Headers(headers), url=step.url, body=body.encode())
    page = kind(step.url, status=status, headers=headers, body=body.encode())

    async def parse():
        return [each async for each in spider.parse_search(page, plan, step)]

    (result,) = asyncio.run(parse())
    return result


@pytest.mark.parametrize("content_type", ["application/json", "text/html; charset=utf-8"])
@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("[]", "absent"),
        (" \n[]", "absent"),
        ("null", "absent"),
        ('[{"value": ["Ada"], "label": {"a": 1}}, 7, null, {"value": 1e400}, {}]', "absent"),
        ("[" * 100_000, "failed"),
        ("[1" + "0" * 10_000 + "]", "failed"),
        ("[1, 2", "failed"),
        ('{"error": "busy"}', "failed"),
        ("<html><title>Welcome</title></html>", "failed"),
        ("", "failed"),
    ],
)
def test_a_search_that_answers_nonsense_costs_that_page(spider, content_type, body, outcome):
    lookup = search_answers(spider, body, content_type)
    assert isinstance(lookup, Lookup)
    assert lookup.outcome.value == outcome


@pytest.mark.parametrize("content_type", ["application/json", "text/html; charset=utf-8"])
def test_suggestions_are_candidates_whatever_they_are_called(spider, content_type):
    many = [{"label": "Ada-Demo", "value": "Ada-Demo"}, *[{"value": "Somebody Else"}] * 50_000]
    request = search_answers(spider, json.dumps(many), content_type)
    assert request.url == "https://www.babepedia.com/babe/Ada-Demo"


def test_a_search_that_is_gone_is_said_and_blocks_nobody(spider):
    lookup = search_answers(spider, "Not Found", "text/html", status=404)
    assert lookup.outcome is Outcome.ABSENT
    assert "search could not be asked" in lookup.detail


class _Searching:
    """A site whose pages are all search pages that break the parser."""

    def __init__(self, site, parse_search):
        self._site, self.parse_search = site, parse_search

    def __getattr__(self, name):
        return getattr(self._site, name)

    def classify(self, *_):
        return PageKind.SEARCH


@pytest.mark.parametrize("arrived", [True, False])
def test_a_callback_that_breaks_leaves_its_place_to_another(spider, arrived):
    plan = plan_by_name(spider.performer, spider.site, 4)
    request = spider.request_for(plan, plan.take_step())
    spider._in_progress.add(plan.performer_id)
    failure = Failure(ValueError("a fault of ours"))
    came = HtmlResponse(request.url, request=request) if arrived else Failure(OSError())
    came.request = request
    spider._note_broken_callback(failure, came)
    assert plan.performer_id not in spider._in_progress


def test_requests_that_are_no_lookups_leave_no_place(spider):
    came = HtmlResponse("https://x.test/", request=Request("https://x.test/"))
    spider._note_broken_callback(Failure(ValueError()), came)


@pytest.mark.parametrize(("size", "on_the_loop"), [(10, True), (LARGE_ANSWER, False)])
def test_a_large_page_is_parsed_off_the_event_loop(spider, monkeypatch, size, on_the_loop):
    plan = plan_by_name(spider.performer, spider.site, 4)
    step = plan.take_step()
    threads = []

    def classify(*_):
        threads.append(threading.current_thread())
        return PageKind.ABSENT

    monkeypatch.setattr(_Searching, "classify", classify)
    monkeypatch.setattr(spider, "site", _Searching(spider.site, None))
    page = HtmlResponse(step.url, body=b"<p>" + b"x" * size, encoding="utf-8")

    async def parse():
        return [each async for each in spider.parse_page(page, plan, step)]

    asyncio.run(parse())
    assert threads
    assert all((each is threading.main_thread()) is on_the_loop for each in threads)


def test_what_would_break_the_next_lookup_too_ends_the_crawl(monkeypatch):
    stopped = []
    monkeypatch.setattr(lookup, "stop_crawl", lambda *args, **more: stopped.append(args[1:]))
    for failures, ends in (
        ([OSError(28, "No space left on device")], True),
        ([MemoryError()], True),
        ([DatabaseUnavailable("gone")], True),
        ([ValueError("odd")], False),
        ([ValueError("odd")] * 3, True),
    ):
        spider, stopped[:] = BabepediaSpider(mode="name"), []
        spider.crawler = None
        for failure in failures:
            spider._stage_failed(Failure(failure))
        assert [reason for reason, _ in stopped[:1]] == ["stage_failed"] * ends
    spider = BabepediaSpider(mode="name")
    spider.crawler, stopped[:] = None, []
    for _ in range(5):  # with one that went well between any two
        spider._stage_failed(Failure(ValueError("odd")))
        spider._note_end(None, signals.item_scraped)
    assert stopped == []
