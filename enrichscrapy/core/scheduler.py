"""Scrapy's scheduler, with a JOBDIR that a crawl can lose without losing work."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

from scrapy import Request, Spider
from scrapy.core.scheduler import Scheduler
from twisted.internet.defer import Deferred

from enrichscrapy.core.meta import change_info, read_performer_ids
from enrichscrapy.extensions import stop_crawl
from enrichscrapy.extensions.jobdir import JobdirExtension

logger = logging.getLogger(__name__)


class LedgerScheduler(Scheduler):
    """Marks what a JOBDIR brought back, and outlives a JOBDIR that breaks.

    Restored requests say so (:class:`RequestInfo`); ``restored`` are their performers' ids. A queue
    that cannot be read back is set aside: the ledger knows what was in it.
    """

    restored: frozenset[int] = frozenset()

    def open(self, spider: Spider) -> Deferred[None] | None:
        if (jobdir := self._find_jobdir()) is not None:
            jobdir.sign()
        try:
            opened = super().open(spider)
            restored = self._take_all()
        except Exception as error:  # Scrapy's queues raise many kinds of error on damage
            self._start_again(error)
            opened, restored = super().open(spider), []
        self.restored = frozenset(self._put_back(restored))
        return opened

    def _find_jobdir(self) -> JobdirExtension | None:
        return self.crawler.get_extension(JobdirExtension) if self.crawler else None

    def _take_all(self) -> list[Request]:
        requests = []
        while (request := self.next_request()) is not None:
            requests.append(request)
        return requests

    def _put_back(self, requests: list[Request]) -> Iterator[int]:
        """Mark what was restored; yield the performers' ids."""
        for request in requests:
            change_info(request, restored=True)
            super().enqueue_request(request.replace(dont_filter=True))
            yield from read_performer_ids(request)

    def _start_again(self, error: Exception) -> None:
        if self.dqdir is None:
            raise error
        aside = Path(self.dqdir).replace(f"{self.dqdir}.set-aside-{time.time_ns()}")
        Path(self.dqdir).mkdir()
        logger.warning("The JOBDIR's queue cannot be read (%s): it is now in %s", error, aside)

    def enqueue_request(self, request: Request) -> bool:
        """Lose no request to a full disk: keep it in memory, and end the crawl cleanly."""
        try:
            return super().enqueue_request(request)
        except OSError as error:
            self._give_up_jobdir(error)
            self.mqs.push(request)
            return True

    def close(self, reason: str) -> Deferred[None] | None:
        try:
            return super().close(reason)
        except OSError as error:
            self._give_up_jobdir(error)
            return self.df.close(reason)

    def _give_up_jobdir(self, error: OSError) -> None:
        jobdir = self._find_jobdir()
        if jobdir is None or self.crawler is None:
            raise error
        jobdir.broken = True
        message = f"the JOBDIR cannot be written ({error.strerror}); what is stored is safe"
        stop_crawl(self.crawler, "jobdir_error", message)
