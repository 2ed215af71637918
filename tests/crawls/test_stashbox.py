"""Whole crawls of a stash-box on loopback: what each habit of it makes of the performers."""

from __future__ import annotations

import functools
import json
import uuid
from dataclasses import replace

import pytest
from sqlalchemy import select

from demo.people import portrait
from demo.sites.faults import Fault, Kind
from demo.sites.server import AccessLog, DemoSite
from demo.stashbox import BoxPerformer, StashBoxServer
from enrichscrapy.database.due import Selection
from enrichscrapy.database.schema import (
    aliases,
    external_urls,
    faces,
    lookups,
    merged_ids,
    performers,
    photos,
    proposals,
    stashbox_ids,
)
from enrichscrapy.reporting.sources import list_progress
from tests.support import Workplace

KEY = "a-key-that-nobody-may-see"
SOURCE = "stashbox:stashdb"
PAGE = "https://www.babepedia.com/babe/Tessa_Quillmark"


def box_id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"box:{name}"))


def entry(name: str, **fields) -> BoxPerformer:
    return BoxPerformer(box_id(name), name, **fields)


TESSA = entry(
    "Tessa Quillmark",
    aliases=("Tess Q", "Tessa Q."),
    gender="FEMALE",
    birth_date="1990-03",
    death_date="2020",
    country="SE",
    urls=((PAGE, "Babepedia"), ("https://twitter.com/tessaquill", "Twitter")),
    pictures=tuple(functools.partial(portrait, 1, 200 + shot) for shot in range(2)),
)


class Box:
    """A workplace with a stash-box of its own."""

    def __init__(self, folder, *entries: BoxPerformer, **habits) -> None:
        self.server = StashBoxServer(entries, key=KEY, **habits)
        self.site = DemoSite(self.server, AccessLog())
        self.place = Workplace(folder)
        self.place.settings |= {
            "STASHBOX_BASE_URL": self.site.url,
            "STASHBOX_API_KEYS": json.dumps({"stashdb": KEY}),
            "DELAY_FLOORS": '{"stashbox": 0}',
            "DELAY_JITTER": "0",
            "RETRY_BASE_SECONDS": "3600",
        }

    def add(self, *names: str, **fields) -> None:
        with self.place.database() as db:
            for name in names:
                db.add_stashbox_id(db.add_performer(name, **fields), "stashdb", box_id(name))

    def crawl(self, **arguments):
        return self.place.crawl("stashbox", **arguments)

    def rows(self, *columns):
        with self.place.database() as db, db.read() as connection:
            return [tuple(row) for row in connection.execute(select(*columns)).all()]

    def outcomes(self) -> dict[int, tuple[str, str]]:
        rows = self.rows(lookups.c.performer_id, lookups.c.outcome, lookups.c.detail)
        return {performer_id: (outcome, detail) for performer_id, outcome, detail in rows}


@pytest.fixture
def box(tmp_path):
    """``box(entry, …, lacking=…)`` -> a :class:`Box` that is up."""
    running = []

    def make(*entries: BoxPerformer, **habits) -> Box:
        made = Box(tmp_path, *entries, **habits)
        running.append(made.site.running())
        running[-1].__enter__()
        return made

    yield make
    for site in running:
        site.__exit__(None, None, None)


