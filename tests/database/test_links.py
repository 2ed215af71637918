from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from enrichscrapy.database.links import Link, read_link
from enrichscrapy.sites import find_sites

pytestmark = pytest.mark.on_both()


def test_the_sites_of_the_project_are_known():
    assert {"babepedia", "iafd"} <= find_sites().keys()


@pytest.mark.parametrize(
    ("url", "link"),
    [
        (
            "http://babepedia.com/babe/Invented_Person/?ref=1#top",
            Link("babepedia", "https://www.babepedia.com/babe/Invented_Person", "Invented_Person"),
        ),
        (
            "https://www.babepedia.com/gallery/Invented_Person/1",
            Link("babepedia", "https://www.babepedia.com/gallery/Invented_Person/1", None),
        ),
        ("https://www.twitter.com/a", Link("twitter", "https://www.twitter.com/a", "a-id")),
        ("https://a.b.co.uk/x", Link("b", "https://a.b.co.uk/x", "a-id")),
        ("https://192.0.2.7/x", Link("192.0.2.7", "https://192.0.2.7/x", "a-id")),
        ("https://LOCALHOST./x", Link("localhost", "https://LOCALHOST./x", "a-id")),
    ],
)
def test_a_link_is_read_by_its_host(url, link):
    assert read_link(url, "a-id") == link


@pytest.mark.parametrize(
    "url",
    [
        "https://iafd.net/person.rme/id=1",
        "https://babepedia.example.org/babe/X",
        "https://www.babepedia.com.example.org/babe/X",
        "https://example.org/?next=https://www.babepedia.com/babe/X",
        "https://www.babepedia.com@example.org/babe/X",
        "https://notbabepedia.com/babe/X",
    ],
)
def test_a_site_named_elsewhere_in_a_link_is_not_its_site(url):
    assert read_link(url).site not in find_sites()


def test_without_an_id_the_address_is_its_own():
    assert read_link("https://x.com/a").normalized_id == "https://x.com/a"


@pytest.mark.parametrize(
    "url", ["", "no address", "javascript:alert(1)", "ftp://x.com/", "https://", "http://[::1"]
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(ValueError, match=r"."):
        read_link(url)


@given(st.text(alphabet="abZ09.-:@%/?# \t", max_size=12))
@settings(max_examples=150)
def test_a_plain_host_is_read_the_short_way_as_the_long_one(text):
    def read(url):
        try:
            return read_link(url).site
        except ValueError:
            return None

    if "@" not in text:
        assert read(f"https://{text}") == read(f"https://user@{text}")


@given(st.text())
@example("AL")
@settings(max_examples=300)
def test_any_text_is_read_or_refused(text):
    for url in (text, "https://" + text, "https://www.babepedia.com/babe/" + text):
        try:
            link = read_link(url)
        except ValueError:
            continue
        assert link.site
        assert read_link(link.url).site == link.site
