"""Opens the JOBDIR before Scrapy uses it, and closes it afterwards."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.dialects import find_backend
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.files.jobdir import Opened, Owner, close_jobdir, open_jobdir, sign_jobdir
from enrichscrapy.settings_reader import read_settings

logger = logging.getLogger(__name__)


class JobdirExtension:
    """Active with ``JOBDIR``; ``DRY_RUN`` ignores it. Built before anything of Scrapy's uses it.

    Raises ``BadSetting`` for a JOBDIR that belongs to somebody else. ``broken`` is set by the
    scheduler when it cannot be written any more.
    """

    broken = False

    def __init__(self, register: Callable[[Path], None], owner: Owner, jobdir: Opened) -> None:
        self.register = register
        self.owner = owner
        self.jobdir = jobdir
        if jobdir.set_aside is not None:
            logger.warning(
                "The JOBDIR was not usable (%s): its leftovers are in %s, and this crawl goes by "
                "the ledger alone, which knows what is done",
                jobdir.why,
                jobdir.set_aside,
            )

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        if settings.DRY_RUN:
            crawler.settings.set("JOBDIR", None, priority="cmdline")
        if settings.DRY_RUN or settings.JOBDIR is None:
            raise NotConfigured
        owner = Owner(
            getattr(crawler.spider, "source_name", crawler.spidercls.name),
            str(getattr(crawler.spider, "mode", "")),
            find_backend(settings.DATABASE_URL, settings.STATE_DIR).name,
        )

        def register(path: Path) -> None:
            # The crawl's own database is opened later, and may then find that it cannot begin.
            with PerformerDatabase.of(settings, create=False) as database:
                database.artefacts.register("jobdir", path)

        jobdir = open_jobdir(settings.JOBDIR, owner, time.time(), register)
        extension = cls(register, owner, jobdir)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    def sign(self) -> None:
        """Called by the scheduler, right before it opens its queues."""
        try:
            sign_jobdir(self.jobdir.path, self.owner)
        except OSError as error:
            raise BadSetting(f"JOBDIR cannot be written: {error.strerror}") from error

    async def spider_opened(self) -> None:
        """Register what will hold links of performers, for erasure to find."""
        await asyncio.to_thread(self.register, self.jobdir.path)

    def spider_closed(self, reason: str) -> None:
        """The scheduler has closed its queues by now."""
        if self.broken:
            return
        try:
            close_jobdir(self.jobdir.path, self.owner, reason)
        except OSError as error:
            logger.error("The JOBDIR was not closed (%s): the ledger will go on", error.strerror)
