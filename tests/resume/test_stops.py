"""However a crawl ends, the same command goes on: nothing is lost and nothing asked for twice."""

import json
import signal

import pytest
from sqlalchemy import delete

from enrichscrapy.database.dialects import find_backend
from enrichscrapy.database.schema import performers
from enrichscrapy.files.jobdir import Owner, close_jobdir
from tests.support import list_artefacts, wait_until

pytestmark = pytest.mark.on_both()

ALL = {f"/babe/Ada_Demo{number}": 1 for number in range(1, 9)}
WITH_AND_WITHOUT = pytest.mark.parametrize("jobdir", [True, False], ids=["jobdir", "no jobdir"])


@pytest.fixture
def settings(tmp_path, jobdir):
    return {"JOBDIR": tmp_path / "jobs"} if jobdir else {}


def hold_third(site):
    """The third that is asked for; on a server neighbours may overtake each other."""
    site.hold(lambda path: site.paths.index(path) == 2)


@pytest.mark.parametrize(("jobdir", "number"), [(True, signal.SIGINT), (False, signal.SIGTERM)])
def test_one_signal_finishes_what_is_in_flight(site, crawl, outcomes, settings, number, dialect):
    hold_third(site)
    first = crawl(**settings)
    site.wait_for(3)
    first.signal(number)
    first.wait_for("Stopping: ")
    site.release()
    assert first.end() == 0, first.output
    assert len(site.paths) == 3
    if dialect == "sqlite":
        assert site.paths == [f"/babe/Ada_Demo{number}" for number in (1, 2, 3)]
    assert outcomes() == {"absent": 3}
    assert "the same command goes on from here: scrapy crawl babepedia" in first.output

    second = crawl(**settings)
    assert second.end() == 0, second.output
    assert site.asked == ALL
    assert outcomes() == {"absent": 8}
    assert "set aside" not in second.output


@WITH_AND_WITHOUT
def test_killed_in_the_middle_the_ledger_goes_on(site, crawl, outcomes, settings, jobdir):
    hold_third(site)
    first = crawl(**settings)
    site.wait_for(3)
    wait_until(lambda: outcomes() == {"absent": 2})  # the third leaves while it is being stored
    first.kill()
    site.release()
    assert outcomes() == {"absent": 2}

    second = crawl(**settings)
    assert second.end() == 0, second.output
    assert outcomes() == {"absent": 8}
    assert site.asked == ALL | {site.paths[2]: 2}, "only the one that had not ended"
    assert ("its last run did not end cleanly" in second.output) == jobdir


def test_a_second_signal_ends_it_at_once_and_loses_nothing_stored(site, crawl, outcomes, tmp_path):
    settings = {"JOBDIR": tmp_path / "jobs"}
    hold_third(site)
    first = crawl(**settings)
    site.wait_for(3)
    wait_until(lambda: outcomes() == {"absent": 2})
    first.signal()
    first.wait_for("Stopping: ")
    first.signal()
    first.end()
    assert outcomes() == {"absent": 2}
    site.release()

    second = crawl(**settings)
    assert second.end() == 0, second.output
    assert outcomes() == {"absent": 8}
    assert site.asked == ALL | {site.paths[2]: 2}
    assert "its last run did not end cleanly" in second.output


def test_a_site_that_hangs_does_not_hold_up_a_stop(site, crawl, outcomes, tmp_path):
    settings = {"JOBDIR": tmp_path / "jobs"}
    hold_third(site)
    first = crawl(**settings, SHUTDOWN_SECONDS=1)
    site.wait_for(3)
    first.signal()
    assert first.end() == 0, first.output
    site.release()
    assert outcomes() == {"absent": 2}

    second = crawl(**settings)
    assert second.end() == 0, second.output
    assert outcomes() == {"absent": 8}
    assert site.asked == ALL | {site.paths[2]: 2}


