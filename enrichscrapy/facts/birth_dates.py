"""Birth dates as files and databases write them: read as far as they go, never as an older one.

Where a text can mean several days, what they have in common is kept (``02/03/2012`` is 2012);
where it can mean several years, the youngest.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator

from enrichscrapy.facts.dates import parse_date
from enrichscrapy.facts.text import fold
from enrichscrapy.items import PartialDate

OLDEST = 1850
"""A year before it is a slip of the pen, not a birth year."""

_ISO = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_NOTHING = re.compile(
    r"[0\W_]*|(?:n/?a[nt]?|null|none|unknown|undefined|no data|not (?:available|known))\.?", re.I
)
_OPEN_ENDED = re.compile(r"\b(?:after|since|later|or younger)\b|[>≥]|[-–—+]\s*$", re.I)
_TIME = re.compile(r"(?<=\d)(?:[T\s,]+\d{1,2}:\d\d.*|\.0+)$", re.I)
_COMPACT = re.compile(r"(\d{8})(?:\d{6})?")
_ISO_WITHIN = re.compile(r"(?<![\d-])(\d{4}-\d\d-\d\d)(?![\d-])")
_UNKNOWN_PART = re.compile(r"(?<!\w)[?xX]+(?!\w)")
_UNKNOWN_DIGITS = re.compile(r"(?<!\w)(?=[\d?xX]{4}(?![\w?]))((?:1[89]|20)\d?)([?xX]+)")
_SHORT_YEAR = re.compile(r"(\d{1,2}\W+[^\W\d]{3,}\W+)(\d\d)")
_NUMERIC = re.compile(r"\d+(?:\s*[-/.,\s年月‐‑–]\s*\d+){0,2}\s*[日.]?")
_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)('?s\b)?")


def says_nothing(text: str) -> bool:
    """True for the ways in which a file says that it has no date: ``0000-00-00``, ``unknown``."""
    return _NOTHING.fullmatch(text.strip()) is not None


def read_birth_date(text: str, today: dt.date | None = None) -> PartialDate | None:
    """The date, as far as it can be read; None where there is none or no year can be told.

    ``today`` tells which century a year of two digits cannot be of.
    """
    iso = _ISO.fullmatch(text)
    if iso:
        return _best(int(iso[1]), int(iso[2] or 0), int(iso[3] or 0)) if _is_year(iso[1]) else None
    today = today or dt.date.today()
    text = _TIME.sub("", fold(unicodedata.normalize("NFKC", text)))
    if says_nothing(text) or _OPEN_ENDED.search(text):
        return None
    text = _UNKNOWN_DIGITS.sub(lambda year: year[1] + "9" * len(year[2]), text).rstrip(" ?")
    numeric = _UNKNOWN_PART.sub("0", text)
    if _NUMERIC.fullmatch(numeric):
        return _common(list(_readings(re.findall(r"\d+", numeric), today)))
    return _of_words(text, today)


def is_cut(text: str, date: PartialDate) -> bool:
    """Whether the text says more than ``date`` keeps of it."""
    said = [number for number in re.findall(r"\d+", _TIME.sub("", text)) if int(number)]
    parts = 3 if len(said) == 1 and len(said[0]) > 4 else len(said)
    return date.day is None and parts > (1 if date.month is None else 2)


def _of_words(text: str, today: dt.date) -> PartialDate | None:
    """``15-Oct-83``, ``c. 1983``, ``the 1980s``, ``1983 or 1984``: the youngest year it names."""
    iso = set(_ISO_WITHIN.findall(text))
    if len(iso) == 1:
        return read_birth_date(iso.pop())
    short = _SHORT_YEAR.fullmatch(text)
    if short:
        text = short[1] + _full_year(short[2], today)
    years = [int(year) + (9 if decade else 0) for year, decade in _YEAR.findall(text)]
    if not years:
        return None
    found = parse_date(text) if len(years) == 1 else None
    return found if found is not None and found.year == years[0] else PartialDate(max(years))


def _full_year(text: str, today: dt.date) -> str:
    """A year of two digits, of this century unless it were still to come."""
    return f"{'20' if int(text) <= today.year % 100 else '19'}{text}"


def _readings(parts: list[str], today: dt.date) -> Iterator[PartialDate | None]:
    """Every date that one to three numbers can mean, in the orders that people write."""
    if len(parts) == 1:
        yield from _of_one(parts[0])
    elif len(parts) == 2:
        yield from _of_two(*parts)
    elif len(parts[0]) == 4:
        year, month, day = parts
        yield _best(int(year), int(month), int(day)) if _is_year(year) else None
    else:
        yield from _of_three(*parts, today=today)


def _of_one(text: str) -> Iterator[PartialDate | None]:
    compact = _COMPACT.fullmatch(text)
    if compact:
        digits = compact[1]
        yield _exact(digits[:4], digits[4:6], digits[6:])
        yield _exact(digits[4:], digits[2:4], digits[:2])
        yield _exact(digits[4:], digits[:2], digits[2:4])
    elif len(text) == 4 and _is_year(text):
        yield PartialDate(int(text))


def _of_two(first: str, second: str) -> Iterator[PartialDate | None]:
    for year, month in ((first, second), (second, first)):
        if len(year) == 4 and _is_year(year):
            yield _best(int(year), int(month), 0) if len(month) < 3 else PartialDate(int(year))


def _of_three(
    first: str, second: str, third: str, *, today: dt.date
) -> Iterator[PartialDate | None]:
    orders = [(third, second, first), (third, first, second)]
    if len(third) == 4:
        exact = [_exact(*order) for order in orders]
        yield from exact if any(exact) else [_best(int(third), 0, 0) if _is_year(third) else None]
    elif len(third) == 2:
        for year, month, day in [*orders, (first, second, third)]:
            if len(year) == 2:
                yield _exact(_full_year(year, today), month, day)


def _common(readings: list[PartialDate | None]) -> PartialDate | None:
    """What all readings share; of several years the youngest."""
    dates = {reading for reading in readings if reading is not None}
    if len(dates) < 2:
        return next(iter(dates), None)
    year = max(date.year for date in dates)
    months = {date.month for date in dates}
    same_month = len({date.year for date in dates}) == len(months) == 1
    return PartialDate(year, months.pop() if same_month else None)


def _is_year(text: str) -> bool:
    return int(text) >= OLDEST


def _exact(year: str, month: str, day: str) -> PartialDate | None:
    """The date of these numbers, if there is such a day (0: not known)."""
    if not _is_year(year):
        return None
    date = _best(int(year), int(month), int(day))
    kept = (date.month or 0, date.day or 0)
    return date if kept == (int(month), int(day)) else None


def _best(year: int, month: int, day: int) -> PartialDate:
    """The most precise date of these numbers; a month or day that does not exist is left out."""
    for known in ((month or None, day or None), (month or None, None)):
        try:
            return PartialDate(year, *known)
        except ValueError:
            continue
    return PartialDate(year)
