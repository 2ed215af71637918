"""Two statements about a person, held against each other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from enrichscrapy.facts.countries import countries_from_nationality, country_from_code
from enrichscrapy.facts.dates import parse_date
from enrichscrapy.facts.links import link_kind, split_url
from enrichscrapy.facts.names import fold_letters
from enrichscrapy.items import PartialDate


class Agreement(StrEnum):
    """How two statements stand to each other."""

    AGREES = "agrees"
    UNKNOWN = "unknown"
    """One side says nothing, or what it says fits anything."""
    SLIP = "slip"
    """They differ as two records of one person often do."""
    CONTRADICTS = "contradicts"


_TRANS = {"TRANSGENDER_FEMALE": "FEMALE", "TRANSGENDER_MALE": "MALE"}
_KNOWN = {"FEMALE", "MALE", *_TRANS}


def compare_genders(ours: str | None, theirs: str | None) -> Agreement:
    """Case does not count; non-binary and intersex people may be recorded as anything.

    A trans woman may stand as a woman without a word. As a man only by an old record: a slip.
    """
    one, other = ((gender or "").strip().upper().replace(" ", "_") for gender in (ours, theirs))
    if not {one, other} <= _KNOWN:
        return Agreement.UNKNOWN
    if one == other:
        return Agreement.AGREES
    if _TRANS.get(one, one) == _TRANS.get(other, other):
        return Agreement.UNKNOWN
    one_is_trans, other_is_trans = one in _TRANS, other in _TRANS
    return Agreement.SLIP if one_is_trans != other_is_trans else Agreement.CONTRADICTS


def read_date(text: str | None) -> PartialDate | None:
    """A database's date: ISO, with ``-00`` for what is unknown, a year only, or in words."""
    return parse_date(re.sub(r"-00\b", "", (text or "").strip()[:40]))


def compare_dates(ours: PartialDate | None, theirs: PartialDate | None) -> Agreement:
    """A slip: one year off, or the same day of another year, as when somebody made it younger."""
    if ours is None or theirs is None:
        return Agreement.UNKNOWN
    ours, theirs = without_placeholder(ours), without_placeholder(theirs)
    if not ours.contradicts(theirs):
        return Agreement.AGREES
    apart = abs(ours.year - theirs.year)
    same_day = ours.day is not None and (ours.month, ours.day) == (theirs.month, theirs.day)
    return Agreement.SLIP if apart <= 1 or (same_day and apart <= 10) else Agreement.CONTRADICTS


def shared_precision(ours: PartialDate, theirs: PartialDate) -> str:
    """``day``, ``month`` or ``year``: how precisely both sides know it."""
    ours, theirs = without_placeholder(ours), without_placeholder(theirs)
    for precision in ("day", "month"):
        if getattr(ours, precision) is not None and getattr(theirs, precision) is not None:
            return precision
    return "year"


def without_placeholder(date: PartialDate) -> PartialDate:
    """The first of January is how databases write "some day of that year"."""
    return PartialDate(date.year) if (date.month, date.day) == (1, 1) else date


def compare_countries(ours: str | None, theirs: str | Iterable[str] | None) -> Agreement:
    """Codes, names or nationalities; of several on a side, one in common is enough.

    People move: another country is only a slip.
    """
    one, other = _codes(ours), _codes(theirs)
    if not one or not other:
        return Agreement.UNKNOWN
    return Agreement.SLIP if one.isdisjoint(other) else Agreement.AGREES


def _codes(said: str | Iterable[str] | None) -> set[str]:
    codes: set[str] = set()
    for text in (said,) if isinstance(said, str) else said or ():
        code = country_from_code(text)
        codes |= {code} if code else set(countries_from_nationality(text))
    return codes


# Platforms where the first part of the path is the account.
_ACCOUNTS = {"instagram", "onlyfans", "tiktok", "x", "facebook", "twitch", "fansly", "linktree"}
_NO_ACCOUNT = {"login", "home", "share", "intent", "search", "hashtag", "explore", "p", "reel", "i"}


def link_key(url: str) -> str | None:
    """The same for all spellings of one link (``http``, ``www``, ``twitter.com`` for ``x.com``).

    None for a link that leads to nobody in particular, such as a platform's own front page.
    """
    parts = split_url(url)
    if parts is None or not parts.hostname:
        return None
    host = re.sub(r"^(?:www|m|mobile)\.", "", parts.hostname.rstrip("."))
    path = re.sub(r"/+", "/", parts.path).strip("/").casefold()
    kind = "x" if (kind := link_kind(url)) == "twitter" else kind
    if kind == "www":
        return f"{host}/{path}".rstrip("/")
    if path == "profile.php":
        return f"{kind}:{parts.query}" if parts.query else None
    if kind in _ACCOUNTS:
        path = path.split("/")[0].removeprefix("@")
    return f"{kind}:{path}" if path and path not in _NO_ACCOUNT else None


def is_personal(key: str, names: frozenset[str]) -> bool:
    """Does this link belong to one person? An account does, and an address with a name in it.

    A site without a name in its address may be an agency's, and everybody's who works there.
    ``names`` are folded words.
    """
    if ":" in key:
        return True
    address = re.sub(r"[^\w]", "", fold_letters(key))
    return any(len(word) >= 4 and word in address for word in names)
