"""The spiders' arguments (``-a mode=url -a limit=100``), checked before the first request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.whom import Meant, find_whom
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.facts.genders import GENDERS
from enrichscrapy.items import ReferenceSiteMode

ARGUMENTS_HELP = f"""\
Spider arguments
================
  -a mode=url              follow the links you have to the site (the default)
  -a mode=name             try the name, where you have no link to the site
  -a limit=20              begin with 20 of the performers that are due
  -a performers=17,18      only these: this database's ids, names, links,
                           stash-box ids; separated by commas
  -a gender=MALE           only these: {", ".join(GENDERS[:3])},
                           {", ".join(GENDERS[3:])}
  -a gender=all            everybody, whatever the site's own filter
  -a endpoint=stashdb      the stash-box to ask (stashbox only, which takes no
                           mode and no gender): its name or its address

Examples
========
  scrapy crawl babepedia -a limit=20 -s JOBDIR=jobs/bp
  scrapy crawl iafd -a mode=name
  scrapy crawl iafd -a mode=name -a performers="Orla Fenwright,17"
  scrapy crawl stashbox -a endpoint=stashdb
"""
"""For ``scrapy crawl --help``."""


@dataclass(frozen=True)
class SpiderArguments:
    """Checked arguments; ``gender=None`` leaves the site's own filter, ``"all"`` lifts it.

    ``performers`` are this database's ids and other words that name a performer.
    """

    mode: ReferenceSiteMode = ReferenceSiteMode.URL_LOOKUP
    limit: int | None = None
    performers: tuple[int | str, ...] | None = None
    gender: str | None = None

    @classmethod
    def parse(
        cls,
        mode: str = "url",
        limit: str | int | None = None,
        performers: str | None = None,
        gender: str | None = None,
    ) -> SpiderArguments:
        """Read the texts a user typed; raises ``BadSetting`` that names the allowed values."""
        return cls(
            mode=_parse_mode(mode),
            limit=_limit(limit),
            performers=_parse_performers(performers),
            gender=_parse_gender(gender),
        )


def refuse_unknown(names: Iterable[str], known: str = "mode, limit, performers and gender") -> None:
    """Raise ``BadSetting`` for the first of these names, but what scrapyd sends (``_job``)."""
    for name in names:
        if not name.startswith("_"):
            raise BadSetting(f"unknown argument {name}: use {known}")


def _parse_mode(text: str) -> ReferenceSiteMode:
    try:
        return ReferenceSiteMode(str(text).strip().lower())
    except ValueError:
        allowed = " or ".join(f"mode={mode.value}" for mode in ReferenceSiteMode)
        raise BadSetting(f"mode={text} is unknown: use {allowed}") from None


def _limit(value: str | int | None) -> int | None:
    if value is None or value == "":
        return None
    try:
        number = int(value)
    except ValueError:
        number = -1
    if number < 1:
        raise BadSetting(f"limit={value} is not usable: give a whole number from 1 up")
    return number


def _parse_performers(text: str | None) -> tuple[int | str, ...] | None:
    if text is None:
        return None
    parts = [part.strip() for part in str(text).split(",")]
    ids = {int(part) for part in parts if part.isdecimal() and int(part) > 0}
    words = {part for part in parts if any(map(str.isalpha, part))}
    if len({*ids, *words}) < len(set(parts)):
        raise BadSetting(
            f"performers={text} is not usable: give ids or names separated by commas, as 3,17"
        )
    return (*sorted(ids), *sorted(words))


def find_performers(database: PerformerDatabase, words: Iterable[int | str]) -> list[Meant]:
    """Whom the argument means, a bare number as this database's id; raises ``BadSetting``."""
    found = find_whom(database, map(str, words), bare_is_local=True)
    refusals = [f"{meant.word}: {meant.refusal}" for meant in found if meant.refusal]
    if refusals:
        raise BadSetting(f"performers={', '.join(refusals)}")
    return found


def _parse_gender(text: str | None) -> str | None:
    if text is None or not str(text).strip():
        return None
    value = str(text).strip().upper()
    if value != "ALL" and value not in GENDERS:
        allowed = ", ".join((*GENDERS, "all"))
        raise BadSetting(f"gender={text} is unknown: use one of {allowed}")
    return "all" if value == "ALL" else value
