"""IAFD: its URLs, both link schemes (``id=<uuid>`` and ``perfid=…``), and its markup.

Award rows reuse the classes of the biography, and gallery links the target of the social ones,
so everything is read within its block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice, takewhile

from parsel import Selector

from enrichscrapy.facts.countries import find_countries_by_nationality
from enrichscrapy.facts.dates import BIRTH_LABELS, parse_date
from enrichscrapy.facts.genders import read_gender
from enrichscrapy.facts.links import find_link_kind, group_links, read_outside_link, split_url
from enrichscrapy.facts.names import split_name
from enrichscrapy.facts.text import (
    MAX_FACT,
    MAX_PAGE_TEXT,
    clean_aliases,
    cut,
    is_empty,
    strip_notes,
)
from enrichscrapy.items import Profile
from enrichscrapy.sites import PageKind
from enrichscrapy.sites.html import (
    has_class,
    is_readable,
    iter_following,
    read_heading,
    read_lines,
    read_text,
    read_title,
    select_first,
)
from enrichscrapy.sites.iafd.search import has_tables
from enrichscrapy.sites.iafd.urls import (
    HOME,
    HOSTS,
    PHOTO_HOSTS,
    UUID,
    canonical_url,
    slug_from_url,
)
from enrichscrapy.sites.links import find_own_url, read_photo_url

_HEADSHOT = r"/graphics/headshots/(?!no_?photo|th_|iafd_ad)[^/]+\.(?:jpe?g|png|webp)"
_GONE = re.compile(r"invalid or outdated page|the page you requested was removed", re.IGNORECASE)
_NO_ALIASES = re.compile(r"no known aliases\W*$", re.IGNORECASE)
_GONE_TITLE = re.compile(r"404\b.*\biafd\.com\b", re.IGNORECASE)
# Headings only a person's page has: a film's page is built of the same classes.
_PERSONAL = frozenset({"performer aka", "gender", "birthday", "ethnicity", "nationality"})
_PERSONAL |= {"director aka", "years active as performer", "years active as director"}
_WEB = frozenset({"website", "websites", "social network", "digital distribution platform"})
_WEB |= {"egafd", "bgafd"}  # the person's page in another database; the heading may be the link

_FOREIGN_IDS = "@id='awards' or @id='comments' or starts-with(@id, 'galler')"
_OWN = f"not(ancestor::*[{_FOREIGN_IDS} or {has_class('headshotcaption')}])"
_HEADING = f"p[{has_class('bioheading')}]"


# --- What page it is -----------------------------------------------------------------------------
def classify(selector: Selector, url: str) -> PageKind:
    """By the body alone, but for a search without results, which has no mark of its own."""
    if not is_readable(selector):
        return PageKind.UNKNOWN
    if _name(selector) and _is_person(selector):
        return PageKind.PROFILE
    if has_tables(selector):
        return PageKind.SEARCH
    title, scripts = read_title(selector), ("script", "style", "head")
    text = read_text(selector, " ", skip=lambda each: each.tag in scripts, limit=MAX_PAGE_TEXT)
    if _GONE.search(text) or _GONE_TITLE.match(title):
        return PageKind.ABSENT
    parts = split_url(url)
    if parts and re.fullmatch(r"/(?:ramesearch|results)\.asp", parts.path, re.IGNORECASE):
        heading = cut(selector.xpath("string(descendant::h1[1])").get())
        if re.search(r"\bsearch\b|\bresults\b", f"{title} {heading}", re.IGNORECASE):
            return PageKind.SEARCH
    return PageKind.UNKNOWN


def _is_person(selector: Selector) -> bool:
    headings = _read_facts(selector).keys()
    return not _PERSONAL.isdisjoint(headings) or bool(headings and selector.xpath("id('headshot')"))


def _name(selector: Selector) -> str:
    """The heading; of several, the one that the title (``Name - iafd.com``) repeats."""
    headings = selector.xpath(select_first("descendant::h1"))
    names = [name for heading in headings[:10] if (name := read_heading(heading))]
    title = read_title(selector).casefold()
    return next((name for name in names if title.startswith(name.casefold())), "".join(names[:1]))


def _find_column(selector: Selector) -> Selector:
    """The left column: identity, headshot and links."""
    column = has_class("col-sm-3")
    found = selector.xpath(f"id('headshot')/ancestor::*[{column}][1]")
    if not found:
        columns = select_first(f"descendant::div[{column}]", _OWN)
        found = selector.xpath(f"{columns}[descendant::{_HEADING}]")
    found = found or selector.xpath(f"id('headshot')/ancestor::*[descendant::{_HEADING}][1]")
    return found[0] if found else selector


def _list_blocks(selector: Selector) -> Iterator[Selector]:
    """Where facts about the person stand: the left column, then the vital statistics."""
    column = _find_column(selector)
    yield column
    vital = selector.xpath("id('home')[ancestor::*[@id='vitalbox']]") or selector.xpath(
        "id('vitalbox')"
    )
    yield from vital or column.xpath("..")


def _read_facts(selector: Selector) -> dict[str, list[Selector]]:
    """Heading (lower-case) -> the ``biodata`` blocks that follow it."""

    def is_value(element: Selector) -> bool:
        return "biodata" in element.attrib.get("class", "").split()

    facts: dict[str, list[Selector]] = {}
    for block in _list_blocks(selector):
        for heading in block.xpath(select_first(f"descendant::{_HEADING}", _OWN)):
            values = list(takewhile(is_value, iter_following(heading)))
            label = re.sub(r"[()]", "", read_text(heading, " ")).rstrip(": ").casefold()
            facts.setdefault(label, values)
    return facts


# --- The profile ---------------------------------------------------------------------------------
def parse_profile(selector: Selector, url: str) -> Profile:
    name = _name(selector)
    facts = _read_facts(selector)
    own_url = _read_own_url(selector)
    page_url = own_url or canonical_url(url) or url
    born, age = _read_fact(facts, *BIRTH_LABELS), _read_fact(facts, "age")
    nationality = [line for value in facts.get("nationality", ()) for line in read_lines(value)]
    countries = find_countries_by_nationality(", ".join(nationality))
    return Profile(
        name=name,
        url=page_url,
        aliases=clean_aliases(_read_aliases(facts), name),
        gender=_read_gender(selector, facts, url),
        birth_date=parse_date(born),
        death_date=parse_date(_read_fact(facts, "date of death", "died", "death")),
        country=next(iter(countries), None),
        links=group_links(_read_links(selector, facts)),
        photo_urls=tuple(_read_photos(selector, name))[:1],
        source_id=_read_source_id(selector, page_url),
        countries=countries,
        birth_text=cut("; ".join(filter(None, (born, age and f"age {age}")))),
    )


def _read_fact(facts: dict[str, list[Selector]], *headings: str) -> str:
    for heading in headings:
        for value in facts.get(heading, ()):
            text = read_text(value, " ")
            if not is_empty(text):
                return text
    return ""


def _read_aliases(facts: dict[str, list[Selector]]) -> Iterator[str]:
    """Of all lists; ``No known aliases`` may be glued to the end of one."""
    for heading in ("performer aka", "performer akas", "aka", "akas", "director aka"):
        for value in facts.get(heading, ()):
            for line in read_lines(value):
                yield from re.split(r"[,;]\s+|\s/\s", _NO_ALIASES.sub("", strip_notes(line)))


def _read_own_url(selector: Selector) -> str | None:
    canonical = "descendant::link[@rel='canonical']/@href"
    tabs = "id('perfwith')/descendant::a[contains(@href, 'person.rme')]/@href"
    hrefs = (selector.xpath(select_first(each)).getall() for each in (canonical, tabs))
    return find_own_url(chain.from_iterable(hrefs), HOME, HOSTS, canonical_url)


def _read_form(selector: Selector, field: str) -> str:
    """A field of the form for corrections, which repeats the page's keys."""
    inputs = select_first("id('correct')/descendant::input[@name and @value]")
    for entry in selector.xpath(inputs):
        if entry.attrib["name"].casefold() == field:
            return cut(entry.attrib["value"])
    return ""


