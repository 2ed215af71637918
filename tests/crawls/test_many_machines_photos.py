"""What many machines make together of a demo site is what one undisturbed crawl makes of it."""

import random
import time
from itertools import pairwise
from urllib.parse import unquote, urlsplit

import pytest
from sqlalchemy import select

from demo.people import babepedia_profiles, iafd_profiles, write_known_faces, write_performers
from demo.sites import DemoSites
from enrichscrapy.database.due import Selection
from enrichscrapy.database.schema import lookups, photos
from enrichscrapy.index import find_index_model_id
from enrichscrapy.items import Outcome
from tests.postgres import run_server
from tests.resume.harness import Crawl
from tests.shared_place import INTERVAL, SharedPlace
from tests.support import PATIENCE, Workplace, face_server
from tests.torture.cast import CAST, PAGES, add_faults
from tests.torture.driver import SETTINGS, contents

SOURCES = {"babepedia": "url", "iafd": "name"}
FEW = 3


def succeed(done, codes=(0,)):
    assert done.returncode in codes, done.stdout + done.stderr


def fill(place, cast, *, known, **machine):
    """Performers, and the user's own faces of them."""
    write_performers(place.folder / "performers.jsonl", cast)
    succeed(place.run("import-performers", str(place.folder / "performers.jsonl"), **machine))
    if known:
        write_known_faces(place.folder / "known", cast)
        succeed(place.run("import-faces", str(place.folder / "known"), **machine), codes=(0, 1))


def list_due(place, sources):
    with place.database() as db:
        model_id = find_index_model_id(db, place.index_dir)
        asked = {each: Selection(each, SOURCES[each], model_id) for each in sources}
        return [each for each, selection in asked.items() if db.ledger.count_due(selection)]


def find_calm_contents(folder, sites, cast, sources, *, known):
    """What one crawl after the other makes of it, on a file."""
    folder.mkdir()
    place = Workplace(folder, dict(SETTINGS))
    place.use_sites(sites.babepedia.url, sites.iafd.url)
    fill(place, cast, known=known)
    while due := list_due(place, sources):
        for source in due:
            succeed(place.crawl(source, mode=SOURCES[source]))
    with place.database() as db:
        return contents(db)


class Machines:
    """Crawls that come and go; ``kill`` ends one of them as a power cut does."""

    def __init__(self, place, sources, chance):
        self.place, self.sources, self.chance = place, sources, chance
        self.running, self.names = [], []

    def start(self):
        name = f"machine {len(self.names)}"
        source = self.sources[len(self.names) % len(self.sources)]
        self.names.append(name)
        flags = ("-a", f"mode={SOURCES[source]}")
        settings = self.place.machine(name)
        workers = face_server()[1]
        self.running.append(Crawl(self.place, source, *flags, workers=workers, **settings))

    def kill(self):
        self.running.pop(self.chance.randrange(len(self.running))).kill()

    def end(self):
        for each in self.running:
            assert each.end() == 0 or _met_a_restart(each.output), each.output
        self.running = []


def _met_a_restart(output):
    """Before it opened, or when all was done but for the index, which the next crawl publishes."""
    if "Spider opened" not in output:
        return True
    return "The index was not published" in output and "cannot be reached" in output


@pytest.fixture
def server(request, restarts):
    """One of its own where it is restarted."""
    if not restarts:
        yield request.getfixturevalue("postgres")
        return
    with run_server() as running:
        yield running


@pytest.mark.long
@pytest.mark.parametrize(
    ("people", "sources", "crawls", "kills", "restarts"),
    [(2, ["babepedia"], 2, 1, 0), (10, ["babepedia", "iafd"], 8, 12, 2)],
)
def test_the_same_comes_out_whoever_is_killed(
    tmp_path, server, people, sources, crawls, kills, restarts
):
    cast, chance = CAST[:people], random.Random(11)
    with DemoSites(babepedia_profiles(cast), iafd_profiles(cast)) as sites:
        add_faults(sites)
        known = people > FEW  # looking at them takes most of the time
        expected = find_calm_contents(tmp_path / "calm", sites, cast, sources, known=known)

        for site in (sites.babepedia, sites.iafd):
            site.clear_faults()
        add_faults(sites)
        place = SharedPlace(tmp_path, dict(SETTINGS))
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        url = server.create()
        place.use(url)
        fill(place, cast, known=known, **place.machine("the first"))
        began, seen = len(sites.log.entries), []
        machines = Machines(place, sources, chance)
        try:
            for _ in range(crawls):
                machines.start()
            for kill in range(kills):
                if not wait_for_requests(sites, machines, 2):
                    break  # the work is done
                done = list_done(place)
                seen.append((done, len(sites.log.entries)))
                if restarts and kill % (kills // restarts) == 1:
                    server.restart()
                machines.kill()
                machines.start()
            machines.end()
            place.expire()
            while list_due(place, sources):
                for _ in sources:
                    machines.start()
                machines.end()
        finally:
            for each in machines.running:
                each.kill()

        with place.database() as db:
            db.check()
            found = contents(db)
        for kind, rows in expected.items():
            assert found[kind] == rows, kind
        assert len(seen) >= kills // 2, "the work was done too early to prove anything"
        for done, asked_by_then in seen:
            later = {entry["path"] for entry in sites.log.entries[asked_by_then:]}
            assert not done & later, "asked for again, though it was stored"
        for site in (sites.babepedia, sites.iafd):
            times = [e["time"] for e in sites.log.entries[began:] if e["site"] == site.site.name]
            assert min((b - a for a, b in pairwise(sorted(times))), default=INTERVAL) >= INTERVAL
        for name in machines.names[-len(sources) :]:
            succeed(place.run("reindex", **place.machine(name)))
            succeed(place.run("verify", **place.machine(name)))
        server.drop(url)


def list_done(place):
    """Paths of Babepedia's pages whose lookup has ended, and of photos that are stored."""
    with place.database() as db, db.read() as connection:
        ended = lookups.c.outcome.in_([each.value for each in Outcome if each.ended])
        by_link = select(lookups.c.performer_id).where(lookups.c.source == "babepedia", ended)
        people = set(connection.scalars(by_link))
        stored = connection.scalars(select(photos.c.url).where(photos.c.sha256.is_not(None)))
        paths = {unquote(urlsplit(url).path) for url in stored}
    return paths | {path for path, number in PAGES.items() if number in people}


def wait_for_requests(sites, machines, count):
    """False where all crawls have ended before so many came."""
    deadline, before = time.monotonic() + PATIENCE, len(sites.log.entries)
    while len(sites.log.entries) < before + count:
        assert time.monotonic() < deadline, "nobody asks for anything"
        if not any(each.runs for each in machines.running):
            return False
        time.sleep(0.02)
    return True
