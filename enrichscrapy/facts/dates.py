"""Dates as pages and databases write them, with the precision they really have."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from enrichscrapy.facts.text import cut, without_notes
from enrichscrapy.items import PartialDate

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
_YEAR_LAST = re.compile(r"([\d?]{1,2})([/.-])([\d?]{1,2})[/.-]([\d?]{4})")
# What leaves a year open: around it, after it, or in another way.
_ABOUT = re.compile(
    r"\b(?:c|ca|circa|cca|about|around|approx\w*|est|estimated|roughly|possibly|probably|likely"
    r"|maybe|perhaps|near)\b|(?<![a-z])c(?=\d{4})|ish\b|[~≈±]|\d{4}\s*\?|\(\s*\?\s*\)"
)
_AFTER = re.compile(r"\b(?:after|since|later|from|over|at least|no earlier)\b|>|\d\s*\+")
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
    r"(?<![\d?])((?:18|19|20)(?:\d[\dx?]|\?\?|xx)|^[2-9]\d{3})(['’]?s\b|\s*[-–—/]\s*\d\d\b)?(?!\d)"
)
_SHORT_DECADE = re.compile(r"(?<!\d)['’]?(\d)0['’]?s\b")
_SHORT_NUMERIC = re.compile(r"(?<![\d/.-])(\d{1,2})[/.-](\d{1,2})[/.-](\d\d)(?![\d/.-])")
_SHORT_YEAR = re.compile(
    rf"['’](\d\d)\b|\b\d{{1,2}}(?:st|nd|rd|th)?\W+(?:of\W+)?{_MONTH}\W+(?P<last>\d\d)$"
)
_ABOUT_YEARS = 2
"""Years by which "about 1990" may be too early, and an age too high."""
_AFTER_YEARS = 10
"""Years within which "after 1990" is meant."""
_OLDEST = 120


# --- What a text says ----------------------------------------------------------------------------
def parse_date(text: str) -> PartialDate | None:
    """Read ``October 15, 1983``, ``Saturday 15th of October 1983``, ``??/15/1983``, ``1983``.

    Dates with slashes are month first, as IAFD writes them; with dots or hyphens only what can be
    read in one way is. None where the year is unknown, vague or one of several; a part that the
    text does not state, or that is impossible, is left out.
    """
    whole = _ageless(cut(text).casefold())
    text = without_notes(whole).rstrip(" ;,")
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = map(_number, match.group(1, 2, 3) if match[1] else match.group(4, 5, 6))
        is_range = match[3] is None and (month or 0) > 12  # 1990-91
        return None if is_range else _partial(year, month, day)
    if match := _YEAR_LAST.fullmatch(text):
        return _year_last(*match.groups())
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
            return _partial(year, month, _number(day)) or PartialDate(year)
    return PartialDate(year)


def _year_last(first: str, mark: str, second: str, year: str) -> PartialDate | None:
    month, day = _number(first), _number(second)
    if mark != "/" and month and day and month != day:
        if month > 12 >= day:
            month, day = day, month
        elif day <= 12:
            month = day = None
    return _partial(_number(year), month, day)


def _number(text: str | None) -> int | None:
    return int(text) or None if text and text.isdecimal() else None


def _partial(year: int | None, month: int | None, day: int | None) -> PartialDate | None:
    """The most precise date these parts allow."""
    if year is None or not 1800 <= year < 2100:
        return None
    for parts in ((year, month, day), (year, month), (year,)):
        try:
            return PartialDate(*parts)
        except ValueError:
            continue
    return PartialDate(year)


def _ageless(text: str) -> str:
    """Without what is said of an age: "(age around 53)" leaves no year open."""
    return _AGE.sub(" ", text)


# --- The youngest it can mean --------------------------------------------------------------------
def latest_birth(text: str | None, today: dt.date) -> PartialDate | None:
    """The latest date of birth that ``text`` can mean, however vague it is; None if it has none.

    ``2011 or 2012`` -> 2012, ``1990s`` -> 1999, ``20??`` -> 2099, ``11/27/08`` -> 2008,
    ``13 years young`` -> 13 years before ``today``. Where an order of day and month is open, the
    later of both. Meant for telling who may be a minor, never for who somebody is.
    """
    said = cut(text).casefold()
    exact = parse_date(said)
    readings = _both_orders(said) or ([exact] if exact else _open_readings(said, today))
    return max([*readings, *_ages(said, today)], key=PartialDate.latest, default=None)


def _both_orders(text: str) -> list[PartialDate]:
    """A numeric date read month first and day first."""
    readings: list[PartialDate] = []
    if match := _YEAR_LAST.fullmatch(without_notes(text)):
        year, first, second = (_number(match[part]) for part in (4, 1, 3))
        for month, day in ((first, second), (second, first)):
            reading = _partial(year, month, day)
            readings += [reading] if reading and reading.day else []
    return readings


def _open_readings(text: str, today: dt.date) -> list[PartialDate]:
    ageless = _ageless(text)
    slack = _ABOUT_YEARS if _ABOUT.search(ageless) else 0
    slack = _AFTER_YEARS if _AFTER.search(ageless) else slack
    return [PartialDate(min(year + slack, dt.MAXYEAR)) for year in _last_years(ageless, today)]


def _last_years(text: str, today: dt.date) -> Iterator[int]:
    """The last year that each year, range, decade or abbreviated year in the text can mean."""
    for year, more in _OPEN_YEAR.findall(text):
        if "s" in more:
            year = year[:3] + "9"
        yield int(re.sub("[x?]", "9", year[:2] + more[-2:] if more[-1:].isdecimal() else year))
    for digit in _SHORT_DECADE.findall(text):
        yield _full_year(int(digit) * 10, today) + 9
    for first, second, last in _SHORT_NUMERIC.findall(text):
        yield _full_year(int(last), today)
        if int(second) <= 12 and int(last) <= 31:
            yield _full_year(int(first), today)
    for match in _SHORT_YEAR.finditer(text):
        yield _full_year(int(match[1] or match["last"]), today)


def _full_year(short: int, today: dt.date) -> int:
    """The latest year that ends so and has begun."""
    return today.year - (today.year - short) % 100


def _ages(text: str, today: dt.date) -> Iterator[PartialDate]:
    """The latest day on which somebody of each stated age can have been born."""
    for match in _AGE.finditer(text):
        age = int(match["years"] or match["age"])
        age -= _ABOUT_YEARS if match["about"] or match["near"] else 0
        if age <= _OLDEST:
            born = _partial(today.year - age, today.month, today.day)
            yield born or PartialDate(today.year)
