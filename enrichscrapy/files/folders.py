"""Folders that settings name: made, or refused, before anything is asked of a site."""

from __future__ import annotations

import tempfile
from pathlib import Path

from enrichscrapy.exceptions import BadSetting


def make_folder(setting: str, folder: Path) -> Path:
    """Make the folder if it is missing, and return its absolute path.

    ``BadSetting`` names ``setting`` where no file can be written to it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder.absolute()
    except OSError as error:
        raise BadSetting.name_setting(
            setting, folder, f"a folder to write to ({error.strerror})"
        ) from error
