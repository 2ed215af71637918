"""Dates as the reference sites write them, with the precision they really have."""

from __future__ import annotations

import datetime as dt
import re

from dateutil import parser

from enrichscrapy.facts.text import without_notes
from enrichscrapy.items import PartialDate

_YEAR = re.compile(r"(?<!\d)(?:18|19|20)\d\d(?!\d)")
_NUMERIC = re.compile(r"([\d?]{1,2})[/.-]([\d?]{1,2})[/.-]([\d?]{4})")
_VAGUE = re.compile(r"\b(?:circa|ca|about|around|approx\w*|between|before|after|or)\b|~", re.I)
# Two days that share no part: what comes out the same for both was in the text.
_DEFAULTS = (dt.datetime(1904, 1, 1), dt.datetime(1908, 2, 2))


def parse_date(text: str) -> PartialDate | None:
    """Read ``October 15, 1983``, ``Saturday 15th of October 1983``, ``??/15/1983``, ``1983``.

    Numeric dates are month first, as IAFD writes them. None where the year is unknown, vague or
    one of several; a part that is unknown or impossible is left out.
    """
    text = without_notes(text)
    numeric = _NUMERIC.fullmatch(text)
    if numeric:
        month, day, year = numeric.groups()
        return _partial(_number(year), _number(month), _number(day))
    years = set(_YEAR.findall(text))
    if len(years) != 1 or _VAGUE.search(text):
        return None
    return _read_words(text, int(years.pop()))


def _read_words(text: str, year: int) -> PartialDate | None:
    try:
        return PartialDate.parse(text)
    except ValueError:
        pass
    try:
        first, second = (parser.parse(text, default=default) for default in _DEFAULTS)
    except (ValueError, OverflowError):
        return PartialDate(year)
    if first.year != year or second.year != year:
        return PartialDate(year)
    month = first.month if first.month == second.month else None
    day = first.day if first.day == second.day else None
    return _partial(year, month, day)


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


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
