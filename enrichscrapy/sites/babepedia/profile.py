"""Babepedia: its URLs and its markup, the layout since July 2025 and the one before it.

Photos are only ever taken from the person's own boxes. The same page shows dozens of other
people's ``/pics/…_thumb3.jpg`` ("More like", "Top 25", "Random") in ``.thumbshot`` blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from parsel import Selector

from enrichscrapy.facts.countries import (
    country_from_code,
    country_from_name,
    country_from_nationality,
)
from enrichscrapy.facts.dates import parse_date
from enrichscrapy.facts.links import link_kind, outside_link
from enrichscrapy.facts.names import name_words
from enrichscrapy.facts.text import clean_aliases, fold
from enrichscrapy.items import PartialDate, Profile
from enrichscrapy.sites import PageKind
from enrichscrapy.sites.babepedia.search import suggestions
from enrichscrapy.sites.babepedia.urls import (
    HOME,
    HOSTS,
    PHOTO_HOSTS,
    canonical_url,
    slug_from_url,
)
from enrichscrapy.sites.html import (
    first_elements,
    has_class,
    heading_text,
    is_readable,
    text_of,
)
from enrichscrapy.sites.links import on_site, photo_url

_GENDERS = {
    "female": "FEMALE",
    "woman": "FEMALE",
    "male": "MALE",
    "man": "MALE",
    "transgender": "TRANSGENDER_FEMALE",
    "trans woman": "TRANSGENDER_FEMALE",
    "transgender female": "TRANSGENDER_FEMALE",
}
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
    first_elements(f"id('{box}')/descendant::a[@href]", _NOT_SOMEBODY_ELSE)
    for box in ("profimg", "profselect", "profbox2", "profbox")
]
_UPLOADS = [
    first_elements(
        "descendant::a[contains(@href, '/user-uploads/')]",
        f"ancestor::div[{has_class('useruploads2')} or {has_class('useruploads')}]"
        f" and {_NOT_SOMEBODY_ELSE}",
    )
]
_BESIDE_AKA = (
    "ancestor::small or ancestor::button or "
    f"ancestor::*[@id='aliasinfobtn' or @id='aliasinfo' or {has_class('aliasnote')}]"
)
_LABEL = f"descendant::span[{has_class('label')}]"


# --- What page it is -----------------------------------------------------------------------------
def classify(selector: Selector, url: str) -> PageKind:
    """Not found is never a 404 here, but a search page in the profile's stead: ``SEARCH``."""
    if selector.type == "json":
        return PageKind.SEARCH if list(suggestions(selector)) else PageKind.UNKNOWN
    if not is_readable(selector):
        return PageKind.UNKNOWN
    if _name(selector) and _facts(selector) is not None:
        return PageKind.PROFILE
    title = fold(selector.xpath("string(descendant::title[1])").get())
    if re.search(r"\bsearch results\b", title, re.IGNORECASE) and "babepedia" in title.casefold():
        return PageKind.SEARCH
    return PageKind.UNKNOWN


def _facts(selector: Selector) -> Selector | None:
    """The block of personal facts: today's, else the older layout's when it has labels."""
    for block in selector.xpath("id('personal-info-block')"):
        return block
    for block in selector.xpath(f"id('bioarea')[{_LABEL}]"):
        return block
    return None


def _name(selector: Selector) -> str:
    for heading in selector.xpath("id('babename')[self::h1] | id('bioarea')/descendant::h1"):
        name = heading_text(heading)
        if name:
            return name
    return ""


# --- The profile ---------------------------------------------------------------------------------
def parse_profile(selector: Selector, url: str) -> Profile:
    name = _name(selector)
    rows = _rows(selector)
    page_url = _own_url(selector) or canonical_url(url) or url
    aliases = clean_aliases(_aliases(selector), name)
    return Profile(
        name=name,
        url=page_url,
        aliases=aliases,
        gender=_gender(selector),
        birth_date=_date(rows.get("born")),
        death_date=_date(rows.get("died")),
        country=_country(rows),
        links=_links(selector),
        photo_urls=tuple(_photos(selector, (name, slug_from_url(page_url) or "", *aliases))),
        source_id=slug_from_url(page_url),
    )


def _rows(selector: Selector) -> dict[str, Selector]:
    """Label (lower-case, no colon) -> the element that holds label and value."""
    facts = _facts(selector)
    rows: dict[str, Selector] = {}
    for label in facts.xpath(first_elements(_LABEL)) if facts is not None else ():
        rows.setdefault(text_of(label).rstrip(": ").casefold(), label.xpath("..")[0])
    return rows


def _value(row: Selector) -> str:
    beside = f"text() | *[not(self::span[{has_class('label')}])]/descendant::text()"
    return fold(" ".join(row.xpath(beside).getall())).lstrip(": ")


