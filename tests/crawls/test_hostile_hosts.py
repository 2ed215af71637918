"""A demo host that tries everything: what reaches it, what is stored, how the crawl ends."""

from __future__ import annotations

import shutil
from itertools import pairwise
from statistics import median

import pytest
from sqlalchemy import select

from demo.portraits import PersonLook, Shot, draw_portrait
from demo.sites import DemoSites, Fault, Kind, SitePhoto, SiteProfile
from enrichscrapy.core.browser import find_browser
from enrichscrapy.database.schema import lookups, performers, photo_results, photos
from tests.support import Workplace

ROBOTS = "User-agent: *\nDisallow: /babe/Rosa_Disallowed\nDisallow: /pics/Pia*\n"

FAULTS = {
    "Ada Endless": Fault(Kind.ENDLESS),
    "Bea Dripping": Fault(Kind.DRIP, seconds=0.3),
    "Cora Shortened": Fault(Kind.WRONG_LENGTH),
    "Dora Reset": Fault(Kind.RESET),
    "Ella Wrongtype": Fault(Kind.WRONG_TYPE),
    "Fay Bomb": Fault(Kind.GZIP_BOMB),
    "Gina Looping": Fault(Kind.REDIRECT_LOOP),
    "Hilde Huge": Fault(Kind.HUGE, size=5_000_000),
    "Ina Elsewhere": Fault(Kind.REDIRECT, location="http://169.254.169.254/latest/meta-data/"),
    "Jana Slow": Fault(Kind.DELAY, seconds=5.0),
    "Kaja Forbidden": Fault(Kind.STATUS, status=403),
    "Lena Broken": Fault(Kind.STATUS, status=500),
    "Mona Down": Fault(Kind.ORIGIN_DOWN),
    "Nora Limited": Fault(Kind.RATE_LIMIT),
    "Olga Cookies": Fault(Kind.COOKIES),
    "Rosa Disallowed": None,
    "Sara Fine": None,
    "Tilda Again": Fault(Kind.STATUS, status=503, times=1, retry_after="1"),
}
EXPECTED = {
    "Ada Endless": ("failed", "too large: over 1000000 bytes"),
    "Bea Dripping": ("failed", "timeout"),
    "Cora Shortened": ("failed", "cut short"),
    "Dora Reset": ("failed", "cut short"),
    "Ella Wrongtype": ("failed", "wrong type: application/pdf"),
    "Fay Bomb": ("failed", "too large: over 1000000 bytes when unpacked"),
    "Gina Looping": ("failed", "too many redirects"),
    "Hilde Huge": ("failed", "too large: over 1000000 bytes"),
    "Ina Elsewhere": ("failed", "address: host not allowed"),
    "Jana Slow": ("failed", "timeout"),
    "Kaja Forbidden": ("blocked", "forbidden: http 403"),
    "Lena Broken": ("failed", "http 500"),
    "Mona Down": ("failed", "origin_down: http 521"),
    "Nora Limited": ("blocked", "rate_limit: error 1015"),
    "Olga Cookies": ("found", ""),
    "Rosa Disallowed": ("blocked", "robots"),
    "Sara Fine": ("found", ""),
    "Tilda Again": ("found", ""),
}


def portrait(number: int) -> SitePhoto:
    return SitePhoto(lambda: draw_portrait(PersonLook.from_seed(number), Shot.from_seed(number)))


def path_of(name: str) -> str:
    return f"/babe/{name.replace(' ', '_')}"


class Place(Workplace):
    def fill(self, names) -> None:
        with self.database() as database:
            for name in names:
                person = database.add_performer(name, gender="FEMALE")
                database.add_url(person, f"https://www.babepedia.com{path_of(name)}")

    def rows(self, query):
        with self.database() as database, database.read() as connection:
            return connection.execute(query).all()

    def outcomes(self) -> dict[str, tuple[str, str]]:
        query = select(performers.c.canonical_name, lookups.c.outcome, lookups.c.detail).join(
            lookups, lookups.c.performer_id == performers.c.id
        )
        return {name: (outcome, detail) for name, outcome, detail in self.rows(query)}


