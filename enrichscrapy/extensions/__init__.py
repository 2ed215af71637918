"""What lives as long as a crawl and belongs to no stage: locks, database, model, index, progress.

May import lookups, reporting, index and what lies below; no core, spider or pipeline.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, TypeVar
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler

from enrichscrapy.exceptions import BadSetting

T = TypeVar("T")

_stopping: set[asyncio.Task[None]] = set()


_shared: WeakKeyDictionary[Crawler, list[object]] = WeakKeyDictionary()


class Stop(Protocol):
    """:func:`stop_crawl` of one crawl."""

    def __call__(self, reason: str, message: str, *, at_once: bool = False) -> None: ...


def share(crawler: Crawler, extension: T) -> T:
    """Let extensions that are built later, and all stages, :func:`require` this one."""
    _shared.setdefault(crawler, []).append(extension)
    return extension


def find_shared(crawler: Crawler, extension: type[T]) -> T | None:
    """The crawl's own instance of an extension that may be switched off."""
    shared = _shared.get(crawler, ())
    return next((each for each in shared if isinstance(each, extension)), None)


def require(crawler: Crawler, extension: type[T]) -> T:
    """The crawl's own instance of an extension; ``BadSetting`` where EXTENSIONS lacks it.

    For ``from_crawler``: of pipelines, middlewares and extensions with a higher number.
    """
    if (found := find_shared(crawler, extension)) is not None:
        return found
    name = f"{extension.__module__}.{extension.__qualname__}"
    raise BadSetting(f"EXTENSIONS lacks {name}: this project cannot run without it")


def stop_crawl(crawler: Crawler, reason: str, message: str, *, at_once: bool = False) -> None:
    """End the crawl cleanly, from anywhere inside it.

    The first call's ``reason`` and one-line ``message`` are what the user reads. It does not wait:
    a stage that waited for the crawl's end would wait for itself. ``at_once`` hands back what was
    not answered yet: a crawl that can store nothing more asks for nothing more.
    """
    if crawler.stats.get_value("stop/message") is not None:
        return
    crawler.stats.set_value("stop/message", message)
    stop_everything = getattr(crawler.engine.downloader, "stop_everything", None)
    if at_once and stop_everything is not None:
        stop_everything()
    task = asyncio.ensure_future(crawler.engine.close_spider_async(reason=reason))
    _stopping.add(task)
    task.add_done_callback(_stopping.discard)
