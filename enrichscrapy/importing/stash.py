"""A performer as Stash has them, from its file or its server, made a record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from enrichscrapy.facts.countries import find_country_by_code, find_country_by_name
from enrichscrapy.importing.records import ImportedLink, Record, make_record

_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ].*)?")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_BARE_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?:[/?#]\S*)?")
_HOSTS = {"twitter": "https://www.twitter.com/", "instagram": "https://www.instagram.com/"}
"""Where Stash itself put bare user names when it gave performers a list of links."""
_SAME = (
    "disambiguation",
    "gender",
    "ethnicity",
    "eye_color",
    "hair_color",
    "birth_date",
    "death_date",
)


def make_stash_record(
    number: int,
    said: Mapping[str, Any],
    *,
    aliases: Iterable[Any],
    urls: Iterable[Any],
    ids: Iterable[tuple[Any, Any]],
    picture: str | None,
) -> Record:
    """The record of the performer that Stash numbers so; ``ImportRowError`` when it has no name.

    ``said`` has Stash's own names, but for ``birth_date`` and ``death_date``, which may be partial.
    ``picture`` identifies the present picture, None where there is none.
    """
    start, end = _read_career(said)
    values = {
        **{name: said.get(name) for name in _SAME},
        "canonical_name": said.get("name"),
        "country": _read_country(said.get("country")),
        "height_cm": said.get("height_cm") or said.get("height"),
        "career_start_year": start,
        "career_end_year": end,
    }
    record = make_record(number, number, values)
    record.add_aliases((alias, None) for alias in aliases)
    record.add_links(ImportedLink(url) for url in list_links(said, urls))
    record.add_ids(ids)
    record.picture = picture
    return record


def cut_date(text: Any, precision: Any, *, has_precision: bool) -> Any:
    """A stored date as far as it is known: Stash keeps a year as ``1990-01-01``, precision 2.

    Before it kept a precision it wrote years so as well, and nothing tells them from a first of
    January: then only the year is taken.
    """
    day = _DAY.fullmatch(text) if isinstance(text, str) else None
    if day is None or day[1] == "0001-01-01":
        return None if day else text
    if not has_precision:
        return day[1][:4] if day[1].endswith("-01-01") else day[1]
    return day[1][: {1: 7, 2: 4}.get(precision, 10)]


def list_links(said: Mapping[str, Any], urls: Iterable[Any]) -> Iterable[Any]:
    """The list, or what older versions have instead: a site, and names on two others."""
    listed = [complete_address(url) for url in urls]
    if listed:
        return listed
    older = [said["url"]] if said.get("url") else []
    for column, host in _HOSTS.items():
        name = str(said.get(column) or "").strip()
        if name:
            is_link = "://" in name or "/" in name
            older.append(name if is_link else host + name.removeprefix("@"))
    return [complete_address(url) for url in older]


def complete_address(url: Any) -> Any:
    """A link that was typed without its scheme gets one; anything else stays as it is."""
    text = url.strip() if isinstance(url, str) else ""
    return f"https://{text}" if _BARE_HOST.fullmatch(text) else url


def _read_career(said: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """A career's years: columns of their own, or one text (``2010 - 2015``, ``since 2010``)."""
    own = [_read_year(said.get(name)) for name in ("career_start", "career_end")]
    if any(own) or not said.get("career_length"):
        return own[0], own[1]
    text = str(said["career_length"])
    years = _YEAR.findall(text)
    if len(years) == 1 and re.match(r"\W*[-–—]|\s*(?:until|till|to)\b", text, re.IGNORECASE):
        return None, years[0]
    return (years[0] if years else None), (years[-1] if len(years) > 1 else None)


def _read_year(value: Any) -> str | None:
    found = _YEAR.match(str(value or ""))
    return found[0] if found else None


def _read_country(value: Any) -> Any:
    """Stash keeps ISO codes; older versions kept what was typed."""
    if not isinstance(value, str):
        return value
    return find_country_by_code(value) or find_country_by_name(value) or value
