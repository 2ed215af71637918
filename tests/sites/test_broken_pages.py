"""Pages as no site ever meant them: what is there is read, and nobody else's photo is taken."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parsel import Selector

from enrichscrapy.items import Profile
from enrichscrapy.sites import PageKind, Site, find_sites

PAGES = Path(__file__).parent.parent / "pages"
FIXTURES = [
    (site.NAME, page.read_text(encoding="utf-8"), page.stem)
    for site in find_sites().values()
    for page in sorted((PAGES / site.NAME).glob("*.html"))
]
PHOTO = {
    "babepedia": r"https://www\.babepedia\.com/(?:pics|user-uploads)/[^/?#]+",
    "iafd": r"https://www\.iafd\.com/graphics/headshots/[^/?#]+",
}


def read(site: Site, html: str) -> Profile:
    """Everything a spider may do with a page."""
    selector = Selector(html)
    url = site.profile_urls("Nora Vesterlund", "FEMALE")[0]
    assert site.classify(selector, url) in PageKind
    profile = site.parse_profile(selector, url)
    for result in site.parse_search(selector, url):
        assert site.canonical_url(result.url) == result.url
    return profile


def check(site: Site, profile: Profile) -> None:
    for photo in profile.photo_urls:
        assert re.fullmatch(PHOTO[site.NAME], photo)
        assert not re.search(r"_thumb|/th_|nophoto", photo)
    assert len(set(profile.photo_urls)) == len(profile.photo_urls)
    for urls in profile.links.values():
        assert all(re.match(r"https?://", url, re.IGNORECASE) for url in urls)
    assert profile.name not in profile.aliases


@given(st.text(max_size=200) | st.from_regex(r"(<[a-z0-9 ='\"/]{1,20}>|[a-z ]{0,5}){0,20}"))
def test_any_text_can_be_read(html):
    for site in find_sites().values():
        check(site, read(site, html))


def cut(html: str, where: float, length: int) -> str:
    start = int(where * len(html))
    return html[:start] + html[start + length :]


def repeat(html: str, where: float, length: int) -> str:
    start = int(where * len(html))
    return html[: start + length] + html[start:]


def drop_tag(html: str, where: float, _: int) -> str:
    """Take one tag out: an opening one loses its block, a closing one leaves it open."""
    tags = list(re.finditer(r"<[^<>]+>", html))
    tag = tags[int(where * (len(tags) - 1))] if tags else None
    return html[: tag.start()] + html[tag.end() :] if tag else html


def drop_attribute(html: str, where: float, _: int) -> str:
    found = list(re.finditer(r"\s[\w-]+=(?:\"[^\"]*\"|'[^']*')", html))
    hit = found[int(where * (len(found) - 1))] if found else None
    return html[: hit.start()] + html[hit.end() :] if hit else html


def truncate(html: str, where: float, _: int) -> str:
    return html[: int(where * len(html))]


MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from([cut, repeat, drop_tag, drop_attribute, truncate]),
        st.floats(0, 1),
        st.integers(1, 400),
    ),
    min_size=1,
    max_size=4,
)


@given(st.sampled_from(FIXTURES), MUTATIONS)
@settings(max_examples=400)
def test_damaged_pages_can_be_read(fixture, mutations):
    name, html, _ = fixture
    for mutate, where, length in mutations:
        html = mutate(html, where, length)
    site = find_sites()[name]
    check(site, read(site, html))


STRANGERS = re.compile(r"falk|norr|alm|bjork|ek\b|friend|holt|random|else", re.IGNORECASE)


@pytest.mark.parametrize(
    ("name", "stem"), [("babepedia", "current_full"), ("babepedia", "older_full"),
                       ("iafd", "current_full")]
)  # fmt: skip
def test_a_tag_left_open_lets_no_stranger_in(name, stem):
    """Whichever single tag is missing: a photo that is taken is one of the person's own."""
    site = find_sites()[name]
    html = (PAGES / name / f"{stem}.html").read_text(encoding="utf-8")
    own = set(json.loads((PAGES / name / f"{stem}.json").read_text())["profile"]["photo_urls"])
    for tag in re.finditer(r"<[^<>]+>", html):
        profile = read(site, html[: tag.start()] + html[tag.end() :])
        assert set(profile.photo_urls) <= own, tag
        assert not any(STRANGERS.search(unquote(url)) for url in profile.photo_urls)
