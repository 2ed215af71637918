"""What a JOBDIR brought back is asked of the ledger again before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from enrichscrapy.core.meta import RequestInfo
from enrichscrapy.core.refused import RequestRefused
from enrichscrapy.extensions import require
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.items import Outcome
from enrichscrapy.lookups.asks import AsksLedger, find_ledger_spider


@dataclass(eq=False, repr=False)
class RestoredMiddleware:
    """Drops restored requests of lookups that are not due (any more) or whose performer is
    suppressed, deleted or not selected in this run.
    """

    database: DatabaseExtension
    spider: AsksLedger | None
    stats: StatsCollector

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        spider = find_ledger_spider(crawler.spider)
        return cls(require(crawler, DatabaseExtension), spider, crawler.stats)

    async def process_request(self, request: Request) -> None:
        spider, info = self.spider, RequestInfo.of(request)
        if spider is None or not info.restored or not info.performer_ids:
            return
        ledger = self.database.stores.ledger
        selection = await spider.selection()
        for performer_id in info.performer_ids:
            if await self.database.read(ledger.is_due, selection, performer_id):
                return
        self.stats.inc_value("lookups/restored_not_due")
        raise RequestRefused(Outcome.FAILED, "not due any more", transient=True)
