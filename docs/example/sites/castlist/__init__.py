"""Cast List, an invented site: its URLs and its markup. See docs/adding-a-source.md."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

from parsel import Selector

from enrichscrapy.facts.countries import find_country_by_name
from enrichscrapy.facts.dates import parse_date
from enrichscrapy.facts.links import split_url
from enrichscrapy.facts.lookup_names import clean_name
from enrichscrapy.facts.text import clean_aliases, fold
from enrichscrapy.items import Profile
from enrichscrapy.sites import PageKind, SearchResult
from enrichscrapy.sites.links import on_site, read_photo_url

NAME = "castlist"
HOME = "https://www.castlist.example"
HOSTS = frozenset({"www.castlist.example", "castlist.example"})
PHOTO_HOSTS = HOSTS

_GENDERS = {"woman": "FEMALE", "man": "MALE"}


# --- URLs ----------------------------------------------------------------------------------------
def slug_from_url(url: str) -> str | None:
    """``https://castlist.example/p/ada-demo?x=1`` -> ``ada-demo``; another site's -> None."""
    parts = split_url(url)
    if parts is None or parts.hostname not in HOSTS:
        return None
    match = re.fullmatch(r"/p/([a-z0-9-]+)/?", parts.path)
    return match[1] if match else None


def slug_from_name(name: str) -> str:
    """``Ada Demo`` -> ``ada-demo``."""
    return "-".join(re.findall(r"[a-z0-9]+", clean_name(name).lower()))


def canonical_url(url: str) -> str | None:
    slug = slug_from_url(url)
    return f"{HOME}/p/{slug}" if slug else None


def profile_urls(name: str, gender: str | None) -> list[str]:
    return [f"{HOME}/p/{slug_from_name(name)}"]


def search_url(name: str) -> str:
    return f"{HOME}/find?name={quote_plus(clean_name(name))}"


# --- Pages ---------------------------------------------------------------------------------------
def classify(selector: Selector, url: str) -> PageKind:
    """By what is on the page; what is not recognised is UNKNOWN, never ABSENT."""
    if selector.css("article.person h1"):
        return PageKind.PROFILE
    if selector.css("ul#found"):
        return PageKind.SEARCH
    if "nobody of that name" in fold(selector.xpath("string(descendant::main)").get()).lower():
        return PageKind.ABSENT
    return PageKind.UNKNOWN


def parse_profile(selector: Selector, url: str) -> Profile:
    person = selector.css("article.person")
    name = fold(person.css("h1").xpath("string()").get())
    facts = {
        fold(row.css("dt").xpath("string()").get()).lower(): fold(
            row.css("dd").xpath("string()").get()
        )
        for row in person.css("dl.facts > div")
    }
    also = clean_aliases(facts.get("also", "").split(","), name)
    # Only the person's own frame: the page's side bar shows other people.
    photos = (
        read_photo_url(href, HOME, PHOTO_HOSTS, r"/photos/[\w-]+\.jpg")
        for href in person.css("figure.portrait a::attr(href)").getall()
    )
    return Profile(
        name=name,
        url=canonical_url(url) or url,
        aliases=also,
        gender=_GENDERS.get(facts.get("gender", "").lower()),
        birth_date=parse_date(facts.get("born", "")),
        birth_text=facts.get("born", ""),
        country=find_country_by_name(facts.get("country", "")),
        photo_urls=tuple(dict.fromkeys(photo for photo in photos if photo)),
        source_id=slug_from_url(url),
    )


def parse_search(selector: Selector, url: str) -> list[SearchResult]:
    results = []
    for link in selector.css("ul#found li a"):
        parts = on_site(link.attrib.get("href"), HOME, HOSTS)
        page = canonical_url(parts.geturl()) if parts else None
        if page:
            results.append(SearchResult(fold(link.xpath("string()").get()), page))
    return results
