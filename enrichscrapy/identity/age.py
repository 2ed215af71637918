"""Nobody who is, or may be, under 18: a partial or vague date counts as the latest it can mean."""

from __future__ import annotations

import datetime as dt

from enrichscrapy.facts.birth_dates import says_nothing
from enrichscrapy.facts.dates import latest_birth
from enrichscrapy.items import PartialDate, Performer, Profile

ADULT = 18


def is_minor(born: PartialDate, today: dt.date) -> bool:
    """True unless the person is certainly 18 on ``today``."""
    latest = born.latest()
    if latest.year + ADULT > dt.MAXYEAR:  # a year beyond the calendar
        return True
    try:
        birthday = latest.replace(year=latest.year + ADULT)
    except ValueError:  # 29 February, in a year that has none
        birthday = dt.date(latest.year + ADULT, 3, 1)
    return today < birthday


def minor_by(performer: Performer, profile: Profile | None, today: dt.date) -> str | None:
    """Whose word makes this person a minor (``"database"`` or ``"page"``), or ``None``.

    Either is enough: then no photo is asked for and nothing is embedded. A stored birth date that
    cannot be read counts like one of a minor.
    """
    text = performer.birth_date or ""
    stored = latest_birth(text, today)
    if is_minor(stored, today) if stored is not None else not says_nothing(text):
        return "database"
    if profile is None:
        return None
    said = (profile.birth_date, latest_birth(profile.birth_text, today))
    return "page" if any(born is not None and is_minor(born, today) for born in said) else None
