"""Dates as files and databases hold them: read as far as they go, never as an earlier date.

Where a text can mean several days, what they have in common is kept (``02/03/2012`` is 2012);
where it can mean several years, the youngest.
"""

from __future__ import annotations

import datetime as dt
import re
import time

from enrichscrapy.facts.dates import (
    drop_time,
    find_latest_birth,
    is_open_ended,
    list_possible_dates,
    read_plain_day,
)
from enrichscrapy.facts.text import MAX_FACT
from enrichscrapy.items import PartialDate

_NOTHING = re.compile(
    r"[0\W_]*|0001-01-01(?:[t ][0:.]*z?)?"  # the epoch of some programs
    r"|\W*(?:n/?a[nt]?|n\.\s?a|null|nil|none(?: given)?|unknown|undefined|unspecified|undisclosed"
    r"|no data|tb[ad]|not (?:available|known|stated|specified|given|disclosed|public))\W*",
    re.IGNORECASE,
)


def is_empty_date(text: str) -> bool:
    """True for the ways in which a file says that it has no date: ``0000-00-00``, ``unknown``."""
    return _NOTHING.fullmatch(text.strip()) is not None


def read_stored_date(text: str | None, today: dt.date | None = None) -> PartialDate | None:
    """The date, as far as it can be read; None where there is none or its year is not clear.

    ``today`` excludes centuries for a year of two digits.
    """
    text = text or ""
    if (day := read_plain_day(text)) is not None:
        return day
    if len(text) > MAX_FACT or is_empty_date(text) or is_open_ended(text):
        return None
    dates = set(list_possible_dates(text, today or dt.date.today()))
    if len(dates) < 2:
        return next(iter(dates), None)
    year = max(date.year for date in dates)
    months = {date.month for date in dates}
    same_month = len({date.year for date in dates}) == len(months) == 1
    return PartialDate(year, months.pop() if same_month else None)


def is_cut(text: str, date: PartialDate) -> bool:
    """Whether the text says more than ``date`` keeps of it."""
    numbers = [number for number in re.findall(r"\d+", drop_time(text)) if int(number)]
    parts = 3 if len(numbers) == 1 and len(numbers[0]) > 4 else len(numbers)
    return date.day is None and parts > (1 if date.month is None else 2)


def read_latest_birthday(text: str | None, today: dt.date) -> dt.date | None:
    """The latest day of birth that a stored date can mean; ``None`` when it says nothing."""
    born = find_latest_birth(text, today)
    return born.latest() if born is not None else None


def read_today() -> dt.date:
    """The UTC day by this machine's clock."""
    return to_utc_day(time.time())


def to_utc_day(seconds: float) -> dt.date:
    """The UTC day of a stored time (seconds since the epoch)."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).date()
