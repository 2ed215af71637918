"""The JOBDIR's queues hold JSON: reading one back makes requests, and can make nothing else.

Scrapy's own queues are pickles: anybody who can write to one can run commands when the crawl
resumes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import cattrs.preconf.json
from cattrs.errors import BaseValidationError
from queuelib.queue import FifoDiskQueue, LifoDiskQueue
from scrapy import Request, Spider
from scrapy.crawler import Crawler

from enrichscrapy.core.meta import RequestInfo
from enrichscrapy.lookups.plan import Plan, Step

CALLBACKS = ("parse_page", "parse_search", "page_failed")
META = ("handle_httpstatus_all", "is_start_request", "depth", "retry_times", "redirect_times")
"""What a restored request needs of Scrapy's own meta; the rest is set again on its way."""

_converter = cattrs.preconf.json.make_converter(forbid_extra_keys=True)


@dataclass(frozen=True)
class _Entry:
    """A lookup's request: all that a queue holds."""

    url: str
    callback: str
    errback: str
    plan: Plan
    step: Step
    source: str
    restored: bool
    priority: int = 0
    meta: dict[str, Any] = field(default_factory=dict)


def to_json(request: Request) -> bytes:
    """``ValueError`` for any other request than a lookup's: Scrapy keeps it in memory."""
    callback = getattr(request.callback, "__name__", "")
    errback = getattr(request.errback, "__name__", "")
    plan, step = request.cb_kwargs.get("plan"), request.cb_kwargs.get("step")
    known = {callback, errback} <= set(CALLBACKS)
    if not (known and isinstance(plan, Plan) and isinstance(step, Step)):
        raise ValueError("only a lookup's request can wait on disk")
    meta = {name: request.meta[name] for name in META if name in request.meta}
    info = RequestInfo.of(request)
    own = (plan, step, info.source, info.restored)
    entry = _Entry(request.url, callback, errback, *own, request.priority, meta)
    try:
        return json.dumps(_converter.unstructure(entry), ensure_ascii=False).encode()
    except (TypeError, UnicodeEncodeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def from_json(data: bytes, spider: Spider) -> Request:
    """The request again; ``ValueError`` for what :func:`to_json` has not written."""
    try:
        entry = _converter.structure(json.loads(data), _Entry)
    except (ValueError, TypeError, KeyError, RecursionError, BaseValidationError) as error:
        raise ValueError(f"an entry is no request of a lookup ({type(error).__name__})") from error
    if not {entry.callback, entry.errback} <= set(CALLBACKS) or not set(entry.meta) <= set(META):
        raise ValueError("an entry is no request of a lookup")
    info = RequestInfo(entry.source, (entry.plan.performer_id,), entry.restored)
    return Request(
        entry.url,
        callback=getattr(spider, entry.callback),
        errback=getattr(spider, entry.errback),
        priority=entry.priority,
        dont_filter=True,
        cb_kwargs={"plan": entry.plan, "step": entry.step},
        meta=info.make_meta(**entry.meta),
    )


class _JsonQueue:
    """Between Scrapy's scheduler and a queue of bytes on disk."""

    def __init__(self, crawler: Crawler, key: str) -> None:
        self.spider: Any = crawler.spider
        Path(key).parent.mkdir(parents=True, exist_ok=True)
        super().__init__(key)  # type: ignore[call-arg]  # queuelib's, mixed in below

    @classmethod
    def from_crawler(cls, crawler: Crawler, key: str) -> Self:
        return cls(crawler, key)

    def push(self, request: Request) -> None:
        super().push(to_json(request))  # type: ignore[misc]

    def pop(self) -> Request | None:
        data = super().pop()  # type: ignore[misc]
        return from_json(data, self.spider) if data is not None else None

    def peek(self) -> Request | None:
        data = super().peek()  # type: ignore[misc]
        return from_json(data, self.spider) if data is not None else None


class JsonLifoQueue(_JsonQueue, LifoDiskQueue):  # type: ignore[misc]  # untyped
    """``SCHEDULER_DISK_QUEUE``."""


class JsonFifoQueue(_JsonQueue, FifoDiskQueue):  # type: ignore[misc]
    """``SCHEDULER_START_DISK_QUEUE``."""
