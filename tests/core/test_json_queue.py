"""What a JOBDIR brings back is a lookup's request, whatever somebody has put there."""

from __future__ import annotations

import json
import os
import pickle
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request

from enrichscrapy.core.json_queue import JsonFifoQueue, JsonLifoQueue, from_json, to_json
from enrichscrapy.core.meta import RequestInfo, change_info
from enrichscrapy.items import Identity, Outcome, PartialDate, Performer, Profile
from enrichscrapy.lookups.plan import PageReport, Plan, plan_by_link, plan_by_name
from enrichscrapy.spiders.babepedia import BabepediaSpider

PAGE = "https://www.babepedia.com/babe/Zo\u00eb_Demo"


@pytest.fixture(scope="module")
def spider():
    return BabepediaSpider(mode="name")


def under_way(spider, number=1) -> Plan:
    """A plan with all that it may hold."""
    performer = Performer(number, "Zo\u00eb Demo", aliases=("Another",))
    plan = plan_by_name(performer, spider.site, 4)
    plan.take_step()
    born, links = PartialDate(1983, 10), {"x": ("https://x.com/a", "https://x.com/b")}
    profile = Profile("Zo\u00eb", PAGE, ("Z",), "FEMALE", born, country="SE", links=links)
    report = PageReport(
        PAGE, Outcome.FOUND, "", 200, "Zo\u00eb", Identity.UNCORROBORATED, profile, {"a": [1, None]}
    )
    plan.add_report(report)
    return plan


def test_a_request_comes_back_as_it_was(spider):
    plan = under_way(spider)
    step = plan.todo[0]
    request = spider.request_for(plan, step)
    change_info(request, restored=True)
    request.meta.update(depth=3, is_start_request=True, download_latency=1.0)
    back = from_json(to_json(request), spider)
    assert back.cb_kwargs == {"plan": plan, "step": step}
    assert (back.url, back.callback, back.errback) == (
        request.url,
        request.callback,
        request.errback,
    )
    assert RequestInfo.of(back) == RequestInfo.of(request)
    assert (back.dont_filter, back.meta["depth"], back.meta["is_start_request"]) == (True, 3, True)
    assert "download_latency" not in back.meta


@pytest.mark.parametrize(
    ("queue", "order"), [(JsonFifoQueue, [1, 2, 3]), (JsonLifoQueue, [3, 2, 1])]
)
def test_queues_outlive_the_process_that_filled_them(spider, tmp_path, queue, order):
    crawler, key = SimpleNamespace(spider=spider), str(tmp_path / "requests.queue" / "0")
    opened = queue.from_crawler(crawler, key)
    for number in (1, 2, 3):
        plan = plan_by_link(number, [PAGE])
        opened.push(spider.request_for(plan, plan.take_step()))
    opened.close()
    opened = queue.from_crawler(crawler, key)
    assert opened.peek().cb_kwargs["plan"].performer_id == order[0]
    assert [opened.pop().cb_kwargs["plan"].performer_id for _ in order] == order
    assert opened.pop() is None


class Planted:
    def __reduce__(self):
        return os.mkdir, ("planted",)


def entry(spider, **changes):
    plan = plan_by_link(1, [PAGE])
    fields = json.loads(to_json(spider.request_for(plan, plan.take_step())))
    return json.dumps({**fields, **changes}).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"callback": "closed"},
        {"errback": "__init__"},
        {"callback": ["parse_page"]},
        {"_class": "subprocess.Popen"},
        {"meta": {"visit": 1}},
        {"meta": {"proxy": "http://x.test"}},
        {"plan": {}},
        {"plan": None},
        {"step": {"kind": "page"}},
        {"url": "no address"},
    ],
    ids=str,
)
def test_what_no_crawl_has_written_is_refused(spider, changes):
    with pytest.raises(ValueError):  # noqa: PT011  # Scrapy's own for an address
        from_json(entry(spider, **changes), spider)


def test_a_pickle_is_not_read(spider, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="no request of a lookup"):
        from_json(pickle.dumps(Planted(), protocol=4), spider)
    assert not (tmp_path / "planted").exists()


@pytest.mark.parametrize("depth", [1000, 100_000])
def test_deep_nesting_costs_the_entry_only(spider, depth):
    with pytest.raises(ValueError, match="no request of a lookup"):
        from_json(b"[" * depth + b"]" * depth, spider)


@given(st.binary(max_size=60))
def test_no_bytes_do_harm(data):
    with pytest.raises(ValueError, match="no request of a lookup"):
        from_json(data, BabepediaSpider())


@pytest.mark.parametrize(
    "request_", [Request("https://x.test"), Request(PAGE, meta={"a": object()})]
)
def test_other_requests_stay_in_memory(request_):
    with pytest.raises(ValueError, match="only a lookup"):
        to_json(request_)
