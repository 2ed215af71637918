"""Settings through the real commands: what cannot be used costs one line, and no request."""

import pytest

from demo.people import PEOPLE, babepedia_profiles, iafd_profiles, write_performers
from demo.sites import DemoSites
from tests.support import Workplace

CAST = PEOPLE[:1]


@pytest.fixture(scope="module")
def sites():
    with DemoSites(babepedia_profiles(CAST), iafd_profiles(CAST)) as running:
        yield running


@pytest.fixture(scope="module")
def place(tmp_path_factory, sites):
    made = Workplace(tmp_path_factory.mktemp("place"))
    made.use_sites(sites.babepedia.url, sites.iafd.url)
    write_performers(made.folder / "performers.jsonl", CAST)
    assert made.run("import-performers", str(made.folder / "performers.jsonl")).returncode == 0
    return made


def refused(place, *arguments, **settings) -> str:
    """The one line with which a command ended before it did anything."""
    done = place.run(*arguments, **settings)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        (("crawl", "babepedia"), "LOOKUPS_IN_PROGRESS=0"),
        (("crawl", "babepedia"), "EXTENSIONS=none"),
        (("status",), "RETENTION_DAYS=abc"),
        (("import-performers", "nowhere.csv"), "REQUEST_PER_DAY=5"),
        (("check",), "LOG_LEVEL=banana"),
        (("fetch", "http://127.0.0.1:1/"), "DRY_RUN=maybe"),
        (("crawl", "iafd"), "TWISTED_REACTOR=twisted.internet.selectreactor.SelectReactor"),
    ],
)
def test_one_line_and_nothing_else(place, arguments, setting):
    name, _, value = setting.partition("=")
    done = place.run(*arguments, **{name: value})
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("scrapy")
    assert f": {name}" in line
    assert done.stdout == ""


@pytest.mark.parametrize("setting", ["KEEP_PHOTOS", "INDEX_DIR", "JOBDIR"])
def test_a_folder_that_cannot_be_made_is_refused_before_the_first_request(place, sites, setting):
    file = place.folder / "file"
    file.touch()
    assert setting in refused(place, "crawl", "babepedia", **{setting: file})
    assert sites.babepedia.paths() == []


def test_a_database_that_cannot_be_made_is_refused_before_the_first_request(place, sites):
    file = place.folder / "file"
    file.touch()
    told = refused(place, "crawl", "babepedia", DATABASE_URL=f"sqlite:///{file}/x.db")
    assert told.startswith("scrapy crawl: DATABASE_URL=")
    assert sites.babepedia.paths() == []


@pytest.mark.parametrize("output", ["out.jsonl", "out.csv", "out.pickle"])
def test_feeds_are_refused_in_favour_of_the_export(place, sites, output):
    told = refused(place, "crawl", "babepedia", "-O", str(place.folder / output))
    assert "scrapy export" in told
    assert not (place.folder / output).exists()
    assert sites.babepedia.paths() == []


@pytest.mark.parametrize("argument", ["crawler", "self", "crawler_or_spidercls", "colour"])
def test_an_argument_that_no_spider_has(place, argument):
    told = refused(place, "crawl", "babepedia", "-a", f"{argument}=x")
    assert told == (
        f"scrapy crawl: unknown argument {argument}: use mode, limit, performers and gender"
    )


def test_a_log_in_a_new_folder_and_levels_in_small_letters(place):
    log = place.folder / "logs" / "crawl.log"
    done = place.run("crawl", "babepedia", "--logfile", str(log), FACES_ENABLED=0, LOG_LEVEL="info")
    assert done.returncode == 0, done.stderr
    written = log.read_text()
    assert "INFO" in written
    assert " DEBUG: " not in written
    assert not any(person.name in written for person in CAST)