def _read_source_id(selector: Selector, page_url: str) -> str | None:
    """The person's uuid wherever the page shows it, else the older perfid."""
    pairings = cut(selector.xpath("id('scenepairings')/@data-src").get())
    for text in (page_url, _read_form(selector, "id"), pairings):
        if found := re.search(UUID, text, re.IGNORECASE):
            return found[0].lower()
    return slug_from_url(page_url) or _read_form(selector, "perfid").lower() or None


def _read_gender(selector: Selector, facts: dict[str, list[Selector]], url: str) -> str | None:
    """As the page says; older pages only give a letter, and mark trans people in the perfid."""
    stated = read_gender(strip_notes(_read_fact(facts, "gender")))
    if stated:
        return stated
    perfid = _read_form(selector, "perfid") or slug_from_url(url) or ""
    gender = read_gender(_read_gender_letter(selector, url))
    if re.search(r"_mtf\b", perfid) or (re.search(r"_ts\b", perfid) and gender == "FEMALE"):
        return "TRANSGENDER_FEMALE"
    return "TRANSGENDER_MALE" if re.search(r"_ftm\b", perfid) else gender


def _read_gender_letter(selector: Selector, url: str) -> str:
    """f, m, tf or tm: of the form, else of the link, else of the headshot's name."""
    if letter := _read_form(selector, "gender"):
        return letter
    headshots = selector.xpath("id('headshot')/descendant::img/@src").getall()
    for pattern, text in (
        (r"/gender=([a-z]+)", url),
        (r"_(t?[fm])(?:_[^_/.]+)?\.jpg$", "".join(headshots[:1])[-MAX_FACT:]),
    ):
        if found := re.search(pattern, text, re.IGNORECASE):
            return found[1]
    return ""


