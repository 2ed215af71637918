"""What ``store_lookup`` promises, under any mix of crawls that write to one database at once."""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.schema import face_changes, faces, photo_results, photos, verdict_history
from enrichscrapy.database.store import store_lookup
from enrichscrapy.exceptions import VerdictRefused
from enrichscrapy.items import Judgement, Outcome, Verdict
from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.verdicts import Limits
from tests.conftest import MODEL, Clock
from tests.database.builders import accept, face, lookup, photo, quarantine, reject
from tests.support import count_outcomes, open_database

pytestmark = pytest.mark.on_both()

PER_SOURCE, TOTAL = 2, 3
SOURCES = ("babepedia", "iafd")


def judge(item, stored):
    """Accepts what fits; makes room for a better face; rejects and quarantines by quality."""
    accepted = [f for f in stored if f.verdict is Verdict.ACCEPTED]
    retire, decisions = [], []
    for new in item.faces:
        if new.quality < 0.2:
            decisions.append(reject() if new.quality < 0.1 else quarantine())
            continue
        mine = [f for f in accepted if f.source == item.source]
        full = mine if len(mine) >= PER_SOURCE else accepted if len(accepted) >= TOTAL else []
        worst = min((f for f in full if hasattr(f, "id")), key=lambda f: f.quality, default=None)
        if full and (worst is None or worst.quality >= new.quality):
            decisions.append(reject("no_room"))
            continue
        if full:
            retire.append((worst.id, "better_photo"))
            accepted.remove(worst)
        decisions.append(accept())
        accepted.append(Standing(item.source, new.quality))
    return Judgement(tuple(decisions), tuple(retire))


class Standing:
    """A face accepted a moment ago, which has no id yet."""

    def __init__(self, source, quality):
        self.source, self.quality = source, quality


def shot(content, address, quality):
    """A photo and its one face."""
    picture = photo(f"{content}-{address}", content=f"content {content}")
    return picture, face(picture, seed=content, quality=quality)


def check(db, performer_ids):
    """Every invariant of these performers' faces and photos, from the rows alone."""
    faces_of = faces.c.performer_id.in_(performer_ids)
    photos_of = photos.c.performer_id.in_(performer_ids)
    with db.read() as connection:
        rows = connection.execute(select(faces).where(faces_of)).mappings().all()
        ids = [row["id"] for row in rows]
        query = select(face_changes).where(face_changes.c.face_id.in_(ids))
        changes = connection.execute(query.order_by(face_changes.c.seq)).all()
        query = select(verdict_history).where(verdict_history.c.face_id.in_(ids))
        history = connection.execute(query.order_by(verdict_history.c.id)).mappings().all()
        pictures = connection.execute(select(photos).where(photos_of)).mappings().all()
        results = connection.execute(
            select(photo_results.c.model_id, photos.c.performer_id, photos.c.sha256)
            .join(photos)
            .where(photos_of)
        ).all()
    accepted = [row for row in rows if row["verdict"] == "accepted"]
    by_source = Counter((r["performer_id"], r["model_id"], r["source"]) for r in accepted)
    in_all = Counter((r["performer_id"], r["model_id"]) for r in accepted)
    assert max(by_source.values(), default=0) <= PER_SOURCE
    assert max(in_all.values(), default=0) <= TOTAL
    alive = set()
    for change in changes:
        (alive.add if change.change == "added" else alive.remove)(change.face_id)
    assert alive == {row["id"] for row in accepted}
    embedded = Counter((r["photo_id"], r["model_id"]) for r in rows)
    assert max(embedded.values(), default=1) == 1
    contents = Counter(row for row in results if row[2] is not None)
    assert max(contents.values(), default=1) == 1
    addresses = Counter((p["performer_id"], p["url"]) for p in pictures)
    assert max(addresses.values(), default=1) == 1
    assert all((p["sha256"] is None) == (p["duplicate_of"] is not None) for p in pictures)
    last = {row["face_id"]: row["verdict"] for row in history}
    assert last == {row["id"]: row["verdict"] for row in rows}
    for row in rows:
        assert (row["vector"] is None) == (row["verdict"] == "rejected")


SHOTS = st.lists(
    st.tuples(
        st.integers(0, 11),
        st.integers(0, 2),
        st.sampled_from([0.9, 0.8, 0.7, 0.5, 0.4, 0.15, 0.05]),
    ),
    min_size=2,
    max_size=4,
    unique_by=lambda one: one[:2],
)
"""(content, address, quality) of a lookup's photos."""


