from __future__ import annotations

import asyncio
import sqlite3
import threading
import time

import pytest
from scrapy import signals
from scrapy.utils.test import get_crawler
from sqlalchemy import insert, select, update

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import performers, proposals
from enrichscrapy.database.traits import Traits
from enrichscrapy.exceptions import BadSetting, SuppressionKeyMissing
from enrichscrapy.extensions.database import DatabaseExtension
from tests.support import list_artefacts


def build(path, **settings):
    if path:
        PerformerDatabase(path).close()
    crawler = get_crawler(settings_dict={"DATABASE_URL": f"sqlite:///{path}", **settings})
    return crawler, DatabaseExtension.from_crawler(crawler)


@pytest.fixture
def extension(tmp_path):
    _, extension = build(tmp_path / "a.db")
    yield extension
    extension.close()


def test_writes_run_on_one_thread_in_order(extension):
    ran = []

    def note(number):
        ran.append((number, threading.current_thread().name))
        return number

    async def scenario():
        return await asyncio.gather(*(extension.write(note, number) for number in range(20)))

    assert asyncio.run(scenario()) == list(range(20))
    assert [number for number, _ in ran] == list(range(20))
    assert len({name for _, name in ran}) == 1


def test_a_lock_of_another_process_blocks_neither_the_loop_nor_readers(extension, tmp_path):
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def scenario():
        writing = asyncio.ensure_future(extension.write(extension.stores.add_performer, "A"))
        slowest = 0.0
        for _ in range(50):
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            slowest = max(slowest, time.perf_counter() - before)
        assert not writing.done()
        assert await extension.read(extension.stores.count_performers) == 0
        other.execute("COMMIT")
        await writing
        return slowest

    assert asyncio.run(scenario()) < 1.0
    assert extension.stores.count_performers() == 1
    other.close()


def test_errors_come_back_to_who_asked(extension):
    with pytest.raises(ValueError, match="name"):
        asyncio.run(extension.write(extension.stores.add_performer, " "))


def test_stopping_finishes_the_writes_and_closes(tmp_path):
    crawler, extension = build(tmp_path / "a.db")

    async def scenario():
        writes = [extension.write(extension.stores.add_performer, f"P{n}") for n in range(10)]
        tasks = [asyncio.ensure_future(write) for write in writes]
        await asyncio.sleep(0)
        await crawler.signals.send_catch_log_async(signals.engine_stopped)
        return await asyncio.gather(*tasks)

    assert asyncio.run(scenario()) == list(range(1, 11))
    with pytest.raises(RuntimeError):
        asyncio.run(extension.write(extension.stores.add_performer, "late"))
    with PerformerDatabase(tmp_path / "a.db") as database:
        assert database.count_performers() == 10


def test_what_cannot_be_used_stops_the_crawl_before_it_begins(tmp_path):
    with pytest.raises(BadSetting):
        build("", DATABASE_URL="postgresql://host/name")
    with PerformerDatabase(tmp_path / "a.db") as database:
        database.suppressions.add(Traits(names=["Forgotten Person"]))
        database.suppressions.key_path.unlink()
    with pytest.raises(SuppressionKeyMissing):
        build(tmp_path / "a.db")


def test_what_is_kept_of_a_minor_goes_before_the_crawl_begins(tmp_path):
    with PerformerDatabase(tmp_path / "a.db") as database:
        database.add_performer("Orla Fenwright")
        with database.write() as connection:  # as another program may
            proposed = {"kind": "alias", "value": "x", "source": "iafd", "seen_at": 1.0}
            connection.execute(insert(proposals).values(performer_id=1, **proposed))
            connection.execute(update(performers).values(birth_date="2999"))
    _, extension = build(tmp_path / "a.db")
    with extension.stores.read() as connection:
        assert connection.execute(select(proposals)).all() == []
    assert extension.stores.is_minor(extension.stores.get_performer(1))
    extension.close()


def test_the_log_is_registered_for_erasure(tmp_path):
    log = tmp_path / "crawl.log"
    _, extension = build(tmp_path / "a.db", LOG_FILE=str(log))
    assert list_artefacts(extension.stores, "log") == [log]
    extension.close()
    _, extension = build(tmp_path / "b.db", LOG_FILE=str(log), DRY_RUN=True)
    assert list_artefacts(extension.stores) == []
    extension.close()
