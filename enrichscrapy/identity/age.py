"""Nobody who is, or may be, under 18: a partial date counts as the latest day it can mean."""

from __future__ import annotations

import datetime as dt
import re

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
    stored = stored_date(performer.birth_date)
    if stored is not None and is_minor(stored, today):
        return "database"
    if profile is not None and profile.birth_date is not None:
        return "page" if is_minor(profile.birth_date, today) else None
    return None
