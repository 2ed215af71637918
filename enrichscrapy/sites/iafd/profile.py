"""IAFD: its URLs, both link schemes (``id=<uuid>`` and ``perfid=…``), and its markup.

Award rows reuse the classes of the biography, and gallery links the target of the social ones,
so everything is read within its block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice, takewhile

from parsel import Selector

from enrichscrapy.facts.countries import countries_from_nationality
from enrichscrapy.facts.dates import BIRTH_LABELS, parse_date
from enrichscrapy.facts.links import link_kind, outside_link, split_url
from enrichscrapy.facts.names import name_words
from enrichscrapy.facts.text import (
    MAX_FACT,
    MAX_PAGE_TEXT,
    clean_aliases,
    cut,
    is_empty,
    without_notes,
)
from enrichscrapy.items import Profile
from enrichscrapy.sites import PageKind
from enrichscrapy.sites.html import (
    first_elements,
    following,
    has_class,
    heading_text,
    is_readable,
    lines_of,
    text_of,
    title_of,
)
from enrichscrapy.sites.iafd.search import has_tables
from enrichscrapy.sites.iafd.urls import (
    GENDERS,
    HOME,
    HOSTS,
    PHOTO_HOSTS,
    UUID,
    canonical_url,
    slug_from_url,
)
from enrichscrapy.sites.links import on_site, photo_url

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
    title, scripts = title_of(selector), ("script", "style", "head")
    text = text_of(selector, " ", skip=lambda each: each.tag in scripts, limit=MAX_PAGE_TEXT)
    if _GONE.search(text) or _GONE_TITLE.match(title):
        return PageKind.ABSENT
    parts = split_url(url)
    if parts and re.fullmatch(r"/(?:ramesearch|results)\.asp", parts.path, re.IGNORECASE):
        heading = cut(selector.xpath("string(descendant::h1[1])").get())
        if re.search(r"\bsearch\b|\bresults\b", f"{title} {heading}", re.IGNORECASE):
            return PageKind.SEARCH
    return PageKind.UNKNOWN


def _is_person(selector: Selector) -> bool:
    headings = _facts(selector).keys()
    return not _PERSONAL.isdisjoint(headings) or bool(headings and selector.xpath("id('headshot')"))


def _name(selector: Selector) -> str:
    """The heading; of several, the one that the title (``Name - iafd.com``) repeats."""
    headings = selector.xpath(first_elements("descendant::h1"))
    names = [name for heading in headings[:10] if (name := heading_text(heading))]
    title = title_of(selector).casefold()
    return next((name for name in names if title.startswith(name.casefold())), "".join(names[:1]))


def _column(selector: Selector) -> Selector:
    """The left column: identity, headshot and links."""
    column = has_class("col-sm-3")
    found = selector.xpath(f"id('headshot')/ancestor::*[{column}][1]")
    if not found:
        columns = first_elements(f"descendant::div[{column}]", _OWN)
        found = selector.xpath(f"{columns}[descendant::{_HEADING}]")
    found = found or selector.xpath(f"id('headshot')/ancestor::*[descendant::{_HEADING}][1]")
    return found[0] if found else selector


def _blocks(selector: Selector) -> Iterator[Selector]:
    """Where facts about the person stand: the left column, then the vital statistics."""
    column = _column(selector)
    yield column
    vital = selector.xpath("id('home')[ancestor::*[@id='vitalbox']]") or selector.xpath(
        "id('vitalbox')"
    )
    yield from vital or column.xpath("..")


def _facts(selector: Selector) -> dict[str, list[Selector]]:
    """Heading (lower-case) -> the ``biodata`` blocks that follow it."""
    facts: dict[str, list[Selector]] = {}
    for block in _blocks(selector):
        for heading in block.xpath(first_elements(f"descendant::{_HEADING}", _OWN)):
            values = list(takewhile(_is_biodata, following(heading)))
            label = re.sub(r"[()]", "", text_of(heading, " ")).rstrip(": ").casefold()
            facts.setdefault(label, values)
    return facts


def _is_biodata(element: Selector) -> bool:
    return "biodata" in element.attrib.get("class", "").split()


# --- The profile ---------------------------------------------------------------------------------
def parse_profile(selector: Selector, url: str) -> Profile:
    name = _name(selector)
    facts = _facts(selector)
    own_url = _own_url(selector)
    page_url = own_url or canonical_url(url) or url
    born, age = _fact(facts, *BIRTH_LABELS), _fact(facts, "age")
    nationality = [line for value in facts.get("nationality", ()) for line in lines_of(value)]
    countries = countries_from_nationality(", ".join(nationality))
    return Profile(
        name=name,
        url=page_url,
        aliases=clean_aliases(_aliases(facts), name),
        gender=_gender(selector, facts, url),
        birth_date=parse_date(born),
        death_date=parse_date(_fact(facts, "date of death", "died", "death")),
        country=next(iter(countries), None),
        links=_links(selector, facts),
        photo_urls=tuple(_photos(selector, name))[:1],
        source_id=_source_id(selector, page_url),
        countries=countries,
        birth_text=cut("; ".join(filter(None, (born, age and f"age {age}")))),
    )


def _fact(facts: dict[str, list[Selector]], *headings: str) -> str:
    for heading in headings:
        for value in facts.get(heading, ()):
            text = text_of(value, " ")
            if not is_empty(text):
                return text
    return ""


def _aliases(facts: dict[str, list[Selector]]) -> Iterator[str]:
    """Of all lists; ``No known aliases`` may be glued to the end of one."""
    for heading in ("performer aka", "performer akas", "aka", "akas", "director aka"):
        for value in facts.get(heading, ()):
            for line in lines_of(value):
                yield from re.split(r"[,;]\s+|\s/\s", _NO_ALIASES.sub("", without_notes(line)))


def _own_url(selector: Selector) -> str | None:
    canonical = "descendant::link[@rel='canonical']/@href"
    tabs = "id('perfwith')/descendant::a[contains(@href, 'person.rme')]/@href"
    hrefs = (selector.xpath(first_elements(each)).getall() for each in (canonical, tabs))
    for href in chain.from_iterable(hrefs):
        parts = on_site(href, HOME, HOSTS)
        found = canonical_url(parts.geturl()) if parts else None
        if found:
            return found
    return None


def _form(selector: Selector, field: str) -> str:
    """A field of the form for corrections, which repeats the page's keys."""
    inputs = first_elements("id('correct')/descendant::input[@name and @value]")
    for entry in selector.xpath(inputs):
        if entry.attrib["name"].casefold() == field:
            return cut(entry.attrib["value"])
    return ""


