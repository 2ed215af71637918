"""Crawls ended at random moments; ``make torture`` does hundreds, with photos and faces."""

import random
import signal
import time

import pytest

pytestmark = pytest.mark.on_both()

PERFORMERS = 150


@pytest.fixture
def place(empty_place):
    with empty_place.database() as db:
        for number in range(1, PERFORMERS + 1):
            performer = db.add_performer(f"Ada Demo{number}", gender="FEMALE")
            db.add_url(performer, f"https://www.babepedia.com/babe/Ada_Demo{number}")
    return empty_place


@pytest.mark.parametrize("kills", [5, pytest.param(20, marks=pytest.mark.long)])
def test_nothing_is_lost_and_nothing_that_ended_is_asked_for_again(
    site, place, crawl, tmp_path, kills
):
    chance = random.Random(4)
    site.delay = 0.02
    for kill in range(kills):
        ended, asked = ended_paths(place), len(site.paths)
        settings = {"JOBDIR": tmp_path / "jobs"} if chance.random() < 0.6 else {}
        run = crawl(**settings)
        site.wait_for(asked + 1)
        end_somehow(run, chance)
        assert not ended & set(site.paths[asked:]), f"asked again before kill {kill}"
    assert len(ended_paths(place)) < PERFORMERS, "the work was done too early to prove anything"

    ended, asked = ended_paths(place), len(site.paths)
    last = crawl(JOBDIR=tmp_path / "jobs")
    assert last.end() == 0, last.output
    assert sorted(site.paths[asked:]) == sorted(all_paths() - ended)
    assert ended_paths(place) == all_paths()


def end_somehow(run, chance):
    time.sleep(chance.uniform(0.0, 0.3))
    how = chance.choice(["kill", "kill", "one signal", "two signals"])
    if how == "kill":
        run.kill()
        return
    run.signal(chance.choice([signal.SIGINT, signal.SIGTERM]))
    if how == "two signals":
        time.sleep(chance.uniform(0.0, 0.1))
        run.signal(signal.SIGINT)
    run.end()


def all_paths():
    return {path_of(number) for number in range(1, PERFORMERS + 1)}


def path_of(performer_id):
    return f"/babe/Ada_Demo{performer_id}"


def ended_paths(place):
    with place.database() as db:
        rows = [db.ledger.get("babepedia", "url", each) for each in range(1, PERFORMERS + 1)]
    return {path_of(row["performer_id"]) for row in rows if row and row["outcome"] == "absent"}
