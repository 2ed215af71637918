"""The closing table: what this crawl did, and what is left to do."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from enrichscrapy.extensions import require
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.lookups.asks import find_ledger_spider
from enrichscrapy.reporting.summary import SummaryLine, describe_ending, join_counts, list_counts
from enrichscrapy.reporting.words import count_words
from enrichscrapy.settings_reader import read_settings

logger = logging.getLogger(__name__)

NO_CONTACT = "CONTACT is not set: set it, so that the site's operator can write to you"


@dataclass(eq=False, repr=False)
class SummaryExtension:
    """Prints the table on a terminal, logs one line elsewhere; after all other output."""

    database: DatabaseExtension
    stats: StatsCollector
    contact: str
    dry_run: bool
    _name: str = field(default="", init=False)
    _due: int | None = field(default=None, init=False)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        database = require(crawler, DatabaseExtension)
        extension = cls(database, crawler.stats, settings.CONTACT, settings.DRY_RUN)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        crawler.signals.connect(extension.engine_stopped, signal=signals.engine_stopped)
        return extension

    async def spider_closed(self, spider: Spider) -> None:
        """The stages have closed, the database is still open: count what is left."""
        self._name = spider.name
        if (asking := find_ledger_spider(spider)) is not None:
            count_due = self.database.stores.ledger.count_due
            self._due = await self.database.read(count_due, await asking.selection())

    def engine_stopped(self) -> None:
        if not self._name:
            return  # it never began
        stats = self.stats.get_stats()
        lines, ending = list(list_counts(stats)), self._describe(str(stats.get("finish_reason")))
        what = "would have done (a dry run)" if self.dry_run else "did"
        title = f"{self._name}: what this run {what}"
        if sys.stderr.isatty():
            print_summary(Console(stderr=True), title, lines, ending)
        else:
            logger.info("%s: %s. %s", title, join_counts(lines) or "nothing", " ".join(ending))

    def _describe(self, reason: str) -> list[str]:
        sentences = [f"Ended: {describe_ending(reason)}."]
        if self._due is not None:
            due = count_words(self._due, "lookup is", "lookups are")
            sentences.append(f"{due} due now; scrapy status tells more.")
        if not self.contact:
            sentences.append(f"{NO_CONTACT}.")
        return sentences


def print_summary(
    console: Console, title: str, lines: Sequence[SummaryLine], sentences: Sequence[str]
) -> None:
    """A section's name stands once; reasons stand under their verdict."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in ("", "what", "count"):
        table.add_column(column, justify="right" if column == "count" else "left")
    section = ""
    for line in lines:
        first = line.section if line.section != section else ""
        table.add_row(first, line.words, f"{line.count:,}")
        section = line.section
        for words, count in line.reasons:
            table.add_row("", Text(f"  {words}", "dim"), Text(f"{count:,}", "dim"))
    if lines:
        console.print(table, markup=False)
    for sentence in sentences:
        console.print(sentence, markup=False, highlight=False)
