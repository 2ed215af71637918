"""A crawl as one of several on a database: its leases are renewed, its locks watched."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from sqlalchemy.exc import SQLAlchemyError

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.dialects import describe_statement, find_backend
from enrichscrapy.database.workers import Worker
from enrichscrapy.exceptions import DatabaseUnavailable, EnrichError
from enrichscrapy.extensions import Stop, find_shared, share, stop_crawl
from enrichscrapy.settings_reader import read_settings

logger = logging.getLogger(__name__)

RENEWALS = 4
"""How often a lease is renewed before it would expire."""
AGAIN_SECONDS = 1.0
"""How soon it is tried again while the database is out of reach."""


class WorkerExtension:
    """Active where several machines share the database; a file has the source's lock instead.

    Built before the JOBDIR and the crawl's database are opened. Raises ``SourceLocked`` (exit
    code 4) while an erasure waits for this machine, or something runs that no crawl may run beside.
    """

    def __init__(self, database: PerformerDatabase, worker: Worker, stop: Stop) -> None:
        self.database = database
        self.worker = worker
        self.stop = stop
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="worker")
        self._beating: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        source = getattr(crawler.spider, "source_name", None)
        backend = find_backend(settings.DATABASE_URL, settings.STATE_DIR)
        if source is None or not backend.is_shared:
            raise NotConfigured
        database = PerformerDatabase.of(settings, create=False)
        mode = str(getattr(crawler.spider, "mode", ""))
        worker = Worker(database, source, mode, settings.LEASE_SECONDS)
        try:
            worker.begin()
        except BaseException:
            database.close()
            raise
        extension = share(crawler, cls(database, worker, partial(stop_crawl, crawler)))
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.engine_stopped, signal=signals.engine_stopped)
        return extension

    def spider_opened(self) -> None:
        self._beating = asyncio.ensure_future(self._beat())

    async def _beat(self) -> None:
        loop, away = asyncio.get_running_loop(), False
        while True:
            await asyncio.sleep(AGAIN_SECONDS if away else self.worker.seconds / RENEWALS)
            try:
                erases = await loop.run_in_executor(self._thread, self.worker.renew)
            except DatabaseUnavailable as error:
                if not away:
                    logger.warning("Nothing is asked for meanwhile: %s", error)
                away = True
                continue
            except EnrichError as error:  # locked out, or struck off
                self.stop("locked_out", str(error))
                return
            except SQLAlchemyError as error:  # a bug of ours: its leases would expire, unnoticed
                self.stop("database_error", describe_statement(error))
                raise
            if away:
                logger.info("The database is back")
            away = False
            if erases:
                self.stop("locked_out", "somebody is to be forgotten on this machine first")
                return

    async def engine_stopped(self) -> None:
        """The last write is done: leave, so that what was not finished is anybody's at once."""
        if self._beating is not None:
            self._beating.cancel()
        await asyncio.to_thread(self._leave)

    def _leave(self) -> None:
        self._thread.shutdown(wait=True)
        try:
            self.worker.end()
        except DatabaseUnavailable as error:
            logger.warning("This crawl's leases last until they expire: %s", error)
        finally:
            self.database.close()


def find_worker(crawler: Crawler) -> Worker | None:
    """This crawl's own; None where no other can have the source at the same time."""
    extension = find_shared(crawler, WorkerExtension)
    return extension.worker if extension is not None else None
