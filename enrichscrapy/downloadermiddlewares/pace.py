"""Each request waits for its turn: ``core/turns.py`` gives it, ``politeness/pace.py`` says when."""

from __future__ import annotations

from typing import Self

from scrapy import Request, signals
from scrapy.crawler import Crawler

from enrichscrapy.core.turns import Turns, find_turns


class PaceMiddleware:
    """Lets each request wait for its turn (``core/turns.py``, which lists the settings)."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        pace = cls(find_turns(crawler))
        crawler.signals.connect(pace.spider_closed, signal=signals.spider_closed)
        return pace

    async def process_request(self, request: Request) -> None:
        await self.turns.take(request)

    def spider_closed(self) -> None:
        self.turns.close()
