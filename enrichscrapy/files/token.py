"""A name that something made of files gives itself, once: by it they are known again."""

from __future__ import annotations

import secrets
from pathlib import Path

from enrichscrapy.files.durable import create_once


def find_token(path: Path) -> str:
    """The token in ``path``; a new one where there is none, the same for all who ask at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    create_once(path, secrets.token_hex(16).encode())
    return path.read_text("ascii")
