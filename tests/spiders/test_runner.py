"""The plan's runner tests as crawls: what is asked of a site, and of whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest

from tests.support import Workplace, count_outcomes


class EmptySite:
    """A site without any profile: it answers 404 to all and remembers what was asked."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != "/robots.txt":
                    site.paths.append(unquote(self.path))
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @contextmanager
    def running(self) -> Iterator[EmptySite]:
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join()

    @property
    def profiles(self) -> list[str]:
        return [path for path in self.paths if path.startswith("/babe/")]


@pytest.fixture
def site() -> Iterator[EmptySite]:
    with EmptySite().running() as running:
        yield running


@pytest.fixture
def place(tmp_path, site) -> Workplace:
    workplace = Workplace(tmp_path, {"FACES_ENABLED": "0"})
    workplace.use_sites(site.url, site.url)
    return workplace


def test_url_mode_processes_performers_with_urls(place, site):
    with place.database() as db:
        pid = db.add_performer("Mia Malkova", gender="FEMALE")
        db.add_url(pid, "https://www.babepedia.com/babe/Mia_Malkova", "stashdb")
        db.add_performer("Angela White", gender="FEMALE")

    done = place.crawl("babepedia")

    assert done.returncode == 0, done.stderr
    assert site.paths == ["/babe/Mia_Malkova"]
    with place.database() as db:
        assert count_outcomes(db, "babepedia", "url") == {"absent": 1}
        progress = db.get_scrape_progress("babepedia:url")
        assert progress is not None
        assert progress["performers_processed"] == 1


def test_name_mode_iterates_all_performers(place, site):
    with place.database() as db:
        db.add_performer("Mia Malkova", gender="FEMALE")
        db.add_performer("Male Performer", gender="MALE")
        db.add_performer("Angela White", gender="FEMALE")

    done = place.crawl("babepedia", mode="name")

    assert done.returncode == 0, done.stderr
    assert sorted(site.profiles) == ["/babe/Angela_White", "/babe/Mia_Malkova"]
    with place.database() as db:
        assert count_outcomes(db, "babepedia", "name") == {"absent": 2}


def test_gender_all_lifts_the_sites_filter(place, site):
    with place.database() as db:
        db.add_performer("Male Performer", gender="male")
    assert place.crawl("babepedia", mode="name").returncode == 0
    assert site.profiles == []
    assert place.crawl("babepedia", mode="name", gender="all").returncode == 0
    assert site.profiles == ["/babe/Male_Performer"]


def test_limit_starts_no_more_performers_and_the_rest_stays_due(place, site):
    with place.database() as db:
        for number in range(5):
            db.add_performer(f"Person Number{number}", gender="FEMALE")
    assert place.crawl("babepedia", mode="name", limit=2).returncode == 0
    assert len(site.profiles) == 2
    assert place.crawl("babepedia", mode="name").returncode == 0
    assert len(site.profiles) == 5


def test_performers_narrows_the_run(place, site):
    with place.database() as db:
        ids = [db.add_performer(f"Person Number{n}", gender="FEMALE") for n in range(3)]
    assert place.crawl("babepedia", mode="name", performers=ids[1]).returncode == 0
    assert site.profiles == ["/babe/Person_Number1"]
    done = place.crawl("babepedia", mode="name", performers="person number2")
    assert site.profiles == ["/babe/Person_Number1", "/babe/Person_Number2"]
    assert f"scrapy crawl: id:{ids[2]} Person Number2" in done.stderr


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ({"mode": "foo"}, "mode=url or mode=name"),
        ({"limit": "-1"}, "from 1 up"),
        ({"speed": "9"}, "unknown argument speed"),
    ],
)
def test_a_bad_argument_ends_the_run_with_one_line(place, site, argument, told):
    done = place.crawl("babepedia", **argument)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert site.paths == []


def test_a_spider_that_does_not_exist_is_named(place):
    done = place.crawl("nobody")
    assert done.returncode == 2
    assert "babepedia, iafd" in done.stderr


def test_nobody_under_18_is_asked_for(place, site):
    with place.database() as db:
        db.add_performer("Young Person", gender="FEMALE", birth_date="2015")
    done = place.crawl("babepedia", mode="name")
    assert done.returncode == 0, done.stderr
    assert site.paths == []
    with place.database() as db:
        assert count_outcomes(db, "babepedia", "name") == {"mismatch": 1}


def test_without_a_database_nothing_is_made_and_nothing_asked_for(place, site):
    missing = place.folder / "not mounted" / "performers.db"
    done = place.crawl(
        "babepedia", DATABASE_URL=f"sqlite:///{missing}", FACES_ENABLED=1, FACE_MODEL="no.Model"
    )
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"scrapy crawl: there is no database at {missing}")
    assert "Traceback" not in done.stderr
    assert not missing.parent.exists()
    assert site.paths == []


def test_a_database_that_goes_away_ends_the_crawl(place, site):
    with place.database() as db:
        for number in range(30):
            db.add_url(
                db.add_performer(f"P {number}"), f"https://www.babepedia.com/babe/P_{number}"
            )
    moved = place.database_path.with_name("elsewhere.db")

    def go_away():
        while len(site.paths) < 3:
            time.sleep(0.01)
        place.database_path.rename(moved)

    thread = threading.Thread(target=go_away)
    thread.start()
    done = place.crawl("babepedia", INDEX_PUBLISH_SECONDS=0)
    thread.join()
    assert done.returncode == 1
    assert "nothing more is written" in done.stderr.splitlines()[-1]
    assert len(site.paths) < 12
    assert not place.database_path.exists()


def test_a_bad_setting_ends_the_run_with_one_line(place, site):
    done = place.crawl("babepedia", DELAY_FLOORS="fast")
    assert done.returncode == 2
    assert "DELAY_FLOORS=fast" in done.stderr
    assert "Traceback" not in done.stderr
    assert site.paths == []
