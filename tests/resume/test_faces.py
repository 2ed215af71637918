"""Stops and kills in the middle of a lookup's photos: the workers, the index, the lookup itself."""

import signal
from pathlib import Path

import pytest

from demo.people import DemoPerson, SitePage, babepedia_profiles, link
from demo.sites import DemoSites, Fault, Kind
from enrichscrapy.index import FaceIndex, find_index_model_id, verify
from tests.resume.harness import Crawl, wait_until_gone
from tests.support import PATIENCE, Workplace, face_server, wait_until
from tests.torture.process import Run

pytestmark = pytest.mark.on_both()

FIRST = DemoPerson(1, "Asta Quernholt", birth_date="1981-04-02", links=(link("Asta Quernholt"),))
SECOND = DemoPerson(2, "Berit Vossmar", birth_date="1982-04-03", links=(link("Berit Vossmar"),))
PAGES = ["/babe/Asta_Quernholt", "/babe/Berit_Vossmar"]
SECOND_PHOTO = "/pics/Berit Vossmar2.jpg"


@pytest.fixture
def sites():
    page = SitePage(("own", "own", "own"))
    people = [DemoPerson(**{**vars(each), "babepedia": page}) for each in (FIRST, SECOND)]
    with DemoSites(babepedia_profiles(people)) as running:
        yield running


@pytest.fixture
def place(tmp_path, sites):
    workplace = Workplace(tmp_path, {"INDEX_PUBLISH_SECONDS": "0.3", "LOOKUPS_IN_PROGRESS": "1"})
    workplace.use_sites(sites.babepedia.url, sites.iafd.url)
    with workplace.database() as db:
        for person in (FIRST, SECOND):
            performer = db.add_performer(person.name, gender="FEMALE", birth_date=person.birth_date)
            db.add_url(performer, person.links[0])
    return workplace


@pytest.fixture
def crawl(place):
    """Started as a user does, with its workers; see what survives."""
    running = []

    def start(**settings):
        running.append(Run(place, "babepedia", (), settings))
        return running[-1]

    yield start
    for each in running:
        each.process.kill()
        each.process.wait()


@pytest.fixture
def forked_crawl(place):
    """Started in a fifth of the time: crawl and workers are forked."""
    running = []

    def start(**settings):
        running.append(Crawl(place, "babepedia", workers=face_server()[1], **settings))
        return running[-1]

    yield start
    for each in running:
        each.kill()
    assert wait_until_gone(find_face_workers()) == []


def find_face_workers():
    """The face server forks nothing else but in ``Workplace.run``, which waits for the end."""
    server = face_server()[0].pid
    listed = Path(f"/proc/{server}/task/{server}/children").read_text()
    return [int(pid) for pid in listed.split()]


def wait_for_photo(sites):
    wait_until(lambda: SECOND_PHOTO in sites.babepedia.paths("photo"))


def wait_for_index(place):
    """The first performer's faces were published while the second's are still on their way."""
    wait_until((place.index_dir / "current").exists)


def state(place):
    with place.database() as db:
        found = {
            each: (db.ledger.get("babepedia", "url", each) or {"outcome": "none"})["outcome"]
            for each in (1, 2)
        }
        return found, verify(db, place.index_dir, find_index_model_id(db, place.index_dir))


def test_killed_with_photos_on_their_way(place, sites, forked_crawl):
    sites.babepedia.set_fault(SECOND_PHOTO, Fault(Kind.DELAY, seconds=PATIENCE, times=1))
    first = forked_crawl(JOBDIR=place.folder / "jobs")
    wait_for_photo(sites)
    wait_for_index(place)
    workers = find_face_workers()
    assert workers
    first.kill()
    assert wait_until_gone(workers) == []
    assert state(place) == ({1: "found", 2: "none"}, [])
    assert FaceIndex.open_current(place.index_dir, None).count == 3

    second = place.crawl("babepedia", JOBDIR=place.folder / "jobs")
    assert second.returncode == 0, second.stderr
    assert sites.babepedia.paths("page") == [*PAGES, PAGES[1]]
    assert state(place) == ({1: "found", 2: "found"}, [])
    assert FaceIndex.open_current(place.index_dir, None).count == 6


