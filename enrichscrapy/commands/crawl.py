"""``scrapy crawl``, with exit codes that tell how the crawl ended."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import traceback

from scrapy.commands.crawl import Command as ScrapyCrawlCommand
from scrapy.exceptions import UsageError

from enrichscrapy.command import CheckedCommand, open_existing, told
from enrichscrapy.database.engine import database_path
from enrichscrapy.database.whom import describe
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.settings_reader import ProjectSettings, read_settings
from enrichscrapy.spiders.arguments import SpiderArguments, find_performers, unknown_argument

NAMED = 20
"""Chosen performers that are named before the crawl."""

EXIT_CODES = {
    "finished": 0,
    "shutdown": 0,
    "budget": 0,
    "bad_setting": 2,
    "blocked": 3,
    "layout_changed": 5,
    "stage_failed": 6,
    "disk_error": 6,
}
"""Finish reason -> exit code. Scrapy's own limits (``closespider_…``) end 0, all others 1."""


def exit_code(finish_reason: str | None) -> int:
    """What a crawl that ended for this reason exits with."""
    if finish_reason is None:
        return 1
    if finish_reason.startswith("closespider_"):
        return 0
    return EXIT_CODES.get(finish_reason, 1)


class Command(CheckedCommand, ScrapyCrawlCommand):
    """Scrapy's own command ends 0 whatever happened; this one says so with a line and a code."""

    def long_desc(self) -> str:
        return (
            "Look up the performers that are due on a reference site (babepedia or iafd). "
            "Arguments: -a mode=url|name, -a limit=N, -a performers=WHO,WHO (ids or names), "
            "-a gender=FEMALE|…|all. "
            "Add -s JOBDIR=jobs/NAME to resume a clean stop without asking for a page again. "
            "Exit codes: 0 done, 2 bad setting or argument, 3 blocked by the site, 4 another crawl "
            "holds the source, 5 the site's layout changed, 6 photos cannot be looked at or kept, "
            "1 anything else."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("name one spider: babepedia or iafd")
        assert self.crawler_process is not None
        reserved = sorted({"crawler", "crawler_or_spidercls", "self"} & opts.spargs.keys())
        if reserved:  # what Scrapy itself calls so never reaches the spider, which would refuse it
            self.exitcode = _tell(unknown_argument(reserved[0]))
            return
        os.umask(0o077)  # whatever a crawl writes may name people
        settings = read_settings(self.crawler_process.settings)
        try:
            if database_path(settings.DATABASE_URL).exists():
                open_existing(settings).close()  # finishes erasures before the source is locked
        except (EnrichError, OSError) as error:
            self.exitcode = _tell(error)
            return
        try:
            settings = read_settings(self.crawler_process.settings)
            _tell_whom(settings, opts.spargs.get("performers"))
        except EnrichError as error:
            self.exitcode = _tell(error)
            return
        try:
            crawler = self._create_crawler(args[0])
        except KeyError:
            names = ", ".join(sorted(self.crawler_process.spider_loader.list()))
            raise UsageError(f"no spider named {args[0]}: use one of {names}") from None
        task = self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        failure = _error_of(task)
        if failure is not None:
            self.exitcode = _tell(failure)
            return
        reason = crawler.stats.get_value("finish_reason")
        message = crawler.stats.get_value("stop/message")
        if message:
            print(f"scrapy crawl: {message}", file=sys.stderr)
        self.exitcode = exit_code(reason) or crawler.stats.get_value("stop/exit_code", 0)


def _tell_whom(settings: ProjectSettings, text: str | None) -> None:
    """Say on the terminal whom ``-a performers=`` means: the log holds ids only."""
    words = SpiderArguments.parse(performers=text).performers
    if words is None:
        return
    with open_existing(settings) as database:
        for meant in find_performers(database, words)[:NAMED]:
            assert meant.performer is not None  # find_performers raises else
            told = meant.note or describe(meant.performer)
            print(f"scrapy crawl: {told}", file=sys.stderr)


def _error_of(task: object) -> BaseException | None:
    """What stopped the crawl from starting; asking for it keeps asyncio from a traceback."""
    if isinstance(task, asyncio.Future) and task.done() and not task.cancelled():
        return task.exception()
    return None


def _tell(error: BaseException) -> int:
    if isinstance(error, EnrichError):
        print(f"scrapy crawl: {error}", file=sys.stderr)
        return error.exit_code
    if isinstance(error, OSError):
        print(f"scrapy crawl: {told(error)}", file=sys.stderr)
        return 1
    traceback.print_exception(error)
    return 1
