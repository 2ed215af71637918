"""The closing table: what this crawl did, in the order in which a lookup passes the stages."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Self

from rich.console import Console
from rich.table import Table
from scrapy import Spider, signals
from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

SECTIONS = ("lookups", "photos", "faces", "requests", "pace")


def summary_rows(stats: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The counts a user cares about, by section, from the crawl's stats."""
    for section in SECTIONS:
        prefix = f"{section}/"
        for name in sorted(name for name in stats if name.startswith(prefix)):
            if isinstance(stats[name], int):
                yield name.replace("/", " ").replace("_", " "), str(stats[name])


class SummaryExtension:
    """Prints the table on a terminal, logs it elsewhere."""

    def __init__(self, crawler: Crawler, contact: str) -> None:
        self.crawler = crawler
        self.contact = contact

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler, crawler.settings["CONTACT"])
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    def spider_closed(self, spider: Spider, reason: str) -> None:
        rows = list(summary_rows(self.crawler.stats.get_stats()))
        rows += [("ended", reason)]
        if not self.contact:
            rows += [("contact", "none: set CONTACT, so that the site can write to you")]
        if sys.stderr.isatty():
            table = Table(title=f"{spider.name}: what this run did", title_justify="left")
            table.add_column("what")
            table.add_column("count", justify="right")
            for name, value in rows:
                table.add_row(name, value)
            Console(stderr=True).print(table)
        else:
            logger.info("closing: %s", ", ".join(f"{name}: {value}" for name, value in rows))
