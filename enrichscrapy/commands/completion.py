"""``enrichscrapy completion SHELL``: what a shell needs to complete the commands."""

from __future__ import annotations

import argparse

import shtab
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings
from scrapy.spiderloader import get_spider_loader

from enrichscrapy.command import EnrichCommand, load_commands
from enrichscrapy.settings_reader import ProjectSettings


class Command(EnrichCommand):
    requires_project = False

    usage = "|".join(shtab.SUPPORTED_SHELLS)
    summary = "Print what a shell needs to complete commands, options and spiders"
    about = """For bash: enrichscrapy completion bash >
    ~/.local/share/bash-completion/completions/enrichscrapy; for fish:
    ~/.config/fish/completions/enrichscrapy.fish; for zsh: _enrichscrapy in a folder of $fpath. Exit
    codes: 0 printed, 2 bad argument."""

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if len(args) != 1 or args[0] not in shtab.SUPPORTED_SHELLS:
            raise UsageError(f"name your shell: {', '.join(shtab.SUPPORTED_SHELLS)}")
        assert self.settings is not None
        print(shtab.complete(_make_parser(self.settings), args[0]))
        return 0


def _make_parser(settings: BaseSettings) -> argparse.ArgumentParser:
    """All commands with their options, as one parser: Scrapy makes one for each call."""
    parser = argparse.ArgumentParser("enrichscrapy")
    commands = parser.add_subparsers()
    for name, command in load_commands().items():
        command.settings = settings  # type: ignore[assignment]  # theirs is a BaseSettings too
        one = commands.add_parser(name, help=command.short_desc(), conflict_handler="resolve")
        command.add_options(one)
        _add_argument(one, command, settings)
    return parser


def _add_argument(
    parser: argparse.ArgumentParser, command: ScrapyCommand, settings: BaseSettings
) -> None:
    """Scrapy declares none: spiders after crawl and check, else files."""
    names = sorted(get_spider_loader(settings).list())
    if command.requires_crawler_process:
        parser.add_argument("spider", nargs="*", choices=names)
    elif command.syntax():
        action = parser.add_argument("file", nargs="*")
        action.complete = shtab.FILE  # type: ignore[attr-defined]  # what shtab looks for