def _date(row: Selector | None) -> PartialDate | None:
    return parse_date(_value(row)) if row is not None else None


def _own_url(selector: Selector) -> str | None:
    candidates = selector.xpath(
        "descendant::link[@rel='canonical']/@href | descendant::meta[@property='og:url']/@content"
    ).getall()
    for href in candidates:
        parts = on_site(href, HOME, HOSTS)
        found = canonical_url(parts.geturl()) if parts else None
        if found:
            return found
    return None


def _gender(selector: Selector) -> str | None:
    """As the page's metadata say; a page without them is a woman's, as the site's pages are."""
    properties = "@property='profile:gender' or @name='profile:gender'"
    said = fold(selector.xpath(f"descendant::meta[{properties}]/@content").get()).casefold()
    return _GENDERS.get(said) if said else "FEMALE"


def _country(rows: dict[str, Selector]) -> str | None:
    """Nationality by its flag or demonym, else the country of birth."""
    nationality, birthplace = rows.get("nationality"), rows.get("birthplace")
    found = None
    if nationality is not None:
        classes = " ".join(nationality.xpath(".//@class").getall())
        codes = re.findall(r"(?<!\S)fi-([a-z]{2}(?:-[a-z]+)?)(?!\S)", classes, re.IGNORECASE)
        found = next(filter(None, map(country_from_code, codes)), None)
        found = found or country_from_nationality(re.sub(r"[()]", ",", _value(nationality)))
    if found is None and birthplace is not None:
        links = birthplace.xpath(".//a[contains(@href, 'topbabespercountry')]")
        names = [text_of(link) for link in links[-1:]] or [_value(birthplace).rpartition(",")[2]]
        found = country_from_name(names[0])
    return found


def _aliases(selector: Selector) -> Iterator[str]:
    """First the line under the name, then the fuller list, without the notes beside the names."""
    for aka in selector.xpath("id('aka') | id('bioarea')/descendant::h2[not(@id)]"):
        texts = aka.xpath(first_elements("descendant::text()", f"not({_BESIDE_AKA})")).getall()
        line = fold("".join(texts))
        own, said = re.subn(r"^(?:also known as|aka)\b[:\s]*", "", line, flags=re.IGNORECASE)
        if said or "id" in aka.attrib:
            yield from re.split(r"\s+[-/–]\s+", own)
    names = f"id('aliasinfo')/descendant::*[{has_class('aliasname')}]"
    for name in selector.xpath(first_elements(names)):
        inside = f"descendant::text()[not(ancestor::*[{has_class('aliasnote')}])]"
        yield "".join(name.xpath(inside).getall())


def _links(selector: Selector) -> dict[str, tuple[str, ...]]:
    """The person's own accounts. ``/onlyfans/<name>`` is the site's way round to OnlyFans."""
    links: dict[str, list[str]] = {}
    for link in selector.xpath(first_elements("id('socialicons')/descendant::a[@href]")):
        href = fold(link.attrib["href"])
        detour = on_site(href, HOME, HOSTS)
        if detour and (handle := re.fullmatch(r"/onlyfans/([^/]+)/?", detour.path)):
            href = f"https://onlyfans.com/{handle[1]}"
        found = outside_link(href, HOSTS)
        if found is None:
            continue
        tokens = link.attrib.get("class", "").casefold().split()
        kind = next((token for token in tokens if token in _LINK_KINDS), None) or link_kind(found)
        if found not in links.setdefault(kind, []):
            links[kind].append(found)
    return {kind: tuple(urls) for kind, urls in links.items()}


def _photos(selector: Selector, names: Iterable[str]) -> Iterator[str]:
    """Portraits first (the main one leads), then what users uploaded to this profile."""
    known = {_letters(name) for name in names}
    for boxes, path in ((_PORTRAITS, _PORTRAIT), (_UPLOADS, _UPLOAD)):
        hrefs = (href for box in boxes for href in selector.xpath(f"{box}/@href").getall())
        yield from _own_photos(hrefs, path, known)


def _own_photos(hrefs: Iterable[str], path: str, known: set[str]) -> Iterable[str]:
    """Photos of the site among these links, each once.

    Files are named after the person. Where some are, the others are somebody else's, who got into
    the box by a tag left open; where none is, the person was renamed since.
    """
    found: dict[str, str] = {}
    for href in hrefs:
        if url := photo_url(href, HOME, PHOTO_HOSTS, path):
            found.setdefault(unquote(url), url)
    named = [url for decoded, url in found.items() if _letters(_file_name(decoded)) in known]
    return named or found.values()


def _file_name(url: str) -> str:
    """``…/Nora%20Vesterlund12.jpg`` -> ``Nora Vesterlund``."""
    return url.rpartition("/")[2].rpartition(".")[0].rstrip("0123456789")


def _letters(name: str) -> str:
    return "".join(name_words(name, joiner="")).rstrip("0123456789")
