"""A live line on a terminal, a summary in the log elsewhere: how far the crawl is."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Self

from rich.console import Console
from rich.file_proxy import FileProxy
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.statscollectors import StatsCollector

from enrichscrapy.extensions import require
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.lookups.asks import AsksLedger, find_ledger_spider
from enrichscrapy.reporting.hosts import HostReport, list_hosts
from enrichscrapy.reporting.progress import Pacer, Snapshot, describe_progress, describe_time_left
from enrichscrapy.reporting.words import MODES
from enrichscrapy.settings_reader import find_for_source, read_settings

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 0.5
LOOK_SECONDS = 5.0
"""How often pace and budget are read from the database for the live line."""


@dataclass(eq=False, repr=False)
class ProgressExtension:
    """Follows the crawl's stats; stopped before the closing table is printed.

    ``floors`` are the least delays by source, ``budget`` the requests of a day (0: no limit).
    ``log_seconds`` is the time between two summaries in the log; 0 logs none. On a terminal the
    live line takes their place.
    """

    database: DatabaseExtension
    spider: AsksLedger | None
    stats: StatsCollector
    floors: Mapping[str, float]
    budget: int
    log_seconds: float
    terminal: bool
    _task: asyncio.Task[None] | None = field(default=None, init=False)
    _line: LiveLine | None = field(default=None, init=False)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        seconds, terminal = settings.PROGRESS_LOG_SECONDS, sys.stderr.isatty()
        if not terminal and seconds <= 0:
            raise NotConfigured
        floors, budget = settings.DELAY_FLOORS, settings.REQUESTS_PER_DAY
        extension = cls(
            require(crawler, DatabaseExtension),
            find_ledger_spider(crawler.spider),
            crawler.stats,
            floors,
            budget,
            seconds,
            terminal,
        )
        crawler.signals.connect(extension.begin, signal=signals.request_reached_downloader)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    def begin(self) -> None:
        """The first request is on its way: by now everything that decides what is due is known."""
        if self._task is None and self.spider is not None:
            self._task = asyncio.ensure_future(self._follow(self.spider))

    def spider_closed(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._line is not None:
            self._line.close()

    async def _follow(self, spider: AsksLedger) -> None:
        pacer = Pacer(await self._count(spider))
        if self.terminal:
            self._line = LiveLine(f"{spider.source_name} {MODES[spider.mode.value]}", pacer)
        while True:
            await self._look(spider.source_name, pacer)
            await self._wait(pacer, LOOK_SECONDS if self.terminal else self.log_seconds)
            if self._line is None:
                logger.info("Progress: %s", describe_progress(pacer))

    async def _wait(self, pacer: Pacer, seconds: float) -> None:
        """Until then the live line moves on; without one there is nothing to do."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (left := until - loop.time()) > 0:
            pacer.note_snapshot(loop.time(), Snapshot.of(self.stats.get_stats()))
            if self._line is not None:
                self._line.refresh()
            await asyncio.sleep(min(left, REFRESH_SECONDS) if self._line is not None else left)
        pacer.note_snapshot(loop.time(), Snapshot.of(self.stats.get_stats()))

    async def _count(self, spider: AsksLedger) -> int:
        """The lookups of this run: those that are due, within the spider's limit."""
        count_due = self.database.stores.ledger.count_due
        due = await self.database.read(count_due, await spider.selection())
        return due if spider.limit is None else min(due, spider.limit)

    async def _look(self, source: str, pacer: Pacer) -> None:
        """Read the pace and the budget as this and other crawls have left them."""
        hosts = await self.database.read(self._read_hosts)
        hosts = [host for host in hosts if host.source == source]
        delays = [host.delay for host in hosts if host.delay is not None]
        pacer.interval = max([find_for_source(self.floors, source) or 0.0, *delays])
        if self.budget:
            pacer.budget_left = max(0, self.budget - sum(host.used_today for host in hosts))

    def _read_hosts(self) -> list[HostReport]:
        database = self.database.stores
        with database.read() as connection:
            return list_hosts(connection, database.clock())


class LiveLine:
    """One line at the bottom of the terminal; what is logged meanwhile scrolls above it."""

    def __init__(self, name: str, pacer: Pacer) -> None:
        console = Console(stderr=True)
        self.pacer = pacer
        self._progress = Progress(
            TextColumn("{task.description}", style="bold"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
            expand=True,
        )
        self._progress.start()
        self._diverted = _divert_logs(self._progress.console)
        self._task = self._progress.add_task(name, total=pacer.total, figures="")

    def refresh(self) -> None:
        now = self.pacer.latest
        figures = [describe_time_left(self.pacer), f"{now.accepted:,} faces"]
        if self.pacer.per_minute is not None:
            figures.insert(0, f"{self.pacer.per_minute:.1f}/min")
        if now.refusals:
            figures.append(f"{now.refusals:,} refused")
        self._progress.update(
            self._task, completed=now.done, figures=" · ".join(figures), refresh=True
        )

    def close(self) -> None:
        """Take the line away and give the log its stream back; again does nothing."""
        for handler, stream in self._diverted:
            handler.setStream(stream)
        self._diverted = []
        self._progress.stop()


def _divert_logs(console: Console) -> list[tuple[logging.StreamHandler[Any], IO[str]]]:
    """Lead what is logged to stderr through the console, which knows where its line stands."""
    diverted = []
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream in (
            sys.stderr,
            sys.__stderr__,
        ):
            stream = handler.stream
            handler.setStream(FileProxy(console, stream))
            diverted.append((handler, stream))
    return diverted
