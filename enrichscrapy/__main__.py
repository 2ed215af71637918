"""``enrichscrapy COMMAND``: the same as ``scrapy COMMAND``, in a folder that ``init`` made."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from textwrap import fill
from typing import NoReturn

from scrapy.cmdline import execute
from scrapy.utils.project import get_project_settings

from enrichscrapy import __version__
from enrichscrapy.command import load_commands
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.folder import find_folder

SETTINGS = "SCRAPY_SETTINGS_MODULE"
GROUPS = {
    "Begin": ("init", "import-performers", "import-faces", "birth-date"),
    "Look up": ("crawl", "status", "hosts", "machines", "check"),
    "Decide": ("gallery", "review", "proposals", "report"),
    "Use": ("export", "push-stash", "verify", "reindex"),
    "Keep in order": ("forget", "calibrate", "reembed", "migrate-database", "completion"),
}
"""This program's commands, in the order in which they are used."""


def main() -> None:
    """Run one command, or list them all; ends the process with the command's exit code."""
    sys.argv[0] = "enrichscrapy"  # also for python -m enrichscrapy
    name = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    if name is None:
        print(list_commands())
        return
    commands = load_commands()
    if name not in (known := {*commands, *scrapys_own()}):
        near = " or ".join(get_close_matches(name, known)) or "enrichscrapy, which lists them"
        _refuse(f"there is no command {name}: try {near}")
    if SETTINGS not in os.environ and find_folder() is None:
        needed = name in commands and commands[name].requires_project
        if needed and not {"-h", "--help"} & set(sys.argv):
            _refuse(f"{name} needs a folder of yours: enrichscrapy init DIR makes one; go there")
        os.environ[SETTINGS] = "enrichscrapy.settings"
    elif name in commands:
        _check_settings()
    execute()


def _check_settings() -> None:
    """The folder's settings can be found, and are this program's."""
    try:
        commands = get_project_settings()["COMMANDS_MODULE"]
    except ImportError as error:
        _refuse(f"the settings of this folder's scrapy.cfg cannot be found: {error}")
    if commands != "enrichscrapy.commands":
        _refuse("this folder's scrapy.cfg is another program's: go to one of yours")


def _refuse(line: str) -> NoReturn:
    print(f"enrichscrapy: {line}", file=sys.stderr)
    sys.exit(BadSetting.exit_code)


def scrapys_own() -> list[str]:
    package = import_module("scrapy.commands")
    return sorted(name for _, name, _ in iter_modules(package.__path__))


def list_commands() -> str:
    """This program's commands by group, then Scrapy's own."""
    commands = load_commands()
    lines = [
        f"enrichscrapy {__version__}: verified faces for the performers you have",
        "",
        "Usage: enrichscrapy COMMAND [options], in a folder made by enrichscrapy init DIR",
    ]
    for title, names in GROUPS.items():
        known = [name for name in names if name in commands]
        lines += ["", title, *(f"  {name:18} {commands[name].short_desc()}" for name in known)]
    others = ", ".join(name for name in scrapys_own() if name not in commands)
    lines += ["", *fill(f"Scrapy's own: {others}", 80, subsequent_indent="  ").splitlines()]
    lines += ["", "enrichscrapy COMMAND --help explains each."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
