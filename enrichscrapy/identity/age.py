"""Nobody who is, or may be, under 18: a partial or vague date counts as the latest it can mean."""

from __future__ import annotations

import datetime as dt

from enrichscrapy.facts.dates import find_latest_birth
from enrichscrapy.facts.stored_dates import is_empty_date, read_latest_birthday
from enrichscrapy.items import Performer, Profile

ADULT = 18


def find_18th_birthday(born: dt.date) -> dt.date:
    """The 18th birthday of somebody born on this day, within the calendar."""
    try:
        return born.replace(year=born.year + ADULT)
    except ValueError:  # 29 February, in a year that has none, or a year beyond the calendar
        return dt.date(born.year + ADULT, 3, 1) if born.year + ADULT < dt.MAXYEAR else dt.date.max


def is_minor(born: dt.date | None, today: dt.date) -> bool:
    """Whether somebody born on this day is under 18; False for None."""
    return born is not None and today < find_18th_birthday(born)


def find_latest_birthday(profile: Profile | None, today: dt.date) -> dt.date | None:
    """The latest day of birth that a page can mean, in whatever words."""
    if profile is None:
        return None
    dates = (profile.birth_date, find_latest_birth(profile.birth_text, today))
    return max((born.latest() for born in dates if born is not None), default=None)


def find_whose_word(performer: Performer, profile: Profile | None, today: dt.date) -> str | None:
    """Which record makes this person a minor (``"database"`` or ``"page"``), or ``None``.

    Either is enough: then no photo is requested and nothing is embedded. A stored birth date that
    cannot be read counts as a minor's.
    """
    text = performer.birth_date or ""
    stored = read_latest_birthday(text, today)
    if is_minor(stored, today) or (stored is None and not is_empty_date(text)):
        return "database"
    return "page" if is_minor(find_latest_birthday(profile, today), today) else None
