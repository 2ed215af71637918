"""Text that came from strangers, made safe to store, log and print."""

from __future__ import annotations

import re
import unicodedata

_ESCAPE_SEQUENCE = re.compile(
    r"""\x1b\[[0-?]*[ -/]*[@-~]      # CSI: colours, cursor, erase
      | \x9b[0-?]*[ -/]*[@-~]        # the same, as one character
      | (?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]).*?(?:\x07|\x1b\\|\x9c|$)  # titles, links, clipboard
      | \x1b.                        # any other two-character sequence
    """,
    re.VERBOSE | re.DOTALL,
)
# Control, format (bidirectional overrides, zero width), surrogate, private use, unassigned.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def one_line(text: str, limit: int = 200) -> str:
    """``text`` without control characters and terminal escapes, on one line, shortened."""
    text = _ESCAPE_SEQUENCE.sub("", text[: 16 * limit])
    kept = (" " if c.isspace() else c for c in text if c.isspace() or _printable(c))
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _printable(character: str) -> bool:
    return unicodedata.category(character) not in _UNPRINTABLE