def test_a_restored_request_is_checked_before_it_is_sent(site, crawl, place, tmp_path, outcomes):
    """Meanwhile one performer was deleted, and another looked up by a run without the JOBDIR."""
    jobdir = {"JOBDIR": tmp_path / "jobs"}
    hold_third(site)
    first = crawl(**jobdir)
    site.wait_for(3)
    first.signal()
    first.wait_for("Stopping: ")
    site.release()
    assert first.end() == 0
    looked_up, deleted = sorted(ALL.keys() - site.asked)[:2]
    assert crawl("babepedia", "-a", f"performers={looked_up[-1]}").end() == 0
    with place.database() as db, db.write() as connection:
        connection.execute(delete(performers).where(performers.c.id == int(deleted[-1])))

    second = crawl(**jobdir)
    assert second.end() == 0, second.output
    assert "Resuming crawl" in second.output
    assert site.asked == {path: 1 for path in ALL if path != deleted}
    assert outcomes() == {"absent": 7}


def test_a_finished_jobdir_silences_no_new_attempt(site, crawl, outcomes, tmp_path):
    settings = {"JOBDIR": tmp_path / "jobs", "RETRY_BASE_SECONDS": 0, "RETRY_TIMES": 0}
    site.status_of = lambda path: 503 if path == "/babe/Ada_Demo3" else 404
    first = crawl(**settings)
    assert first.end() == 0, first.output
    assert outcomes() == {"absent": 7, "failed": 1}

    site.status_of = lambda _path: 404
    second = crawl(**settings)
    assert second.end() == 0, second.output
    assert outcomes() == {"absent": 8}
    assert site.asked == ALL | {"/babe/Ada_Demo3": 2}


def test_a_damaged_jobdir_is_set_aside(site, crawl, outcomes, tmp_path):
    jobdir = tmp_path / "jobs"
    hold_third(site)
    first = crawl(JOBDIR=jobdir)
    site.wait_for(3)
    first.signal()
    first.wait_for("Stopping: ")
    site.release()
    assert first.end() == 0
    queue = next(path for path in jobdir.rglob("*") if path.name == "info.json")
    queue.write_text("")

    second = crawl(JOBDIR=jobdir)
    assert second.end() == 0, second.output
    assert "info.json was changed, cut or lost" in second.output
    assert len(list(tmp_path.glob("jobs.set-aside-*"))) == 1
    assert site.asked == ALL
    assert outcomes() == {"absent": 8}


@pytest.mark.parametrize(
    "name",
    ["info.json", *(pytest.param(n, marks=pytest.mark.long) for n in ("q00000", "active.json"))],
)
def test_damage_that_no_digest_tells_of_is_met_when_the_queue_is_opened(
    site, crawl, place, outcomes, tmp_path, name
):
    jobdir = tmp_path / "jobs"
    hold_third(site)
    first = crawl(JOBDIR=jobdir)
    site.wait_for(3)
    first.signal()
    first.wait_for("Stopping: ")
    site.release()
    assert first.end() == 0
    file = next(path for path in jobdir.rglob("*") if path.name == name)
    file.write_bytes(file.read_bytes()[:-4])
    database = find_backend(place.database_url, tmp_path).name
    close_jobdir(jobdir, Owner("babepedia", "url", database), "shutdown")

    second = crawl(JOBDIR=jobdir)
    assert second.end() == 0, second.output
    assert "The JOBDIR's queue cannot be read" in second.output
    assert "Traceback" not in second.output
    assert site.asked == ALL
    assert outcomes() == {"absent": 8}


def test_another_modes_jobdir_is_refused_before_the_first_request(site, iafd, crawl, tmp_path):
    jobdir = tmp_path / "jobs"
    assert crawl(JOBDIR=jobdir).end() == 0
    asked = len(site.paths)
    second = crawl("babepedia", "-a", "mode=name", JOBDIR=jobdir)
    assert second.end() == 2
    assert "belongs to spider babepedia, mode url" in second.output
    assert "Traceback" not in second.output
    third_one = crawl("iafd", JOBDIR=jobdir)
    assert third_one.end() == 2
    assert (len(site.paths), iafd.paths) == (asked, [])


