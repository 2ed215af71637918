"""What lives as long as a crawl and belongs to no stage: locks, database, model, index, progress.

May import lookups, reporting, index and what lies below; no core, spider or pipeline.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar

from scrapy.crawler import Crawler

from enrichscrapy.exceptions import BadSetting

T = TypeVar("T")

_stopping: set[asyncio.Task[None]] = set()


def require(crawler: Crawler, extension: type[T]) -> T:
    """The crawl's own instance of an extension; ``BadSetting`` where EXTENSIONS lacks it.

    Usable once all extensions are built: from pipelines and middlewares, and in an extension's
    signal handlers, but not in its constructor.
    """
    found = crawler.get_extension(extension)
    if found is None:
        name = f"{extension.__module__}.{extension.__qualname__}"
        raise BadSetting(f"EXTENSIONS lacks {name}: this project cannot run without it")
    return found


def stop_crawl(crawler: Crawler, reason: str, message: str, *, at_once: bool = False) -> None:
    """End the crawl in good order, from anywhere inside it.

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
