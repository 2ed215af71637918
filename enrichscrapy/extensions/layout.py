"""Stops a crawl whose pages no longer look like the site's: better early than silently empty."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from enrichscrapy.extensions import Stop, require, stop_crawl
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
    """Compares each window of pages with the source's earlier ones.

    When a part has gone, the crawl ends with ``finish_reason=layout_changed`` and the window's
    lookups are due again: what was stored of them was read with a parser that no longer fits.
    """

    def __init__(self, database: DatabaseExtension, source: str, writes: bool, stop: Stop) -> None:
        self.database = database
        self.source = source
        self.writes = writes
        self.stop = stop
        self._window: deque[tuple[int, dict[str, bool]]] = deque(maxlen=WINDOW)
        self._pages = 0
        self._expected = dict(DECLARED_SHARES)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        source = getattr(crawler.spider, "source_name", "")
        if find_box(source) is not None:
            raise NotConfigured  # an answer names its parts
        writes, stop = not read_settings(crawler.settings).DRY_RUN, partial(stop_crawl, crawler)
        extension = cls(require(crawler, DatabaseExtension), source, writes, stop)
        crawler.signals.connect(extension.engine_started, signal=signals.engine_started)
        crawler.signals.connect(extension.item_scraped, signal=signals.item_scraped)
        return extension

    async def engine_started(self) -> None:
        read_parts_before = self.database.stores.ledger.list_recent_page_parts
        now = self.database.stores.clock()
        earlier = await self.database.read(read_parts_before, self.source, now, BASELINE)
        self._expected = compute_expected_shares(earlier)

    async def item_scraped(self, item: Any) -> None:
        parts = read_parts(item) if isinstance(item, Lookup) else None
        if parts is None:
            return
        self._pages += 1
        self._window.append((item.performer.id, parts))
        change = find_layout_change([p for _, p in self._window], self._expected, self._pages)
        if change is not None:
            await self._end(item, str(change))

    async def _end(self, lookup: Lookup, change: str) -> None:
        message = (
            f"{lookup.source} seems to have changed its layout: {change}; nothing is lost, the "
            "pages are due again, but the parser needs work"
        )
        self.stop("layout_changed", message)
        if self.writes:
            ids = [performer_id for performer_id, _ in self._window]
            make_due = self.database.stores.ledger.make_due
            await self.database.write(make_due, lookup.source, lookup.mode.value, ids)