def sites_for(names) -> DemoSites:
    return DemoSites([SiteProfile(name, photos=(portrait(n),)) for n, name in enumerate(names)])


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path, {"DOWNLOAD_TIMEOUT": "2", "PAGE_MAX_BYTES": "1000000"})


def test_each_fault_has_its_stored_outcome_and_costs_one_performer(place):
    place.fill(FAULTS)
    with sites_for(FAULTS) as sites:
        site = sites.babepedia
        site.set_fault("/robots.txt", Fault(Kind.BODY, body=ROBOTS))
        for name, fault in FAULTS.items():
            if fault is not None:
                site.set_fault(path_of(name), fault)
        place.use_sites(site.url, sites.iafd.url)
        done = place.crawl(
            "babepedia",
            RETRY_TIMES=1,
            CIRCUIT_REFUSALS=50,
            CIRCUIT_FAILURES=50,
            AUTOTHROTTLE_MAX_DELAY=0.2,
        )
        assert done.returncode == 0, done.stderr
        paths = site.paths()
    assert place.outcomes() == EXPECTED
    assert path_of("Rosa Disallowed") not in paths
    assert paths[0] == "/robots.txt"
    assert paths.count(path_of("Hilde Huge")) == 1
    assert paths.count(path_of("Gina Looping")) == 6
    assert paths.count(path_of("Tilda Again")) == 2
    for name in ("Sara Fine", "Olga Cookies", "Tilda Again"):
        assert paths.count(f"/pics/{name}.jpg") == 1
    assert "Traceback" not in done.stderr
    assert not [name for name in FAULTS if name in done.stderr or path_of(name) in done.stderr]
    waited = [float(e["time"]) for e in site.entries if e["path"] == path_of("Tilda Again")]
    assert waited[1] - waited[0] >= 1.0


PHOTO_FAULTS = {
    "Uma Endless": (Fault(Kind.ENDLESS), "too_large"),
    "Vera Page": (Fault(Kind.UNKNOWN_SHAPE), "refused"),
    "Wilma Out": (Fault(Kind.REDIRECT, location="https://evil.example/x.jpg"), "refused"),
    "Pia Disallowed": (None, "refused"),
    "Xena Gone": (Fault(Kind.STATUS, status=404), "missing"),
    "Yara Broken": (Fault(Kind.RESET), "failed"),
    "Zita Fine": (None, "faces"),
}


def test_each_fault_of_a_photo_costs_that_photo(place):
    place.fill(PHOTO_FAULTS)
    with sites_for(PHOTO_FAULTS) as sites:
        site = sites.babepedia
        site.set_fault("/robots.txt", Fault(Kind.BODY, body=ROBOTS))
        for name, (fault, _) in PHOTO_FAULTS.items():
            if fault is not None:
                site.set_fault(f"/pics/{name}.jpg", fault)
        place.use_sites(site.url, sites.iafd.url)
        done = place.crawl("babepedia", PHOTO_MAX_BYTES=2_000_000, RETRY_TIMES=0)
        assert done.returncode == 0, done.stderr
        assert "/pics/Pia Disallowed.jpg" not in site.paths()
    query = (
        select(performers.c.canonical_name, photo_results.c.outcome)
        .join(photos, photos.c.performer_id == performers.c.id)
        .join(photo_results, photo_results.c.photo_id == photos.c.id)
    )
    assert dict(map(tuple, place.rows(query))) == {
        name: outcome for name, (_, outcome) in PHOTO_FAULTS.items()
    }
    found = {name: outcome for name, (outcome, _) in place.outcomes().items()}
    assert found.pop("Yara Broken") == "failed"  # it may come later: the lookup is due again
    assert set(found.values()) == {"found"}


NAMES = [f"Anna Number{letter}" for letter in "abcdef"]


