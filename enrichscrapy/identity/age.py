"""Nobody who is, or may be, under 18: a partial date counts as the latest day it can mean."""

from __future__ import annotations

import datetime as dt

from enrichscrapy.facts.birth_dates import read_birth_date, says_nothing
from enrichscrapy.items import PartialDate, Performer, Profile

ADULT = 18


def is_minor(born: PartialDate, today: dt.date) -> bool:
    """True unless the person is certainly 18 on ``today``."""
    day = born.latest()
    try:
        birthday = day.replace(year=day.year + ADULT)
    except ValueError:  # 29 February, in a year that has none, or a year beyond the calendar
        if day.year + ADULT > dt.MAXYEAR:
            return True
        birthday = dt.date(day.year + ADULT, 3, 1)
    return today < birthday


def stored_date(text: str | None) -> PartialDate | None:
    """A birth date as a database holds it, however it is written; ``None`` without a year."""
    return read_birth_date(text) if text else None


def minor_by(performer: Performer, profile: Profile | None, today: dt.date) -> str | None:
    """Whose word makes this person a minor (``"database"`` or ``"page"``), or ``None``.

    Either is enough: then no photo is asked for and nothing is embedded. A stored birth date that
    cannot be read counts like one of a minor.
    """
    stored = stored_date(performer.birth_date)
    if stored is None and not says_nothing(performer.birth_date or ""):
        return "database"
    if stored is not None and is_minor(stored, today):
        return "database"
    if profile is not None and profile.birth_date is not None:
        return "page" if is_minor(profile.birth_date, today) else None
    return None
