"""Nobody who is, or may be, under 18: a partial or vague date counts as the latest it can mean."""

from __future__ import annotations

import datetime as dt

from enrichscrapy.facts.dates import latest_birth
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


def minor_by(performer: Performer, profile: Profile | None, today: dt.date) -> str | None:
    """Whose word makes this person a minor (``"database"`` or ``"page"``), or ``None``.

    Either is enough: then no photo is asked for and nothing is embedded.
    """
    if _may_be_minor(latest_birth(performer.birth_date, today), today):
        return "database"
    if profile is None:
        return None
    said = (profile.birth_date, latest_birth(profile.birth_text, today))
    return "page" if any(_may_be_minor(born, today) for born in said) else None


def _may_be_minor(born: PartialDate | None, today: dt.date) -> bool:
    return born is not None and is_minor(born, today)
