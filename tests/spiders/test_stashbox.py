"""Whom the spider asks for together, and what carries the key."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest
from scrapy import Request

from enrichscrapy.core.api_key import HEADER, ApiKey
from enrichscrapy.database.ledger import DueLookup
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.items import Performer
from enrichscrapy.spiders.stashbox import StashBoxSpider

API = "https://stashdb.org/graphql"


def crawler_of(spider, **settings):
    return SimpleNamespace(settings=settings, spider=spider, stats=None)


def asked_together(*attempts: int) -> list[list[str]]:
    """The batches, as ids, of performers whose lookups failed so often before."""
    spider = StashBoxSpider("stashdb")
    spider.crawler = crawler_of(spider)
    spider.batch_size = 8
    spider.max_in_progress = 1000

    async def due():
        for number, failed in enumerate(attempts):
            yield DueLookup(Performer(number, "Somebody"), (f"id{number}",), failed)

    async def collect():
        return [json.loads(request.body)["variables"] async for request in spider.start()]

    spider._to_start = due
    return [list(variables.values()) for variables in asyncio.run(collect())]


def test_who_failed_before_is_asked_for_among_fewer_and_alone_in_the_end():
    batches = asked_together(*[0] * 9, 1, 1, 1, 2, 7)
    assert [len(batch) for batch in batches] == [8, 2, 1, 1, 1, 1]
    assert {each for batch in batches for each in batch} == {f"id{number}" for number in range(14)}


class TestKeys:
    @pytest.fixture
    def key(self):
        spider = StashBoxSpider("https://stashdb.org/graphql")
        given = {"STASHBOX_API_KEYS": '{"StashDB.org": " secret "}'}
        return ApiKey.from_crawler(crawler_of(spider, **given))

    @pytest.mark.parametrize(
        ("asked", "leaves", "goes"),
        [
            (API, API, True),
            (API, "http://127.0.0.1:1/graphql", True),
            ("https://stashdb.org/images/1", "https://stashdb.org/images/1", False),
            ("https://stashdb.org/robots.txt", "https://stashdb.org/robots.txt", False),
            ("https://cdn.stashdb.org/graphql", "https://cdn.stashdb.org/graphql", False),
            ("https://elsewhere.example/graphql", "https://elsewhere.example/graphql", False),
        ],
    )
    def test_only_the_box_s_own_address_gets_it(self, key, asked, leaves, goes):
        request, outgoing = Request(asked), Request(leaves)
        key.put_on(outgoing, request)
        assert outgoing.headers.get(HEADER) == (b"secret" if goes else None)
        assert HEADER not in request.headers

    def test_it_does_not_travel_unencrypted(self, key):
        with pytest.raises(BadSetting, match="the key stays here"):
            key.put_on(Request("http://boxes.example/graphql"), Request(API))

    def test_a_box_that_repeats_it_is_not_quoted(self, key):
        assert key.hide("no such key: secret") == "no such key: …"

    def test_another_box_s_key_is_not_taken(self):
        spider = StashBoxSpider("fansdb")
        given = {"STASHBOX_API_KEYS": '{"stashdb": "secret"}'}
        assert ApiKey.from_crawler(crawler_of(spider, **given)).key == ""
