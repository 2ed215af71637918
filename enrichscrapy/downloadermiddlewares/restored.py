"""What a JOBDIR brought back is asked of the ledger again before it is sent."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler

from enrichscrapy.core.refused import RequestRefused
from enrichscrapy.core.scheduler import performer_of
from enrichscrapy.extensions import required
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.items import Outcome
from enrichscrapy.spiders.reference import ReferenceSpider


class RestoredMiddleware:
    """Drops restored requests of lookups that are not due (any more) or whose performer is
    suppressed, deleted or not selected in this run.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.database = required(crawler, DatabaseExtension)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        spider, performer_id = self.crawler.spider, performer_of(request)
        if not request.meta.get("restored") or performer_id is None:
            return
        if not isinstance(spider, ReferenceSpider):
            return
        ledger = self.database.database.ledger
        selection = await spider.selection()
        if not await self.database.read(ledger.is_due, selection, performer_id):
            self.crawler.stats.inc_value("lookups/restored_not_due")
            raise RequestRefused(Outcome.FAILED, "not due any more", transient=True)
