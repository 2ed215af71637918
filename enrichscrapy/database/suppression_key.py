"""The key of the suppressions: a file beside the database, and the digests made with it."""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from enrichscrapy.exceptions import SuppressionKeyMissing
from enrichscrapy.files.durable import create_once


def make_key(path: Path) -> None:
    """Write a new key, durably, readable by its owner only; one that is there stays."""
    create_once(path, secrets.token_hex(32).encode() + b"\n")


def read_key(path: Path) -> bytes:
    """The key; ``SuppressionKeyMissing`` when it cannot be read."""
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise SuppressionKeyMissing(
            f"{path} cannot be read ({error.strerror}): without it nobody who was forgotten "
            "could be kept out; put it back from where you keep it, or copy it from a machine that "
            "has it"
        ) from error


class Digester:
    """Keyed digests: without the key they reveal nothing, even to somebody who guesses a name."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def digest(self, kind: str, text: str) -> str:
        """HMAC-SHA256 in hexadecimal."""
        return hmac.digest(self._key, f"{kind}\0{text}".encode(), "sha256").hex()

    @property
    def proof(self) -> str:
        """A digest that identifies the key itself."""
        return self.digest("key", "")
