"""Babepedia: its URLs and its markup, the layout since July 2025 and the one before it.

Photos are only ever taken from the person's own boxes. The same page shows dozens of other
people's ``/pics/…_thumb3.jpg`` ("More like", "Top 25", "Random") in ``.thumbshot`` blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from urllib.parse import unquote

from parsel import Selector

from enrichscrapy.facts.countries import (
    find_countries_by_nationality,
    find_country_by_code,
    find_country_by_name,
)
from enrichscrapy.facts.dates import BIRTH_LABELS, parse_date
from enrichscrapy.facts.genders import read_gender
from enrichscrapy.facts.links import find_link_kind, group_links, read_outside_link
from enrichscrapy.facts.names import split_name
from enrichscrapy.facts.spelling import make_name_keys
from enrichscrapy.facts.text import (
    MAX_LINK,
    MAX_LIST,
    MAX_NAME,
    clean_aliases,
    cut,
    fold,
    strip_notes,
)
from enrichscrapy.items import PartialDate, Profile
from enrichscrapy.sites import PageKind
from enrichscrapy.sites.babepedia.search import is_suggestions
from enrichscrapy.sites.babepedia.urls import (
    HOME,
    HOSTS,
    PHOTO_HOSTS,
    canonical_url,
    slug_from_url,
)
from enrichscrapy.sites.html import (
    Element,
    has_class,
    is_readable,
    read_classes,
    read_heading,
    read_text,
    read_title,
    select_first,
)
from enrichscrapy.sites.links import find_own_url, on_site, read_photo_url

# What #socialicons may call a link; "www" is the person's own site.
_LINK_KINDS = frozenset(
    {"www", "instagram", "onlyfans", "tiktok", "youtube", "twitch", "imdb", "x", "twitter"}
    | {"facebook", "fansly", "snapchat"}
)
_PORTRAIT = r"/pics/(?![^/]*_thumb\d*\.)[^/]+\.jpe?g"
_UPLOAD = r"/user-uploads/(?![^/]*_thumb\d*\.)[^/]+\.(?:jpe?g|png|webp)"
_STRANGERS = "@id='friends-block' or @id='morelikethumbs' or @id='sidebar' or self::aside"
_NOT_SOMEBODY_ELSE = f"not(ancestor::*[{has_class('thumbshot')} or {_STRANGERS}])"
_PORTRAITS = [
    select_first(
        f"id('{box}')/descendant::a[@href]", f"{_NOT_SOMEBODY_ELSE} and not({has_class('noimg')})"
    )
    for box in ("profimg", "profselect", "profbox2", "profbox")
]
_UPLOADS = select_first(
    "descendant::a[contains(@href, '/user-uploads/')]",
    f"ancestor::div[{has_class('useruploads2')} or {has_class('useruploads')}]"
    f" and {_NOT_SOMEBODY_ELSE}",
)
_LABEL = f"descendant::span[{has_class('label')}]"


# --- What page it is -----------------------------------------------------------------------------
def classify(selector: Selector, url: str) -> PageKind:
    """Not found is never a 404 here, but a search page instead of the profile: ``SEARCH``."""
    if is_suggestions(selector):
        return PageKind.SEARCH
    if not is_readable(selector):
        return PageKind.UNKNOWN
    name, title = _read_name(selector), read_title(selector)
    if name and (_find_facts(selector) is not None or _is_profile_title(title, name)):
        return PageKind.PROFILE
    if re.search(r"\bsearch results\b", title, re.IGNORECASE) and "babepedia" in title.casefold():
        return PageKind.SEARCH
    return PageKind.UNKNOWN


def _is_profile_title(title: str, name: str) -> bool:
    """``Name - Free pics, galleries & more at Babepedia``: it may lack the block of facts."""
    match = re.fullmatch(
        r"(.+?) [-–—|] Free (?:nude )?pics\b.*\bat Babepedia", title, re.IGNORECASE
    )
    return match is not None and split_name(match[1]) == split_name(name)


def _find_facts(selector: Selector) -> Selector | None:
    """The block of personal facts: today's, else the older layout's when it has labels."""
    for block in selector.xpath("id('personal-info-block')"):
        return block
    for block in selector.xpath(f"id('bioarea')[{_LABEL}]"):
        return block
    return None


def _read_name(selector: Selector) -> str:
    headings = "id('babename')[self::h1] | id('bioarea')/descendant::h1"
    for heading in selector.xpath(select_first(headings)):
        name = read_heading(heading)
        if name:
            return name
    return ""


# --- The profile ---------------------------------------------------------------------------------
def parse_profile(selector: Selector, url: str) -> Profile:
    name = _read_name(selector)
    rows = _read_rows(selector)
    page_url = _read_own_url(selector) or canonical_url(url) or url
    aliases = clean_aliases(_read_aliases(selector, rows), name)
    countries = _read_countries(rows)
    return Profile(
        name=name,
        url=page_url,
        aliases=aliases,
        gender=_read_gender(selector),
        birth_date=_read_date(next((rows[label] for label in BIRTH_LABELS if label in rows), None)),
        death_date=_read_date(rows.get("died")),
        country=next(iter(countries), None),
        links=group_links(_read_links(selector)),
        photo_urls=tuple(_read_photos(selector, name, (slug_from_url(page_url) or "", *aliases))),
        source_id=slug_from_url(page_url),
        countries=countries,
        birth_text=_read_birth_text(rows),
    )


def _read_rows(selector: Selector) -> dict[str, Selector]:
    """Label (lower-case, no colon) -> the element that holds label and value."""
    facts = _find_facts(selector)
    rows: dict[str, Selector] = {}
    for label in facts.xpath(select_first(_LABEL)) if facts is not None else ():
        rows.setdefault(read_text(label).rstrip(": ").casefold(), label.xpath("..")[0])
    return rows


def _read_value(row: Selector) -> str:
    return read_text(row, " ", skip=lambda each: "label" in read_classes(each)).lstrip(": ")


def _read_date(row: Selector | None) -> PartialDate | None:
    return parse_date(_read_value(row)) if row is not None else None


def _read_birth_text(rows: dict[str, Selector]) -> str:
    """Birth and age as the page says them: ``15th of October 1983; age 42 years young``."""
    marks = {**dict.fromkeys(BIRTH_LABELS, ""), "age": "age ", "years old": "age "}
    values = [(mark, _read_value(rows[label])) for label, mark in marks.items() if label in rows]
    return cut("; ".join(mark + value for mark, value in values if value))


def _read_own_url(selector: Selector) -> str | None:
    links = "descendant::link[@rel='canonical']/@href"
    metadata = "descendant::meta[@property='og:url']/@content"
    hrefs = (selector.xpath(select_first(each)).getall() for each in (links, metadata))
    return find_own_url(chain.from_iterable(hrefs), HOME, HOSTS, canonical_url)


def _read_gender(selector: Selector) -> str | None:
    """As the page's metadata say; a page without them is a woman's, as the site's pages are."""
    properties = "@property='profile:gender' or @name='profile:gender'"
    stated = cut(selector.xpath(f"descendant::meta[{properties}]/@content").get()).casefold()
    # "Transgender" alone is a woman there.
    return read_gender(stated + " woman" * (stated == "transgender")) if stated else "FEMALE"


