"""The spiders' arguments (``-a mode=url -a limit=100``), checked before the first request."""

from __future__ import annotations

from dataclasses import dataclass

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.items import ReferenceSiteMode

GENDERS = (
    "FEMALE",
    "MALE",
    "TRANSGENDER_FEMALE",
    "TRANSGENDER_MALE",
    "INTERSEX",
    "NON_BINARY",
)


@dataclass(frozen=True)
class SpiderArguments:
    """Checked arguments; ``gender=None`` leaves the site's own filter, ``"all"`` lifts it."""

    mode: ReferenceSiteMode = ReferenceSiteMode.URL_LOOKUP
    limit: int | None = None
    performers: tuple[int, ...] | None = None
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
            mode=_mode(mode),
            limit=_limit(limit),
            performers=_performers(performers),
            gender=_gender(gender),
        )


def unknown_argument(name: str) -> BadSetting:
    return BadSetting(f"unknown argument {name}: use mode, limit, performers and gender")


def _mode(text: str) -> ReferenceSiteMode:
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


def _performers(text: str | None) -> tuple[int, ...] | None:
    if text is None or not str(text).strip():
        return None
    parts = [part.strip() for part in str(text).split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise BadSetting(f"performers={text} is not usable: give ids separated by commas, as 3,17")
    return tuple(sorted({int(part) for part in parts}))


def _gender(text: str | None) -> str | None:
    if text is None or not str(text).strip():
        return None
    value = str(text).strip().upper()
    if value != "ALL" and value not in GENDERS:
        allowed = ", ".join((*GENDERS, "all"))
        raise BadSetting(f"gender={text} is unknown: use one of {allowed}")
    return "all" if value == "ALL" else value
