"""Names with ornaments find whom plain names find; a search that is closed costs little."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from demo.sites import DemoSites, SiteProfile
from enrichscrapy.database.claims import Claim
from enrichscrapy.database.schema import lookups, performers
from enrichscrapy.items import PartialDate
from tests.support import Workplace

TESSA = {"gender": "FEMALE", "birth_date": "1990-03-02", "country": "SE"}
KIRA = {"gender": "FEMALE", "birth_date": "1995-06-17"}
ZOE = {"gender": "FEMALE", "birth_date": "1991-08-08", "country": "FR"}
ROWS = [
    ("Tessa Quillmark", TESSA),
    ("Tessa Quillmark\u200b", TESSA),
    ("\u202aTessa Quillmark\u202c", TESSA),
    ("Tessa\u00adQuillmark", TESSA),
    ("\ufeffTessa Quillmark", TESSA),
    ("Quillmark, Tessa", TESSA),
    ("Tessa Quillmark (Swedish)", TESSA),
    ("Tessa Quillmark 🌸", TESSA),
    ("Miss Tessa Quillmark", TESSA),
    ("TessaQuillmark", TESSA),
    ("Kira O’Mallin", KIRA),
    ("Kira O'Mallin", KIRA),
    ("Zoe\u0308 Dubre\u0301aux", ZOE),
    ("Zoë Dubréaux", ZOE),
]
PEOPLE = [
    SiteProfile(name="Tessa Quillmark", birth_date=PartialDate(1990, 3, 2), country="SE"),
    SiteProfile(name="Kira O'Mallin", birth_date=PartialDate(1995, 6, 17)),
    SiteProfile(name="Zoë Dubréaux", birth_date=PartialDate(1991, 8, 8), country="FR"),
    SiteProfile(name="Una Plainfield", birth_date=PartialDate(1985, 1, 2), country="NO"),
]
CLOSED = "User-agent: *\nDisallow: /ajax-search.php\n"


@pytest.fixture
def sites():
    with DemoSites(PEOPLE, PEOPLE) as running:
        yield running


@pytest.fixture
def place(tmp_path, sites):
    made = Workplace(tmp_path)
    made.use_sites(sites.babepedia.url, sites.iafd.url)
    return made


def fill(place: Workplace, rows) -> None:
    """Not by import, which may clean names by itself."""
    with place.database() as database:
        for name, facts in rows:
            database.add_performer(name, **facts)


def ends(place: Workplace, source: str) -> dict[str, tuple[str, str, str | None]]:
    """Each performer's outcome, its detail, and what was made of the page's identity."""
    query = (
        select(performers.c.canonical_name, lookups.c.outcome, lookups.c.detail, lookups.c.identity)
        .join(lookups, lookups.c.performer_id == performers.c.id)
        .where(lookups.c.source == source)
    )
    with place.database() as database, database.read() as connection:
        return {name: tuple(end) for name, *end in connection.execute(query)}


@pytest.mark.parametrize("spider", ["babepedia", "iafd"])
def test_each_way_to_write_a_name_finds_the_person(place, spider):
    fill(place, ROWS)
    done = place.crawl(spider, mode="name")
    assert done.returncode == 0, done.stderr
    ended = ends(place, spider)
    # All of them came to their one page, which is nobody's then: that is how it is told.
    assert {name: detail for name, (_, detail, _) in ended.items()} == {
        name: Claim.CONTESTED.value for name, _ in ROWS
    }


def test_a_search_closed_to_robots_blocks_nobody_whose_page_answered(place, sites):
    """Proof is found as ever; without it a page stays in doubt; who is not there is absent."""
    sites.babepedia.robots = CLOSED
    fill(
        place,
        [
            ("Tessa Quillmark", TESSA),
            ("Una Plainfield", {"gender": "FEMALE", "birth_date": "1985", "country": "NO"}),
            ("Nobody Known", {"gender": "FEMALE"}),
        ],
    )
    done = place.crawl("babepedia", mode="name")
    assert done.returncode == 0, done.stderr
    ended = ends(place, "babepedia")
    assert ended["Tessa Quillmark"] == ("found", "", "confirmed")
    assert ended["Una Plainfield"] == ("found", "", "uncorroborated")
    assert ended["Nobody Known"][0] == "absent"
    assert "search could not be asked" in ended["Nobody Known"][1]
    assert not sites.babepedia.paths("search")[2:]  # the page in place of a profile, no more
    assert "/ajax-search.php" not in sites.babepedia.paths()
    assert done.stderr.count("search cannot be asked (robots.txt)") == 1
