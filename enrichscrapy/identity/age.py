"""Nobody who is, or may be, under 18: a partial or vague date counts as the latest it can mean."""

from __future__ import annotations

import datetime as dt

from enrichscrapy.facts.birth_dates import says_nothing
from enrichscrapy.facts.dates import latest_birth
from enrichscrapy.items import Performer, Profile

ADULT = 18


def adult_on(born: dt.date) -> dt.date:
    """The 18th birthday of somebody born on this day, within the calendar."""
    try:
        return born.replace(year=born.year + ADULT)
    except ValueError:  # 29 February, in a year that has none, or a year beyond the calendar
        return dt.date(born.year + ADULT, 3, 1) if born.year + ADULT < dt.MAXYEAR else dt.date.max


def latest_birthday(text: str | None, today: dt.date) -> dt.date | None:
    """The latest day of birth that a stored date can mean; ``None`` when it says nothing."""
    born = latest_birth(text, today)
    return born.latest() if born is not None else None


def latest_birthday_on(profile: Profile | None, today: dt.date) -> dt.date | None:
    """The same of what a page says, in whatever words."""
    if profile is None:
        return None
    dates = (profile.birth_date, latest_birth(profile.birth_text, today))
    return max((born.latest() for born in dates if born is not None), default=None)


def minor_by(performer: Performer, profile: Profile | None, today: dt.date) -> str | None:
    """Whose word makes this person a minor (``"database"`` or ``"page"``), or ``None``.

    Either is enough: then no photo is asked for and nothing is embedded. A stored birth date that
    cannot be read counts like one of a minor.
    """
    text = performer.birth_date or ""
    stored = latest_birthday(text, today)
    if today < adult_on(stored) if stored is not None else not says_nothing(text):
        return "database"
    said = latest_birthday_on(profile, today)
    return "page" if said is not None and today < adult_on(said) else None