def test_one_signal_lets_the_photos_come_in(place, sites, forked_crawl):
    sites.babepedia.set_fault(SECOND_PHOTO, Fault(Kind.DELAY, seconds=2, times=1))
    first = forked_crawl()
    wait_for_photo(sites)
    first.signal(signal.SIGINT)
    assert first.end() == 0, first.output
    assert state(place) == ({1: "found", 2: "found"}, [])
    assert "Published index generation" in first.output
    assert sites.babepedia.paths("page") == PAGES


@pytest.mark.long
def test_photos_that_take_too_long_are_given_up_and_their_lookup_comes_back(
    place, sites, forked_crawl
):
    sites.babepedia.set_fault(SECOND_PHOTO, Fault(Kind.DELAY, seconds=PATIENCE, times=1))
    first = forked_crawl(SHUTDOWN_SECONDS=3, RETRY_BASE_SECONDS=0)
    wait_for_photo(sites)
    first.signal(signal.SIGTERM)
    assert first.end() == 0, first.output
    assert state(place) == ({1: "found", 2: "blocked"}, [])

    second = place.crawl("babepedia")
    assert second.returncode == 0, second.stderr
    assert state(place) == ({1: "found", 2: "found"}, [])
    assert sites.babepedia.paths("page") == [*PAGES, PAGES[1]]
    photos = sites.babepedia.paths("photo")
    assert len(photos) == len(set(photos)) + 1, "only the one that did not come"


def test_workers_that_die_and_cannot_start_end_the_crawl_at_once(
    place, sites, forked_crawl, monkeypatch
):
    monkeypatch.setenv("KILLED", str(place.folder / "killed"))
    with place.database() as db:
        for number in range(20):
            name = f"Nobody At All {chr(65 + number)}"
            db.add_url(db.add_performer(name), f"https://www.babepedia.com/babe/{number}")
    first = forked_crawl(FACE_MODEL="tests.resume.models.KilledTheSecondTime")
    assert first.end() == 6, first.output
    assert "a face worker did not start: killed by SIGKILL" in first.output.splitlines()[-1]
    assert not any(name in first.output for name in ("Asta", "Berit", "Nobody"))
    assert len(sites.babepedia.paths("page")) < 10
    assert state(place) == ({1: "found", 2: "none"}, []), "what is stored is whole"

    second = place.crawl("babepedia")
    assert second.returncode == 0, second.stderr
    assert state(place) == ({1: "found", 2: "found"}, [])


def test_a_folder_for_kept_photos_that_cannot_be_written_ends_it_at_once(place):
    (place.folder / "kept").mkdir()
    for number in (1, 2):
        (place.folder / "kept" / str(number)).write_text("in the way")
    first = place.crawl("babepedia", KEEP_PHOTOS=place.folder / "kept")
    assert first.returncode == 6, first.stderr
    assert "cannot be written any more: File exists" in first.stderr.splitlines()[-1]
    assert not any(name in first.stderr for name in ("Asta", "Berit"))
    assert state(place)[0] == {1: "none", 2: "none"}


@pytest.mark.long
def test_a_worker_that_hangs_does_not_hold_up_a_stop(place, sites, crawl):
    settings = {
        "FACE_MODEL": "tests.resume.models.AsleepTheSecondTime",
        "SHUTDOWN_SECONDS": 1,
        "INDEX_PUBLISH_SECONDS": 0,
    }
    first = crawl(**settings)
    wait_for_photo(sites)
    first.wait_for("the model sleeps")
    first.process.send_signal(signal.SIGINT)
    first.end()
    assert "something hangs, so this ends now" in first.output
    assert first.survivors() == []
    assert state(place) == ({1: "found", 2: "none"}, []), "what was stored was published too"
