"""Nobody who is, or may be, under 18: a partial date counts as the latest day it can mean."""

from __future__ import annotations

import datetime as dt
import re

from enrichscrapy.items import PartialDate, Performer, Profile

ADULT = 18


def is_minor(born: PartialDate, today: dt.date) -> bool:
    """True unless the person is certainly 18 on ``today``."""
    return today < adult_on(born.latest())


def adult_on(born: dt.date) -> dt.date:
    """The 18th birthday of somebody born on this day, within the calendar."""
    try:
        return born.replace(year=born.year + ADULT)
    except ValueError:  # 29 February, in a year that has none, or a year beyond the calendar
        return dt.date(born.year + ADULT, 3, 1) if born.year + ADULT < dt.MAXYEAR else dt.date.max


def latest_birthday(text: str | None) -> dt.date | None:
    """The latest day of birth that a stored date can mean; ``None`` when it says nothing."""
    born = stored_date(text)
    return born.latest() if born is not None else None


def latest_birthday_on(profile: Profile | None) -> dt.date | None:
    """The same of what a page says."""
    born = profile.birth_date if profile is not None else None
    return born.latest() if born is not None else None


def stored_date(text: str | None) -> PartialDate | None:
    """A birth date as databases hold it: ``1983-10-15``, ``1983-00-00``, ``1983-10-15T00:00``.

    What follows the year counts as far as it can be read. ``None`` when there is no year.
    """
    match = re.match(r"\s*(\d{4})(?!\d)(?:-(\d{2})(?!\d))?(?:-(\d{2})(?!\d))?", text or "")
    if not match or match[1] == "0000":
        return None
    year, month, day = (int(part) if part else 0 for part in match.groups())
    for known in ((month or None, day or None), (month or None, None), (None, None)):
        try:
            return PartialDate(year, *known)
        except ValueError:  # no such month or day: what comes before it still counts
            continue
    return None


def minor_by(performer: Performer, profile: Profile | None, today: dt.date) -> str | None:
    """Whose word makes this person a minor (``"database"`` or ``"page"``), or ``None``.

    Either is enough: then no photo is asked for and nothing is embedded.
    """
    words = {
        "database": latest_birthday(performer.birth_date),
        "page": latest_birthday_on(profile),
    }
    return next((who for who, born in words.items() if born and today < adult_on(born)), None)
