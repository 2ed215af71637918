"""Pages of many megabytes in one place, or that would cost minutes element by element."""

import datetime as dt
import sys
import time
from collections import Counter

import pytest
from parsel import Selector

from enrichscrapy.facts.dates import find_latest_birth
from enrichscrapy.sites import PageKind, babepedia, iafd

TODAY = dt.date(2026, 11, 26)
MANY = 5000
SECONDS = 3  # each takes a fraction; without the bounds up to two minutes
BABE = "<h1 id=babename>Nora Lund</h1><div id=personal-info-block>"
STAR = "<h1>Nora Lund</h1><div class=col-sm-3><div id=headshot></div>"
HEADING = "<p class=bioheading>Performer AKA</p>"


@pytest.mark.parametrize(
    ("site", "page"),
    [
        (babepedia, BABE + "<div><span class=label>Born: " * MANY),
        (babepedia, BABE + "<span class=label>Born:</span>" * MANY),
        (babepedia, BABE + "</div><div id=profbox2>"
         + "<div><a href='/pics/Nora Lund.jpg'>" * MANY),
        (babepedia, BABE + "<div class=useruploads2>" * 150
         + "<a href='/user-uploads/Nora Lund1.jpg'></a>" * MANY),
        (babepedia, "<title>Babepedia - Search results for x</title>"
         + "<div class=results>" * 150 + "<a href='/babe/Nora'>Nora</a>" * MANY),
        (iafd, STAR + f"{HEADING}<p class=biodata>Nora L</p>" * MANY),
        (iafd, STAR + HEADING * MANY + "<p class=biodata>Nora L</p>" * MANY),
        (iafd, STAR + f"<div>{HEADING}<div class=biodata>Nora L<br>" * MANY),
        (iafd, STAR + HEADING + "<a target=starlet href='https://x.com/nora'>x</a>" * MANY),
        (iafd, "<h1>Nora Lund</h1>" * MANY),
        # A union of two long sets takes the product of their lengths.
        (iafd, STAR + HEADING + "<div class=biodata>" + "Nora L<br>" * 45_000),
        (babepedia, BABE + "<span class=label>Born:</span>" + "a<i>b</i>" * 45_000),
        (babepedia, BABE + "</div><div id=aliasinfo>" + "<b class=aliasname>" * 180
         + "a<i>b</i>" * 20_000),
    ],
)  # fmt: skip
def test_a_monstrous_page_costs_little(site, page):
    selector = Selector(page)
    started = time.perf_counter()
    if site.classify(selector, site.HOME) is PageKind.PROFILE:
        site.parse_profile(selector, site.HOME)
    else:
        site.parse_search(selector, site.HOME)
    assert time.perf_counter() - started < SECONDS


def test_a_page_nested_beyond_measure_is_no_profile():
    page = BABE + "<span class=label>Born:</span>{}</div>"
    for site, depth, kind in (
        (babepedia, 100, PageKind.PROFILE),
        (babepedia, 300, PageKind.UNKNOWN),
    ):
        assert site.classify(Selector(page.format("<div>" * depth)), site.HOME) is kind


MEGABYTES = 8_000_000
CALLS = 100_000
CHARACTERS = 1_000_000
CUTTERS = {"cut", "on_site", "read_photo_url"}
"""They take a text of any length, and hand on none that is longer than a fact or an address."""


class Work:
    """Counts calls, and the characters that the package's functions are handed once cut.

    Counted, not timed: the same on every machine.
    """

    def __init__(self) -> None:
        self.counts = Counter()

    def __enter__(self):
        sys.setprofile(self._note)
        return self.counts

    def __exit__(self, *_exception: object) -> None:
        sys.setprofile(None)

    def _note(self, frame, event, _argument) -> None:
        if event not in ("call", "c_call"):
            return
        self.counts["calls"] += 1
        code = frame.f_code
        if event == "call" and "enrichscrapy" in code.co_filename and code.co_name not in CUTTERS:
            given = (frame.f_locals.get(name) for name in code.co_varnames[: code.co_argcount])
            self.counts["characters"] += sum(len(text) for text in given if isinstance(text, str))


