import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichscrapy.sites import babepedia


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("https://www.babepedia.com/babe/Mia_Malkova", "Mia_Malkova"),
        ("https://babepedia.com/babe/Angela_White", "Angela_White"),
        ("http://www.babepedia.com/babe/Test_Name/", "Test_Name"),
        ("https://www.babepedia.com/babe/Test_Name?ref=123", "Test_Name"),
        ("https://www.babepedia.com/babe/Test_Name#photos", "Test_Name"),
        ("https://WWW.Babepedia.COM/babe/Test_Name", "Test_Name"),
        ("//www.babepedia.com/babe/Test_Name", "Test_Name"),
        ("www.babepedia.com/babe/Test_Name", "Test_Name"),
        ("https://www.babepedia.com/babe/Nora_St._Lune", "Nora_St._Lune"),
        ("https://www.babepedia.com/babe/Zo%C3%AB_d%27Orm", "Zoë_d'Orm"),
        ("https://www.babepedia.com/babe/Test%20Name", "Test_Name"),
        ("https://www.babepedia.com/babe/Anna_2", "Anna_2"),
        ("https://iafd.com/person/test", None),
        ("https://www.babepedia.com/", None),
        ("https://www.babepedia.com/babe/", None),
        ("https://www.babepedia.com/search/Test_Name", None),
        ("https://www.babepedia.com/pics/Test%20Name.jpg", None),
        ("https://www.babepedia.com.example.org/babe/Test_Name", None),
        ("https://example.org/?u=https://www.babepedia.com/babe/Test_Name", None),
        ("https://www.babepedia.com@example.org/babe/Test_Name", None),
        ("http://[bad/babe/Test_Name", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_slug_from_url(url, slug):
    assert babepedia.slug_from_url(url) == slug


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Mia Malkova", "Mia_Malkova"),
        ("Angela White", "Angela_White"),
        ("Single", "Single"),
        ("  Two   Spaces ", "Two_Spaces"),
        ("Anna_2", "Anna_2"),
        ("Zoë d'Orm", "Zoë_d'Orm"),
        ("Mary-Jane", "Mary-Jane"),
        ("Kira O’Mallin", "Kira_O'Mallin"),
        ("Zoe\u0308 Orm", "Zoë_Orm"),
        ("Orm, Zoë", "Zoë_Orm"),
    ],
)
def test_slug_from_name(name, slug):
    assert babepedia.slug_from_name(name) == slug


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("http://babepedia.com/babe/Zoë_Orm/?x=1#y", "https://www.babepedia.com/babe/Zo%C3%AB_Orm"),
        ("https://www.babepedia.com/babe/D'Orm", "https://www.babepedia.com/babe/D%27Orm"),
        ("https://www.babepedia.com/undercover.php", None),
    ],
)
def test_canonical_url(url, canonical):
    assert babepedia.canonical_url(url) == canonical


def test_profile_urls_try_the_apostrophe_both_ways():
    assert babepedia.profile_urls("Zoë D'Orm", "FEMALE") == [
        "https://www.babepedia.com/babe/Zo%C3%AB_D%27Orm",
        "https://www.babepedia.com/babe/Zo%C3%AB_DOrm",
    ]
    assert babepedia.profile_urls("葵 花", None) == [
        "https://www.babepedia.com/babe/%E8%91%B5_%E8%8A%B1"
    ]
    assert babepedia.profile_urls(" ", None) == []


def test_guesses_and_search_see_no_ornaments():
    plain, adorned = "Zoë D'Orm", " D’Orm, Zoe\u0308 ❤️ (2019)\u200b"
    assert babepedia.profile_urls(adorned, None) == babepedia.profile_urls(plain, None)
    assert babepedia.search_url(adorned) == babepedia.search_url(plain)


def test_a_stored_link_keeps_what_a_name_would_lose():
    url = "https://www.babepedia.com/babe/Nora_(model)"
    assert babepedia.slug_from_url(url) == "Nora_(model)"
    assert babepedia.canonical_url(url) == "https://www.babepedia.com/babe/Nora_%28model%29"


def test_search_url_asks_the_suggestions_with_spaces_for_hyphens():
    home = "https://www.babepedia.com/ajax-search.php?term="
    assert babepedia.search_url("Zoë & Co") == f"{home}Zo%C3%AB+%26+Co"
    assert babepedia.search_url("Mary-Jane  Lune-") == f"{home}Mary+Jane+Lune"


@given(st.text(max_size=40))
def test_slugs_make_the_round_trip(name):
    slug = babepedia.slug_from_name(name)
    for url in babepedia.profile_urls(name, None)[:1]:
        assert babepedia.slug_from_url(url) == slug
    assert babepedia.slug_from_name(slug) == slug


@given(st.text(max_size=60) | st.builds("https://babepedia.com/babe/{}".format, st.text()))
def test_canonical_url_is_idempotent(url):
    canonical = babepedia.canonical_url(url)
    if canonical is not None:
        assert babepedia.canonical_url(canonical) == canonical
        assert babepedia.slug_from_url(canonical) == babepedia.slug_from_url(url)
