"""Crawls of one source on several machines and one PostgreSQL, in processes of their own."""

import random
import time
from itertools import pairwise

import pytest

from enrichscrapy.database.due import Selection
from enrichscrapy.database.workers import Worker
from tests.postgres import run_server
from tests.resume.harness import Crawl, HeldSite
from tests.shared_place import INTERVAL, SharedPlace


@pytest.fixture
def site():
    with HeldSite().running() as running:
        yield running


@pytest.fixture
def place(tmp_path, postgres_url, site):
    made = SharedPlace(tmp_path, {"FACES_ENABLED": "0"})
    made.use_sites(site.url, site.url)
    made.use(postgres_url)
    return made


@pytest.fixture
def crawl(place):
    """``crawl("machine")`` starts one there; none is left behind."""
    running = []

    def start(machine, *flags, **settings):
        given = place.machine(machine) | settings
        running.append(Crawl(place, "babepedia", *flags, **given))
        return running[-1]

    yield start
    for each in running:
        each.kill()


def fill(place, count):
    with place.database() as db:
        for number in range(1, count + 1):
            performer = db.add_performer(f"Ada Demo{number}", gender="FEMALE")
            db.add_url(performer, f"https://www.babepedia.com/babe/Ada_Demo{number}")


def ended(place, count):
    """The pages whose lookup has ended."""
    with place.database() as db:
        rows = [db.ledger.get("babepedia", "url", each) for each in range(1, count + 1)]
    return {path(row["performer_id"]) for row in rows if row and row["outcome"] == "absent"}


def path(performer_id):
    return f"/babe/Ada_Demo{performer_id}"


def gaps(site):
    return [after - before for before, after in pairwise(site.times)]


@pytest.mark.long
def test_two_machines_share_the_work_whatever_their_clocks_say(place, site, crawl):
    fill(place, 16)
    crawls = []
    for name, place.ahead in (("one", 5.0), ("two", -5.0)):
        crawls.append(crawl(name))
    for each in crawls:
        assert each.end() == 0, each.output
        assert "'lookups/absent'" in each.output, "it did nothing"
    assert sorted(site.paths) == sorted(map(path, range(1, 17)))
    assert ended(place, 16) == set(site.paths)
    assert min(gaps(site)) >= INTERVAL
    assert len(site.times) - len(site.paths) == 1, "robots.txt is fetched for all"


@pytest.fixture
def own_server():
    """One that may be restarted: nobody else's tests use it."""
    with run_server() as server:
        yield server


@pytest.mark.long
@pytest.mark.parametrize(("crawls", "kills", "performers"), [(4, 2, 20), (8, 16, 200)])
def test_many_are_killed_and_the_server_starts_again(
    place, site, crawl, own_server, crawls, kills, performers
):
    """What ended is never asked for again, and what is asked keeps the pace all the while."""
    place.use(own_server.create())
    chance, everybody = random.Random(7), set(map(path, range(1, performers + 1)))
    fill(place, performers)
    names = [f"machine {number}" for number in range(crawls + kills)]
    running, seen = {name: crawl(name) for name in names[:crawls]}, []
    for kill in range(kills):
        come = len(site.paths) + 2
        # Meanwhile nobody gets on: on a slow machine all would be done before the last kill.
        site.hold(lambda _path, come=come: len(site.paths) >= come)
        site.wait_for(come)
        ended_by_then = ended(place, performers)
        seen.append((ended_by_then, len(site.paths)))
        if kill == kills // 2:
            site.release()
            own_server.stop()
            asked = len(site.times)
            time.sleep(4 * INTERVAL)
            assert len(site.times) <= asked + 1, "who cannot reach the database asks for nothing"
            own_server.start()
        victim = chance.choice(list(running))
        running.pop(victim).kill()
        place.expire(victim)
        running[names[crawls + kill]] = crawl(names[crawls + kill])
        site.release()
    assert ended(place, performers) < everybody, "the work was done too early to prove anything"
    for each in running.values():
        # One that only began when the server went says so in one line.
        assert each.end() == 0 or "Spider opened" not in each.output, each.output
    place.expire()
    last = crawl("the last one")
    assert last.end() == 0, last.output
    for ended_by_then, asked in seen:
        assert not ended_by_then & set(site.paths[asked:])
    assert ended(place, performers) == set(site.paths) == everybody
    again = len(site.paths) - performers
    assert again <= kills, "only what was out, or not stored yet, when its crawl was killed"
    assert min(gaps(site)) >= INTERVAL


def test_a_jobdirs_lookups_are_claimed_again_or_left_to_whoever_has_them(
    place, site, crawl, tmp_path
):
    fill(place, 8)
    site.hold(lambda _asked: len(site.paths) == 3)
    first = crawl("one", JOBDIR=tmp_path / "jobs")
    site.wait_for(3)
    first.signal()
    first.wait_for("Stopping: ")
    site.release()
    assert first.end() == 0, first.output
    (left, *_) = [number for number in range(4, 8) if path(number) not in site.paths]
    with place.database() as db:
        other = Worker(db, "babepedia", "url", 60.0)
        other.begin()
        claimed = Selection("babepedia", "url", performer_ids=(left,), worker_id=other.id)
        assert db.ledger.claim_due(claimed)
        again = crawl("one", JOBDIR=tmp_path / "jobs")
        assert again.end() == 0, again.output
        assert len(site.paths) == 7
        other.end()
    assert crawl("two").end() == 0
    assert site.paths[-1] == path(left)
    assert sorted(site.paths) == sorted(map(path, range(1, 9)))


@pytest.mark.long
def test_the_budget_is_one_for_all(place, site, crawl):
    fill(place, 12)
    crawls = [crawl(f"machine {number}", REQUESTS_PER_DAY=8) for number in range(3)]
    for each in crawls:
        each.end()
    assert len(site.times) == 8
