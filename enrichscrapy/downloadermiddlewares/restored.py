"""What a JOBDIR brought back, and what other crawls may have by now, is asked of the ledger."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from enrichscrapy.core.meta import RequestInfo
from enrichscrapy.core.refused import RequestRefused
from enrichscrapy.database.due import Selection
from enrichscrapy.extensions import require
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.items import Outcome
from enrichscrapy.lookups.asks import AsksLedger, find_ledger_spider
from enrichscrapy.settings_reader import read_settings


@dataclass(eq=False, repr=False)
class RestoredMiddleware:
    """Drops restored requests of lookups that are not due (any more) or whose performer is
    suppressed, deleted or not selected in this run.

    Among crawls of several machines a restored lookup is claimed, and pages and photos of one that
    is another crawl's by now are dropped. Settings: ``DRY_RUN``, which claims nothing.
    """

    database: DatabaseExtension
    spider: AsksLedger | None
    stats: StatsCollector
    _: KW_ONLY
    claims: bool

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(
            require(crawler, DatabaseExtension),
            find_ledger_spider(crawler.spider),
            crawler.stats,
            claims=not read_settings(crawler.settings).DRY_RUN,
        )

    async def process_request(self, request: Request) -> None:
        spider, info = self.spider, RequestInfo.of(request)
        if spider is None or not info.whose:
            return
        selection = await spider.selection()
        if info.restored:
            if not await self._is_any_due(selection, info):
                self._refuse("lookups/restored_not_due", "not due any more")
        elif selection.worker_id is not None and self.claims:
            holds_any = self.database.stores.ledger.holds_any
            if not await self.database.read(holds_any, selection, info.whose):
                self._refuse("lookups/lease_lost", "another crawl has the lookup")

    async def _is_any_due(self, selection: Selection, info: RequestInfo) -> bool:
        ledger = self.database.stores.ledger
        ask = self.database.read if selection.worker_id is None else self.database.write
        for performer_id in info.performer_ids:
            if await ask(ledger.is_due, selection, performer_id):
                return True
        return False

    def _refuse(self, stat: str, why: str) -> None:
        self.stats.inc_value(stat)
        raise RequestRefused(Outcome.FAILED, why, transient=True)