def _source_id(selector: Selector, page_url: str) -> str | None:
    """The person's uuid wherever the page shows it, else the older perfid."""
    pairings = cut(selector.xpath("id('scenepairings')/@data-src").get())
    for text in (page_url, _form(selector, "id"), pairings):
        if found := re.search(UUID, text, re.IGNORECASE):
            return found[0].lower()
    return slug_from_url(page_url) or _form(selector, "perfid").lower() or None


def _gender(selector: Selector, facts: dict[str, list[Selector]], url: str) -> str | None:
    """As the page says; older pages only give a letter, and mark trans people in the perfid."""
    said = GENDERS.get(without_notes(_fact(facts, "gender")).casefold())
    if said:
        return said
    perfid = _form(selector, "perfid") or slug_from_url(url) or ""
    gender = GENDERS.get(_gender_letter(selector, url).lower())
    if re.search(r"_mtf\b", perfid) or (re.search(r"_ts\b", perfid) and gender == "FEMALE"):
        return "TRANSGENDER_FEMALE"
    return "TRANSGENDER_MALE" if re.search(r"_ftm\b", perfid) else gender


def _gender_letter(selector: Selector, url: str) -> str:
    """f, m, tf or tm: of the form, else of the link, else of the headshot's name."""
    if letter := _form(selector, "gender"):
        return letter
    headshots = selector.xpath("id('headshot')/descendant::img/@src").getall()
    for pattern, text in (
        (r"/gender=([a-z]+)", url),
        (r"_(t?[fm])(?:_[^_/.]+)?\.jpg$", "".join(headshots[:1])[-MAX_FACT:]),
    ):
        if found := re.search(pattern, text, re.IGNORECASE):
            return found[1]
    return ""


def _links(selector: Selector, facts: dict[str, list[Selector]]) -> dict[str, tuple[str, ...]]:
    """Accounts and sites of the person, by platform; not the galleries that share their target."""
    starlets = first_elements("descendant::a[@target='starlet'][@href]", _OWN)
    anchors = list(_column(selector).xpath(starlets))
    for value in (value for heading in sorted(_WEB & facts.keys()) for value in facts[heading]):
        anchors += value.xpath(first_elements("descendant::a[@href]"))
    linked = first_elements(f"descendant::{_HEADING}/descendant::a[@href]", _OWN)
    anchors += [anchor for block in _blocks(selector) for anchor in block.xpath(linked)]
    links: dict[str, list[str]] = {}
    for anchor in anchors:
        found = outside_link(anchor.attrib["href"], HOSTS)
        if found and not _is_gallery(anchor):
            urls = links.setdefault(link_kind(found), [])
            if found not in urls:
                urls.append(found)
    return {kind: tuple(urls) for kind, urls in links.items()}


def _is_gallery(anchor: Selector) -> bool:
    """By its own words, or by those of the heading it stands under."""
    words = [text_of(anchor), anchor.attrib.get("title", ""), _heading_above(anchor)]
    return "galler" in " ".join(words).casefold()


def _heading_above(anchor: Selector) -> str:
    for element in (anchor.root, *islice(anchor.root.iterancestors(), 10)):
        for sibling in islice(element.itersiblings(preceding=True), 100):
            classes = sibling.get("class", "").split()
            if "bioheading" in classes or sibling.tag in ("h2", "h3", "h4"):
                return text_of(Selector(root=sibling, type="html"))
    return ""


def _photos(selector: Selector, name: str) -> Iterator[str]:
    """The headshot, lazy or not. A caption that names somebody else makes it somebody else's."""
    # Not of a block inside: a tag left open would make the whole page one.
    own = first_elements("id('headshot')/descendant::img", "ancestor::div[1]/@id='headshot'")
    for image in selector.xpath(own):
        titled = re.fullmatch(r"photo of (.+)", cut(image.attrib.get("title")), re.IGNORECASE)
        if titled and not _same_words(without_notes(titled[1]), name):
            continue
        for attribute in ("data-cfsrc", "data-src", "src"):
            if found := photo_url(image.attrib.get(attribute), HOME, PHOTO_HOSTS, _HEADSHOT):
                yield found


def _same_words(one: str, other: str) -> bool:
    """True when one name is the other, or a part of it."""
    words, others = set(name_words(one)), set(name_words(other))
    return words <= others or others <= words
