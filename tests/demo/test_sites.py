"""The demo sites speak the real sites' language: the project's own parsers read them back."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest
from parsel import Selector

from demo.sites import DemoSites, Fault, Kind, Layout, SitePhoto, SiteProfile, Variant
from enrichscrapy.items import PartialDate
from enrichscrapy.sites import PageKind, babepedia, iafd
from tests.support import PATIENCE


def photo(**more: bool) -> SitePhoto:
    return SitePhoto(lambda: b"\xff\xd8picture", **more)


PEOPLE = [
    SiteProfile(
        name="Ava Lindqvist",
        aliases=("Ava L", "Mona Dahl"),
        birth_date=PartialDate(1990, 3, 2),
        country="SE",
        links={"instagram": "https://www.instagram.com/ava.lindqvist/"},
        photos=(photo(), photo(), photo(upload=True), photo(missing=True)),
        names_here=("Ava Sund",),
    ),
    SiteProfile(
        name="Older Page",
        birth_date=PartialDate(1980, 11, 21),
        country="ES",
        photos=(photo(),),
        layout=Layout.OLDER,
    ),
    SiteProfile(name="No Picture", birth_date=PartialDate(1985), placeholder=True),
    SiteProfile(name="Bruno Stein", gender="MALE", country="CZ", photos=(photo(),)),
    SiteProfile(name="Iris Vane", gender="TRANSGENDER_FEMALE", photos=(photo(),)),
    SiteProfile(
        name="Nora Vesterlund",
        aliases=("Nora V", "N. Vester", "Vesper", "Nina Holt"),
        alias_lines=("Nell or Nelly", "No known aliases"),
        country="BR",
        photos=(photo(),),
        variants=frozenset({Variant.OLDER_KEYS, Variant.UNTAGGED}),
    ),
    SiteProfile(name="Lazy Loader", photos=(photo(),), variants=frozenset({Variant.LAZY})),
    SiteProfile(name="Rewritten By", photos=(photo(),), variants=frozenset({Variant.REWRITTEN})),
    SiteProfile(name="Only Advert", placeholder=True, variants=frozenset({Variant.ADVERT})),
    SiteProfile(
        name="Empty Folder", placeholder=True, variants=frozenset({Variant.EMPTY_HEADSHOT})
    ),
    SiteProfile(
        name="Mary-Jane Holt",
        aliases=("M. J. Holt", "Mary Holt"),
        birth_date=PartialDate(1991),
        country="US",
        countries=("BR", "FR"),
        links={"egafd": "http://www.egafd.com/actresses/details.php/id/h00001"},
        photos=(photo(upload=True), photo(upload=True, shows="Nora Vesterlund")),
        years=(2010, 2020),
        variants=frozenset({Variant.AKA_IN_GRID, Variant.GLUED}),
    ),
    SiteProfile(
        name="Sparse Page", photos=(photo(),), variants=frozenset({Variant.NO_FACTS}), gender="MALE"
    ),
    SiteProfile(
        name="Olaf Brandt",
        aliases=("O. Brandt",),
        gender="MALE",
        photos=(photo(),),
        years=(1999, None),
        variants=frozenset({Variant.DIRECTOR}),
    ),
]


@pytest.fixture(scope="module")
def sites():
    with DemoSites(PEOPLE, PEOPLE) as running:
        yield running


def get(site, path: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=PATIENCE)
    connection.request("GET", path)
    response = connection.getresponse()
    try:
        return response.status, dict(response.headers), response.read()
    finally:
        connection.close()


def page(site, path: str) -> Selector:
    status, _, body = get(site, path)
    assert status == 200
    return Selector(text=body.decode())


@pytest.mark.parametrize("person", [*PEOPLE[:3], PEOPLE[5]], ids=lambda person: person.name)
def test_babepedia_profiles_say_what_the_person_is(sites, person):
    url = babepedia.profile_urls(person.name, "FEMALE")[0]
    selector = page(sites.babepedia, urlsplit(url).path)
    assert babepedia.classify(selector, url) is PageKind.PROFILE
    profile = babepedia.parse_profile(selector, url)
    assert (profile.name, profile.aliases) == (person.name, person.aliases)
    assert profile.birth_date == person.birth_date
    assert profile.country == person.country
    assert len(profile.photo_urls) == (0 if person.placeholder else len(person.photos))
    for photo_url in profile.photo_urls[:2]:
        assert get(sites.babepedia, urlsplit(photo_url).path)[0] == 200


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_iafd_profiles_say_what_the_person_is(sites, person):
    url = f"{iafd.HOME}/person.rme/id={person.uuid}"
    selector = page(sites.iafd, urlsplit(url).path)
    assert iafd.classify(selector, url) is PageKind.PROFILE
    profile = iafd.parse_profile(selector, url)
    assert (profile.name, profile.aliases) == (person.name, person.aliases)
    gender = None if Variant.DIRECTOR in person.variants else person.gender
    assert (profile.gender, profile.country) == (gender, person.country)
    assert profile.countries == person.nationalities
    assert set(profile.links) == set(person.links)
    assert profile.birth_date == person.birth_date
    assert profile.source_id == person.uuid
    assert len(profile.photo_urls) == (0 if person.placeholder else 1)
    for photo_url in profile.photo_urls:
        assert get(sites.iafd, urlsplit(photo_url).path)[0] == 200


def test_babepedia_never_answers_404_but_leads_to_its_search(sites):
    status, headers, _ = get(sites.babepedia, "/babe/Nobody_Here")
    assert (status, headers["Location"]) == (302, "/search/Nobody_Here")
    url = f"{babepedia.HOME}/search/Nobody_Here"
    selector = page(sites.babepedia, "/search/Nobody_Here")
    assert babepedia.classify(selector, url) in (PageKind.SEARCH, PageKind.ABSENT)
    assert babepedia.parse_search(selector, url) == []


def test_babepedia_lands_on_another_persons_page_by_alias(sites):
    url = f"{babepedia.HOME}/babe/Ava_Sund"
    assert (
        babepedia.parse_profile(page(sites.babepedia, "/babe/Ava_Sund"), url).name == PEOPLE[0].name
    )


def test_babepedias_newer_forms_are_read_back(sites):
    mary, sparse = (
        babepedia.parse_profile(page(sites.babepedia, urlsplit(url).path), url)
        for name in ("Mary-Jane Holt", "Sparse Page")
        for url in babepedia.profile_urls(name, None)
    )
    assert mary.aliases == ("M. J. Holt", "Mary Holt")
    assert mary.countries == ("US", "BR", "FR")
    assert mary.photo_urls == (f"{babepedia.HOME}/user-uploads/Mary-Jane%20Holt10.jpg",)
    assert (sparse.name, sparse.birth_date, len(sparse.photo_urls)) == ("Sparse Page", None, 1)


def search(site, name: str) -> list[str]:
    module = {"babepedia": babepedia, "iafd": iafd}[site.site.name]
    parts = urlsplit(module.search_url(name))
    selector = page(site, f"{parts.path}?{parts.query}")
    assert module.classify(selector, module.search_url(name)) is PageKind.SEARCH
    return [result.name for result in module.parse_search(selector, module.HOME)]


def test_babepedia_suggests_names_that_begin_so(sites):
    assert search(sites.babepedia, "Ava Lind") == ["Ava Lindqvist"]
    assert search(sites.babepedia, "Lindqvist") == []
    assert search(sites.babepedia, "mary-jane") == ["Mary-Jane Holt"]
    parts = urlsplit(babepedia.search_url("mary jane"))
    assert page(sites.babepedia, f"{parts.path}?term=mary-jane").root == []


def test_iafds_search_lists_names_and_aliases(sites):
    assert set(search(sites.iafd, "n")) >= {"Ava Lindqvist", "Bruno Stein", "Iris Vane"}
    assert search(sites.iafd, "Mona Dahl") == ["Ava Lindqvist"]
    assert search(sites.iafd, "brandt") == ["Olaf Brandt"]


def test_iafd_redirects_older_links_and_single_matches(sites):
    new = f"/person.rme/id={PEOPLE[0].uuid}"
    for path in (
        "/person.rme/perfid=avalindqvist/gender=f/ava-lindqvist.htm",
        "/person.rme/perfid=avalindqvist/Ava-Lindqvist.htm",
    ):
        status, headers, _ = get(sites.iafd, path)
        assert (status, headers["Location"]) == (301, iafd.HOME + new)
    parts = urlsplit(iafd.search_url("Ava Lindqvist"))
    assert get(sites.iafd, f"{parts.path}?{parts.query}")[1]["Location"] == new


def test_iafd_has_three_ways_to_say_not_found(sites):
    status, _, body = get(sites.iafd, "/person.rme/perfid=nobody/gender=f/nobody.htm")
    url = f"{iafd.HOME}/person.rme/perfid=nobody/gender=f/nobody.htm"
    assert status == 200
    assert iafd.classify(Selector(text=body.decode()), url) is PageKind.ABSENT
    assert get(sites.iafd, "/person.rme/id=00000000-0000-4000-8000-000000000000")[0] == 404
    assert iafd.classify(page(sites.iafd, "/person.rme/nobody"), url) is PageKind.ABSENT


def test_faults_strike_their_path_only_and_as_often_as_told(sites):
    sites.babepedia.set_fault("/babe/Older*", Fault(Kind.STATUS, times=1, status=503))
    try:
        assert get(sites.babepedia, "/babe/Older_Page")[0] == 503
        assert get(sites.babepedia, "/babe/Older_Page")[0] == 200
        assert get(sites.babepedia, "/babe/No_Picture")[0] == 200
    finally:
        sites.babepedia.clear_faults()


@pytest.mark.parametrize(
    ("kind", "status", "mark"),
    [
        (Kind.CHALLENGE, 403, b"Just a moment..."),
        (Kind.BLOCK, 403, b"1020"),
        (Kind.RATE_LIMIT, 429, b"You are being rate limited"),
        (Kind.ORIGIN_DOWN, 521, b"down"),
        (Kind.UNKNOWN_SHAPE, 200, b"We moved"),
        (Kind.REDIRECT_LOOP, 302, b""),
    ],
)
def test_each_refusal_looks_like_itself(sites, kind, status, mark):
    sites.iafd.set_fault("/person.rme/*", Fault(kind, retry_after="7"))
    try:
        answered, headers, body = get(sites.iafd, f"/person.rme/id={PEOPLE[0].uuid}")
    finally:
        sites.iafd.clear_faults()
    assert answered == status
    assert mark in body
    assert (headers.get("cf-mitigated") == "challenge") is (kind is Kind.CHALLENGE)
    assert ("Retry-After" in headers) is (kind is Kind.RATE_LIMIT)


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Fault(Kind.ORIGIN_DOWN, status=status), status) for status in range(520, 527)]
    + [(Fault(Kind.CHALLENGE, status=status), status) for status in (403, 429, 503)],
    ids=str,
)
def test_a_refusal_comes_with_any_status(sites, fault, status):
    sites.babepedia.set_fault("/babe/*", fault)
    try:
        assert get(sites.babepedia, "/babe/Older_Page")[0] == status
    finally:
        sites.babepedia.clear_faults()
    assert sites.babepedia.entries[-1]["status"] == status


def test_what_a_challenge_loads_is_no_page_and_not_challenged(sites):
    sites.babepedia.set_fault("*", Fault(Kind.CHALLENGE_NEVER))
    try:
        answered = get(sites.babepedia, "/cdn-cgi/challenge-platform/h/b/orchestrate.js")
    finally:
        sites.babepedia.clear_faults()
    assert answered[0] == 200
    assert sites.babepedia.entries[-1]["kind"] == "challenge"


def test_many_strangers_thumbs_stand_on_every_page(sites):
    selector = page(sites.babepedia, "/babe/Ava_Lindqvist")
    thumbs = selector.css(".thumbshot img::attr(src)").getall()
    assert len(thumbs) >= 6
    assert not any(thumb.startswith("/pics/Ava Lindqvist") for thumb in thumbs)


def test_every_request_is_in_the_access_log(sites):
    before = len(sites.babepedia.entries)
    get(sites.babepedia, "/pics/Ava%20Lindqvist.jpg")
    get(sites.babepedia, "/robots.txt")
    entries = sites.babepedia.entries[before:]
    assert [(e["path"], e["kind"]) for e in entries] == [
        ("/pics/Ava Lindqvist.jpg", "photo"),
        ("/robots.txt", "robots"),
    ]
