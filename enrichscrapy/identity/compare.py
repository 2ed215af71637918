"""Two statements about a person, compared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

import pycountry

from enrichscrapy.facts.countries import find_countries_by_nationality, find_country_by_code
from enrichscrapy.facts.links import find_link_kind, split_url
from enrichscrapy.facts.names import fold_letters, split_name
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

    A trans woman recorded as a woman agrees; recorded as a man, in an old record, is a slip.
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


_NO_DATE = {PartialDate(1970, 1, 1), PartialDate(1969, 12, 31)}
_OLDEST = 1904
"""Up to this year a birth date is a placeholder that programs write."""
_SLIP_YEARS, _LINKED_YEARS, _SAME_DAY_YEARS = 1, 3, 10


def drop_filler_date(date: PartialDate | None) -> PartialDate | None:
    """The date without programs' placeholders: ``1900-01-01``, ``1970-01-01``, 1 January."""
    if date is None or date in _NO_DATE or date.year <= _OLDEST:
        return None
    return PartialDate(date.year) if (date.month, date.day) == (1, 1) else date


def compare_dates(
    ours: PartialDate | None, theirs: PartialDate | None, *, linked: bool = False
) -> Agreement:
    """A slip: one part of the date is wrong, or day and month changed places.

    People make themselves younger: by some years under the same day, and, where a stored link led
    here, by two or three.
    """
    ours, theirs = drop_filler_date(ours), drop_filler_date(theirs)
    if ours is None or theirs is None:
        return Agreement.UNKNOWN
    if not ours.contradicts(theirs):
        return Agreement.AGREES
    if ours.year == theirs.year and (12, 31) in (_take_day(ours), _take_day(theirs)):
        return Agreement.AGREES  # another placeholder
    years = _LINKED_YEARS if linked else _SLIP_YEARS
    return Agreement.SLIP if _is_slip(ours, theirs, years) else Agreement.CONTRADICTS


def _is_slip(ours: PartialDate, theirs: PartialDate, years: int) -> bool:
    apart = abs(ours.year - theirs.year)
    if ours.day is None or theirs.day is None:
        return apart <= years
    if apart:
        return _take_day(ours) == _take_day(theirs) and apart <= _SAME_DAY_YEARS
    swapped = _take_day(ours) == (theirs.day, theirs.month)
    return swapped or ours.month == theirs.month or ours.day == theirs.day


def _take_day(date: PartialDate) -> tuple[int | None, int | None]:
    return date.month, date.day


def find_shared_precision(ours: PartialDate, theirs: PartialDate) -> str:
    """``day``, ``month`` or ``year``: how precisely two dates that agree are known."""
    ours, theirs = drop_filler_date(ours) or ours, drop_filler_date(theirs) or theirs
    for precision in ("day", "month"):
        values = getattr(ours, precision), getattr(theirs, precision)
        if None not in values and values[0] == values[1]:
            return precision
    return "year"


# Countries that one person may be said to be from: parts, successors, neighbours in dispute.
_KIN = [
    set(codes.split())
    for codes in (
        "US PR GU VI AS MP",
        "GB GG JE IM GI",
        "CN HK MO TW",
        "RS XK ME",
        "RO MD",
        "FR GP MQ GF RE PF NC",
        "NL CW AW SX BQ",
        "DK GL FO",
        "IL PS",
    )
]
_SOVIET = "RU UA BY KZ UZ GE AM AZ LT LV EE MD KG TJ TM"
_YUGOSLAV = "RS HR SI BA MK ME XK"
# What ISO 3166 lists no longer, or not yet: by its old code, or by a word of its name.
_FORMER = {
    "cs": "CZ SK",
    "czechoslovak": "CZ SK",
    "su": _SOVIET,
    "soviet": _SOVIET,
    "ussr": _SOVIET,
    "yu": _YUGOSLAV,
    "yugoslav": _YUGOSLAV,
    "dd": "DE",
    "gdr": "DE",
    "east german": "DE",
    "west german": "DE",
    "xk": "XK",
    "kosov": "XK",
    "u.k.": "GB",
}


