from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichscrapy.facts.links import find_host, find_link_kind, read_outside_link, split_url
from enrichscrapy.identity.compare import is_personal, make_link_key


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://WWW.Example.org./x", "www.example.org"),
        ("//example.org/x", "example.org"),
        ("example.org:8080/x", "example.org"),
        ("ftp://example.org", None),
        ("mailto:a@example.org", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_host_of(url, host):
    assert find_host(url) == host


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://twitter.com/NoraV/", "x:norav"),
        ("https://mobile.twitter.com/norav?lang=en", "x:norav"),
        ("https://x.com/norav/status/1", "x:norav"),
        ("https://www.tiktok.com/@norav", "tiktok:norav"),
        ("https://www.youtube.com/@norav", "youtube:@norav"),
        ("https://www.facebook.com/profile.php?id=7", "facebook:id=7"),
        ("https://www.facebook.com/profile.php", None),
        ("https://www.instagram.com/", None),
        ("https://www.instagram.com/p/abc/", None),
        ("http://www.nora.example/", "nora.example"),
        ("https://nora.example", "nora.example"),
        ("https://agency.example/Nora//Vester/", "agency.example/nora/vester"),
        ("nonsense:", None),
    ],
)
def test_link_key(url, key):
    assert make_link_key(url) == key


def test_an_address_is_personal_when_it_names_the_person():
    names = frozenset({"nora", "vesterlund", "v"})
    assert is_personal("x:somebody", names)
    assert is_personal("noravesterlund.example", names)
    assert is_personal("agency.example/models/vesterlund", names)
    assert not is_personal("agency.example/models", names)
    assert not is_personal("v.example", names)


@pytest.mark.parametrize(
    ("href", "link"),
    [
        ("https://x.com/a", "https://x.com/a"),
        (" //x.com/a ", "https://x.com/a"),
        ("HTTP://X.com/a", "HTTP://X.com/a"),
        ("/relative", None),
        ("javascript:void(0)", None),
        ("https://www.iafd.com/x", None),
        ("https://localhost/x", None),
        (None, None),
    ],
)
def test_outside_link(href, link):
    assert read_outside_link(href, {"www.iafd.com"}) == link


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://m.facebook.com/x", "facebook"),
        ("https://x.com/a", "x"),
        ("https://netflix.com/a", "www"),
        ("https://nora.example", "www"),
    ],
)
def test_link_kind(url, kind):
    assert find_link_kind(url) == kind


@given(st.text(max_size=60) | st.builds("https://x.com/{}".format, st.text(max_size=30)))
def test_no_text_breaks_them(text):
    for read in (find_host, make_link_key, find_link_kind):
        read(text)
    read_outside_link(text, ())


@given(
    st.from_regex(r"\Ahttps?://[a-zA-Z0-9.@:\[\]-]{1,12}(/[a-zA-Z0-9/._~%+=,'();?#\s-]{0,12})?\Z")
)
@settings(max_examples=200)
def test_a_plain_address_has_the_parts_that_the_standard_library_finds(url):
    parts = split_url(url)
    if parts is not None:
        assert parts == urlsplit(url.strip())
