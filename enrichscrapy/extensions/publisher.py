"""When the index is published: on a timer, and once more when the pipelines have closed."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.statscollectors import StatsCollector

from enrichscrapy.exceptions import EnrichError
from enrichscrapy.extensions import require, share
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.model import ModelExtension
from enrichscrapy.files.folders import make_folder
from enrichscrapy.index import Generation, publish
from enrichscrapy.settings_reader import read_settings

logger = logging.getLogger(__name__)

LONGEST_WAIT = 120.0
"""Seconds to wait for another crawl that is publishing; what it leaves out comes next time."""


@dataclass(eq=False, repr=False)
class IndexPublisher:
    """Keeps the published index close behind the database, off the event loop.

    An index that cannot be written (full disk, read-only folder) costs the crawl nothing: what was
    published stays as it was, the database is the truth, and the next attempt catches up. When the
    last attempt fails as well, the crawl's exit code says so.
    """

    database: DatabaseExtension
    model: ModelExtension
    stats: StatsCollector
    index_dir: Path
    seconds: float
    exact_faces: int
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="publisher"), init=False
    )
    _timer: asyncio.Task[None] | None = field(default=None, init=False)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        if settings.DRY_RUN or not settings.FACES_ENABLED:
            raise NotConfigured
        index_dir = make_folder("INDEX_DIR", settings.INDEX_DIR)
        extension = cls(
            require(crawler, DatabaseExtension),
            require(crawler, ModelExtension),
            crawler.stats,
            index_dir,
            settings.INDEX_PUBLISH_SECONDS,
            settings.INDEX_EXACT_FACES,
        )
        share(crawler, extension)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    def spider_opened(self) -> None:
        if self.seconds > 0:
            self._timer = asyncio.ensure_future(self._publish_on_timer())

    async def _publish_on_timer(self) -> None:
        while True:
            await asyncio.sleep(self.seconds)
            try:
                await self.publish()
            except Exception:  # a bug of ours: the next tick must still come
                self.stats.inc_value("index/publish_failed")
                logger.exception("The index was not published")

    async def spider_closed(self) -> None:
        """All lookups are stored by now: the pipelines close before this signal is sent."""
        if self._timer is not None:
            self._timer.cancel()
        if not await self.publish():
            self.stats.set_value("stop/exit_code", 1)
        await asyncio.to_thread(self._thread.shutdown)

    async def publish(self) -> bool:
        """Publish what changed, after a publishing that is going on; False when it failed."""
        model_id, database = self.model.model_id, self.database.stores
        if model_id is None:
            return True  # the crawl ended before it began
        loop = asyncio.get_running_loop()

        def run() -> Generation | None:
            return publish(
                database,
                self.index_dir,
                model_id,
                wait=LONGEST_WAIT,
                exact_faces=self.exact_faces,
            )

        try:
            generation = await loop.run_in_executor(self._thread, run)
        except (OSError, EnrichError) as error:
            self.stats.inc_value("index/publish_failed")
            logger.error("The index was not published: %s", error)
            return False
        self._report(generation)
        return True

    def _report(self, generation: Generation | None) -> None:
        if generation is None:
            return
        stats, manifest = self.stats, generation.manifest
        stats.inc_value("index/published")
        stats.set_value("index/faces", manifest.count)
        logger.info(
            "Published index generation %s: %d faces (%d more, %d fewer)",
            manifest.generation,
            manifest.count,
            generation.added,
            generation.removed,
        )
        for face_id in manifest.skipped:
            logger.warning("Face %d is not in the index: its vector is no unit vector", face_id)