def _read_countries(rows: dict[str, Selector]) -> tuple[str, ...]:
    """Nationalities by their flags, else by their demonyms, else the country of birth."""
    nationality, birthplace = rows.get("nationality"), rows.get("birthplace")
    found: tuple[str, ...] = ()
    if nationality is not None:
        found = _read_flags(nationality)
        found = found or find_countries_by_nationality(
            re.sub(r"[()]", ",", _read_value(nationality))
        )
    if not found and birthplace is not None:
        links = birthplace.xpath("(.//a[contains(@href, 'topbabespercountry')])[last()]")
        names = [read_text(link) for link in links] or [_read_value(birthplace).rpartition(",")[2]]
        found = tuple(filter(None, map(find_country_by_name, names)))
    return found


def _read_flags(row: Selector) -> tuple[str, ...]:
    """``<span class="fi fi-es">``: the class holds the country's code."""
    classes = " ".join(row.xpath(select_first("descendant::*/@class")).getall())[:MAX_LIST]
    codes = re.findall(r"(?<!\S)fi-([a-z]{2}(?:-[a-z]{1,4})?)(?!\S)", classes, re.IGNORECASE)
    return tuple(filter(None, dict.fromkeys(map(find_country_by_code, codes))))


def _read_aliases(selector: Selector, rows: dict[str, Selector]) -> Iterator[str]:
    """The line under the name, then the fuller lists, without the notes beside the names."""
    headings = "id('aka') | id('bioarea')/descendant::h2[not(@id)]"
    for aka in selector.xpath(select_first(headings)):
        line = read_text(aka, skip=_is_beside_aka)
        own, is_labelled = re.subn(r"^(?:also known as|aka)\b[:\s]*", "", line, flags=re.IGNORECASE)
        if is_labelled or "id" in aka.attrib:
            yield from re.split(r"\s+[-/–]\s+", own)
    names = f"id('aliasinfo')/descendant::*[{has_class('aliasname')}]"
    for name in selector.xpath(select_first(names)):
        yield read_text(name, skip=_is_beside_aka)
    for row in (rows[label] for label in ("also known as", "aka") if label in rows):
        yield from re.split(r"\s+[-/–]\s+|[,;]\s", strip_notes(_read_value(row)))


