"""Genders: as the database names them, and as pages and files write them."""

from __future__ import annotations

import re
from functools import lru_cache

GENDERS = ("FEMALE", "MALE", "TRANSGENDER_FEMALE", "TRANSGENDER_MALE", "INTERSEX", "NON_BINARY")
_WORDS = {
    "FEMALE": ("female", "woman", "actress", "f"),
    "MALE": ("male", "man", "actor", "m"),
    "TRANSGENDER_FEMALE": ("trans woman", "trans female", "tf"),
    "TRANSGENDER_MALE": ("trans man", "trans male", "tm"),
    "INTERSEX": ("intersex",),
    "NON_BINARY": ("non binary", "nonbinary"),
}
_BY_WORD = {word: gender for gender, words in _WORDS.items() for word in words}


@lru_cache(maxsize=256)  # a file has few of them
def read_gender(text: str) -> str | None:
    """``Transgender Woman``, ``TRANS_FEMALE`` or ``tf`` -> the database's name; None for others."""
    words = re.sub(r"[\s_-]+", " ", text).casefold().strip()
    return _BY_WORD.get(words.replace("transgender ", "trans "))
