import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.statscollectors import StatsCollector

from enrichscrapy.core.hosts import Hosts
from enrichscrapy.core.meta import RequestInfo
from enrichscrapy.core.refused import RequestRefused
from enrichscrapy.core.turns import Turns
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.politeness.rules import PaceRules
from tests.support import PATIENCE

NOW = 1_800_000_000.0


class Time:
    """A clock that only moves when somebody sleeps."""

    def __init__(self):
        self.now = NOW

    def clock(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds
        await asyncio.sleep(0)


class Visit:
    """The middleware with a network that answers at once and notes when it was asked."""

    def __init__(self, extension, time, rules):
        self.time, self.left, self.stopped, self.ending = time, [], [], False
        hosts = Hosts(
            extension,
            lambda request: ("www.example.com", rules),
            stop=lambda *why: self.stopped.append(why),
        )
        self.pace = Turns(hosts, StatsCollector.__new__(_Stats), lambda: self.ending, time.sleep)
        self.active = 0
        self.photos = []

    async def request(self, status=200, latency=0.2, meta=None, busy=0.0, **headers):
        """``busy``: seconds for which the machine does something else once the turn has come."""
        request = Request("https://www.example.com/x", meta=meta)
        await self.pace.take(request)
        await self.time.sleep(busy)
        self.pace.leave(request)
        assert self.active == 0
        self.active += 1
        self.left.append(self.time.now)
        self.photos.append(RequestInfo.of(request).photo)
        await self.time.sleep(latency)
        request.meta["download_latency"] = latency
        self.active -= 1
        response = Response(request.url, status=status, headers=headers)
        await self.pace.end(request, response)
        self.pace.hosts.note_judged(request)

    @property
    def gaps(self):
        return [b - a for a, b in zip(self.left, self.left[1:], strict=False)]


class _Stats(StatsCollector):
    def inc_value(self, *_):
        pass


@pytest.fixture
def visiting(tmp_path):
    opened = []

    def visit(source="babepedia", **rules):
        time = Time()
        database = PerformerDatabase(tmp_path / "performers.db", clock=time.clock)
        opened.append(DatabaseExtension(database))
        return Visit(opened[-1], time, PaceRules(source, **rules))

    yield visit
    for extension in opened:
        extension.close()


@pytest.mark.parametrize(("source", "floor"), [("babepedia", 3.0), ("iafd", 2.0)])
def test_the_floors_hold_for_many_requests_at_once(visiting, source, floor):
    visit = visiting(source, floor=floor)

    async def crawl():
        await asyncio.gather(*(visit.request() for _ in range(40)))

    asyncio.run(crawl())
    assert len(visit.left) == 40
    assert min(visit.gaps) >= floor + 0.2 - 1e-6
    assert max(visit.gaps) <= floor * 1.3 + 0.2 + 0.51


def test_a_request_that_leaves_late_does_not_let_the_next_one_come_early(visiting):
    visit = visiting(floor=3.0)

    async def crawl():
        await asyncio.gather(visit.request(busy=20.0), visit.request(), visit.request())

    asyncio.run(crawl())
    assert min(visit.gaps) >= 3.0


def test_a_pause_in_a_header_holds_all_that_wait(visiting):
    visit = visiting(floor=3.0)

    async def crawl():
        await asyncio.gather(
            visit.request(), visit.request(429, **{"Retry-After": "60"}), visit.request()
        )

    asyncio.run(crawl())
    assert visit.gaps[1] >= 60.0


def test_photos_go_before_the_pages_that_wait(visiting):
    visit = visiting(floor=3.0)

    async def crawl():
        pages = [asyncio.ensure_future(visit.request()) for _ in range(4)]
        await asyncio.sleep(0)
        photos = [
            asyncio.ensure_future(visit.request(meta=RequestInfo(photo=True).make_meta()))
            for _ in range(3)
        ]
        await asyncio.gather(*pages, *photos)

    asyncio.run(crawl())
    assert visit.photos == [False, True, True, True, False, False, False]


def test_the_budget_ends_the_crawl_with_its_own_reason(visiting):
    visit = visiting(floor=3.0, budget=2)

    async def crawl():
        return await asyncio.gather(*(visit.request() for _ in range(5)), return_exceptions=True)

    results = asyncio.run(crawl())
    refused = [each for each in results if isinstance(each, RequestRefused)]
    assert len(visit.left) == 2
    assert len(refused) == 3
    assert all(each.transient for each in refused)
    assert visit.stopped[0][0] == "budget"
    assert "2027-01-16 00:00Z" in visit.stopped[0][1]


def test_those_who_wait_leave_when_the_crawl_ends_and_give_their_turn_back(visiting):
    visit = visiting(floor=3.0)

    async def crawl():
        await visit.request()
        waiting = [asyncio.ensure_future(visit.request()) for _ in range(3)]
        await asyncio.sleep(0)
        visit.ending = True
        return await asyncio.gather(*waiting, return_exceptions=True)

    results = asyncio.run(crawl())
    assert [type(each) for each in results] == [RequestRefused] * 3
    assert visit.time.now < NOW + 3.0
    state = visit.pace.hosts.store.get("www.example.com")
    assert state.budget_used == 1


def test_an_error_gives_the_turn_back(visiting):
    visit = visiting(floor=3.0)

    async def crawl():
        request = Request("https://www.example.com/broken")
        await visit.pace.take(request)
        await visit.pace.end(request, None)
        await visit.pace.end(request, None)  # a second time does no harm
        await visit.request()

    asyncio.run(asyncio.wait_for(crawl(), PATIENCE))
    assert visit.left[0] >= NOW + 3.0


# --- Whole crawls --------------------------------------------------------------------------------
def test_one_request_at_a_time_photos_and_robots_included(server, crawl, reply, photo):
    server.answers["/robots.txt"] = reply("User-agent: *\nCrawl-delay: 0.3\n")
    paths = [f"/page/{n}" for n in range(4)]
    photos = [photo(f"/pics/{n}.jpg") for n in range(4)]
    server.answers |= {
        f"/pics/{n}.jpg": reply(b"\xff\xd8", Content_Type="image/jpeg") for n in "0123"
    }
    crawled = crawl(*paths, *photos, together=True, DELAY_FLOORS={"probe": 0.1})
    assert [r["status"] for r in crawled.results] == [200] * 8
    assert server.paths[0] == "/robots.txt"
    assert server.paths.count("/robots.txt") == 1
    assert max(seen.overlap for seen in server.seen) == 0
    assert min(server.gaps()) >= 0.3
    assert crawled.stats["requests/sent"] == 9


def test_retry_after_is_kept_and_the_page_is_fetched_after_all(server, crawl, reply, in_turn):
    server.answers["/page"] = in_turn(reply("slow down", status=429, Retry_After="2"), reply())
    crawled = crawl("/page", "/other", together=True, RETRY_TIMES=2)
    assert [r["status"] for r in crawled.results] == [200, 200]
    first = server.paths.index("/page")
    assert server.seen[first + 1].at - server.seen[first].at >= 2.0


def test_a_pause_is_kept_across_runs(server, crawl, reply):
    server.answers["/page"] = reply("slow down", status=503, Retry_After="3")
    crawl("/page")
    server.answers["/page"] = reply()
    assert crawl("/page").results[0]["status"] == 200
    pages = [seen.at for seen in server.seen if seen.path == "/page"]
    assert pages[1] - pages[0] >= 3.0


def test_a_long_pause_ends_the_crawl_as_blocked(server, crawl, reply):
    server.answers["/page"] = reply("slow down", status=429, Retry_After="86400")
    crawled = crawl("/page", "/other")
    assert crawled.stats["finish_reason"] == "blocked"
    assert crawled.results[1]["transient"]
    assert server.paths == ["/robots.txt", "/page"]


def test_the_budget_counts_everything_and_holds_across_runs(server, crawl, photo, reply):
    server.answers["/a.jpg"] = reply(b"\xff\xd8", Content_Type="image/jpeg")
    crawled = crawl("/1", photo("/a.jpg"), "/2", "/3", REQUESTS_PER_DAY=3)
    assert crawled.stats["finish_reason"] == "budget"
    assert server.paths == ["/robots.txt", "/1", "/a.jpg"]
    assert crawled.results[2]["transient"]
    assert crawl("/1", REQUESTS_PER_DAY=3).stats["finish_reason"] == "budget"
    assert len(server.seen) == 3


def test_a_block_opens_the_circuit_for_this_run_and_the_next(server, crawl, reply):
    server.answers["/blocked"] = reply("<title>Access denied</title>", status=403)
    crawled = crawl("/1", "/blocked", "/2", "/3")
    assert crawled.stats["finish_reason"] == "blocked"
    assert crawled.results[1]["outcome"] == "blocked"
    assert crawled.results[1]["detail"] == "block: access denied"
    assert not crawled.results[1]["transient"]
    assert all(each is None or each["transient"] for each in crawled.results[2:])
    again = crawl("/1")
    assert again.stats["finish_reason"] == "blocked"
    assert server.paths == ["/robots.txt", "/1", "/blocked"]


def test_half_open_after_the_pause(server, crawl, reply, in_turn):
    server.answers["/x"] = in_turn(reply("<title>Access denied</title>", status=403), reply())
    crawl("/x", CIRCUIT_PAUSE=0)
    crawled = crawl("/x", "/y", CIRCUIT_PAUSE=0)
    assert [r["status"] for r in crawled.results] == [200, 200]
    assert crawled.stats["finish_reason"] == "finished"


@pytest.mark.parametrize(
    ("status", "outcome"), [(429, "blocked"), (522, "failed"), (403, "blocked")]
)
def test_repeated_refusals_open_the_circuit(server, crawl, reply, status, outcome):
    server.answers |= {f"/{n}": reply("no", status=status) for n in range(6)}
    crawled = crawl(*(f"/{n}" for n in range(6)), CIRCUIT_REFUSALS=3, AUTOTHROTTLE_MAX_DELAY=0.1)
    assert crawled.stats["finish_reason"] == "blocked"
    assert [r["outcome"] for r in crawled.results[:3]] == [outcome] * 3
    assert server.paths == ["/robots.txt", "/0", "/1", "/2"]


@pytest.mark.long
def test_two_processes_share_one_pace(server, crawl, make_probe):
    """Scrapy's own crawls of a source lock each other out; this holds even if they did not."""
    with ThreadPoolExecutor(2) as pool:
        crawls = [
            pool.submit(
                crawl,
                *(f"/{name}/{n}" for n in range(4)),
                by=make_probe(),
                together=True,
                DELAY_FLOORS={"probe": 0.2},
            )
            for name in "ab"
        ]
        assert [r["status"] for each in crawls for r in each.result().results] == [200] * 8
    assert len(server.seen) == 10
    assert max(seen.overlap for seen in server.seen) == 0
    assert min(server.gaps()) >= 0.2


def test_floors_may_not_be_lowered_for_the_real_site(server, crawl):
    crawled = crawl("/x", base="", DELAY_FLOORS={"probe": 0.5})
    assert crawled.results == [None]
    assert crawled.error.startswith("BadSetting: DELAY_FLOORS gives probe 0.5 s")
    assert server.seen == []
