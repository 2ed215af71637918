"""The index follows the database while a crawl runs, and costs the crawl nothing when it cannot."""

import asyncio
from types import SimpleNamespace

import pytest
from scrapy.statscollectors import MemoryStatsCollector

from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.publisher import IndexPublisher
from enrichscrapy.files.locks import FileLock
from enrichscrapy.index import FaceIndex, verify
from enrichscrapy.index.manifest import EXACT_FACES
from tests.index.conftest import World, db  # noqa: F401  # a fixture
from tests.support import PATIENCE


@pytest.fixture
def world(db):  # noqa: F811
    return World(db)


@pytest.fixture
def crawler(world):
    """What the extension asks of a crawler: its statistics and two other extensions."""
    crawler = SimpleNamespace(settings=SimpleNamespace(getbool=lambda _name: False))
    crawler.stats = MemoryStatsCollector(crawler)
    crawler.model = SimpleNamespace(model_id=world.model_id)
    crawler.database = DatabaseExtension(world.db)
    return crawler


@pytest.fixture
def index_dir(tmp_path):
    return tmp_path / "index"


def run(crawler, index_dir, scenario, seconds=0.0):
    async def crawl():
        publisher = IndexPublisher(
            crawler.database, crawler.model, crawler.stats, index_dir, seconds, EXACT_FACES
        )
        publisher.spider_opened()
        await scenario()
        await publisher.spider_closed()

    asyncio.run(asyncio.wait_for(crawl(), PATIENCE))


async def until(condition):
    while not condition():
        await asyncio.sleep(0.005)


async def nothing():
    pass


def test_it_publishes_when_the_spider_has_closed(world, crawler, index_dir):
    world.add(1, 2)
    run(crawler, index_dir, nothing)
    assert verify(world.db, index_dir, world.model_id) == []
    assert crawler.stats.get_value("index/published") == 1
    assert crawler.stats.get_value("index/faces") == 2


def test_it_publishes_on_a_timer(world, crawler, index_dir):
    async def scenario():
        for seed in (1, 2, 3):
            world.add(seed)
            await until(lambda: crawler.stats.get_value("index/faces") == seed)  # noqa: B023

    run(crawler, index_dir, scenario, seconds=0.01)
    assert crawler.stats.get_value("index/published") == 3


def test_without_a_model_there_is_nothing_to_publish(world, crawler, index_dir):
    """The crawl ended before the model had a row: a bad setting, say."""
    crawler.model.model_id = None
    world.add(1)
    run(crawler, index_dir, nothing)
    assert not index_dir.exists()


def test_an_index_that_cannot_be_written_costs_one_line(world, crawler, index_dir, caplog):
    index_dir.write_text("a file in its place")
    world.add(1)
    run(crawler, index_dir, nothing)
    assert crawler.stats.get_value("index/publish_failed") == 1
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.exc_info is None
    assert "The index was not published" in record.getMessage()


def test_a_failure_does_not_stop_the_timer(world, crawler, index_dir):
    index_dir.write_text("a file in its place")
    world.add(1)

    async def scenario():
        await until(lambda: crawler.stats.get_value("index/publish_failed", 0) > 1)
        index_dir.unlink()
        await until(lambda: crawler.stats.get_value("index/published") == 1)

    run(crawler, index_dir, scenario, seconds=0.01)
    assert FaceIndex.open_current(index_dir, world.model).count == 1


def test_the_event_loop_goes_on_while_another_crawl_publishes(world, crawler, index_dir):
    world.add(1)
    other = FileLock(index_dir / "lock", "publishing")
    other.acquire()

    async def scenario():
        loop = asyncio.get_running_loop()
        ticks = 0
        last, longest = loop.time(), 0.0
        while ticks < 100:
            await asyncio.sleep(0.002)
            longest, last, ticks = max(longest, loop.time() - last), loop.time(), ticks + 1
        assert longest < 0.5
        assert not (index_dir / "current").exists()
        other.release()
        await until(lambda: crawler.stats.get_value("index/published") == 1)

    run(crawler, index_dir, scenario, seconds=0.01)
