"""``scrapy migrate-database`` as people run it: to PostgreSQL, where everything goes on."""

import json

import pytest

from enrichscrapy.database.traits import Traits
from enrichscrapy.files.locks import lock_source
from tests.sample_database import fill, open_sample
from tests.support import Workplace


@pytest.fixture
def place(tmp_path):
    place = Workplace(tmp_path)
    with open_sample(place.database_path).database:
        fill(open_sample(place.database_path), performers=10)
    return place


@pytest.fixture
def empty(postgres):
    url = postgres.create(empty=True)
    yield url
    postgres.drop(url)


@pytest.mark.long
def test_the_same_status_is_told_from_either(place, empty):
    done = place.run("migrate-database", empty)
    assert done.returncode == 0, done.stderr
    assert "holds the same" in done.stdout
    assert "faces" in done.stdout
    old, new = (
        json.loads(place.run("status", "--json", DATABASE_URL=url).stdout)
        for url in (place.database_url, empty)
    )
    assert new.pop("database") == empty.partition("?")[0]
    assert old.pop("database") == str(place.database_path)
    assert old.pop("at") <= new.pop("at")
    assert old == new


def test_the_password_is_told_nowhere(place, empty):
    url = empty.replace("postgres@", "postgres:hush@")
    done = place.run("migrate-database", url)
    assert done.returncode == 0
    after = place.run("status", DATABASE_URL=url)
    wrong = place.run("status", DATABASE_URL=url.replace("@/t", "@/no"))
    assert (after.returncode, wrong.returncode) == (0, 2)
    assert "hush" not in "".join(one.stdout + one.stderr for one in (done, after, wrong))


def test_a_running_crawl_is_not_copied(place, empty):
    with lock_source(place.database_path, "babepedia", "crawl babepedia"):
        done = place.run("migrate-database", empty)
    assert done.returncode == 4
    assert "babepedia" in done.stderr
    assert place.run("status", DATABASE_URL=empty).returncode == 2, "nothing was begun"


def test_where_the_key_has_to_go_is_told(place, empty):
    with open_sample(place.database_path).database as database:
        database.suppressions.add(Traits(names=["Somebody Forgotten"]))
    done = place.run("migrate-database", empty)
    [line] = [line for line in done.stdout.splitlines() if "key" in line]
    assert f"{place.database_path}.key" in line
    stopped = place.run("crawl", "babepedia", DATABASE_URL=empty)
    assert stopped.returncode == 2
    assert "without it nobody" in stopped.stderr


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["mysql://host/name"]])
def test_what_cannot_be_copied_to_is_one_line(place, arguments):
    done = place.run("migrate-database", *arguments)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
