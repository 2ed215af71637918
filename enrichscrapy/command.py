"""What this project's commands have in common: checked settings, errors as one line, a database.

It lies outside ``commands/``, where Scrapy would take it for a command itself.
"""

from __future__ import annotations

import argparse
import os
import sys
from abc import abstractmethod
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings
from scrapy.spiderloader import get_spider_loader

from enrichscrapy.core.checks import check_crawl, check_given, check_settings
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.exceptions import BadSetting, EnrichError
from enrichscrapy.folder import read_env_file
from enrichscrapy.settings_reader import ProjectSettings, read_settings
from enrichscrapy.sites import find_sites


def program_name() -> str:
    """``scrapy`` or ``enrichscrapy``: as the user called it."""
    return "enrichscrapy" if Path(sys.argv[0]).name == "enrichscrapy" else "scrapy"


def load_commands() -> dict[str, ScrapyCommand]:
    """All commands of this program by their names."""
    package = import_module("enrichscrapy.commands")
    return {
        name: import_module(f"{package.__name__}.{name}").Command()
        for _, name, _ in iter_modules(package.__path__)
    }


def keep_quiet_on_a_terminal(settings: BaseSettings) -> None:
    """Live line, warnings and closing table are enough there; ``-L INFO`` shows the rest."""
    by_hand = settings.getpriority("LOG_LEVEL") == SETTINGS_PRIORITIES["cmdline"]
    asked_for = by_hand or "LOG_LEVEL" in read_env_file() or settings["LOG_LEVEL"] != "INFO"
    if sys.stderr.isatty() and not (settings["LOG_FILE"] or asked_for):
        settings.set("LOG_LEVEL", "WARNING", priority="project")


class CheckedCommand(ScrapyCommand):
    """A command that a setting that cannot be used ends at once: one line, exit code 2.

    ``usage`` is what follows its name, ``summary`` one line, ``about`` what ``--help`` says.
    """

    usage = "[options]"
    summary: str
    about: str

    def syntax(self) -> str:
        return self.usage

    def short_desc(self) -> str:
        return self.summary

    def long_desc(self) -> str:
        return " ".join(self.about.split())

    @property
    def name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Read the options, check all settings, then what the command itself needs."""
        assert self.settings is not None
        check = check_crawl if self.requires_crawler_process else check_settings
        try:
            check_given(dict(pair.split("=", 1) for pair in opts.set if "=" in pair))
            super().process_options(args, opts)
            check(self.settings)
            if self.requires_crawler_process:
                keep_quiet_on_a_terminal(self.settings)
            self.prepare(args, opts)
        except (EnrichError, UsageError, OSError) as error:
            sys.exit(self.refuse(error))

    def prepare(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check arguments while nothing is begun and nothing is logged yet."""

    def refuse(self, error: EnrichError | UsageError | OSError) -> int:
        """Say in one line what cannot be done, and return the exit code."""
        if isinstance(error, EnrichError):
            self.say(str(error))
            return error.exit_code
        if isinstance(error, UsageError):
            self.say(f"{error} ({program_name()} {self.name} --help tells more)")
            return BadSetting.exit_code
        # A full disk, a read-only folder, a file system without locks.
        self.say(describe_error(error))
        return 1

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.usage = f"{program_name()} {self.name} {self.syntax()}"

    def say(self, line: str) -> None:
        """One line on stderr that names the command."""
        print(f"{program_name()} {self.name}: {line}", file=sys.stderr)


class EnrichCommand(CheckedCommand):
    """A command that needs the project's settings and no crawl.

    ``execute`` raises :class:`EnrichError` for what the user can fix: it becomes one line on
    stderr and the error's exit code.
    """

    requires_project = True
    requires_crawler_process = False

    @abstractmethod
    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        """Do the work and return the exit code."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        try:
            if args and self.usage == EnrichCommand.usage:
                raise UsageError("it takes no arguments, only options")
            self.exitcode = self.execute(args, opts, read_settings(self.settings))
            sys.stdout.flush()
        except BrokenPipeError:
            # Whatever read the output (``| head``) closed it: Python must not write the rest.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self.exitcode = 1
        except (EnrichError, UsageError, OSError) as error:
            self.exitcode = self.refuse(error)

    def gender_filters(self) -> dict[str, str | None]:
        """Each spider's source and the gender it looks for by name (None: all)."""
        # Loading the spiders takes a moment: do it only for commands that need them.
        from enrichscrapy.spiders.reference import ReferenceSpider

        assert self.settings is not None
        loader = get_spider_loader(self.settings)
        spiders = [loader.load(name) for name in loader.list()]
        return {
            spider.source_name: spider.gender_filter
            for spider in spiders
            if issubclass(spider, ReferenceSpider)
        }


def describe_error(error: OSError) -> str:
    """The system's error, in one line."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def open_existing(settings: ProjectSettings) -> PerformerDatabase:
    """Open DATABASE_URL; ``BadSetting`` when there is none yet, instead of an empty one."""
    database = PerformerDatabase.of(settings, create=False)
    try:
        if database.is_shared:
            database.suppressions.check()
        finish_what_was_begun(database, settings.INDEX_DIR)
    except BaseException:
        database.close()
        raise
    return database


def finish_what_was_begun(database: PerformerDatabase, index_dir: Path) -> None:
    """Finish erasures that were killed, or say on stderr why that has to wait."""
    if not database.is_erasing():
        return
    # Loading FAISS takes a moment: do it only where there is something to finish.
    from enrichscrapy.forgetting.forget import finish_erasures

    try:
        failed = finish_erasures(database, index_dir, list(find_sites()))
    except (EnrichError, OSError) as error:
        failed = [str(error)]
    for line in failed or ["finished what scrapy forget, or a minor's date, had begun"]:
        print(f"erasure: {line}", file=sys.stderr)