@pytest.mark.skipif(find_browser() is None, reason="no Chromium on this machine")
@pytest.mark.long
def test_a_challenged_site_is_opened_once_and_then_crawled(place):
    place.fill(NAMES)
    with sites_for(NAMES) as sites:
        site = sites.babepedia
        site.set_fault("/babe/*", Fault(Kind.CHALLENGE))
        site.set_fault("/pics/*", Fault(Kind.CHALLENGE))
        place.use_sites(site.url, sites.iafd.url)
        done = place.crawl("babepedia")
        assert done.returncode == 0, done.stderr
        refused = [e for e in site.entries if e["fault"] == "challenge"]
        agents = {e["user_agent"] for e in site.entries}
    assert {outcome for outcome, _ in place.outcomes().values()} == {"found"}
    assert len(refused) == 2  # the first page, plainly and in the browser
    assert len(agents) == 1
    assert agents.pop().startswith("enrichscrapy/")


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        (Fault(Kind.BLOCK), "block: error 1020"),
        (Fault(Kind.CHALLENGE_HANGS), "challenge: it did not open in time"),
    ],
)
@pytest.mark.long
def test_a_host_that_refuses_is_left_alone(place, fault, detail):
    if fault.kind is not Kind.BLOCK and find_browser() is None:
        pytest.skip("no Chromium on this machine")
    place.fill(NAMES)
    with sites_for(NAMES) as sites:
        site = sites.babepedia
        site.set_fault("/babe/*", fault)
        place.use_sites(site.url, sites.iafd.url)
        done = place.crawl("babepedia", CHALLENGE_TIMEOUT=2, FACES_ENABLED=0)
        assert done.returncode == 3, done.stderr
        pages = [path for path in site.paths() if path.startswith("/babe/")]
        assert len(set(pages)) == 1
        assert set(place.outcomes().values()) == {("blocked", detail)}
        assert len(place.outcomes()) == 1  # what is left stays due
        assert "left alone until" in done.stderr
        before = len(site.entries)
        assert place.crawl("babepedia", FACES_ENABLED=0).returncode == 3
        assert len(site.entries) == before


def test_without_a_browser_the_message_says_how_to_get_one(place, monkeypatch, tmp_path):
    place.fill(NAMES)
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)
    assert shutil.which("chromium") is None
    with sites_for(NAMES) as sites:
        sites.babepedia.set_fault("/babe/*", Fault(Kind.CHALLENGE))
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        done = place.crawl("babepedia", FACES_ENABLED=0)
    assert done.returncode == 3
    assert "CHROMIUM_PATH" in done.stderr


def test_the_budget_ends_the_crawl_in_good_order_and_the_rest_stays_due(place):
    place.fill(NAMES)
    with sites_for(NAMES) as sites:
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        # Else several pages are read before the first photo, as many as the machine is slow.
        place.settings["LOOKUPS_IN_PROGRESS"] = "1"
        done = place.crawl("babepedia", REQUESTS_PER_DAY=4)
        assert done.returncode == 0, done.stderr
        assert "used up" in done.stderr
        assert len(sites.babepedia.entries) == 4
        assert place.crawl("babepedia", REQUESTS_PER_DAY=4).returncode == 0
        assert len(sites.babepedia.entries) == 4
        assert place.crawl("babepedia", REQUESTS_PER_DAY=0).returncode == 0
        fetched = [path for path in sites.babepedia.paths() if path.startswith("/babe/")]
    outcomes = place.outcomes()
    assert sorted(outcomes) == NAMES
    cut_off = {detail for outcome, detail in outcomes.values() if outcome != "found"}
    assert all(detail.startswith("photo: ") for detail in cut_off)  # due again, with its page
    assert len(fetched) - len(set(fetched)) <= 1  # the page that was read but had no photo yet


def test_the_floor_between_requests_holds_in_a_whole_crawl(place):
    place.fill(NAMES[:4])
    with sites_for(NAMES[:4]) as sites:
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        place.settings["DELAY_FLOORS"] = '{"babepedia": 0.4, "iafd": 0}'
        assert place.crawl("babepedia").returncode == 0
        times = [float(entry["time"]) for entry in sites.babepedia.entries]
    assert len(times) == 9  # robots.txt, four pages, four photos
    # One that reaches a busy server late comes nearer to the next.
    assert median(later - earlier for earlier, later in pairwise(times)) >= 0.4
    assert times[-1] - times[0] >= 0.9 * 8 * 0.4


def test_floors_and_loopback_need_a_base_url_on_loopback(place):
    place.fill(NAMES[:1])
    done = place.crawl("babepedia", DELAY_FLOORS='{"babepedia": 1}')
    assert done.returncode == 2
    assert "BABEPEDIA_BASE_URL names loopback" in done.stderr
    assert "Traceback" not in done.stderr
