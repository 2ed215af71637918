"""``scrapy crawl``, with exit codes that tell how the crawl ended."""

from __future__ import annotations

import argparse
import asyncio
import os
import traceback
from collections.abc import Iterator, Mapping, Sequence

from scrapy.commands import ScrapyHelpFormatter
from scrapy.commands.crawl import Command as ScrapyCrawlCommand
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings
from scrapy.spiderloader import get_spider_loader

from enrichscrapy.command import CheckedCommand, open_existing
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.whom import describe
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.settings_reader import read_settings
from enrichscrapy.spiders.arguments import (
    ARGUMENTS_HELP,
    SpiderArguments,
    find_performers,
    refuse_unknown,
)

NAMED = 20
"""Chosen performers that are named before the crawl."""

EXIT_CODES = {
    "finished": 0,
    "shutdown": 0,
    "budget": 0,
    "bad_setting": 2,
    "blocked": 3,
    "locked_out": 4,
    "layout_changed": 5,
    "stage_failed": 6,
    "disk_error": 6,
}
"""Finish reason -> exit code. Scrapy's own limits (``closespider_…``) end 0, all others 1."""


def exit_code(finish_reason: str | None) -> int:
    """The exit code for a finish reason."""
    if finish_reason is None:
        return 1
    if finish_reason.startswith("closespider_"):
        return 0
    return EXIT_CODES.get(finish_reason, 1)


class Command(CheckedCommand, ScrapyCrawlCommand):
    """Scrapy's own command ends 0 whatever happened; this one says so with a line and a code."""

    usage = "SPIDER [-a NAME=VALUE …] [options]"
    summary = "Look up the performers that are due on a site"

    def long_desc(self) -> str:
        return (
            "Look up the performers that are due on a source (babepedia, iafd or stashbox). "
            "Add -s JOBDIR=jobs/NAME to resume a clean stop without asking for a page again. "
            "Exit codes: 0 done, 2 bad setting or argument, 3 blocked by the site, 4 another crawl "
            "holds the source, 5 the site's layout changed, 6 photos cannot be looked at or kept, "
            "1 anything else.\n\n" + ARGUMENTS_HELP
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.formatter_class = _HelpFormatter
        help_texts = {
            "-a": "an argument of the spider, as above (may be repeated)",
            "-o": argparse.SUPPRESS,  # refused: see WAYS_OUT in core/checks.py
            "-O": argparse.SUPPRESS,
            "-L": "log level; default: INFO, on a terminal WARNING",
        }
        for action in parser._actions:
            action.help = help_texts.get(action.option_strings[0], action.help)

    def prepare(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        os.umask(0o077)  # all that a crawl writes may name people
        _check_arguments(self.settings, args, opts.spargs)
        settings = read_settings(self.settings)
        with open_existing(settings) as database:  # finishes erasures before the source is locked
            for line in _describe_chosen(database, opts.spargs.get("performers")):
                self.say(line)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process is not None
        crawler = self._create_crawler(args[0])
        task = self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        failure = _take_error(task)
        if failure is not None:
            self.exitcode = self._tell(failure)
            return
        reason = crawler.stats.get_value("finish_reason")
        message = crawler.stats.get_value("stop/message")
        if message:
            self.say(message)
        self.exitcode = exit_code(reason) or crawler.stats.get_value("stop/exit_code", 0)

    def _tell(self, error: BaseException) -> int:
        if isinstance(error, EnrichError | OSError):
            return self.refuse(error)
        traceback.print_exception(error)
        return 1


class _HelpFormatter(ScrapyHelpFormatter):
    """Fills paragraphs; a list, whose lines are indented, stays as it is."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        parts = text.split("\n\n")
        fill = super()._fill_text
        return "\n\n".join(part if "\n " in part else fill(part, width, indent) for part in parts)


def _check_arguments(
    settings: BaseSettings, args: Sequence[str], arguments: Mapping[str, str]
) -> None:
    """Have the spider read its arguments once before the crawl: it refuses what it cannot use."""
    loader = get_spider_loader(settings)
    names = sorted(loader.list())
    if len(args) != 1:
        raise UsageError(f"name one spider: {', '.join(names)}")
    if args[0] not in names:
        raise UsageError(f"no spider named {args[0]}: use one of {', '.join(names)}")
    # What Scrapy itself calls so never reaches the spider, which would refuse it.
    refuse_unknown(sorted({"crawler", "crawler_or_spidercls", "self"} & arguments.keys()))
    try:
        loader.load(args[0])(**arguments)
    except TypeError as error:  # another package's spider, which lacks one or has none of that name
        raise UsageError(str(error)) from error


def _describe_chosen(database: PerformerDatabase, text: str | None) -> Iterator[str]:
    """Whom ``-a performers=`` means, for the terminal: the log holds ids only."""
    words = SpiderArguments.parse(performers=text).performers or ()
    for meant in find_performers(database, words)[:NAMED]:
        assert meant.performer is not None  # find_performers raises else
        yield meant.note or describe(meant.performer)


def _take_error(task: object) -> BaseException | None:
    """What stopped the crawl from starting; asking for it keeps asyncio from a traceback."""
    if isinstance(task, asyncio.Future) and task.done() and not task.cancelled():
        return task.exception()
    return None
