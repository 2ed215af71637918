"""Settings through the real commands: what cannot be used costs one line, and no request."""

import sqlite3

import pytest

from demo.people import PEOPLE, babepedia_profiles, iafd_profiles, write_performers
from demo.sites import DemoSites
from enrichscrapy.command import load_commands
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


@pytest.mark.parametrize("command", sorted(load_commands()))
def test_every_command_ends_at_a_setting_that_cannot_be_used(place, command):
    allowed = "is not usable: give a whole number from 1 to 10,000"
    done = place.run(command, LOOKUPS_IN_PROGRESS=0)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"scrapy {command}: LOOKUPS_IN_PROGRESS=0 {allowed}\n"


@pytest.mark.parametrize("command", ["reindex", "report", "status", "verify"])
def test_an_index_that_is_a_file_is_named_by_its_setting(place, command):
    file = place.folder / "file"
    file.touch()
    assert refused(place, command, INDEX_DIR=file).startswith(f"scrapy {command}: INDEX_DIR=")


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
    done = place.run("crawl", "babepedia", "-a", f"{argument}=x")
    assert (done.returncode, done.stderr) == (
        2,
        f"scrapy crawl: unknown argument {argument}: use mode, limit, performers and gender\n",
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("crawl", "babepedia", "-a", "performers=77"), "there is no performer 77"),
        (("crawl", "babepedia", "-a", "performers="), "performers= is not usable"),
        (("crawl", "babepedia", "-a", "limit"), "-a NAME=VALUE"),
        (("crawl", "babypedia"), "no spider named babypedia: use one of babepedia, "),
        (("crawl",), "name one spider: babepedia, "),
        (("status", "--jsn"), "it takes no arguments, only options"),
        (("import-faces", "here", "there"), "name one folder"),
    ],
)
def test_a_bad_argument_is_one_line_and_nothing_before_it(place, arguments, told):
    done = place.run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"scrapy {arguments[0]}: ")
    assert told in line


@pytest.mark.parametrize("command", [("check",), ("crawl", "iafd"), ("status",)])
def test_a_database_that_is_none_of_ours_is_one_line(tmp_path, command):
    place = Workplace(tmp_path)
    done = place.run(*command)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "there is no database at" in done.stderr
    with sqlite3.connect(place.database_path) as other:
        other.execute("CREATE TABLE songs (title)")
    other.close()
    done = place.run(*command)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "another program's database" in done.stderr


def test_the_help_shows_the_spiders_arguments_with_examples(place):
    told = place.run("crawl", "--help").stdout
    for typed in ("-a mode=name ", "-a limit=20 ", "-a performers=17,18 ", "-a gender=all "):
        assert typed in told
    assert "scrapy crawl iafd -a mode=name\n" in told
    assert "--output" not in told


def test_a_log_in_a_new_folder_and_levels_in_small_letters(place):
    log = place.folder / "logs" / "crawl.log"
    done = place.run("crawl", "babepedia", "--logfile", str(log), FACES_ENABLED=0, LOG_LEVEL="info")
    assert done.returncode == 0, done.stderr
    written = log.read_text()
    assert "INFO" in written
    assert " DEBUG: " not in written
    assert not any(person.name in written for person in CAST)
