"""One name spelt in several ways: other alphabets, umlauts, and what sounds alike in a language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from anyascii import anyascii

from enrichscrapy.facts.names import is_latin, split_name, split_number, strip_name

_MAX_ORDERS = 8
# Letters of one sound that a letter-by-letter reading gets wrong.
_DIGRAPHS = {"ου": "ou", "ού": "ou", "ё": "yo", "ђ": "đ", "č": "ch", "š": "sh", "ž": "zh"}
# Scripts whose letters are sounds, vowels too; by the first word of a character's Unicode name.
_SPELT_OUT = {"CYRILLIC", "GREEK", "HIRAGANA", "KATAKANA", "HANGUL", "GEORGIAN", "ARMENIAN"}
_SPELT_OUT |= {"LATIN", "DIGIT", "FULLWIDTH", "HALFWIDTH", "KATAKANA-HIRAGANA"}
Rules = tuple[tuple[re.Pattern[str], str], ...]


def _compile_rules(*rules: tuple[str, str]) -> Rules:
    return tuple((re.compile(pattern), replacement) for pattern, replacement in rules)


# The order matters: each works on the result of the ones before it.
_SURNAMES = _compile_rules(
    (r"\b(?:saint|sainte|ste)\b", "st"),
    (r"\bmac(?=\s?[a-z]{4})", "mc"),
    (r"\b(al|el|ben|bin|ibn|abd|abu|bou)\s(?=[a-z]{3})", r"\1"),
)
# "Satou", "Satoh"; "Tsukiko", "Tukiko"; "Shoji", "Syouzi"
_JAPANESE = _compile_rules(
    (r"\bye", "e"),
    (r"tsu", "tu"),
    (r"sh(?=i)", "s"),
    (r"sh", "sy"),
    (r"ch(?=i)", "t"),
    (r"ch", "ty"),
    (r"dz(?=u)", "z"),
    (r"j(?=i)", "z"),
    (r"jy?|zh", "zy"),
    (r"fu", "hu"),
    (r"m(?=[bmp])", "n"),
    (r"(?<=o)u", ""),
)
# "Lee", "Yi"; "Park", "Bak"; "Hyeon", "Hyun"; "Yoon", "Yun"
_KOREAN = _compile_rules(
    (r"\b(?:lee|rhee|yi|ri)\b", "i"),
    (r"\b(?:bak|pak)\b", "park"),
    (r"\bgim(?=\b|[a-z]{3})", "kim"),
    (r"choe", "choi"),
    (r"\bchung\b", "jung"),
    (r"eo|oo|eu", "u"),
    (r"ee", "i"),
)
# "Yekaterina", "Jekaterina"; "Alyona", "Alena"; "Müller", "Mueller"; "Szabó", "Sabo"
_EUROPEAN = _compile_rules(
    (r"\b[yj]e|(?<=[aeiouy])[yj]e", "e"),
    (r"(?<=[b-df-hk-np-tv-xz])[yj]o|(?<=l)io", "e"),
    (r"(?<=[aou])e(?=[^aeiouy\s])", ""),
    (r"shch|sch|sh|sz", "s"),
    (r"ch(?=r|ael)", "k"),
    (r"tch|ch|cz", "çh"),  # kept from becoming a "k"
    (r"zh", "z"),
    (r"t[sz]", "c"),
    (r"(?<=[a-z])z", "s"),
    (r"kh", "h"),
    (r"(?<=[a-z]{2})(?:ie|e[eijy]|eigh)\b", "i"),  # but Rei is not Rie
    (r"elle\b", "el"),
)
# "Olha Zahirska", "Olga Zagirskaya"; "Yuliia", "Julija"
_UKRAINIAN = _compile_rules(
    (r"kh|g", "h"),
    (r"sk(?:aya|aia|aja)\b", "ska"),
    (r"\b(?:yu|iu|ju)", "yu"),
    (r"ie(?=va?\b)", "e"),
    (r"(?:iy|yi|yj|ij|ii|[iyj])a\b", "ia"),
    (r"y(?![aeiou])", "i"),
)
_EASTERN_SLAVIC = r"(?:enko|[bcdghjklprstvz]ko|uk|ska(?:ya|ia|ja)?|[oe]va?|(?:vy|vi|ny|ry)ch|ets)\b"
# "Mparouli", "Barouli"; "Foteini", "Fotini"; "Xanthou", "Ksanthou"; "Chatzi", "Hadji"
_GREEK = _compile_rules(
    (r"\bmp", "b"),
    (r"\bnt", "d"),
    (r"\bgk", "g"),
    (r"[eo]i|y", "i"),
    (r"([ae])[uf](?=[aeionlmrg])", r"\1v"),
    (r"[ck]h", "h"),
    (r"tz|dj", "c"),
)
_GREEK_NAME = r"\b(?:chatz|hatz|hadj|papa)|(?:ou|oulia?s?|ak(?:is?|o[su])|[ai]d(?:is|ou)|iotis)\b"
# "Khadija", "Khadidja"; "Zohraoui", "Zohrawi"; "Yasmine", "Yasmin"
_ARABIC = _compile_rules(
    (r"dj", "j"),
    (r"ou(?=[aei])", "w"),
    (r"ou|oo", "u"),
    (r"ee", "i"),
    (r"kh|gh", "h"),
    (r"(?<=[b-df-hj-np-tv-z])e\b", ""),
)
# The given name in one word or by syllables, its first sound kept: "Choi Eun-kyung", "Choe
# Eungyeong"; "Ji-won", "Chiwon"
_SYLLABLE = r"(?:[bcdghjklmnpqrstwxyz]{0,2}[aeiouwy]{1,3}(?:ng|[nmklprt])?)"
_KOREAN_FAMILY = (
    "kim|gim|lee|rhee|yi|i|ri|park|pak|bak|choi|choe|jung|jeong|chung|kang|gang|cho|jo|yoon|yun|"
    "jang|chang|lim|im|han|shin|sin|seo|suh|kwon|gwon|hwang|ahn|an|song|hong|ryu|yoo|yu|moon|mun|"
    "bae|pae|baek|paek|noh|no|nam"
)
_MC_CUNE = _compile_rules(
    (r"\b(?:pak|bak|park)\b", "bark"),
    (r"\b(?:lee|rhee|yi|ri)\b", "i"),
    (r"\b(?:choe)\b", "choi"),
    (r"\bg(?=(?:im|ang|won)\b)", "k"),
    (rf"^({_KOREAN_FAMILY}|bark)\s|\s({_KOREAN_FAMILY}|bark)$", r"\1|\2"),
    (r"\s", ""),
    (r"ch", "j"),
    (r"(?<=[a-z])k", "g"),
    (r"(?<=[a-z])t", "d"),
    (r"(?<=[a-z])p", "b"),
    (r"eo|oo|eu", "u"),
    (r"ee", "i"),
)
# "Zhang Xiaoyun", "Chang Hsiao-yun"; "Cai Meiqi", "Tsai Mei-chi"
_CHINESE_FAMILY = (
    "zhang|chang|wang|li|liu|chen|yang|huang|zhao|chao|wu|zhou|chou|xu|hsu|sun|ma|zhu|chu|hu|lin|"
    "luo|zheng|cheng|liang|xie|hsieh|song|sung|tang|feng|cao|tsao|peng|zeng|tseng|xiao|hsiao|pan|"
    "cai|tsai|jiang|chiang|yu|ye|yeh|su|wei|lu|shen|yao|cui|tsui|zhong|chung|qiu|chiu|xia|hsia"
)
_WADE_GILES = _compile_rules(
    (r"\s", ""),
    (r"zh|ch|j|q", "j"),
    (r"[zc]i(?![aeiou])|tzu", "tsu"),
    (r"c|tz|ts|z", "ts"),
    (r"hs|x", "s"),
    (r"ong", "ung"),
    (r"ian", "ien"),
    (r"eh", "e"),
    (r"y(?=[ie])", ""),
)
_SOUNDS = _compile_rules(
    (r"ph", "f"),
    (r"(?<=[^cç\s])h", ""),  # but for "ch" and a word's first letter
    (r"\s", ""),
    (r"x", "ks"),
    (r"ck|q|c(?![eiyh])", "k"),
    (r"w", "v"),
    (r"j(?=i)", "z"),  # Hye-jin is not Hye-in
    (r"[yj]", "i"),
    (r"(.)\1+", r"\1"),
)


@lru_cache(maxsize=8192)
def make_name_keys(name: str) -> frozenset[str]:
    """Keys of a name: two ways to write one name have at least one in common.

    Ignored are case, accents, notes in brackets, spaces and hyphens, the order of the words, how
    another alphabet or an umlaut is put into Latin letters (``Ёлка``, ``Yolka``; ``Müller``,
    ``Mueller``; ``Satō``, ``Satou``), Mc and Mac, Saint and St. A number stays (``Anna (II)``,
    ``Anna 2``), and nicknames are other names. Coarse: a reason to look closer, never enough to
    call two people one. Empty for a name without letters or digits.
    """
    words, mark = _split_latin_words(name)
    turned = (words[i:] + words[:i] for i in range(min(len(words), _MAX_ORDERS)))
    return frozenset(_spell({*turned, tuple(sorted(words))}, mark))


@lru_cache(maxsize=8192)
def make_spelling_keys(name: str) -> frozenset[str]:
    """As :func:`make_name_keys`, of the words in their order."""
    words, mark = _split_latin_words(name)
    return frozenset(_spell({words}, mark)) | _drop_spaces(name)


def _drop_spaces(name: str) -> set[str]:
    """A name of a script that is written with spaces or without them."""
    if name.isascii() or not any("\u3040" <= char <= "\ud7af" for char in name):
        return set()
    base, number = split_number(name)
    return {"".join(split_name(strip_name(base), "")) + (f" {number}" if number else "")}


def _split_latin_words(name: str) -> tuple[tuple[str, ...], str]:
    base, number = split_number(name)
    if number is None:
        base, number = split_number(strip_name(base))
    return split_name(transliterate(strip_name(base))), f" {number}" if number else ""


def _spell(orders: Iterable[tuple[str, ...]], mark: str) -> Iterator[str]:
    for name in map(" ".join, filter(None, orders)):
        for names, rules in _SYSTEMS:
            if names.search(name):
                yield _respell(name, rules) + mark


def transliterate(name: str) -> str:
    """The name in Latin letters where its script writes sounds; other letters stay."""
    if name.isascii():
        return name
    name = unicodedata.normalize("NFC", name).casefold()
    for letters, sound in _DIGRAPHS.items():
        name = name.replace(letters, sound)
    return "".join(anyascii(c) if _is_spelt_out(c) else c for c in name)


@lru_cache(maxsize=4096)
def _is_spelt_out(char: str) -> bool:
    simple = unicodedata.normalize("NFKD", char)[0]
    script = unicodedata.name(simple, "").split(" ")[0]
    return script in _SPELT_OUT and not is_latin(simple)


def _make_family_pattern(names: str) -> str:
    """A whole name: one of these family names, first or last, and one to three syllables."""
    given = rf"{_SYLLABLE}(?:\s?{_SYLLABLE}){{0,2}}"
    return rf"^(?:(?:{names})\s{given}|{given}\s(?:{names}))$"


# Each with the names it is for: what is one sound in one language is two in another.
_SYSTEMS = tuple(
    (re.compile(names), _SURNAMES + rules + _SOUNDS)
    for names, rules in (
        ("", _EUROPEAN),
        ("", _JAPANESE),
        ("", _KOREAN),
        ("", _ARABIC),
        (_EASTERN_SLAVIC, _UKRAINIAN + _EUROPEAN),
        (_GREEK_NAME, _GREEK),
        (_make_family_pattern(_KOREAN_FAMILY), _MC_CUNE),
        (_make_family_pattern(_CHINESE_FAMILY), _WADE_GILES),
    )
)


def _respell(name: str, system: Rules) -> str:
    for pattern, replacement in system:
        name = pattern.sub(replacement, name)
    return name
