"""Folders and files that settings name: refused, or made, before anything is asked of a site."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from enrichscrapy.exceptions import BadSetting


def check_folder(setting: str, folder: Path) -> None:
    """Raise ``BadSetting`` where a file stands in the way of a folder; nothing is made."""
    try:
        nearest = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise _refuse(setting, folder, error.strerror) from error
    if not nearest.is_dir():
        raise _refuse(setting, folder, f"{nearest} is none")


def check_file(setting: str, file: Path) -> None:
    """Raise ``BadSetting`` for what is no file and cannot become one; nothing is made."""
    # Path's own raise for what cannot be looked at.
    is_new = not os.path.exists(file) and os.path.isdir(file.parent)  # noqa: PTH110, PTH112
    if not (is_new or os.path.isfile(file)):  # noqa: PTH113
        raise BadSetting.name_setting(setting, file, "a file, in a folder that is there")


def make_folder(setting: str, folder: Path) -> Path:
    """Make the folder if it is missing, and return its absolute path.

    ``BadSetting`` names ``setting`` where no file can be written to it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder.absolute()
    except OSError as error:
        raise _refuse(setting, folder, error.strerror) from error


def _refuse(setting: str, folder: Path, why: str | None) -> BadSetting:
    return BadSetting.name_setting(setting, folder, f"a folder to write to ({why})")
