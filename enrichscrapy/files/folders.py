"""Folders that settings name: made, or refused, before anything is asked of a site."""

from __future__ import annotations

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
