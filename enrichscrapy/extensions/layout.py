"""Stops a crawl whose pages no longer look like the site's: better early than silently empty."""

from __future__ import annotations

from collections import deque
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from enrichscrapy.extensions import require, stop_crawl
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.facts.stashboxes import find_box
from enrichscrapy.items import Lookup
from enrichscrapy.settings_reader import read_settings
from enrichscrapy.sites.layout import (
    BASELINE,
    DECLARED_SHARES,
    WINDOW,
    compute_expected_shares,
    find_layout_change,
    read_parts,
)


class LayoutExtension:
    """Holds each window of pages against the source's earlier ones.

    When a part has gone, the crawl ends with ``finish_reason=layout_changed`` and the window's
    lookups are due again: what was stored of them was read with a parser that no longer fits.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._window: deque[tuple[int, dict[str, bool]]] = deque(maxlen=WINDOW)
        self._pages = 0
        self._expected = dict(DECLARED_SHARES)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if find_box(getattr(crawler.spider, "source_name", "")) is not None:
            raise NotConfigured  # an answer names its parts
        extension = cls(crawler)
        crawler.signals.connect(extension.engine_started, signal=signals.engine_started)
        crawler.signals.connect(extension.item_scraped, signal=signals.item_scraped)
        return extension

    async def engine_started(self) -> None:
        database = require(self.crawler, DatabaseExtension)
        ledger, now = database.database.ledger, database.database.clock()
        source = getattr(self.crawler.spider, "source_name", "")
        earlier = await database.read(ledger.list_recent_page_parts, source, now, BASELINE)
        self._expected = compute_expected_shares(earlier)

    async def item_scraped(self, item: Any) -> None:
        parts = read_parts(item) if isinstance(item, Lookup) else None
        if parts is None:
            return
        self._pages += 1
        self._window.append((item.performer.id, parts))
        change = find_layout_change([p for _, p in self._window], self._expected, self._pages)
        if change is not None:
            await self._stop(item, str(change))

    async def _stop(self, lookup: Lookup, change: str) -> None:
        message = (
            f"{lookup.source} seems to have changed its layout: {change}; nothing is lost, the "
            "pages are due again, but the parser needs work"
        )
        stop_crawl(self.crawler, "layout_changed", message)
        if read_settings(self.crawler.settings).DRY_RUN:
            return
        database = require(self.crawler, DatabaseExtension)
        ids = [performer_id for performer_id, _ in self._window]
        ledger = database.database.ledger
        await database.write(ledger.make_due, lookup.source, lookup.mode.value, ids)
