"""A name that something made of files gives itself, once: by it they are known again."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from enrichscrapy.files.durable import create_file, sync_folder


def find_token(path: Path) -> str:
    """The token in ``path``; a new one where there is none, the same for all who ask at once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        token = secrets.token_hex(16)
        temporary = path.with_name(f".{path.name}.{token}")
        with create_file(temporary) as file:
            file.write(token.encode())
        with suppress(FileExistsError):
            os.link(temporary, path)  # whole, or another's
        temporary.unlink()
        sync_folder(path.parent)
    return path.read_text("ascii")
