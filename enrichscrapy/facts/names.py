"""People's names, made comparable: Unicode-folded words, without losing what tells two apart."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from enrichscrapy.facts.text import MAX_NAME, cut, fold, without_notes

# Letters that decompose into nothing simpler, as people type them without the right keyboard.
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_APOSTROPHES, _HYPHENS = "'’‘ʼʻ`´′", "‐‑‒–—−-"  # as people type them
_JOINTS = re.compile(f"[{_APOSTROPHES}{_HYPHENS}]")
_NUMBER = re.compile(
    r"(?P<base>.*\w.*?)[\s_]*(?:[\s_]#?(?P<plain>[1-9]\d?)|\((?P<roman>[ivIV]+|\d\d?)\))"
)
# In this order: each works on what the ones before it left.
_SPELLINGS = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"ph", "f"),
        (r"x", "ks"),
        (r"ck|q|c(?![eiyh])", "k"),
        (r"w", "v"),
        (r"[yj]", "i"),
        (r"(?<=[^cs])h", ""),  # but for "ch", "sh" and a word's first letter
        (r"(.)\1+", r"\1"),
    )
)
# No site lists a name with these: controls, format characters, emoji and what colours them.
_NO_NAME = {"Cc", "Cf", "Cn", "Co", "Cs", "Me", "So", "Sk", "Zl", "Zp"}
_PARTING = {"Cc", "So", "Zl", "Zp"}
_STRAIGHT = str.maketrans(
    {
        **dict.fromkeys(_APOSTROPHES, "'"),
        **dict.fromkeys(_HYPHENS, "-"),
        **dict.fromkeys('"“”„«»_*|•·/\\;:', " "),
    }
)
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_NAMESAKE = re.compile(r"[(\[](?:#?(\d\d?)|([ivIV]+))[)\]]\s*$")
_TITLE = re.compile(
    r"(?:mr|mrs|ms|miss|dr|prof|sir|lady|madame?|mistress)\b\.?\s+(?=\S+\s)", re.IGNORECASE
)
_SUFFIXES = {"jr", "sr", "junior", "senior", "ii", "iii", "iv", "v"}
# "TessaQuillmark", but neither "McKenna" nor "DeAnna".
_CAMEL = re.compile("(?<=[a-zß-öø-ÿ]{2})(?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{2})")
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8}


def fold_letters(text: str) -> str:
    """Case-folded, width-folded, Latin accents dropped: ``Zoë Łuczak`` -> ``zoe luczak``.

    Format characters, which nobody sees, go as well.

    Marks of other scripts stay: there they make another letter (``が`` is not ``か``).
    """
    if text.isascii():
        return text.casefold()
    folded: list[str] = []
    mark_makes_a_letter = False
    for char in unicodedata.normalize("NFKD", text).casefold():
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


def clean_name(name: str) -> str:
    """A name as a site's addresses and searches have it; empty where nothing of it is a name.

    What comparing ignores goes: format characters, emoji, quotes, notes in brackets. Accents are
    composed, apostrophes and hyphens straight, and ``Last, First`` is turned round.
    """
    text = _VARIATION.sub("", cut(name, MAX_NAME)).translate(_STRAIGHT)
    text = unicodedata.normalize("NFKC", _without_ornaments(text)).translate(_STRAIGHT)
    text = unicodedata.normalize("NFC", _without_ornaments(text))
    name = _first_name_first(without_notes(text) or re.sub(r"[()\[\]]", " ", text)).strip(" -'")
    number = _NAMESAKE.search(text) if without_notes(text) else None
    if number:
        name += f" {number[1] or _ROMAN.get(number[2].casefold(), '')}"
    return fold(name) if any(map(str.isalnum, name)) else ""


def _without_ornaments(text: str) -> str:
    """Symbols part words, as white space does; what is invisible does not."""
    marks = {c: unicodedata.category(c) for c in set(text)}
    kept = (c if marks[c] not in _NO_NAME else " " if marks[c] in _PARTING else "" for c in text)
    return "".join(kept)


def _first_name_first(name: str) -> str:
    """``Davis, Sammy, Jr.`` -> ``Sammy Davis Jr.``"""
    last, *more = [part.strip() for part in name.split(",")]
    suffixes = [part for part in more if part.rstrip(".").casefold() in _SUFFIXES]
    return " ".join([*(part for part in more if part not in suffixes), last, *suffixes])


def lookup_names(name: str) -> tuple[str, ...]:
    """The forms under which a site may list this name, likeliest first; none if it is no name.

    As it is written; ``TessaQuillmark`` with a space; ``Miss Tessa Lund`` without the title;
    ``Tessa (II)`` as the second of her name, then as the first.
    """
    clean = clean_name(name)
    forms = [clean, _CAMEL.sub(" ", clean), _TITLE.sub("", clean, count=1)]
    if _NAMESAKE.search(name):
        forms.append(split_number(clean)[0])
    return tuple(dict.fromkeys(form for form in forms if form))


def split_number(name: str) -> tuple[str, int | None]:
    """A site's own mark on namesakes: ``Anna_2``, ``Anna (II)`` -> (``Anna``, 2)."""
    name = cut(name)
    match = _NUMBER.fullmatch(name.strip())
    if match is None:
        return name, None
    digits = match["plain"] or match["roman"]
    number = int(digits) if digits.isdecimal() else _ROMAN.get(digits.casefold())
    return (match["base"].strip(" _"), number) if number else (name, None)


def name_words(name: str, joiner: str = " ") -> tuple[str, ...]:
    """The folded words of a name, in its order.

    ``joiner`` stands for what a hyphen or an apostrophe is read as: nothing or a space. Initials
    are one word however they are written (``A.J.``, ``A. J.``, ``AJ``).
    """
    text = fold_letters(_JOINTS.sub(joiner, cut(name)))
    # A dot ends an abbreviation; letters on both sides of it are initials.
    words = re.findall(r"[^\W_]+", re.sub(r"(?<=\b\w)\.(?=\w\b)", "", text))
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


def name_key(name: str) -> str:
    """A Unicode-folded, order-free key: ``Müller, Anna-Lena`` -> ``anna lena muller``.

    Empty for a name without letters or digits; two empty keys are no match.
    """
    return " ".join(sorted(name_words(name)))


@lru_cache(maxsize=4096)
def name_keys(name: str) -> frozenset[str]:
    """Every key the name may be written under: hyphens and apostrophes read as a space or not.

    ``TessaLund`` is read as two words as well.
    """
    plain = _without_ornaments(name)
    forms = {plain, _CAMEL.sub(" ", plain)}
    readings = (name_words(form, joiner) for form in forms for joiner in (" ", ""))
    return frozenset(" ".join(sorted(words)) for words in readings if words)


@lru_cache(maxsize=4096)
def spelling_key(name: str) -> str:
    """One key for the ways a name is spelt in Latin letters: ``Ksenia``, ``Xeniya``.

    Coarse, and so only a reason to look closer: never enough to call two people one.
    """
    words = (_respell(word) for word in name_words(name, joiner=""))
    return " ".join(sorted(words))


def _respell(word: str) -> str:
    for pattern, replacement in _SPELLINGS:
        word = pattern.sub(replacement, word)
    return word
