"""Work that is claimed on a real PostgreSQL: by whom, for how long, and what ends it."""

import os
import subprocess
import sys
import threading

import pytest
from sqlalchemy import delete, func, select, update

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.dialects.advisory import Kind, is_held, make_key
from enrichscrapy.database.due import Selection
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.schema import leases, lookups, performers, photos, workers
from enrichscrapy.database.store import store_lookup
from enrichscrapy.database.workers import Worker
from enrichscrapy.exceptions import LeaseLost
from enrichscrapy.items import Outcome
from tests.database.builders import face, lookup, photo
from tests.support import wait_until

SOURCE, MODE = "babepedia", "url"
CRAWL = """
import sys
from pathlib import Path
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.due import Selection
from enrichscrapy.database.workers import Worker
url, folder, machine = sys.argv[1:]
database = PerformerDatabase(url, folder=Path(folder), machine=machine)
worker = Worker(database, "babepedia", "url", 60.0)
worker.begin()
database.ledger.claim_due(Selection("babepedia", "url", worker_id=worker.id), 0, 2)
print("claimed", flush=True)
sys.stdin.readline()
worker._session.close()
print("without locks", flush=True)
sys.stdin.readline()
"""
"""Claims two; lets its locks go when it is told to, as when the server starts again."""


@pytest.fixture
def database(postgres_url, tmp_path):
    with PerformerDatabase(postgres_url, folder=tmp_path / "state", machine="one") as database:
        yield database


@pytest.fixture
def worker(database):
    """``worker()``: another crawl of the source; its ``selection`` is the question it asks."""
    begun = []

    def begin(seconds=60.0):
        new = Worker(database, SOURCE, MODE, seconds)
        new.begin()
        new.selection = Selection(SOURCE, MODE, worker_id=new.id)
        begun.append(new)
        return new

    yield begin
    for each in begun:
        each.end()


@pytest.fixture
def process(postgres_url, tmp_path):
    """``process(machine)``: a crawl in a process of its own that has claimed two."""
    started = []

    def start(machine="one"):
        folder = tmp_path / ("state" if machine == "one" else machine)
        words = [sys.executable, "-c", CRAWL, postgres_url, str(folder), machine]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(words, **pipes))
        assert started[-1].stdout.readline() == "claimed\n"
        return started[-1]

    yield start
    for each in started:
        kill(each)


def kill(process):
    process.kill()
    process.communicate()


def fill(database, count):
    for number in range(1, count + 1):
        performer = database.add_performer(f"Ada Demo{number}", gender="FEMALE")
        database.add_url(performer, f"https://www.babepedia.com/babe/Ada_Demo{number}")


def claim(database, worker, count=2, after_id=0):
    claimed = database.ledger.claim_due(worker.selection, after_id, count)
    return [due.performer.id for due in claimed]


def expire(database, worker):
    """As when its machine died a while ago."""
    with database.write() as connection:
        long_ago = update(workers).where(workers.c.id == worker.id).values(expires_at=1.0)
        connection.execute(long_ago)


def store(database, performer_id, worker, **fields):
    item = lookup(database.get_performer(performer_id), Outcome.ABSENT, source=SOURCE, **fields)
    return store_lookup(
        database, item, model_id=None, retry=RetryPolicy(), judge=None, worker_id=worker.id
    )


def test_what_one_has_claimed_is_not_due_for_another(database, worker):
    fill(database, 5)
    one, two = worker(), worker()
    assert claim(database, one) == [1, 2]
    assert claim(database, two) == [3, 4]
    assert claim(database, one, after_id=2) == [5]
    assert claim(database, two, after_id=4) == []
    assert database.ledger.count_due(one.selection) == 3  # its own among them
    assert database.ledger.count_due(two.selection) == 2
    assert not database.ledger.is_due(two.selection, 1)
    assert database.ledger.is_due(one.selection, 1)
    assert database.ledger.holds_any(one.selection, [1])
    assert not database.ledger.holds_any(two.selection, [1])


def test_a_lookup_that_ended_is_nobodys_any_more(database, worker):
    fill(database, 2)
    one, two = worker(), worker()
    claim(database, one)
    assert store(database, 1, one).stored
    with database.read() as connection:
        assert connection.scalars(select(leases.c.performer_id)).all() == [2]
    assert claim(database, two) == []


def test_those_of_a_dead_crawl_come_back_when_they_expire(database, worker):
    fill(database, 3)
    dead, two = worker(), worker()
    assert claim(database, dead, 3) == [1, 2, 3]
    assert claim(database, two, 3) == []
    expire(database, dead)
    assert claim(database, two, 2) == [1, 2]
    dead.renew()  # it was not dead after all: what nobody has taken is its own again
    assert not database.ledger.holds_any(dead.selection, [1])
    assert database.ledger.holds_any(dead.selection, [3])


