"""At the start of each crawl: quarantined faces that have waited too long are dropped."""

from __future__ import annotations

import logging
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.statscollectors import StatsCollector

from enrichscrapy.database.retention import reject_expired
from enrichscrapy.extensions import require
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.settings_reader import read_settings

logger = logging.getLogger(__name__)


class RetentionExtension:
    """Settings: ``RETENTION_DAYS`` (0 turns it off), ``DRY_RUN``."""

    def __init__(self, database: DatabaseExtension, stats: StatsCollector, days: float) -> None:
        self.database = database
        self.stats = stats
        self.days = days

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        if not settings.RETENTION_DAYS or settings.DRY_RUN:
            raise NotConfigured
        database = require(crawler, DatabaseExtension)
        extension = cls(database, crawler.stats, settings.RETENTION_DAYS)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        return extension

    async def spider_opened(self) -> None:
        database = self.database.stores
        dropped = await self.database.write(reject_expired, database, self.days)
        if dropped:
            self.stats.inc_value("faces/expired", dropped)
            logger.info("%d faces waited for a decision too long and were dropped", dropped)