def much(text: str) -> str:
    return text * (MEGABYTES // len(text))


def babe(label: str = "", value: str = "", more: str = "", name: str = "Nora Lund") -> str:
    title = "<title>Nora Lund - Free pics, galleries &amp; more at Babepedia</title>"
    facts = f"<div id=personal-info-block><p><span class=label>{label}:</span>{value}</p></div>"
    return f"{title}<h1 id=babename>{name}</h1>{facts}{more}"


def star(heading: str = "", value: str = "", more: str = "", title: str = "Nora Lund") -> str:
    fact = f"<p class=bioheading>{heading}</p><div class=biodata>{value}</div>"
    column = f"<div class=col-sm-3><div id=headshot>{more}</div>{fact}</div>"
    return f"<title>{title}</title><h1>Nora Lund</h1>{column}"


HOSTILE = {
    "digits": (babepedia, lambda: babe("Born", much("1"))),
    "dots": (babepedia, lambda: babe("Born", "1990" + much("."))),
    "spaces": (babepedia, lambda: babe("Born", "1990" + much(" ") + "May")),
    "brackets": (babepedia, lambda: babe("Born", much("("))),
    "age": (babepedia, lambda: babe("Age", much("17 "))),
    "nationality": (babepedia, lambda: babe("Nationality", much("a, "))),
    "flags": (babepedia, lambda: babe("Nationality", f"<i class='{much('fi-es ')}'></i>")),
    "aka row": (babepedia, lambda: babe("Also known as", much("Nora B, "))),
    "aka line": (babepedia, lambda: babe(more=f"<h2 id=aka>{much('Nora B - ')}</h2>")),
    "name": (babepedia, lambda: babe(name=much("é"))),
    "alt": (babepedia, lambda: babe(more="<div class=useruploads2><a href='/user-uploads/a.jpg'>"
                                    f"<img alt='{much('é')}'></a></div>")),
    "photo": (babepedia, lambda: babe(more="<div id=profbox2>"
                                      f"<a href='/pics/{much('é')}.jpg'></a></div>")),
    "account": (babepedia, lambda: babe(more="<div id=socialicons>"
                                        f"<a href='https://x.com/{much('a')}'></a></div>")),
    "page title": (babepedia, lambda: f"<title>{much(' - Free pics')}</title>{babe()}"),
    "elements": (babepedia, lambda: babe(more=much("<i>x</i>"))),
    "suggestions": (babepedia, lambda: "[" + much('{"value": "Nora L", "label": "a, b"},') + "1]"),
    "suggestion": (babepedia, lambda: f'[{{"value": "{much("é")}", "label": "{much("a, ")}"}}]'),
    "birthday": (iafd, lambda: star("Birthday", much("1"))),
    "commas": (iafd, lambda: star("Performer AKA", much("a, "))),
    "commas in brackets": (iafd, lambda: star("Performer AKA", much("(, "))),
    "no aliases": (iafd, lambda: star("Performer AKA", much("No known aliases"))),
    "nations": (iafd, lambda: star("Nationality", much("a-"))),
    "heading": (iafd, lambda: star(much("AKA "), "Nora B")),
    "headshot": (iafd, lambda: star("Gender", "Woman", f"<img title='Photo of {much('é')}' "
                                    f"src='/graphics/headshots/{much('a_f')}.jpg'>")),
    "404": (iafd, lambda: star(title=much("404 "))),
    "gone": (iafd, lambda: f"<p>{much('invalid or outdated ')}"),
    "aka cell": (iafd, lambda: "<table id=tblFem><tr><td><td><a href='/person.rme/perfid=a/b'>a</a>"
                 f"<td>{much('a, ')}<td>{much('2')}"),
}  # fmt: skip


@pytest.mark.parametrize(("site", "page"), HOSTILE.values(), ids=HOSTILE)
def test_megabytes_in_one_place_are_cut_before_they_are_read(site, page):
    selector = Selector(page())
    with Work() as work:
        kind = site.classify(selector, site.HOME)
        if kind is PageKind.PROFILE:
            profile = site.parse_profile(selector, site.HOME)
            find_latest_birth(profile.birth_text, TODAY)
        if kind is PageKind.SEARCH:
            site.parse_search(selector, site.HOME)
    assert work["calls"] < CALLS
    assert work["characters"] < CHARACTERS


def test_a_page_of_more_elements_than_any_site_sends_is_no_profile():
    few, many = (babe("Born", "1990", "<i>x</i>" * number) for number in (50_000, 100_000))
    assert babepedia.classify(Selector(few), babepedia.HOME) is PageKind.PROFILE
    assert babepedia.classify(Selector(many), babepedia.HOME) is PageKind.UNKNOWN
