"""A host's turns among crawls of several machines, on a real PostgreSQL whose clock decides."""

import random
import threading
import time
from dataclasses import replace
from itertools import pairwise

import pytest
from sqlalchemy import text

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.host_row import change_row
from enrichscrapy.database.hosts import HostStore
from enrichscrapy.database.workers import Worker
from enrichscrapy.exceptions import ConnectionLost
from enrichscrapy.politeness import circuit, pace
from enrichscrapy.politeness.pace import Closed, HostAnswer, Turn, Wait
from enrichscrapy.politeness.refusals import RefusalKind
from enrichscrapy.politeness.rules import PaceRules
from tests.support import PATIENCE

HOST = "www.example.com"
RULES = PaceRules("babepedia", floor=0.05, jitter=0.0)


class Machine:
    """A worker with a database of its own."""

    def __init__(self, url, folder, name):
        self.database = PerformerDatabase(url, folder=folder, machine=name)
        self.worker = Worker(self.database, "babepedia", "url", 60.0)
        self.worker.begin()
        self.hosts = HostStore(self.database, self.worker.id)

    def take(self, rules=RULES):
        """Wait for a turn and leave; None where the budget is used up."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            decision = self.hosts.take_turn(HOST, rules, 0.0)
            if isinstance(decision, Closed):
                return None
            until = decision.until if isinstance(decision, Wait) else decision.at
            time.sleep(max(0.0, until - self.database.clock()))
            if isinstance(decision, Turn):
                left = self.hosts.begin_turn(HOST, rules, decision)
                if left is not None:
                    time.sleep(left)
                    return decision
        raise AssertionError("no turn came")

    def answer(self, rules=RULES, **fields):
        answer = HostAnswer(self.database.clock(), fields.pop("status", 200), 0.0)
        return self.hosts.note_answer(HOST, rules, answer, **fields)

    def die(self):
        """As ``kill -9``: its connections end, and nobody cleans up."""
        self.worker._session.close()

    def close(self):
        self.die()
        self.database.close()


@pytest.fixture
def machine(postgres_url, tmp_path):
    made = []

    def make(name="one"):
        made.append(Machine(postgres_url, tmp_path / name, name))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_one_request_is_out_at_a_time(machine):
    one, two = machine("one"), machine("two")
    assert one.take()
    assert isinstance(two.hosts.take_turn(HOST, RULES, 0.0), Wait)
    one.answer()
    assert two.take()


def test_two_that_meet_at_a_hosts_first_row_make_one(machine):
    """Neither may take the other's row for its own, which it may remove when nothing changed."""
    one, two = machine("one"), machine("two")
    with change_row(one.database, HOST, "babepedia") as row:
        note_success = (HOST, RULES, lambda state, *_: circuit.note_success(state))
        thread = threading.Thread(target=two.hosts.change, args=note_success)
        thread.start()
        thread.join(0.3)
        row.state = replace(row.state, budget_used=5)
    thread.join()
    assert one.hosts.get(HOST).budget_used == 5


def test_the_next_one_counts_from_the_answer(machine):
    slow = replace(RULES, floor=100.0, longest_wait=1e6)
    one, two = machine("one"), machine("two")
    one.take(slow)
    one.answer(slow)
    seen = one.database.clock()
    turn = two.hosts.take_turn(HOST, slow, 0.0)
    assert turn.at == pytest.approx(seen + 100.0, abs=1.0)


def test_a_dead_workers_turn_counts_from_when_that_is_noticed(machine):
    slow = replace(RULES, floor=100.0, longest_wait=1e6)
    one, two = machine("one"), machine("two")
    one.take(slow)
    time.sleep(0.2)
    one.die()
    before = two.database.clock()
    turn = two.hosts.take_turn(HOST, slow, 0.0)
    assert before + 99.99 <= turn.at <= two.database.clock() + 100.0
    assert two.hosts.get(HOST).budget_used == 2  # what may have left is counted


def test_whoever_was_taken_for_dead_has_lost_the_turn(machine):
    one, two = machine("one"), machine("two")
    reserved = one.hosts.take_turn(HOST, RULES, 0.0)
    with two.database.write() as connection:
        connection.execute(text("UPDATE workers SET expires_at = 1 WHERE machine = 'one'"))
    assert two.take()
    assert one.hosts.begin_turn(HOST, RULES, reserved) is None
    two.answer()
    assert isinstance(one.hosts.take_turn(HOST, RULES, 0.0), Turn)


def test_without_its_locks_a_worker_takes_no_turn_until_it_has_them_again(machine):
    one = machine()
    reserved = one.hosts.take_turn(HOST, RULES, 0.0)
    with one.database.write() as connection:  # an administrator, a firewall
        holders = "pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory'"
        here = "datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM {holders} AND {here}"))
    with pytest.raises(ConnectionLost):
        one.hosts.begin_turn(HOST, RULES, reserved)
    with pytest.raises(ConnectionLost):
        one.hosts.take_turn(HOST, RULES, 0.0)
    one.worker.renew()
    assert one.take()


def test_a_doubtful_answer_keeps_the_turn(machine):
    one, two = machine("one"), machine("two")
    one.take()
    one.answer(keeps_turn=True, status=403)
    assert isinstance(two.hosts.take_turn(HOST, RULES, 0.0), Wait)
    assert one.take()  # the browser's visit, say
    one.answer()
    assert two.take()


def test_what_one_learns_holds_for_all(machine):
    one, two = machine("one"), machine("two")
    one.hosts.change(HOST, RULES, lambda state, *_: pace.set_crawl_delay(state, 20.0))
    one.take()
    one.answer()
    turn = two.hosts.take_turn(HOST, RULES, 0.0)
    assert turn.at >= two.database.clock() + 19.0
    two.hosts.give_up_turn(HOST, RULES, turn)
    block = RefusalKind.BLOCK, "block"
    one.hosts.change(HOST, RULES, lambda *now: circuit.note_refusal(*now, *block))
    assert isinstance(two.hosts.take_turn(HOST, RULES, 0.0), Closed)


def test_a_machines_own_clock_decides_nothing(machine, monkeypatch):
    """It is set back by five seconds, and then on by ten."""
    one = machine()
    for wrong in (-5.0, 5.0):
        real = time.time
        monkeypatch.setattr(time, "time", lambda real=real, wrong=wrong: real() + wrong)
        with one.database.read() as connection:
            now = one.database.read_now(connection)
        assert one.database.clock() == pytest.approx(now, abs=0.5)
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("workers", "turns"), [(8, 24), pytest.param(8, 160, marks=pytest.mark.long)]
)
def test_many_ask_as_one_would(machine, workers, turns):
    """Some die while their request is out; no two leave nearer than the pace, none past the
    budget."""
    rules = replace(RULES, budget=turns)
    left, writing = [], threading.Lock()
    all_of_them = [machine(f"machine {number}") for number in range(workers)]

    def work(me, dies):
        chance = random.Random(me.worker.id)
        while me.take(rules) is not None:
            with writing:
                left.append(time.monotonic())
            if dies and chance.random() < 0.2:
                me.die()
                return
            time.sleep(chance.uniform(0.0, 0.02))
            me.answer(rules)

    threads = [
        threading.Thread(target=work, args=(each, number % 2))
        for number, each in enumerate(all_of_them)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gaps = [after - before for before, after in pairwise(left)]
    assert len(left) <= turns
    assert len(left) >= turns - workers  # a turn of somebody who died while he waited for it
    assert min(gaps) >= RULES.floor