def _read_links(selector: Selector, facts: dict[str, list[Selector]]) -> Iterator[tuple[str, str]]:
    """Accounts and sites of the person, by platform; not the galleries that share their target."""
    starlets = select_first("descendant::a[@target='starlet'][@href]", _OWN)
    anchors = list(_find_column(selector).xpath(starlets))
    for value in (value for heading in sorted(_WEB & facts.keys()) for value in facts[heading]):
        anchors += value.xpath(select_first("descendant::a[@href]"))
    linked = select_first(f"descendant::{_HEADING}/descendant::a[@href]", _OWN)
    anchors += [anchor for block in _list_blocks(selector) for anchor in block.xpath(linked)]
    for anchor in anchors:
        found = read_outside_link(anchor.attrib["href"], HOSTS)
        if found and not _is_gallery(anchor):
            yield find_link_kind(found), found


def _is_gallery(anchor: Selector) -> bool:
    """By its own words, or by those of the heading it stands under."""
    words = [read_text(anchor), anchor.attrib.get("title", ""), _find_heading_above(anchor)]
    return "galler" in " ".join(words).casefold()


def _find_heading_above(anchor: Selector) -> str:
    for element in (anchor.root, *islice(anchor.root.iterancestors(), 10)):
        for sibling in islice(element.itersiblings(preceding=True), 100):
            classes = sibling.get("class", "").split()
            if "bioheading" in classes or sibling.tag in ("h2", "h3", "h4"):
                return read_text(Selector(root=sibling, type="html"))
    return ""


def _read_photos(selector: Selector, name: str) -> Iterator[str]:
    """The headshot, lazy or not. A caption that names somebody else makes it somebody else's."""
    # Not of a block inside: a tag left open would make the whole page one.
    own = select_first("id('headshot')/descendant::img", "ancestor::div[1]/@id='headshot'")
    for image in selector.xpath(own):
        titled = re.fullmatch(r"photo of (.+)", cut(image.attrib.get("title")), re.IGNORECASE)
        if titled and not _is_same_words(strip_notes(titled[1]), name):
            continue
        for attribute in ("data-cfsrc", "data-src", "src"):
            if found := read_photo_url(image.attrib.get(attribute), HOME, PHOTO_HOSTS, _HEADSHOT):
                yield found


def _is_same_words(one: str, other: str) -> bool:
    """True when one name is the other, or a part of it."""
    words, others = set(split_name(one)), set(split_name(other))
    return words <= others or others <= words