def _is_beside_aka(element: Element) -> bool:
    """The words, buttons and notes that stand among the names."""
    by_id = element.get("id") in ("aliasinfobtn", "aliasinfo")
    return by_id or element.tag in ("small", "button") or "aliasnote" in read_classes(element)


def _read_links(selector: Selector) -> Iterator[tuple[str, str]]:
    """The person's own accounts. ``/onlyfans/<name>`` is the site's own redirect to OnlyFans."""
    for link in selector.xpath(select_first("id('socialicons')/descendant::a[@href]")):
        href = fold(link.attrib["href"][: MAX_LINK + 1])
        detour = on_site(href, HOME, HOSTS)
        if detour and (handle := re.fullmatch(r"/onlyfans/([^/]+)/?", detour.path)):
            href = f"https://onlyfans.com/{handle[1]}"
        found = read_outside_link(href, HOSTS)
        if found is None:
            continue
        tokens = link.attrib.get("class", "").casefold().split()
        kind = next((token for token in tokens if token in _LINK_KINDS), None)
        yield kind or find_link_kind(found), found


def _read_photos(selector: Selector, name: str, others: Iterable[str]) -> Iterator[str]:
    """Portraits first (the main one leads), then what users uploaded to this profile."""
    known = {_keep_letters(each) for each in (name, *others)}
    portraits = (href for box in _PORTRAITS for href in selector.xpath(f"{box}/@href").getall())
    yield from _list_own_photos(portraits, _PORTRAIT, known)
    uploads = (a.attrib["href"] for a in selector.xpath(_UPLOADS) if _is_shown(a, name))
    yield from _list_own_photos(uploads, _UPLOAD, known)


def _is_shown(upload: Selector, name: str) -> bool:
    """Does the picture itself name this person? Users upload others to a profile as well."""
    pictured = upload.xpath(select_first("descendant::img/@alt")).getall()
    keys = [make_name_keys(cut(alt, MAX_NAME)) for alt in pictured]
    return bool(keys) and not any(make_name_keys(name).isdisjoint(alt) for alt in keys)


def _list_own_photos(hrefs: Iterable[str], path: str, known: set[str]) -> Iterable[str]:
    """Photos of the site among these links, each once.

    Files are named after the person. Where some are, the others are somebody else's, who got into
    the box by a tag left open; where none is, the person has been renamed.
    """
    found: dict[str, str] = {}
    for href in hrefs:
        if url := read_photo_url(href, HOME, PHOTO_HOSTS, path):
            found.setdefault(unquote(url), url)
    named = [
        url for decoded, url in found.items() if _keep_letters(_read_file_name(decoded)) in known
    ]
    return named or found.values()


def _read_file_name(url: str) -> str:
    """``…/Nora%20Vesterlund12.jpg`` -> ``Nora Vesterlund``."""
    return url.rpartition("/")[2].rpartition(".")[0].rstrip("0123456789")


def _keep_letters(name: str) -> str:
    return "".join(split_name(name, joiner="")).rstrip("0123456789")
