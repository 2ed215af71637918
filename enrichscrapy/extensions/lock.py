"""One crawl of a source at a time: the second one says who holds it."""

from __future__ import annotations

import logging
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from enrichscrapy.database.dialects import find_backend
from enrichscrapy.files.locks import FileLock, lock_source
from enrichscrapy.settings_reader import read_settings

logger = logging.getLogger(__name__)


class SourceLockExtension:
    """Holds the source's lock from before the database and the JOBDIR are opened to the end.

    Raises ``SourceLocked`` (exit code 4) and, without a database, ``BadSetting``. Not active for
    spiders without a ``source_name``, nor where machines share the database (``worker.py``).
    """

    def __init__(self, lock: FileLock) -> None:
        self.lock = lock

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        source = getattr(crawler.spider, "source_name", None)
        if source is None:
            raise NotConfigured
        mode = getattr(crawler.spider, "mode", None)
        purpose = f"crawl {source}" + (f", mode {mode}" if mode else "")
        settings = read_settings(crawler.settings)
        database = find_backend(settings.DATABASE_URL, settings.STATE_DIR)
        if database.is_shared:
            raise NotConfigured
        database.check_exists()  # locks lie beside it: nothing is made where it should be
        lock = lock_source(database.path, source, purpose)
        extension = cls(lock)
        crawler.signals.connect(extension.engine_stopped, signal=signals.engine_stopped)
        return extension

    def engine_stopped(self) -> None:
        self.lock.release()
