import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from enrichscrapy.sites import iafd

UUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("https://www.iafd.com/person.rme/perfid=miamalkova/Mia-Malkova.htm", "miamalkova"),
        ("https://iafd.com/person.rme/perfid=angelawhite/Angela-White.htm", "angelawhite"),
        ("http://www.iafd.com/person.rme/perfid=vdorm/gender=f/v.-d-orm.htm", "vdorm"),
        ("https://www.iafd.com/person.rme/perfid=noralune_mtf/gender=tf/nora.htm", "noralune_mtf"),
        ("https://www.iafd.com/person.rme/perfid=zo%C3%AB/gender=f/zo.htm", "zoë"),
        ("https://www.iafd.com/person.rme/perfid%3Dvdorm/gender%3Df/v.htm", "vdorm"),
        (f"https://www.iafd.com/person.rme/id={UUID}", UUID),
        (f"http://iafd.com/person.rme/id={UUID.upper()}", UUID),
        (f"https://www.iafd.com/person.rme/id%3D{UUID}", UUID),
        (f"https://www.iafd.com/person.rme/id={UUID}/awards", UUID),
        (f"https://www.iafd.com/person.rme/id={UUID}?x=1#top", UUID),
        ("https://babepedia.com/babe/test", None),
        (f"https://www.iafd.com/title.rme/id={UUID}", None),
        (f"https://www.iafd.com/matchups.rme/id={UUID}", None),
        ("https://www.iafd.com/person.rme/id=no-uuid", None),
        (f"https://www.iafd.com/person.rme/id={UUID}0", None),
        ("https://www.iafd.com/person.rme/perfid=/gender=f/x.htm", None),
        ("https://example.org/person.rme/perfid=vdorm/x.htm", None),
        ("https://www.iafd.com.example.org/person.rme/perfid=vdorm/x.htm", None),
        ("", None),
    ],
)
def test_slug_from_url(url, slug):
    assert iafd.slug_from_url(url) == slug


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Mia Malkova", "miamalkova"),
        ("Angela White", "angelawhite"),
        ("Mary-Jane", "maryjane"),
        ("V.D. Orm", "vdorm"),
        ("Zoë O'Lune", "zoeolune"),
        ("Zoë O’Lune", "zoeolune"),
        ("葵 花", "葵花"),
        ("Vesterlund, Nora (II)", "noravesterlund2"),
        ("Nora Vesterlund 🌸 (Swedish)", "noravesterlund"),
        ("\u202aNora\u00ad Vesterlund\u200b", "noravesterlund"),
    ],
)
def test_slug_from_name(name, slug):
    assert iafd.slug_from_name(name) == slug


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        # As it stands, scheme and host aside: neither "_" nor case is touched …
        (
            "http://iafd.com/person.rme/perfid=vdorm/gender=f/V.D._Orm.htm?x#y",
            "https://www.iafd.com/person.rme/perfid=vdorm/gender=f/V.D._Orm.htm",
        ),
        # … the uuid aside, which the site itself writes in lower case.
        (
            f"http://www.iafd.com/person.rme/id={UUID.upper()}",
            f"https://www.iafd.com/person.rme/id={UUID}",
        ),
        (f"https://www.iafd.com/title.rme/id={UUID}", None),
    ],
)
def test_canonical_url(url, canonical):
    assert iafd.canonical_url(url) == canonical


@pytest.mark.parametrize(
    ("gender", "letters"),
    [
        ("FEMALE", ["f"]),
        ("male", ["m"]),
        ("TRANSGENDER_FEMALE", ["tf", "f"]),
        ("TRANSGENDER_MALE", ["tm", "m"]),
        ("NON_BINARY", ["f", "m"]),
        ("", ["f", "m"]),
        (None, ["f", "m"]),
    ],
)
def test_profile_urls_follow_the_gender(gender, letters):
    assert iafd.profile_urls("V.D. Orm", gender) == [
        f"https://www.iafd.com/person.rme/perfid=vdorm/gender={letter}/v.d.-orm.htm"
        for letter in letters
    ]


def test_search_url_escapes_the_name():
    assert iafd.search_url("Zoë & Co") == (
        "https://www.iafd.com/ramesearch.asp?searchtype=comprehensive&searchstring=Zo%C3%AB+%26+Co"
    )


@given(st.text(max_size=40))
@example("\u13a0")  # Cherokee: its small letters fold to capitals
@example("\u1fd7b")
def test_slugs_make_the_round_trip(name):
    slug = iafd.slug_from_name(name)
    for url in iafd.profile_urls(name, None):
        assert iafd.slug_from_url(url) == slug
    assert iafd.slug_from_name(slug) == slug


@given(
    st.text(max_size=60)
    | st.builds("http://iafd.com/person.rme/perfid={}".format, st.text())
    | st.builds("http://iafd.com/person.rme/id={}".format, st.uuids())
)
def test_canonical_url_is_idempotent(url):
    canonical = iafd.canonical_url(url)
    if canonical is not None:
        assert iafd.canonical_url(canonical) == canonical
        assert iafd.slug_from_url(canonical) == iafd.slug_from_url(url)


def test_guesses_and_search_see_no_ornaments():
    plain, adorned = "Zoë D'Orm", " D’Orm, Zoe\u0308 ❤️ (2019)\u200b"
    assert iafd.profile_urls(adorned, "FEMALE") == iafd.profile_urls(plain, "FEMALE")
    assert iafd.search_url(adorned) == iafd.search_url(plain)