@lru_cache(maxsize=2048)
def read_countries(text: str | None) -> frozenset[str]:
    """Every country a text may mean: a code, a name, nationalities, ``Atlanta, Georgia, USA``."""
    text = (text or "").strip()
    folded = text.casefold()
    former = {
        code
        for name, codes in _FORMER.items()
        if folded == name or (len(name) > 2 and name in folded)
        for code in codes.split()
    }
    if former or not text:
        return frozenset(former)
    code = find_country_by_code(text) or _find_by_alpha_3(text)
    return frozenset([code] if code else find_countries_by_nationality(text))


def _find_by_alpha_3(text: str) -> str | None:
    found = pycountry.countries.get(alpha_3=text.upper()) if len(text) == 3 else None
    return str(found.alpha_2) if found else None


def compare_countries(ours: str | None, theirs: str | Iterable[str] | None) -> Agreement:
    """Codes, names or nationalities; of several on a side, one in common is enough.

    People move: another country is only a slip.
    """
    one, other = read_countries(ours), read_all_countries(theirs)
    if not one or not other:
        return Agreement.UNKNOWN
    kin = (one | other) <= set().union(*(k for k in _KIN if one & k and other & k))
    return Agreement.AGREES if one & other or kin else Agreement.SLIP


def read_all_countries(said: str | Iterable[str] | None) -> frozenset[str]:
    """The countries that any of the texts may mean."""
    texts = (said,) if isinstance(said, str) else said or ()
    return frozenset(code for text in texts for code in read_countries(text))


# Where an account is in a platform's paths, and which words there are not accounts.
_FIRST = r"@?(?P<account>[\w.-]{2,})(?:/.*)?"
_ACCOUNTS = {
    "instagram": _FIRST,
    "onlyfans": r"(?:\d+/)?" + _FIRST,
    "tiktok": r"@(?P<account>[\w.-]{2,})(?:/.*)?",
    "x": _FIRST,
    "facebook": _FIRST,
    "twitch": _FIRST,
    "fansly": _FIRST,
    "linktree": _FIRST,
    "patreon": r"(?:cw?/)?" + _FIRST,
    "telegram": r"(?:s/)?" + _FIRST,
    "threads": r"@(?P<account>[\w.-]{2,})(?:/.*)?",
    "bluesky": r"profile/(?P<account>[\w.:-]{2,})(?:/.*)?",
    "youtube": r"(?P<account>@[\w.-]+|(?:c|user|channel)/[\w.-]+)(?:/.*)?|(?P<own>[\w.-]{3,})",
    "imdb": r"(?:\w\w/)?name/(?P<account>nm\d+)(?:/.*)?",
    "manyvids": r"profile/(?P<account>\d+)(?:/.*)?",
    "snapchat": r"(?:add/)?@?(?P<account>[\w.-]{2,})",
    "myspace": _FIRST,
    "wikidata": r"(?:wiki|entity)/(?P<account>q\d+)",
    "wikipedia": r"wiki/(?P<account>[^:]+)",
}
_NO_ACCOUNT = frozenset(
    re.findall(
        r"\w+",
        """about accounts addlist bookmarks browse business careers chats clips collections compose
    creators direct directory discover embed events explore feed games gaming groups hashtag
    help home i intent jobs joinchat legal lists live login logout marketplace media messages
    music my notifications p page pages people permalink photo photos play playlist playlists
    post posts privacy profile public r reel reels results search settings share sharer shorts
    signup site sound status stories story subscriptions support t tag tags terms title tos tv
    user users v video videos watch wiki""",
    )
)
_SHORT_FOR_VIDEOS = {"youtu.be", "fb.watch", "clips.twitch.tv", "vm.tiktok.com"}
_NO_PERSON = re.compile(
    r"(?:^|/)(?:search\w*|results?|tags?|categor\w+|videos?|movies?|films?|titles?|scenes?|clips?|"
    r"watch|galler\w+|photos?|news|blog|posts?|forum|articles?|playlists?)(?:[./]|$)|search"
)
# Query parameters that do not change where a link leads.
_NOISE = re.compile(
    r"utm_\w+|ref\w*|src|source|s|t|si|hl|lang\w*|locale|ig\w+|fbclid|gclid|mibextid"
)


