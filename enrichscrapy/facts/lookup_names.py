"""The forms of a name under which a site may list it."""

from __future__ import annotations

import re
import unicodedata

from enrichscrapy.facts.names import (
    APOSTROPHES,
    CAMEL,
    HYPHENS,
    NUMBERS,
    split_number,
    strip_ornaments,
)
from enrichscrapy.facts.spelling import transliterate
from enrichscrapy.facts.text import MAX_NAME, cut, fold, strip_notes

_STRAIGHT = str.maketrans(
    {
        **dict.fromkeys(APOSTROPHES, "'"),
        **dict.fromkeys(HYPHENS, "-"),
        **dict.fromkeys('"“”„«»_*|•·/\\;:', " "),
    }
)
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_NAMESAKE = re.compile(r"[(\[](?:#?(\d\d?)|([ivIV]+))[)\]]\s*$")
_TITLE = re.compile(
    r"(?:mr|mrs|ms|miss|dr|prof|sir|lady|madame?|mistress)\b\.?\s+(?=\S+\s)", re.IGNORECASE
)
_NICKNAME = re.compile(r"(?<=\w)\s+[\"“„«'‘][^\"“”„«»]{2,}?[\"”“»'’]\s+(?=\w)")
_ALSO = re.compile(r"\s+(?:a\.?k\.?a\b\.?:?|/)\s+", re.IGNORECASE)
_SUFFIXES = {"jr", "sr", "junior", "senior", "ii", "iii", "iv", "v"}


def clean_name(name: str) -> str:
    """A name as a site's addresses and searches write it; empty where no part of it is a name.

    What a comparison ignores is removed: format characters, emoji, quotes, notes in brackets.
    Accents are composed, apostrophes and hyphens straight, and ``Last, First`` becomes ``First
    Last``.
    """
    text = _VARIATION.sub("", cut(name, MAX_NAME)).translate(_STRAIGHT)
    text = unicodedata.normalize("NFKC", strip_ornaments(text)).translate(_STRAIGHT)
    text = unicodedata.normalize("NFC", strip_ornaments(text))
    name = _put_first_name_first(strip_notes(text) or re.sub(r"[()\[\]]", " ", text)).strip(" -'@#")
    number = _NAMESAKE.search(text) if strip_notes(text) else None
    if number:
        name += f" {number[1] or NUMBERS.get(number[2].casefold(), '')}"
    return fold(name) if any(map(str.isalnum, name)) else ""


def _put_first_name_first(name: str) -> str:
    """``Davis, Sammy, Jr.`` -> ``Sammy Davis Jr.``"""
    last, *more = [part.strip() for part in name.split(",")]
    suffixes = [part for part in more if part.rstrip(".").casefold() in _SUFFIXES]
    return " ".join([*(part for part in more if part not in suffixes), last, *suffixes])


def list_lookup_names(name: str) -> tuple[str, ...]:
    """The forms under which a site may list this name, likeliest first; none if it is no name.

    As it is written; ``TessaQuillmark`` with a space; ``Miss Tessa Lund`` without the title;
    ``Tessa "Tess" Lund`` without what is quoted; ``Tessa aka Mia`` as either;
    ``Tessa (II)`` as the second of her name, then as the first; in Latin letters.
    """
    clean = clean_name(name)
    forms = [clean, CAMEL.sub(" ", clean), _TITLE.sub("", clean, count=1)]
    forms += [clean_name(_NICKNAME.sub(" ", part)) for part in _ALSO.split(name[: 4 * MAX_NAME])]
    if _NAMESAKE.search(name):
        forms.append(split_number(clean)[0])
    if not clean.isascii() and (latin := transliterate(clean)).isascii():
        forms.append(latin.title())
    return tuple(dict.fromkeys(form for form in forms if form))
