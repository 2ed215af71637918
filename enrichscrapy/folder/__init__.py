"""The folder somebody works in: where it is, what its ``.env`` says, and how a new one is made.

May import exceptions alone: the settings themselves come from here.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dotenv import dotenv_values

from enrichscrapy.exceptions import BadSetting

MARK = "scrapy.cfg"
"""The file that marks such a folder, for Scrapy as well."""
ENV_FILE = ".env"


def find_folder() -> Path | None:
    """The nearest folder with a ``scrapy.cfg``: the working folder or one above it."""
    here = Path.cwd()
    return next((each for each in (here, *here.parents) if (each / MARK).is_file()), None)


def read_env_file() -> dict[str, str]:
    """What the folder's ``.env`` sets, as text; empty values count as none.

    A file that cannot be read ends the process: without it, this would be another database.
    """
    folder = find_folder()
    if folder is None:
        return {}
    try:
        values = dotenv_values(folder / ENV_FILE, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        print(f"{folder / ENV_FILE} cannot be read: {error}", file=sys.stderr)
        raise SystemExit(BadSetting.exit_code) from None
    return {name: value for name, value in values.items() if value}