def make_link_key(url: str) -> str | None:
    """The same for all spellings of one link (``http``, ``www``, ``twitter.com`` for ``x.com``).

    ``platform:account``, or host, path and what its query asks for. None for a link that leads to
    no person in particular: a platform's front page, a video, a search.
    """
    parts = split_url(url)
    if parts is None or not parts.hostname:
        return None
    host = re.sub(r"^(?:www|m|mobile)\.", "", parts.hostname.rstrip("."))
    path = unquote(re.sub(r"/+", "/", parts.path)).strip("/").casefold()
    kind = "x" if (kind := find_link_kind(url)) == "twitter" else kind
    if host in _SHORT_FOR_VIDEOS:
        return None
    if kind in _ACCOUNTS:
        return _make_account_key(kind, path, parts.query)
    query = "&".join(
        f"{name}={value}".casefold()
        for name, value in sorted(parse_qsl(parts.query))
        if not _NOISE.fullmatch(name.casefold())
    )
    if _NO_PERSON.search(path) or re.search(r"(?:^|&)(?:q|query|v|list|search\w*)=", query):
        return None
    place = f"{host}/{path}" if kind == "www" else f"{kind}:{path}"
    return place.rstrip("/") + (f"?{query}" if query else "")


def _make_account_key(kind: str, path: str, query: str) -> str | None:
    if kind == "facebook" and path == "profile.php":
        number = dict(parse_qsl(query)).get("id", "")
        return f"facebook:id={number}" if number.isdecimal() else None
    match = re.fullmatch(_ACCOUNTS[kind], path)
    account = match and (match["account"] or match["own"] if kind == "youtube" else match[1])
    if not account or account in _NO_ACCOUNT or re.search(r"\.(?:php|cfm|aspx?|html?)$", account):
        return None
    return f"{kind}:{account}"


# Accounts of two, of a family, of a firm.
_NOT_ONES_OWN = re.compile(
    r"twins|sisters|siblings|brothers|couple|duo|(?:^the|my|our)?girls(?:$|of)|studios?|models\b|"
    r"modelling|modeling|agency|management|mgmt|production|films|pictures|network|magazine|casting|official?team|"
    r"(?:sis|bros|boys|family|team|media|club)$"
)


def is_personal(key: str, names: frozenset[str]) -> bool:
    """Does this link belong to one person? An account does, and an address with a name in it.

    A site without a name in its address may be an agency's, shared by all who work there. An
    account that two people share belongs to neither. ``names`` are folded words.
    """
    handle = re.sub(r"[^a-z]", "", fold_letters(key.rpartition(":")[2].rpartition("/")[2]))
    address = fold_letters(key)
    if _is_made_of(handle, names):
        return True
    if key.startswith("wikipedia:"):  # an article on any subject, unless a name is in its title
        return any(name in split_name(key) for name in names if len(name) > 2)
    if _NOT_ONES_OWN.search(address) or _is_of_two(handle, names):
        return False
    if key.partition(":")[0].isalpha() and ":" in key:
        return True
    by_number = re.search(
        r"/(?:performers?|models?|persons?|people|act\w+|\w*stars?)/[\w-]*\d", key
    )
    letters = re.sub(r"\W", "", address)
    return bool(by_number) or any(len(word) >= 4 and word in letters for word in names)


def _is_made_of(handle: str, names: frozenset[str]) -> bool:
    """Does it consist of the names only, in any order?"""
    rest = handle
    for name in sorted(names, key=len, reverse=True):
        rest = rest.replace(name, "", 1) if len(name) > 1 else rest
    return bool(handle) and not rest


def _is_of_two(handle: str, names: frozenset[str]) -> bool:
    """``rickandmila``, one of whom is this person; ``thequendts``."""
    pairs = [pair for word in ("and", "und") for pair in _split_handle(handle, word)]
    joined = any(min(map(len, pair)) > 2 and not names.isdisjoint(pair) for pair in pairs)
    return joined or any(handle == f"the{name}s" for name in names)


def _split_handle(handle: str, word: str) -> list[list[str]]:
    return [p for p in (handle.split(word, 1), handle.rsplit(word, 1)) if len(p) > 1]