def test_those_of_a_crawl_that_left_come_back_at_once(database, worker):
    fill(database, 3)
    gone, two = worker(), worker()
    claim(database, gone, 3)
    gone.end()
    assert claim(database, two, 3) == [1, 2, 3]


def test_those_of_a_process_killed_on_this_machine_come_back_as_the_next_begins(
    database, worker, process
):
    fill(database, 3)
    first, bystander = process(), worker()
    assert claim(database, bystander, 3) == [3]
    kill(first)
    wait_until_free(database, first.pid)
    assert claim(database, worker(), 3) == [1, 2]
    assert database.ledger.holds_any(bystander.selection, [3])


def test_a_process_that_lives_without_its_locks_keeps_its_leases(database, worker, process):
    fill(database, 3)
    first = process()
    print(file=first.stdin, flush=True)
    assert first.stdout.readline() == "without locks\n"
    wait_until_free(database, first.pid)
    assert claim(database, worker(), 3) == [3]
    kill(first)
    assert claim(database, worker(), 3) == [1, 2]


def test_a_killed_process_whose_id_is_ours_now_is_killed_all_the_same(database, worker, process):
    fill(database, 2)
    first = process()
    kill(first)
    wait_until_free(database, first.pid)
    with database.write() as connection:
        connection.execute(update(workers).values(pid=os.getpid()))
    assert claim(database, worker()) == [1, 2]


def test_a_process_of_another_machine_is_not_judged_by_its_id(database, worker, process):
    fill(database, 3)
    elsewhere = process("two")
    kill(elsewhere)
    wait_until_free(database, elsewhere.pid)
    assert claim(database, worker(), 3) == [3]


def wait_until_free(database, pid):
    """The server takes a moment to notice that a connection is gone."""
    with database.read() as connection:
        worker_id = connection.scalar(select(workers.c.id).where(workers.c.pid == pid))

    def is_free():
        with database.read() as connection:
            return not is_held(connection, make_key(Kind.WORKER, worker_id))

    wait_until(is_free)


def test_without_its_lease_nothing_is_stored(database, worker):
    fill(database, 1)
    late, two = worker(), worker()
    claim(database, late)
    expire(database, late)
    claim(database, two)
    with pytest.raises(LeaseLost, match="performer 1"):
        store(database, 1, late, photos=[photo("a")])
    with database.read() as connection:
        assert connection.execute(select(lookups)).all() == []
        assert connection.execute(select(photos)).all() == []
    assert store(database, 1, two).stored


def test_what_breaks_the_store_leaves_the_lease(database, worker):
    fill(database, 1)
    one = worker()
    claim(database, one)
    with pytest.raises(ValueError, match="not among"):
        store(database, 1, one, faces=[face(photo("of nobody's"))])
    assert database.ledger.holds_any(one.selection, [1])


def test_a_lease_goes_with_its_performer(database, worker):
    fill(database, 1)
    one = worker()
    claim(database, one)
    performer = database.get_performer(1)
    with database.write() as connection:
        connection.execute(delete(performers))
    item = lookup(performer, Outcome.ABSENT, source=SOURCE)
    report = store_lookup(
        database, item, model_id=None, retry=RetryPolicy(), judge=None, worker_id=one.id
    )
    assert report.reason == "unknown performer"


@pytest.mark.parametrize("lookups_each", [12, pytest.param(100, marks=pytest.mark.long)])
def test_many_that_claim_and_store_at_once_do_each_lookup_once(database, worker, lookups_each):
    """Some die in the middle of it; the others take over what they had."""
    crawls, total = 4, 4 * lookups_each
    fill(database, total)
    done, fault = [], []

    def work(me, dies_after):
        try:
            after_id = 0
            while page := claim(database, me, 3, after_id):
                for performer_id in page:
                    if dies_after == 0:
                        expire(database, me)
                        return
                    dies_after -= 1
                    assert store(database, performer_id, me).stored
                    done.append(performer_id)
                after_id = page[-1]
        except Exception as error:
            fault.append(error)

    dying = [threading.Thread(target=work, args=(worker(), 9 * number)) for number in range(crawls)]
    for thread in dying:
        thread.start()
    for thread in dying:
        thread.join()
    work(worker(), -1)
    assert fault == []
    assert sorted(done) == list(range(1, total + 1))
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(lookups)) == len(done)
