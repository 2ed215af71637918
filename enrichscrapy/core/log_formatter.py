"""What goes wrong in a crawl, logged without a name: by id, and tracebacks without messages."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from scrapy.utils.log import get_scrapy_root_handler
from twisted.python.failure import Failure

from enrichscrapy.core.meta import read_performer_ids

NO_MESSAGE = "(what it said may name people: -L DEBUG shows it)"


class IdsOnlyLogFormatter(LogFormatter):
    """Scrapy's own messages at ERROR quote items and addresses, which hold names.

    At DEBUG everything is shown as it is.
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        # Until then Scrapy replaces its log's handler.
        crawler.signals.connect(_guard_log, signal=signals.engine_started)
        return super().from_crawler(crawler)

    def spider_error(
        self, failure: Failure, request: Request, response: Response | Failure, spider: Spider
    ) -> LogFormatterResult:
        return _log_error("A callback broke over a page of performer %(whose)s", request)

    def download_error(
        self, failure: Failure, request: Request, spider: Spider, errmsg: str | None = None
    ) -> LogFormatterResult:
        return _log_error("A page of performer %(whose)s could not be fetched", request)


def _log_error(message: str, request: Request) -> LogFormatterResult:
    whose = ", ".join(map(str, read_performer_ids(request))) or "nobody"
    # A second key: logging treats a mapping with one key as a plain argument.
    arguments: dict[str, Any] = {"whose": whose, "request": "left out"}
    return {"level": logging.ERROR, "msg": message, "args": arguments}


def _guard_log() -> None:
    handler = get_scrapy_root_handler()
    if handler is not None and handler.level > logging.DEBUG:
        handler.addFilter(_leave_messages_out)


def _leave_messages_out(record: logging.LogRecord) -> bool:
    """Write the traceback down before a formatter does, of each exception its type alone."""
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = "".join(_format_traceback(record.exc_info[1])).rstrip()
    return True


def _format_traceback(error: BaseException) -> Iterator[str]:
    chain: list[BaseException] = []
    earlier: BaseException | None = error
    while earlier is not None and earlier not in chain:
        chain.append(earlier)
        hidden = earlier.__suppress_context__
        earlier = earlier.__cause__ or (None if hidden else earlier.__context__)
    for one in reversed(chain):
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(one.__traceback__)
        yield f"{type(one).__qualname__} {NO_MESSAGE}\n"
