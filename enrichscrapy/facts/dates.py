"""Dates as pages and databases write them, with the precision they really have."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator

from enrichscrapy.facts.text import cut, strip_notes
from enrichscrapy.items import PartialDate

BIRTH_LABELS = (
    *("born", "born on", "birthday", "birth date", "birthdate", "date of birth", "dob"),
    *("year of birth", "birth year"),
)
"""What pages call a date of birth. A date under any other label is not read as one."""
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\b(?:\s+day)?"
_FULL_YEAR = r"(?P<year>(?:18|19|20)\d\d)(?!\d)"
_WORDS = [
    re.compile(rf"(?<![\w?/.-]){pattern}")
    for pattern in (
        rf"{_MONTH}[\s-]*{_DAY},?[\s-]*(?:of\s+)?{_FULL_YEAR}",
        rf"{_DAY}\.?[\s/-]*(?:of\s+)?{_MONTH},?[\s/-]*(?:of\s+)?{_FULL_YEAR}",
        rf"{_MONTH},?[\s/-]*(?:of\s+)?{_FULL_YEAR}",
        rf"{_FULL_YEAR},?[\s/-]+{_MONTH}(?:[\s/-]+{_DAY})?",
    )
]
_YEAR = re.compile(r"(?<!\d)(?:18|19|20)\d\d(?!\d)")
_YEAR_FIRST = re.compile(
    r"([\d?]{4})[/.-]([\d?]{1,2})(?:[/.-]([\d?]{1,2}))?(?:[t\s]\d\d:\d\d.*)?|(\d{4})(\d\d)(\d\d)"
)
_PLAIN_DAY = re.compile(r"(18[5-9]\d|19\d\d|20\d\d)-(\d\d)-(\d\d)", re.ASCII)
_YEAR_LAST = re.compile(r"([\d?]{1,2})([/.-])([\d?]{1,2})[/.-]([\d?]{4})")
# What leaves a year open: around it, after it, or in another way.
_ABOUT = re.compile(
    r"\b(?:c|ca|circa|cca|about|around|approx\w*|est|estimated|roughly|possibly|probably|likely"
    r"|maybe|perhaps|near)\b|(?<![a-z])c(?=\d{4})|ish\b|[~≈±]|\d{4}\s*\?|\(\s*\?\s*\)"
)
_AFTER = re.compile(
    r"\b(?:after|since|later|from|onwards?|over|at least|or younger|and up)\b"
    r"|\bnot? (?:earlier|before)\b|[>≥]|\d(?:'?s)?\s*\+(?!\d)|\d{4}\s*-\s*$"
)
_VAGUE = re.compile(
    rf"{_ABOUT.pattern}|{_AFTER.pattern}|\b(?:before|until|or)\b|<|\d{{4}}['’]?s\b"
    r"|\d{4}\s*[-–—/]\s*\d"
)
_NEARLY = r"(?:around |about |approx\w*\.? |almost |nearly |under |~ ?)"
_AGE = re.compile(
    rf"\b(?P<about>{_NEARLY})?(?P<years>\d{{1,3}})[\s-]*"
    r"(?:(?:years?|yrs?)\.?[\s-]*(?:old|young|of age)|y/?o)\b"
    rf"|\baged?\b:?\s*(?:of )?(?P<near>{_NEARLY})?(?P<age>\d{{1,3}})\b"
)
_OPEN_YEAR = re.compile(
    r"(?<![\d?])((?:18|19|20)(?:\d[\dx?*]|[?x*]{2}))"
    r"(['’]?s\b|\s*(?:[-/]|\b(?:or|to|and)\b)\s*['’]?\d\d\b)?(?!\d)"
)
_SHORT_DECADE = re.compile(r"(?<!\d)['’]?(\d)0['’]?s\b")
_SHORT_NUMERIC = re.compile(r"(?<![\d/.-])(\d{1,2})[/.-](\d{1,2})[/.-](\d\d)(?![\d/.-])")
_SHORT_YEAR = re.compile(
    r"(\b\d{1,2}(?:st|nd|rd|th)?\W+(?:of\W+|de\W+)?[^\W\d]+\W+(?:de\W+)?"
    rf"|\b{_MONTH}\s*\d{{1,2}}(?:st|nd|rd|th)?[,\s]\s*)['’]?(?P<short>\d\d)$"
)
_APOSTROPHE_YEAR = re.compile(r"['’](\d\d)\b")
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_TIME = re.compile(
    r"(?<=\d)[t\s,]+\d{1,2}[:h]\d{1,2}(?::\d{1,2})?(?:\.\d+)?(?:\s*[ap]\.?m\b\.?)?(?:\s*(?:z|utc|gmt)\b)?"
    r"(?:\s*[+-]\d\d:?\d\d)?|(?<=\d{4})\.0+$"
)
_COMPACT = re.compile(r"(\d{8})(?:t?\d{4,6}(?:\.\d+)?(?:z|[+-]\d\d:?\d\d)?)?")
_WITHIN = re.compile(r"(?<![\d.-])(\d{4})([/.-])(\d{1,2})\2(\d{1,2})(?!\d)")
_UNKNOWN_PART = re.compile(r"(?<!\w)[?x]+(?!\w)")
_UNKNOWN_DIGITS = re.compile(r"(?<!\w)(?=[\d?x*]{4}(?![\w?*]))((?:1[89]|20)\d?)([?x*]+)")
_NUMERIC = re.compile(r"\d{1,4}(?:\s*[-/.,:;_\\⁄。\s年月]\s*\d{1,4}){0,2}\s*[日.]?")
_ABOUT_YEARS = 2
"""Years by which "about 1990" may be too early, and an age too high."""
_AFTER_YEARS = 10
"""Years within which "after 1990" is meant."""
_OLDEST = 120
_FIRST_YEAR, _LAST_YEAR = 1850, 2100
"""Outside these it is a typing error, not a birth year."""


# --- What a text says ----------------------------------------------------------------------------
def parse_date(text: str) -> PartialDate | None:
    """Read ``October 15, 1983``, ``Saturday 15th of October 1983``, ``??/15/1983``, ``1983``.

    Dates with slashes are month first, as IAFD writes them; with dots or hyphens only what can be
    read in one way is. None where the year is unknown, vague or one of several; a part that the
    text does not state, or that is impossible, is left out.
    """
    if (plain := read_plain_day(text)) is not None:
        return plain
    whole = _drop_age(cut(text).casefold())
    text = strip_notes(whole).rstrip(" ;,")
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = map(
            _read_number, match.group(1, 2, 3) if match[1] else match.group(4, 5, 6)
        )
        is_range = match[3] is None and (month or 0) > 12  # 1990-91
        return None if is_range else _make_partial(year, month, day)
    if match := _YEAR_LAST.fullmatch(text):
        return _read_year_last(*match.groups())
    years = set(_YEAR.findall(text))
    if len(years) != 1 or years != set(_YEAR.findall(whole)) or _VAGUE.search(whole):
        return None
    return _read_words(text, int(years.pop()))


def _read_words(text: str, year: int) -> PartialDate:
    """The parts that stand beside the year, unless another number or month leaves them open."""
    for pattern in _WORDS:
        match = pattern.search(text)
        rest = text[: match.start()] + " " + text[match.end() :] if match else ""
        if match and not re.search(rf"\d|\b{_MONTH}", rest):
            month, day = _MONTHS.index(match["month"][:3]) + 1, match.groupdict().get("day")
            return _make_partial(year, month, _read_number(day)) or PartialDate(year)
    return PartialDate(year)


def _read_year_last(first: str, mark: str, second: str, year: str) -> PartialDate | None:
    month, day = _read_number(first), _read_number(second)
    if mark != "/" and month and day and month != day:
        if month > 12 >= day:
            month, day = day, month
        elif day <= 12:
            month = day = None
    return _make_partial(_read_number(year), month, day)


def _read_number(text: str | None) -> int | None:
    return int(text) or None if text and text.isdecimal() else None


def _make_partial(year: int | None, month: int | None, day: int | None) -> PartialDate | None:
    """The most precise date these parts allow."""
    if year is None or not 1800 <= year < _LAST_YEAR:
        return None
    for parts in ((year, month, day), (year, month), (year,)):
        try:
            return PartialDate(*parts)
        except ValueError:
            continue
    return PartialDate(year)


def _drop_age(text: str) -> str:
    """Without any statement of an age: "(age around 53)" leaves no year open."""
    return _AGE.sub(" ", text)


def read_plain_day(text: str) -> PartialDate | None:
    """``1983-10-15``, as nearly all files write it: then nothing is open. None for all else."""
    match = _PLAIN_DAY.fullmatch(text)
    try:
        return PartialDate(*map(int, match.groups())) if match else None
    except ValueError:  # no such day
        return None


def is_plain_day(text: str) -> bool:
    """Whether the text is such a day, without reading it."""
    try:
        return bool(_PLAIN_DAY.fullmatch(text) and dt.date.fromisoformat(text))
    except ValueError:
        return False


# --- All that it can mean -------------------------------------------------------------------------
def is_open_ended(text: str) -> bool:
    """True where a text says no more than that somebody was born later: ``after 2005``."""
    return _AFTER.search(_drop_age(drop_time(text))) is not None


def list_possible_dates(text: str, today: dt.date) -> list[PartialDate]:
    """Every date that somebody's birth can be by this text, ages aside; of open years the latest.

    Numbers are read in all the orders that people write; ``today`` tells which century a year of
    two digits cannot be of.
    """
    text = _drop_age(drop_time(text)).strip()
    whole = _UNKNOWN_DIGITS.sub(lambda year: year[1] + "9" * len(year[2]), text).rstrip(" ?")
    numeric = _UNKNOWN_PART.sub("0", whole)
    if compact := _COMPACT.fullmatch(numeric):
        readings = _read_digits(compact[1])
    elif _NUMERIC.fullmatch(numeric):
        readings = _read_numbers(re.findall(r"\d+", numeric), today)
    else:
        readings = []
    return [date for date in readings if date is not None] or _read_words_of_years(text, today)


def find_latest_birth(text: str | None, today: dt.date) -> PartialDate | None:
    """The latest date of birth that ``text`` can mean, however vague it is; None if it has none.

    ``2011 or 2012`` -> 2012, ``1990s`` -> 1999, ``20??`` -> 2099, ``11/27/08`` -> 2008,
    ``13 years young`` -> 13 years before ``today``. Where an order of day and month is open, the
    later of both. Meant for telling who may be a minor, never for who somebody is.
    """
    if text and (day := read_plain_day(text)):
        return day
    plain = drop_time(text)
    ageless = _drop_age(plain)
    dates, stated = list_possible_dates(text or "", today), parse_date(text or "")
    if stated and all(stated.year > date.year for date in dates):
        dates.append(stated)
    slack = _ABOUT_YEARS if _ABOUT.search(ageless) else 0
    slack = _AFTER_YEARS if _AFTER.search(ageless) else slack
    readings = [  # a year that is not written out is known to the year
        date
        if str(date.year) in plain and not slack
        else PartialDate(min(date.year + slack, dt.MAXYEAR))
        for date in dates
    ]
    return max([*readings, *_list_ages(plain, today)], key=PartialDate.latest, default=None)


def drop_time(text: str | None) -> str:
    """Without widths and a time of day, and with one kind of hyphen."""
    text = unicodedata.normalize("NFKC", cut(text)).translate(_HYPHENS).casefold()
    return _TIME.sub("", text)


def _read_digits(digits: str) -> list[PartialDate | None]:
    """Dates of eight digits, the year first or last; only the year where no order makes a day."""
    orders = [(digits[:4], digits[4:6], digits[6:])]
    orders += [(digits[4:], digits[2:4], digits[:2]), (digits[4:], digits[:2], digits[2:4])]
    orders = [order for order in orders if int(order[0]) < _LAST_YEAR]
    exact = [date for order in orders if (date := _make_exact(*order))]
    return [*exact] or [_make_birth(int(year)) for year, _, _ in orders]


def _read_numbers(parts: list[str], today: dt.date) -> list[PartialDate | None]:
    """Every date that one to three numbers can mean."""
    if len(parts) == 1:
        return [_make_birth(int(parts[0]))] if len(parts[0]) == 4 else []
    if len(parts) == 2:
        return [*_read_two(*parts), *_read_two(*reversed(parts))]
    first, second, third = parts
    orders = [(third, second, first), (third, first, second)]
    if len(first) == 4:
        is_day = len(third) < 3
        return (
            [_make_birth(*map(int, parts))]
            if is_day
            else [_make_birth(int(first)), _make_birth(int(third))]
        )
    if len(third) == 4:
        exact = [_make_exact(*order) for order in orders]
        return exact if any(exact) else [_make_birth(int(third))]
    orders += [(first, second, third)] if int(third) else []  # 00 is a year, no day
    short = [order for order in orders if len(order[0]) == 2]
    if len(third) == 2:
        return [_make_exact(str(_complete_year(int(year), today)), *rest) for year, *rest in short]
    return []


def _read_two(year: str, other: str) -> list[PartialDate | None]:
    """A year and a month, or the first and the last of several years."""
    if len(year) != 4:
        return []
    if len(other) == 2 and int(other) > 12:
        return [_make_birth(int(year)), _make_birth(_read_range_end(int(year), int(other)))]
    return [_make_birth(int(year), int(other) if len(other) < 3 else 0)]


def _read_words_of_years(text: str, today: dt.date) -> list[PartialDate]:
    text = _SHORT_YEAR.sub(
        lambda said: f"{said[1]}{_complete_year(int(said['short']), today)}", text
    )
    within = [tuple(map(int, match.group(1, 3, 4))) for match in _WITHIN.finditer(text)]
    dates = [date for numbers in within if (date := _make_birth(*numbers))]
    exact = None if dates else parse_date(text)
    dates += [exact] if exact and exact.year >= _FIRST_YEAR else []
    known = max((date.year for date in dates), default=0)
    years = _list_last_years(_WITHIN.sub(" ", text), today)
    return [*dates, *(PartialDate(year) for year in set(years) if year > known)]


def _list_last_years(text: str, today: dt.date) -> Iterator[int]:
    """The last year that each year, range, decade or abbreviated year in the text can mean."""
    for digits, more in _OPEN_YEAR.findall(text):
        year = int(re.sub("[x?*]", "9", digits[:3] + "9" if "s" in more else digits))
        yield _read_range_end(year, int(more[-2:])) if more[-1:].isdecimal() else year
    for digit in _SHORT_DECADE.findall(text):
        yield _complete_year(int(digit) * 10, today) + 9
    for first, second, last in _SHORT_NUMERIC.findall(text):
        yield _complete_year(int(last), today)
        if int(second) <= 12 and int(last) <= 31:
            yield _complete_year(int(first), today)
    for short in _APOSTROPHE_YEAR.findall(text):
        yield _complete_year(int(short), today)


def _read_range_end(year: int, short: int) -> int:
    """``1999-00`` -> 2000; the number of a month may end no range."""
    last = year - year % 100 + short
    return max(year, last) if 0 < short <= 12 or last >= year else last + 100


def _complete_year(short: int, today: dt.date) -> int:
    """The latest year with this ending that has begun."""
    return today.year - (today.year - short) % 100


def _make_exact(year: str, month: str, day: str) -> PartialDate | None:
    """The date of these numbers, if there is such a day (0: not known)."""
    date = _make_birth(int(year), int(month), int(day))
    numbers = (int(month), int(day))
    return date if date and (date.month or 0, date.day or 0) == numbers else None


def _make_birth(year: int, month: int = 0, day: int = 0) -> PartialDate | None:
    if not _FIRST_YEAR <= year <= dt.MAXYEAR:
        return None
    return _make_partial(year, month or None, day or None) or PartialDate(year)


def _list_ages(text: str, today: dt.date) -> Iterator[PartialDate]:
    """The latest day on which somebody of each stated age can have been born."""
    for match in _AGE.finditer(text):
        age = int(match["years"] or match["age"])
        age -= _ABOUT_YEARS if match["about"] or match["near"] else 0
        if age <= _OLDEST:
            born = _make_partial(today.year - age, today.month, today.day)
            yield born or PartialDate(today.year)