def test_an_entry_adds_what_it_knows_and_its_portraits(box):
    made = box(TESSA)
    made.add("Tessa Quillmark")
    done = made.crawl()
    assert done.returncode == 0, done.stderr
    assert made.outcomes() == {1: ("found", "")}
    assert made.rows(lookups.c.source, lookups.c.mode, lookups.c.identity, lookups.c.url) == [
        (SOURCE, "url", "confirmed", f"https://stashdb.org/performers/{TESSA.id}")
    ]
    assert made.rows(aliases.c.alias, aliases.c.source_endpoint) == [
        ("Tess Q", "stashdb"),
        ("Tessa Q.", "stashdb"),
    ]
    links = made.rows(external_urls.c.site, external_urls.c.url, external_urls.c.source_endpoint)
    assert links == [
        ("babepedia", PAGE, "stashdb"),
        ("twitter", "https://twitter.com/tessaquill", "stashdb"),
    ]
    own = performers.c
    assert made.rows(own.birth_date, own.death_date, own.country) == [("1990-03", "2020", "SE")]
    assert {state for (state,) in made.rows(proposals.c.state)} == {"accepted"}
    assert [url for (url,) in made.rows(photos.c.url)] == [
        f"https://cdn.stashdb.org/images/{TESSA.id}-{number}" for number in range(2)
    ]
    verdicts = made.rows(faces.c.source, faces.c.verdict)
    assert verdicts == [(SOURCE, "accepted"), (SOURCE, "accepted")]
    with made.place.database() as db:  # the link makes url mode due
        assert [due.urls for due in db.ledger.list_due(Selection("babepedia", "url"))] == [(PAGE,)]
    assert made.crawl().returncode == 0
    assert len(made.server.queries) == 1


def test_each_habit_has_its_outcome(box):
    """In one crawl, of a box that lacks some of what it is asked for first."""
    kept, gone = "merged into another", "deleted by the box"
    made = box(
        replace(entry("Orla Fenwright"), merged_into=box_id("Middle"), deleted=True),
        replace(entry("Middle"), merged_into=box_id("Orla F."), deleted=True),
        entry("Orla F.", aliases=("Orla Fenwright",), country="IE"),
        replace(entry("Maren Solvik"), merged_into=box_id("Juno Hartvale"), deleted=True),
        entry("Juno Hartvale", birth_date="1991-02-03"),
        entry("Cleo Marrowind", deleted=True),
        entry("Nadia Ostrowen", breaks="something went wrong"),
        entry("Freya Lundmoor", breaks_images="no pictures today"),
        replace(entry("Quite Another", birth_date="1971-02-02"), id=box_id("Greta Ashgrove")),
        entry("Hanna Wildecott", birth_date="2015"),
        lacking=("Performer.death_date", "Image.width", "Image.height"),
    )
    made.add("Orla Fenwright", "Maren Solvik", "Juno Hartvale", "Cleo Marrowind")
    made.add("Nadia Ostrowen", "Freya Lundmoor", "Viola Castermane", "Hanna Wildecott")
    made.add("Greta Ashgrove", birth_date="1989-04-11")
    made.add("Iris Vanewood", birth_date="2016")
    with made.place.database() as db:
        performer_id = db.add_performer("Not A Uuid")
        db.add_stashbox_id(performer_id, "stashdb", "not-a-uuid")
        db.add_stashbox_id(db.add_performer("Elsewhere"), "fansdb", box_id("Juno Hartvale"))
    done = made.crawl(jobdir=True)
    assert done.returncode == 0, done.stderr
    outcomes = made.outcomes()
    assert outcomes == {
        1: ("found", ""),
        2: ("mismatch", "merged into performer 3: the box says that both are one person"),
        3: ("found", ""),
        4: ("absent", gone),
        5: ("failed", "the box says 'something went wrong'"),
        6: ("failed", "the box says 'no pictures today'"),
        7: ("absent", "nobody: it was never one of the box's, or is hidden"),
        8: ("mismatch", "minor: says the page"),
        9: (
            "mismatch",
            "the id leads to somebody else: other name, birth date contradicted",
        ),
        10: ("mismatch", "minor: says the database"),
        11: ("failed", "the box says 'invalid UUID length: 10'"),
    }
    assert "does not know death_date, height, width: it is asked without" in done.stderr
    whole, shorter, second, third = [list(q["variables"].values()) for q in made.server.queries]
    assert whole == shorter
    assert len(whole) == 10  # of the minor nobody is asked
    assert (second, third) == ([box_id("Middle")], [box_id("Orla F.")])
    mine = made.rows(stashbox_ids.c.performer_id, stashbox_ids.c.stashbox_performer_id)
    assert [value for owner, value in mine if owner == 1] == [
        box_id("Orla Fenwright"),
        box_id("Orla F."),
    ]
    merged = {value for (value,) in made.rows(merged_ids.c.merged_stashbox_id)}
    assert merged == {box_id("Orla Fenwright"), box_id("Middle")}
    assert (3, "1991-02-03") in made.rows(performers.c.id, performers.c.birth_date)
    assert len(made.rows(performers.c.id)) == 12
    with made.place.database() as db:
        assert db.ledger.count_due(Selection(SOURCE, "url")) == 0
        (row,) = [each for each in list_progress(db, {"iafd": None}) if each.source == SOURCE]
        assert (row.mode, row.found, row.absent, row.mismatch, row.failed) == ("url", 2, 2, 4, 3)
        assert kept in str(db.ledger.get(SOURCE, "url", 1)["evidence"])
        db.add_stashbox_id(4, "stashdb", box_id("Cleo again"))  # a new id is new hope
        assert [due.performer.id for due in db.ledger.list_due(Selection(SOURCE, "url"))] == [4]


