"""``scrapy check``: are the sites' pages still read correctly?"""

from __future__ import annotations

import argparse
import sys

from scrapy.commands.check import Command as ScrapyCheckCommand
from scrapy.contracts import ContractsManager
from scrapy.settings import SETTINGS_PRIORITIES

from enrichscrapy.command import CheckedCommand, open_existing
from enrichscrapy.settings_reader import read_settings

ABOVE_PROJECT = SETTINGS_PRIORITIES["cmdline"] - 1
"""Over what the project sets, below what the user does."""


class Command(CheckedCommand, ScrapyCheckCommand):
    """Scrapy's own, which stores nothing here, and fails unless every callback was checked."""

    usage = "[options] <spider>"
    summary = "Check that the sites' pages are still read correctly"
    about = """Asks each site for a few pages and holds what the spiders make of them against their
    contracts: the outcome, the fields, the photos. It goes to the real sites, at their pace, unless
    BABEPEDIA_BASE_URL and IAFD_BASE_URL say otherwise, and stores nothing. The performers asked for
    are those of CHECK_PERFORMERS, else the ones found last. Exit codes: 0 all is as promised, 1 it
    is not, or something was not checked."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        quiet = {
            f"enrichscrapy.extensions.{name}": None
            for name in ("progress.ProgressExtension", "summary.SummaryExtension")
        }
        extensions = {**read_settings(self.settings).EXTENSIONS, **quiet}
        nothing_stored = {"DRY_RUN": True, "FACES_ENABLED": False, "EXTENSIONS": extensions}
        for name, value in nothing_stored.items():
            self.settings.set(name, value, priority=ABOVE_PROJECT)

    def prepare(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if not opts.list:
            open_existing(read_settings(self.settings)).close()

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        super().run(args, opts)
        if opts.list:
            return
        from enrichscrapy.spiders.contracts import checked

        missing = sorted(self._list_promised(args) - checked)
        for spider, callback in missing:
            print(f"scrapy check: {spider}.{callback} was not checked", file=sys.stderr)
        if missing or not checked:
            self.exitcode = 1

    def _list_promised(self, args: list[str]) -> set[tuple[str, str]]:
        assert self.crawler_process is not None
        loader, manager = self.crawler_process.spider_loader, ContractsManager([])
        return {
            (name, callback)
            for name in args or loader.list()
            for callback in manager.tested_methods_from_spidercls(loader.load(name))
        }
