"""``enrichscrapy init DIR``: a folder in which every command works."""

from __future__ import annotations

import re
import shlex
import sys
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from string import Template

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.folder import ENV_FILE, MARK

PLACES = ("data", "jobs", "logs", "my-photos", "schedule")
TEMPLATES = {
    MARK: "scrapy.cfg",
    ENV_FILE: "env",
    "schedule/crontab": "crontab",
    "schedule/enrichscrapy.service": "enrichscrapy.service",
    "schedule/enrichscrapy.timer": "enrichscrapy.timer",
}
"""Each file of the folder, and what it is made from."""


@dataclass
class Made:
    """What was made (folders end with a slash), and files that were there before and stay."""

    made: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def make_folder(folder: Path, contact: str = "") -> Made:
    """Make the folder, or what it lacks; nothing that is there is changed.

    What holds faces and names is readable by its owner only. ``BadSetting`` where another program's
    ``scrapy.cfg`` lies; ``OSError`` where nothing can be written.
    """
    _check_is_ours(folder)
    made = Made()
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
    for name in PLACES:
        if not (folder / name).is_dir():
            (folder / name).mkdir(mode=0o700)
            made.made.append(f"{name}/")
    for name, template in TEMPLATES.items():
        path = folder / name
        if path.exists():
            made.kept.append(name)
        else:
            path.touch(mode=0o600)
            path.write_text(_fill(template, folder.resolve(), contact), encoding="utf-8")
            made.made.append(name)
    return made


def _check_is_ours(folder: Path) -> None:
    mark = folder / MARK
    if mark.exists() and "enrichscrapy" not in mark.read_text(encoding="utf-8", errors="replace"):
        raise BadSetting(f"{mark} belongs to another program: name another folder")


def _fill(template: str, folder: Path, contact: str) -> str:
    text = (files("enrichscrapy.folder") / "templates" / template).read_text(encoding="utf-8")
    program = f"{shlex.quote(sys.executable)} -m enrichscrapy"
    return Template(text).substitute(
        contact=_quote(contact),
        # Cron takes % for the end of a command; systemd fills in what follows % and $.
        cron_folder=shlex.quote(str(folder)).replace("%", r"\%"),
        cron_program=program.replace("%", r"\%"),
        unit_folder=str(folder).replace("%", "%%"),
        unit_program=f'"{sys.executable}" -m enrichscrapy'.replace("%", "%%").replace("$", "$$"),
    )


def _quote(value: str) -> str:
    """As ``.env`` has to hold it: a ``#`` would begin a comment."""
    if re.fullmatch(r"[\w@.:/+-]*", value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