class StoreMachine(RuleBasedStateMachine):
    """Two crawls that judge at one moment and store at another, and a person who reviews."""

    @initialize()
    def begin(self):
        """Each run has performers of its own in one database: opening one takes long."""
        self.performers = [self.crawls[0].add_performer(name) for name in "AB"]
        self.judged = []

    @rule(performer=st.sampled_from([0, 1]), one=SHOTS, other=SHOTS, first=st.sampled_from([0, 1]))
    def race(self, performer, one, other, first):
        """Both crawls judge on the same state; then one stores, then the other."""
        self.judged = []
        self.judge_a_lookup(0, performer, one)
        self.judge_a_lookup(1, performer, other)
        for place in (first, 0):
            self.store(place)

    @rule(crawl=st.sampled_from([0, 1]), performer=st.sampled_from([0, 1]), shots=SHOTS)
    def judge_a_lookup(self, crawl, performer, shots):
        db = self.crawls[crawl]
        pictures = [shot(*one) for one in shots]
        item = lookup(
            db.get_performer(self.performers[performer]),
            Outcome.FOUND,
            source=SOURCES[crawl],
            photos=[picture for picture, _ in pictures],
            faces=[found for _, found in pictures],
        )
        stored, item.references_token = db.faces.find_references(item.performer.id, self.model_id)
        item.judgement = judge(item, stored)
        for found, decision in zip(item.faces, item.judgement.decisions, strict=True):
            found.decision = decision
        self.judged.append((db, item))

    @precondition(lambda self: getattr(self, "judged", None))
    @rule(data=st.data())
    def store_one_of_them(self, data):
        self.store(data.draw(st.integers(0, len(self.judged) - 1)))

    def store(self, place):
        db, item = self.judged.pop(place)
        report = store_lookup(db, item, model_id=self.model_id, retry=RetryPolicy(), judge=judge)
        assert report.stored
        assert len(report.face_ids) == len(item.faces)
        written = [db.faces.get(face_id).verdict for face_id in report.face_ids]
        assert written == [found.decision.verdict for found in item.faces]

    @rule(data=st.data(), accept=st.booleans(), undo=st.booleans())
    def review(self, data, accept, undo):
        db = self.crawls[0]
        desk = ReviewDesk(db, Limits(PER_SOURCE, TOTAL))
        stored = [f for p in self.performers for f in db.get_faces(p)]
        if not stored:
            return
        chosen = data.draw(st.sampled_from(stored))
        try:
            (desk.accept if accept else desk.reject)(chosen.id)
            if undo:
                desk.undo(chosen.id)
        except VerdictRefused:
            assert chosen.verdict is Verdict.REJECTED

    @invariant()
    def every_promise_is_kept(self):
        if hasattr(self, "performers"):
            check(self.crawls[1], self.performers)


@pytest.mark.parametrize("examples", [15, pytest.param(60, marks=pytest.mark.long)])
def test_any_mix_of_crawls_and_reviews(tmp_path, examples):
    path = tmp_path / "performers.db"
    with open_database(path, clock=Clock()) as one, open_database(path) as other:
        StoreMachine.crawls = [one, other]
        StoreMachine.model_id = one.faces.ensure_model(MODEL)
        run_machine(examples)


def run_machine(examples):
    case = StoreMachine.TestCase
    case.settings = settings(
        max_examples=examples,
        stateful_step_count=15,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # shrinking would write thousands of transactions
    )
    case().runTest()


def test_processes_that_write_at_once(tmp_path):
    """Four crawls in four processes look up the same performers; nobody meets a lock."""
    path = tmp_path / "performers.db"
    with open_database(path) as db:
        performer_ids = [db.add_performer(f"Person {number}") for number in range(3)]
        model_id = db.faces.ensure_model(MODEL)
    children = [
        fork(crawl_for_a_while, path, performer_ids, model_id, number) for number in range(4)
    ]
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    with open_database(path) as db:
        check(db, performer_ids)
        assert count_outcomes(db, "babepedia", "url") == {"found": 3}
        for performer_id in performer_ids:
            accepted = [f for f in db.get_faces(performer_id) if f.verdict is Verdict.ACCEPTED]
            assert len(accepted) == TOTAL


def crawl_for_a_while(path, performer_ids, model_id, number):
    rng = random.Random(number)
    source = SOURCES[number % 2]
    with open_database(path) as db:
        for turn in range(12):
            pictures = [
                shot(rng.randrange(12), f"{source}{rng.randrange(3)}", rng.uniform(0.2, 1))
                for _ in range(3)
            ]
            unique = {picture.url: (picture, found) for picture, found in pictures}.values()
            item = lookup(
                db.get_performer(performer_ids[turn % 3]),
                source=source,
                photos=[picture for picture, _ in unique],
                faces=[found for _, found in unique],
            )
            stored, item.references_token = db.faces.find_references(item.performer.id, model_id)
            item.judgement = judge(item, stored)
            for found, decision in zip(item.faces, item.judgement.decisions, strict=True):
                found.decision = decision
            store_lookup(db, item, model_id=model_id, retry=RetryPolicy(), judge=judge)


@pytest.mark.sqlite_only
def test_processes_that_open_a_new_database_at_once(tmp_path):
    children = [fork(open_and_add, tmp_path / "new.db", number) for number in range(6)]
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 6
    with PerformerDatabase(tmp_path / "new.db") as db:
        assert db.count_performers() == 6


def open_and_add(path, number):
    with PerformerDatabase(path) as db:
        db.add_performer(f"Person {number}")


def fork(function, *arguments):
    """Run a function in a process of its own, started in no time; its exit status tells."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        function(*arguments)
        status = 0
    finally:
        os._exit(status)
