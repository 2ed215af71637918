import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from enrichscrapy.database.hosts import Cleared
from enrichscrapy.database.schema import lookups
from enrichscrapy.politeness import circuit
from enrichscrapy.politeness.pace import Circuit, Closed, HostAnswer, HostState, Turn
from enrichscrapy.politeness.refusals import RefusalKind
from enrichscrapy.politeness.rules import PaceRules
from tests.support import PATIENCE, open_database, url_of

pytestmark = pytest.mark.on_both()

RULES = PaceRules("babepedia", floor=3.0, jitter=0.0, longest_wait=1e6)
HOST = "www.example.com"
NOW = 1_800_000_000.0


class Clock:
    now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def database(tmp_path, clock):
    with open_database(tmp_path / "performers.db", clock=clock) as database:
        yield database


def test_pace_budget_and_circuit_survive_a_restart(database, clock, tmp_path):
    rules = replace(RULES, budget=3)
    assert database.hosts.take_turn(HOST, rules, 0.0) == Turn(NOW)
    database.hosts.note_answer(HOST, rules, HostAnswer(NOW + 1.0, 429, 1.0, 100.0))
    database.close()
    clock.now += 50
    with open_database(tmp_path / "performers.db", clock=clock) as again:
        state = again.hosts.get(HOST)
        assert (state.delay, state.not_before) == (6.0, NOW + 100.0)
        assert again.hosts.take_turn(HOST, rules, 0.0) == Turn(NOW + 100.0)
        assert again.hosts.take_turn(HOST, rules, 0.0) == Turn(NOW + 106.0)
        assert isinstance(again.hosts.take_turn(HOST, rules, 0.0), Closed)
        block = RefusalKind.BLOCK, "block: error 1020"
        again.hosts.change(HOST, rules, lambda *now: circuit.note_refusal(*now, *block))
    with open_database(tmp_path / "performers.db", clock=clock) as once_more:
        ((host, source, state),) = once_more.hosts.list_all()
        assert (host, source, state.circuit) == (HOST, "babepedia", Circuit.OPEN)
        assert state.circuit_reason == "block: error 1020"


def test_a_host_never_visited_is_as_new(database):
    assert database.hosts.get(HOST) == HostState()
    assert database.hosts.list_all() == []


def test_a_turn_given_up_costs_no_budget_and_frees_the_probe(database, clock):
    database.hosts.change(HOST, RULES, lambda *now: circuit.open_circuit(*now, "why"))
    clock.now += 900
    turn = database.hosts.take_turn(HOST, RULES, 0.0)
    assert turn.probe
    database.hosts.give_up_turn(HOST, RULES, turn)
    assert database.hosts.get(HOST).budget_used == 0
    assert database.hosts.take_turn(HOST, RULES, 0.0).probe
    database.hosts.change(HOST, RULES, lambda state, *_: circuit.note_success(state))
    assert database.hosts.get(HOST).circuit is Circuit.CLOSED


def test_threads_never_share_a_slot(database):
    with ThreadPoolExecutor(8) as pool:
        turns = list(pool.map(lambda _: database.hosts.take_turn(HOST, RULES, 0.0), range(24)))
    assert sorted(turn.at for turn in turns) == [NOW + 3.0 * n for n in range(24)]


def test_processes_never_share_a_slot(database, tmp_path):
    path = tmp_path / "performers.db"
    code = f"""
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.politeness.rules import PaceRules
rules = PaceRules("babepedia", floor=3.0, jitter=0.0, longest_wait=1e6)
with PerformerDatabase({url_of(path)!r}, clock=lambda: {NOW}) as database:
    for _ in range(10):
        print(database.hosts.take_turn({HOST!r}, rules, 0.0).at)
"""
    root = Path(__file__).parents[2]
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=root)
        for _ in range(2)
    ]
    times = [
        float(line) for one in started for line in one.communicate(timeout=PATIENCE)[0].split()
    ]
    assert sorted(times) == [NOW + 3.0 * n for n in range(20)]


def store_lookup(database, performer_id, source, outcome, detail, next_attempt_at):
    with database.write() as connection:
        connection.execute(
            insert(lookups).values(
                source=source,
                mode="url",
                performer_id=performer_id,
                outcome=outcome,
                detail=detail,
                next_attempt_at=next_attempt_at,
                updated_at=NOW,
                evidence={},
            )
        )


def test_changed_robots_rules_make_disallowed_pages_due(database, clock):
    later = NOW + 1e6
    names = ["Mira Vantongeren", "Odile Krasnov", "Tess Hallorand", "Ines Quill", "Una Brandt"]
    ids = [database.add_performer(name) for name in names]
    store_lookup(database, ids[0], "babepedia", "blocked", "robots", later)
    store_lookup(database, ids[1], "babepedia", "blocked", "robots", None)
    store_lookup(database, ids[2], "babepedia", "blocked", "block: error 1020", later)
    store_lookup(database, ids[3], "iafd", "blocked", "robots", later)
    store_lookup(database, ids[4], "babepedia", "found", "robots", None)
    assert database.hosts.note_robots(HOST, "babepedia", b"rules 1") == 2
    with database.write() as connection:
        connection.execute(lookups.update().values(next_attempt_at=later))
    clock.now += 60
    assert database.hosts.note_robots(HOST, "babepedia", b"rules 1") == 0
    assert database.hosts.note_robots(HOST, "babepedia", b"rules 2") == 2
    with database.read() as connection:
        due = connection.execute(
            select(lookups.c.performer_id, lookups.c.source).where(
                lookups.c.next_attempt_at <= clock.now
            )
        ).all()
    assert due == [(ids[0], "babepedia"), (ids[1], "babepedia")]


def test_clearance_is_kept_and_taken_away(database):
    cookies = [{"name": "cf_clearance", "value": "x", "expires": NOW + 60}]
    cleared = Cleared(cookies, "one", "enrichscrapy/0")
    database.hosts.set_clearance(HOST, "babepedia", cleared)
    assert database.hosts.find_clearance(HOST) == cleared
    database.hosts.set_clearance(HOST, "babepedia", Cleared())
    assert database.hosts.find_clearance(HOST) == Cleared()
    assert database.hosts.find_clearance("other.example") == Cleared()