def test_a_dry_run_ignores_the_jobdir(site, crawl, tmp_path, outcomes):
    jobdir = tmp_path / "jobs"
    assert crawl(JOBDIR=jobdir, DRY_RUN=1).end() == 0
    assert not jobdir.exists()
    assert outcomes() == {}
    assert site.asked == ALL


@pytest.mark.sqlite_only
@pytest.mark.long
def test_the_same_source_twice_at_once(site, iafd, crawl):
    site.hold(lambda path: path.endswith("Demo8"))
    first = crawl()
    site.wait_for(8)
    second = crawl("babepedia", "-a", "mode=name")
    assert second.end() == 4
    assert f"babepedia is being crawled by process {first.pid} on " in second.output
    assert "Traceback" not in second.output
    other = crawl("iafd", "-a", "limit=1")
    assert other.end() == 0, other.output
    assert len(iafd.paths) == 1
    site.release()
    assert first.end() == 0
    assert crawl().end() == 0, "the lock is free again"


@pytest.mark.long
def test_both_sites_at_once_share_the_database(site, iafd, crawl, outcomes):
    site.delay = iafd.delay = 0.01
    both = [crawl("babepedia"), crawl("iafd")]
    assert [each.end() for each in both] == [0, 0], [each.output for each in both]
    assert outcomes("babepedia") == outcomes("iafd") == {"absent": 8}
    assert site.asked == ALL
    assert all(times == 1 for times in iafd.asked.values())


def test_a_full_disk_under_the_jobdir_ends_in_good_order(site, crawl, outcomes, tmp_path):
    settings = {"JOBDIR": tmp_path / "jobs"}
    first = crawl(
        **settings, SCHEDULER_START_DISK_QUEUE="tests.resume.queues.FullAfterThreeRequests"
    )
    assert first.end() == 1
    assert "the JOBDIR cannot be written (No space left on device)" in first.output
    assert "Traceback" not in first.output
    done = outcomes().get("absent", 0)
    assert done == len(site.paths)

    second = crawl(**settings)
    assert second.end() == 0, second.output
    assert outcomes() == {"absent": 8}
    assert site.asked == ALL


@pytest.mark.long
def test_the_jobdir_and_its_leftovers_are_known_to_erasure(site, crawl, place, tmp_path):
    hold_third(site)
    first = crawl(JOBDIR=tmp_path / "jobs")
    site.wait_for(3)
    first.kill()
    site.release()
    assert crawl(JOBDIR=tmp_path / "jobs").end() == 0
    [aside] = tmp_path.glob("jobs.set-aside-*")
    with place.database() as db:
        assert list_artefacts(db, "jobdir") == [tmp_path / "jobs", aside]


@pytest.mark.long
def test_an_older_jobdir_of_pickles_is_set_aside_unread(site, crawl, outcomes, tmp_path):
    jobdir = tmp_path / "jobs"
    hold_third(site)
    first = crawl(JOBDIR=jobdir, SCHEDULER_DISK_QUEUE="scrapy.squeues.PickleLifoDiskQueue")
    site.wait_for(3)
    first.signal()
    first.wait_for("Stopping: ")
    site.release()
    assert first.end() == 0
    record = json.loads((jobdir / "enrichscrapy.json").read_text())
    del record["versions"]["queue format"]
    (jobdir / "enrichscrapy.json").write_text(json.dumps(record))

    second = crawl(JOBDIR=jobdir)
    assert second.end() == 0, second.output
    assert "it was written by queue format of before, this is JSON 1" in second.output
    assert outcomes() == {"absent": 8}
    assert site.asked == ALL
    for path in (jobdir, *tmp_path.glob("jobs.set-aside-*"), *jobdir.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
