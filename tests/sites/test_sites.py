import pytest

from enrichscrapy.sites import find_site, find_sites
from enrichscrapy.sites.links import read_photo_url


def test_every_module_of_the_package_is_a_site():
    assert set(find_sites()) == {"babepedia", "iafd"}
    for name, site in find_sites().items():
        assert name == site.NAME
        assert site.HOME.removeprefix("https://") in site.HOSTS


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.babepedia.com/babe/Nora_Lune", "babepedia"),
        ("http://BABEPEDIA.com./anything", "babepedia"),
        ("https://iafd.com/person.rme/perfid=noralune/Nora.htm", "iafd"),
        ("https://www.iafd.com:443/", "iafd"),
        ("https://example.org/?u=iafd.com", None),
        ("https://notiafd.com/", None),
        ("mailto:someone@iafd.com", None),
        ("", None),
    ],
)
def test_site_of_url_goes_by_the_host(url, name):
    assert find_site(url) == name


@pytest.mark.parametrize(("letters", "is_taken"), [(200, True), (230, False)])
def test_a_photo_whose_address_is_too_long_once_escaped_is_none(letters, is_taken):
    href = f"https://www.babepedia.com/pics/{'あ' * letters}.jpg"
    url = read_photo_url(href, "https://www.babepedia.com", {"www.babepedia.com"}, r"/pics/.+\.jpg")
    assert (url is not None) == is_taken