def test_a_refused_key_ends_the_crawl_and_stands_nowhere(box, tmp_path):
    made = box(TESSA)
    made.add("Tessa Quillmark")
    made.server.key = "another"
    done = made.crawl(jobdir=True, LOG_LEVEL="DEBUG", LOG_FILE=tmp_path / "crawl.log")
    assert done.returncode == 3
    assert "stashdb refuses the key: set the right one in STASHBOX_API_KEYS" in done.stderr
    assert made.outcomes() == {1: ("blocked", "the key was refused")}
    assert ("/graphql", KEY) in made.server.keys
    assert [key for path, key in made.server.keys if path != "/graphql"] == []
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) > 3
    assert [path for path in kept if KEY.encode() in path.read_bytes()] == []
    assert KEY not in done.stdout + done.stderr
    with made.place.database() as db:  # fixed, it goes on at once
        assert db.ledger.count_due(Selection(SOURCE, "url")) == 1


def test_refusals_and_faults_of_the_host(box):
    names = ["Tessa Quillmark", "Orla Fenwright", "Maren Solvik", "Cleo Marrowind"]
    made = box(*map(entry, names))
    made.add(*names)
    faults = [
        Fault(Kind.BODY, 1, body='{"errors": [{"message": "busy"}], "data": null}'),
        Fault(Kind.RESET, 2),
        Fault(Kind.STATUS, 2, status=500),
        Fault(Kind.STATUS, 1, status=429, retry_after="1"),
    ]
    for fault in reversed(faults):
        made.site.set_fault("/graphql", fault)
    one_by_one = {"STASHBOX_BATCH": 1, "LOOKUPS_IN_PROGRESS": 1}
    done = made.crawl(**one_by_one, RETRY_TIMES=1)
    assert done.returncode == 0, done.stderr
    assert made.outcomes() == {
        1: ("failed", "the box says 'busy'"),
        2: ("failed", "cut short"),
        3: ("failed", "http 500"),
        4: ("found", ""),  # after the time that it asked for
    }


def test_what_robots_txt_disallows_is_not_asked(box):
    made = box(TESSA)
    made.site.robots = "User-agent: *\nDisallow: /graphql\n"
    made.add("Tessa Quillmark")
    assert made.crawl(limit=1).returncode == 0
    assert made.outcomes() == {1: ("blocked", "robots")}
    assert made.server.queries == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"endpoint": "stashbd"}, "endpoint=stashbd is unknown: use fansdb, javstash"),
        ({"mode": "name"}, "unknown argument mode: use endpoint, limit and performers"),
        ({"STASHBOX_API_KEYS": "a-secret"}, "STASHBOX_API_KEYS=… is not usable"),
        ({"STASHBOX_BATCH": 51}, "STASHBOX_BATCH=51 is not usable"),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path, arguments, told):
    place = Workplace(tmp_path)
    place.database().close()
    done = place.crawl("stashbox", **arguments)
    assert done.returncode == 2
    assert told in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert "a-secret" not in done.stdout + done.stderr
