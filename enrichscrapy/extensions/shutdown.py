"""What one Ctrl-C does: finish what is in flight, within a time; then say how to go on."""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, Self, runtime_checkable

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from enrichscrapy.extensions import find_shared
from enrichscrapy.extensions.publisher import IndexPublisher
from enrichscrapy.settings_reader import read_settings

logger = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
LAST_SECONDS = 3.0
"""What the second signal leaves to what it cut short: closing files, ending threads."""


@runtime_checkable
class Stoppable(Protocol):
    """What a downloader offers so that a crawl ends in time (``core/downloader.py``)."""

    def stop_pages(self) -> None: ...

    def stop_everything(self) -> None: ...


class ShutdownExtension:
    """Bounds the time between the first SIGINT or SIGTERM and the end.

    At once, pages that were not asked for yet are handed back; lookups in the pipelines go on
    getting their photos. After ``seconds`` the photos left are given up too, and their lookups
    come back. After as long again (something hangs) the index is published and the process ends
    as if signalled twice. A second signal ends it at once.
    """

    def __init__(
        self,
        stats: StatsCollector,
        find_downloader: Callable[[], object],
        publisher: IndexPublisher | None,
        seconds: float,
    ) -> None:
        self.stats = stats
        self.find_downloader = find_downloader
        self.publisher = publisher
        self.seconds = seconds
        self.begun = False
        self.finishing = False
        self._replaced: dict[int, Any] = {}
        self._timers: list[asyncio.TimerHandle] = []
        self._last_resort: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(
            crawler.stats,
            lambda: crawler.engine.downloader,
            find_shared(crawler, IndexPublisher),
            read_settings(crawler.settings).SHUTDOWN_SECONDS,
        )
        crawler.signals.connect(extension.engine_started, signal=signals.engine_started)
        crawler.signals.connect(extension.engine_stopped, signal=signals.engine_stopped)
        return extension

    def engine_started(self) -> None:
        """Listen in before Scrapy's own handlers, where it has any (a script may not want them)."""
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler) and handler is not signal.default_int_handler:
                self._replaced[number] = handler
                signal.signal(number, self._listen_first(loop, handler))

    def _listen_first(
        self, loop: asyncio.AbstractEventLoop, handler: Callable[[int, FrameType | None], Any]
    ) -> Callable[[int, FrameType | None], None]:
        def handle(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.begin)
            handler(number, frame)
            for each in STOP_SIGNALS:  # by now Scrapy's own for the second signal
                second = signal.getsignal(each)
                if callable(second):
                    signal.signal(each, _end_without_threads(second))

        return handle

    def begin(self) -> None:
        """The first signal came: Scrapy closes the spider, and nothing new is asked of the site."""
        if self.begun:
            return
        self.begun = self.finishing = True
        logger.warning(  # a terminal shows nothing below: see commands/crawl.py
            "Stopping: what is in flight is finished first, within %g seconds. A second signal "
            "ends it at once; what is stored stays stored.",
            self.seconds,
        )
        self._find_downloader().stop_pages()
        loop = asyncio.get_running_loop()
        self._timers = [
            loop.call_later(self.seconds, self._give_up_photos),
            loop.call_later(2 * self.seconds, self._give_up),
        ]

    def _find_downloader(self) -> Stoppable:
        downloader = self.find_downloader()
        assert isinstance(downloader, Stoppable), "DOWNLOADER is not core.downloader's"
        return downloader

    def _give_up_photos(self) -> None:
        logger.warning("Stopping: giving up the photos that have not come; their lookups come back")
        self.finishing = False
        self._find_downloader().stop_everything()

    def _give_up(self) -> None:
        self._last_resort = asyncio.ensure_future(self._end_at_once())

    async def _end_at_once(self) -> None:
        logger.warning("Stopping: something hangs, so this ends now; what is stored stays stored")
        if self.publisher is not None:
            await self.publisher.publish()
        signal.raise_signal(signal.SIGTERM)  # by now it means what a second signal means

    def engine_stopped(self) -> None:
        for timer in self._timers:
            timer.cancel()
        for number, handler in self._replaced.items():
            if not self.begun:
                signal.signal(number, handler)
        if self.begun and self.stats.get_value("stop/message") is None:
            self.stats.set_value("stop/message", _say_how_to_go_on(sys.argv))


def _end_without_threads(
    handler: Callable[[int, FrameType | None], Any],
) -> Callable[[int, FrameType | None], None]:
    """The handler of the second signal, and an end soon after it.

    Python waits for its threads before it ends, and one may be waiting itself: for a worker, for
    a lock. Nothing is lost with them: what holds for ``kill -9`` holds here.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        end = threading.Timer(LAST_SECONDS, os._exit, [1])
        end.daemon = True
        end.start()
        handler(number, frame)

    return handle


def _say_how_to_go_on(argv: list[str]) -> str:
    message = "stopped as asked; the same command goes on from here"
    program = {"__main__.py": "scrapy"}.get(Path(argv[0]).name, Path(argv[0]).name)
    if program not in ("scrapy", "enrichscrapy"):
        return message  # scrapyd or a script, which knows how it started it
    # Scrapy has taken the command's name out of the arguments.
    return f"{message}: {shlex.join([program, 'crawl', *argv[1:]])}"


def lets_finish(crawler: Crawler) -> bool:
    """Whether the crawl was stopped by a signal and photos on their way may still come."""
    shutdown = crawler.get_extension(ShutdownExtension)
    return shutdown is not None and shutdown.finishing
