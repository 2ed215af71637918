"""Pages that would cost minutes if each element were asked for its ancestors and siblings."""

import time

import pytest
from parsel import Selector

from enrichscrapy.sites import PageKind, babepedia, iafd

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
