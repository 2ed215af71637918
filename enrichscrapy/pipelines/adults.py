"""Between stages 100 and 200: nobody under 18, before any photo is asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Self

from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from enrichscrapy.facts.stored_dates import read_today
from enrichscrapy.identity.age import find_latest_birthday, find_whose_word, is_minor
from enrichscrapy.items import Lookup, Outcome


class AdultsPipeline:
    """Ends the lookup of a minor as ``mismatch`` (detail ``minor …``) and drops what was read."""

    def __init__(self, stats: StatsCollector, today: Callable[[], dt.date] = read_today) -> None:
        self.stats = stats
        self.today = today

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.stats)

    def process_item(self, lookup: Lookup) -> Lookup:
        if lookup.outcome is not Outcome.FOUND:
            lookup.born = None  # the page may be about somebody else
            return lookup
        today = self.today()
        born = find_latest_birthday(lookup.profile, today)
        lookup.born = max(filter(None, (lookup.born, born)), default=None)
        source = find_whose_word(lookup.performer, lookup.profile, today)
        if source is None and is_minor(lookup.born, today):
            source = "page"
        if source is not None:
            lookup.outcome, lookup.detail = Outcome.MISMATCH, f"minor: says the {source}"
            lookup.profile = None
            self.stats.inc_value("lookups/minor")
        return lookup
