"""People's names, made comparable: Unicode-folded words, without losing what tells two apart.

:func:`make_written_keys` finds the same name however it is typed; ``facts/spelling.py`` the same
name, perhaps spelt, spaced or transliterated otherwise.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from enrichscrapy.facts.text import cut, strip_notes

# Letters that decompose into nothing simpler, as people type them without the right keyboard.
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
APOSTROPHES, HYPHENS = "'’‘ʼʻ`´′", "‐‑‒–—−-"  # as people type them
_JOINTS = re.compile(f"[{APOSTROPHES}{HYPHENS}]")
_WORD = re.compile(r"[^\W_]+")
# A dot ends an abbreviation; letters on both sides of it are initials.
_WITHIN_INITIALS = re.compile(r"(?<=\b\w)\.(?=\w\b)")
_NUMBER = re.compile(
    r"(?P<base>.*\w.*?)[\s_]*(?:[\s_]#?(?P<plain>[1-9]\d?)|[(\[](?P<marked>[ivIV]+|\d\d?)[)\]]"
    r"|[\s_,](?P<roman>I{2,3}|IV)|,?\s(?P<suffix>(?:[jJ](?:un)?io?r|JR|Jr|jr|[sS]enior|SR|Sr|sr))\.?)"
)
_ENDS_MARKED = re.compile(r"(?:[\d)\].]|\b(?:I+V?|[js]r|junior|senior))$", re.IGNORECASE)
_NOTES = re.compile(r"[\[(,]|^(?:as|aka|a\.k\.a|credited)\b", re.IGNORECASE)
_CREDITED = re.compile(r"(?:(?:credited\s+)?as|a\.?k\.?a\.?):?\s+(?=\S)", re.IGNORECASE)
NUMBERS = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8}
NUMBERS |= {"jr": 2, "junior": 2, "sr": 1, "senior": 1}
# No site lists a name with these: controls, format characters, emoji and what colours them.
_NO_NAME = {"Cc", "Cf", "Cn", "Co", "Cs", "Me", "So", "Sk", "Zl", "Zp"}
_PARTING = {"Cc", "So", "Zl", "Zp"}
# "TessaQuillmark", but neither "McKenna" nor "DeAnna".
CAMEL = re.compile("(?<=[a-zß-öø-ÿ]{2})(?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{2})")


def fold_letters(text: str) -> str:
    """Case-folded, width-folded, Latin accents dropped: ``Zoë Łuczak`` -> ``zoe luczak``.

    Marks of other scripts stay: there they make another letter (``が`` is not ``か``). Format
    characters, which nobody sees, are dropped.
    """
    if text.isascii():
        return text.casefold()
    folded: list[str] = []
    mark_makes_a_letter = False
    for char in unicodedata.normalize("NFKD", text).casefold():
        if unicodedata.category(char) == "Cf":
            continue
        if unicodedata.combining(char):
            if not mark_makes_a_letter:
                continue
        else:
            if unicodedata.category(char) == "Cf":
                continue
            mark_makes_a_letter = char.isalpha() and not is_latin(char)
        folded.append(char)
    return unicodedata.normalize("NFKC", "".join(folded).translate(_LETTERS))


def is_latin(char: str) -> bool:
    return unicodedata.name(char, "").startswith("LATIN")


def strip_name(name: str) -> str:
    """The name itself, in its order: ``as Bo, Anna [site]`` -> ``Anna Bo``."""
    if not _NOTES.search(name):
        return name
    bare = _CREDITED.sub("", strip_notes(name), count=1).strip(" ,")
    last, comma, first = bare.partition(",")
    return (f"{first.strip()} {last}" if comma and "," not in first else bare) or name


def strip_ornaments(text: str) -> str:
    """Symbols separate words, as white space does; invisible characters do not."""
    marks = {c: unicodedata.category(c) for c in set(text)}
    kept = (c if marks[c] not in _NO_NAME else " " if marks[c] in _PARTING else "" for c in text)
    return "".join(kept)


@lru_cache(maxsize=8192)
def split_number(name: str) -> tuple[str, int | None]:
    """A mark on namesakes: ``Anna_2``, ``Anna (II)``, ``Anna II``, ``Anna Bo Jr.`` -> 2.

    Returns the name without it and the number; the first of a name counts as unnumbered.
    """
    name = cut(name)
    match = _NUMBER.fullmatch(name) if _ENDS_MARKED.search(name) else None
    if match is None:
        return name, None
    mark = match["plain"] or match["marked"] or match["roman"] or match["suffix"]
    number = int(mark) if mark.isdecimal() else NUMBERS.get(mark.casefold())
    if not number:
        return name, None
    return match["base"].strip(" _,"), number if number > 1 else None


def split_name(name: str, joiner: str = " ") -> tuple[str, ...]:
    """The folded words of a name, in its order.

    ``joiner`` stands for what a hyphen or an apostrophe is read as: nothing or a space. Initials
    are one word however they are written (``A.J.``, ``A. J.``, ``AJ``).
    """
    text = fold_letters(_JOINTS.sub(joiner, cut(name)))
    words = _WORD.findall(_WITHIN_INITIALS.sub("", text))
    joined: list[str] = []
    previous_is_initial = False
    for word in words:
        initial = len(word) == 1 and word.isascii() and word.isalpha()
        if initial and previous_is_initial:
            joined[-1] += word
        else:
            joined.append(word)
        previous_is_initial = initial
    return tuple(joined)


def make_name_key(name: str) -> str:
    """A Unicode-folded, order-free key: ``Müller, Anna-Lena`` -> ``anna lena muller``.

    Empty for a name without letters or digits; two empty keys are no match.
    """
    return " ".join(sorted(split_name(name)))


@lru_cache(maxsize=8192)
def make_written_keys(name: str) -> frozenset[str]:
    """Every key the name may be written under: hyphens and apostrophes read as a space or not.

    ``TessaLund`` is read as two words as well.
    """
    plain = strip_ornaments(name)
    forms = {plain, CAMEL.sub(" ", plain)}
    readings = (split_name(form, joiner) for form in forms for joiner in (" ", ""))
    return frozenset(" ".join(sorted(words)) for words in readings if words)
