from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import event, insert, text

from enrichscrapy.database.due import Selection
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.schema import external_urls, performers
from enrichscrapy.database.store import store_lookup
from enrichscrapy.items import ModelInfo, Outcome, ReferenceSiteMode
from tests.conftest import Clock
from tests.database.builders import count_pending_differences, lookup
from tests.support import count_outcomes, open_database

pytestmark = pytest.mark.on_both(
    short=(
        "test_by_name_follows_what_became_of_the_link",
        "test_another_model_makes_found_ones_due",
        "test_a_changed_gender_changes_the_selection",
    )
)

DAY = 86400.0
PAGE = "https://www.babepedia.com/babe/"
OTHER = "https://www.iafd.com/person.rme/perfid=invented"


class TestRetryPolicy:
    @given(
        attempts=st.integers(1, 10_000),
        base=st.floats(1, 10_000),
        longest=st.floats(1, 10**7),
        chance=st.floats(0, 1),
    )
    def test_the_wait_grows_to_its_maximum_and_jitter_only_lengthens(
        self, attempts, base, longest, chance
    ):
        policy = RetryPolicy(10**9, base, longest)
        plain = policy.schedule_retry(attempts, 0.0, 0.0)
        assert plain == min(base * 2 ** min(attempts - 1, 60), longest)
        assert plain <= policy.schedule_retry(attempts, 0.0, chance) <= plain * 1.25

    def test_the_last_attempt_has_no_next(self):
        policy = RetryPolicy(max_attempts=2)
        assert policy.schedule_retry(1, 5.0, 0.0) == 905.0
        assert policy.schedule_retry(2, 5.0, 0.0) is None
        assert policy.schedule_retry(3, 5.0, 0.0) is None
        assert policy.schedule_after_refusal(1000, 5.0, 0.0) == 5.0 + 604800


def store(db, performer_id, outcome, mode="url", model_id=None, source="babepedia"):
    item = lookup(
        db.get_performer(performer_id), outcome, source=source, mode=ReferenceSiteMode(mode)
    )
    return store_lookup(db, item, model_id=model_id, retry=RetryPolicy(), judge=None)


def due(db, **selection):
    selection = Selection(**{"source": "babepedia", "mode": "url", **selection})
    return [found.performer.id for found in db.ledger.list_due(selection)]


class TestSelection:
    def test_by_link_only_those_with_a_profile_link(self, db):
        linked, bare, elsewhere, gallery = (db.add_performer(name) for name in "ABCD")
        db.add_url(linked, PAGE + "A")
        db.add_url(linked, "https://www.babepedia.com/gallery/A/1")
        db.add_url(linked, PAGE + "A2")
        db.add_url(elsewhere, OTHER)
        db.add_url(gallery, "https://www.babepedia.com/gallery/D/1")
        (found,) = db.ledger.list_due(Selection("babepedia", "url"))
        assert (found.performer.id, found.urls) == (linked, (PAGE + "A", PAGE + "A2"))
        assert due(db, mode="name") == [linked, bare, elsewhere, gallery]
        assert due(db, source="iafd") == [elsewhere]

    def test_by_name_those_found_by_link_are_left_alone(self, db, model_id):
        one, two, three = (db.add_performer(name) for name in "ABC")
        for performer_id in (one, two):
            db.add_url(performer_id, PAGE + str(performer_id))
        store(db, one, Outcome.FOUND, model_id=model_id)
        store(db, two, Outcome.ABSENT)
        assert due(db, mode="name") == [two, three]
        store(db, three, Outcome.FAILED, mode="name")
        assert db.ledger.list_due(Selection("iafd", "name"), after_id=two)[0].performer.id == three

    def test_by_name_follows_what_became_of_the_link(self, db, model_id):
        performer_id = db.add_performer("A")
        db.add_url(performer_id, PAGE + "A")
        expected = [
            (Outcome.FAILED, [performer_id]),
            (Outcome.FOUND, []),
            (Outcome.ABSENT, [performer_id]),
        ]
        for outcome, by_name in expected:
            store(db, performer_id, outcome, model_id=model_id)
            assert due(db, mode="name") == by_name

    def test_gender_takes_the_unknown_with_it(self, db):
        genders = ["FEMALE", "female", " Female ", "MALE", None, "", "TRANSGENDER_FEMALE"]
        ids = [db.add_performer("A", gender=gender) for gender in genders]
        assert due(db, mode="name", gender="FEMALE") == [ids[i] for i in (0, 1, 2, 4, 5)]
        assert due(db, mode="name", gender="male") == [ids[i] for i in (3, 4, 5)]
        for performer_id in ids:
            store(db, performer_id, Outcome.BLOCKED, mode="name")
        db.clock.now += 10**9
        assert due(db, mode="name", gender="FEMALE") == [ids[i] for i in (0, 1, 2, 4, 5)]

    def test_a_changed_gender_changes_the_selection(self, db):
        performer_id = db.add_performer("A", gender="MALE")
        with db.write() as connection:
            connection.execute(performers.update().values(gender="FEMALE"))
        assert due(db, mode="name", gender="FEMALE") == [performer_id]
        assert due(db, mode="name", gender="MALE") == []

    def test_these_performers_only(self, db):
        ids = [db.add_performer(str(number)) for number in range(5)]
        assert due(db, mode="name", performer_ids=(ids[3], ids[1], 999)) == [ids[1], ids[3]]
        assert due(db, mode="name", performer_ids=tuple(range(100_000))) == ids
        assert not db.ledger.is_due(Selection("iafd", "name", performer_ids=(ids[0],)), ids[1])

    def test_an_ended_lookup_comes_back_after_so_many_days(self, db, clock):
        performer_id = db.add_performer("A")
        store(db, performer_id, Outcome.ABSENT, mode="name")
        clock.now += 30 * DAY - 1
        assert due(db, mode="name", revisit_after_days=30) == []
        clock.now += 1
        assert due(db, mode="name", revisit_after_days=30) == [performer_id]
        assert due(db, mode="name", revisit_after_days=0) == []

    def test_a_given_up_lookup_is_reported_and_not_revisited(self, db, clock):
        performer_id = db.add_performer("A")
        for _ in range(RetryPolicy().max_attempts):
            store(db, performer_id, Outcome.FAILED, mode="name")
        clock.now += 365 * DAY
        assert due(db, mode="name", revisit_after_days=1) == []
        assert count_outcomes(db, "babepedia", "name") == {"failed": 1}

    def test_another_model_makes_found_ones_due(self, db, model_id):
        found, absent = db.add_performer("A"), db.add_performer("B")
        store(db, found, Outcome.FOUND, mode="name", model_id=model_id)
        store(db, absent, Outcome.ABSENT, mode="name", model_id=model_id)
        other = db.faces.ensure_model(ModelInfo("other", "1" * 64, "none-1", 512))
        assert due(db, mode="name", model_id=model_id) == []
        assert due(db, mode="name", model_id=None) == []
        assert due(db, mode="name", model_id=other) == [found]

    @pytest.mark.parametrize("outcome", [Outcome.FOUND, Outcome.ABSENT, Outcome.MISMATCH])
    def test_a_new_link_makes_an_ended_lookup_due(self, db, model_id, outcome):
        performer_id = db.add_performer("A")
        db.add_url(performer_id, PAGE + "A")
        db.add_url(performer_id, OTHER)
        store(db, performer_id, outcome, model_id=model_id)
        store(db, performer_id, outcome, model_id=model_id, source="iafd")
        db.add_url(performer_id, PAGE + "A")
        db.add_url(performer_id, "https://www.babepedia.com/gallery/A/1")
        assert due(db, model_id=model_id) == []
        db.add_url(performer_id, PAGE + "A2")
        assert due(db, model_id=model_id) == [performer_id]
        assert due(db, model_id=model_id, source="iafd") == []

    def test_a_row_that_is_removed_is_never_looked_up_again(self, db):
        performer_id = db.add_performer("A")
        store(db, performer_id, Outcome.ABSENT, mode="name")
        with db.write() as connection:
            connection.execute(text("DELETE FROM lookups"))
        assert due(db, mode="name") == [performer_id]

    def test_a_new_link_does_not_shorten_a_refusals_wait(self, db):
        performer_id = db.add_performer("A")
        db.add_url(performer_id, PAGE + "A")
        store(db, performer_id, Outcome.BLOCKED)
        db.add_url(performer_id, PAGE + "A2")
        assert due(db) == []

    def test_a_clock_that_ran_ahead_does_not_postpone_for_good(self, db, clock):
        performer_id = db.add_performer("A")
        clock.now += 365 * DAY
        store(db, performer_id, Outcome.FAILED, mode="name")
        clock.now -= 365 * DAY
        assert due(db, mode="name") == [performer_id]
        store(db, performer_id, Outcome.FAILED, mode="name")
        assert due(db, mode="name") == []

    def test_a_clock_that_is_set_back_a_little_changes_nothing(self, db, clock):
        performer_id = db.add_performer("A")
        store(db, performer_id, Outcome.FAILED, mode="name")
        clock.now -= 600
        assert due(db, mode="name") == []

    def test_a_mode_that_does_not_exist_is_refused(self, db):
        with pytest.raises(ValueError, match="foo"):
            db.ledger.list_due(Selection("babepedia", "foo"))

    def test_a_source_without_a_module_works_too(self, db):
        performer_id = db.add_performer("A")
        db.add_url(performer_id, "https://elsewhere.com/a")
        assert due(db, source="elsewhere") == [performer_id]
        second = db.add_performer("B")
        db.add_url(second, "https://elsewhere.com/b")
        assert due(db, source="elsewhere") == [performer_id, second]

    def test_the_attempts_so_far_are_told(self, db, clock):
        performer_id = db.add_performer("A")
        store(db, performer_id, Outcome.FAILED, mode="name")
        store(db, performer_id, Outcome.FAILED, mode="name")
        clock.now += 10**9
        assert db.ledger.list_due(Selection("babepedia", "name"))[0].attempts == 2


class LedgerMachine(RuleBasedStateMachine):
    """Any mix of what changes the ledger, against the definition of "due" in plain Python."""

    @initialize()
    def begin(self):
        """An empty ledger in a database that stays open: opening one takes long."""
        with self.db.write() as connection:
            connection.execute(performers.delete())
        self.clock = self.db.clock
        self.genders, self.links, self.rows = {}, {}, {}
        for gender in ("FEMALE", "male"):
            self.add_performer(gender)

    @rule(gender=st.sampled_from(["FEMALE", "male", "", None]))
    def add_performer(self, gender):
        if len(self.genders) >= 3:  # few enough to meet each other
            return
        performer_id = self.db.add_performer("A", gender=gender)
        self.genders[performer_id], self.links[performer_id] = gender, set()

    @rule(data=st.data(), number=st.integers(0, 2), site=st.sampled_from(["babepedia", "iafd"]))
    def add_link(self, data, number, site):
        if not self.genders:
            return
        performer_id = data.draw(st.sampled_from(sorted(self.genders)))
        url = self.url(site, number)
        new = (site, number) not in self.links[performer_id]
        self.db.add_url(performer_id, url)
        self.links[performer_id].add((site, number))
        if new:
            self.wake(site, performer_id)

    @rule(data=st.data(), change=st.booleans())
    def change_or_remove_link(self, data, change):
        """As somebody would with an SQLite browser."""
        linked = [(i, *link) for i, links in self.links.items() for link in links]
        if not linked:
            return
        performer_id, site, number = data.draw(st.sampled_from(sorted(linked)))
        change = change and (site, number + 3) not in self.links[performer_id]
        old = self.url(site, number)
        with self.db.write() as connection:
            mine = (external_urls.c.performer_id == performer_id, external_urls.c.url == old)
            if change:
                new = {"url": self.url(site, number + 3)}
                connection.execute(external_urls.update().where(*mine).values(new))
            else:
                connection.execute(external_urls.delete().where(*mine))
        self.links[performer_id].remove((site, number))
        if change:
            self.links[performer_id].add((site, number + 3))
            self.wake(site, performer_id)

    @staticmethod
    def url(site, number):
        return f"{PAGE}P{number}" if site == "babepedia" else f"{OTHER}{number}/a.htm"

    def wake(self, site, performer_id):
        row = self.rows.get((site, "url", performer_id))
        if row and row["next"] is None:
            row["next"] = self.clock.now

    @rule(
        data=st.data(),
        source=st.sampled_from(["babepedia", "iafd"]),
        mode=st.sampled_from(["url", "name"]),
        outcome=st.sampled_from(list(Outcome)),
        model=st.sampled_from([None, 0, 1]),
    )
    def look_up(self, data, source, mode, outcome, model):
        if not self.genders:
            return
        performer_id = data.draw(st.sampled_from(sorted(self.genders)))
        model_id = None if model is None else self.models[model]
        self.record(performer_id, source, mode, outcome, model_id)

    def record(self, performer_id, source, mode, outcome, model_id):
        report = store(self.db, performer_id, outcome, mode, model_id, source)
        self.rows[source, mode, performer_id] = {
            "outcome": outcome,
            "next": report.next_attempt_at,
            "at": self.clock.now,
            "model": model_id if outcome is Outcome.FOUND else None,
        }

    @rule(
        data=st.data(),
        source=st.sampled_from(["babepedia", "iafd"]),
        outcomes=st.tuples(st.sampled_from(list(Outcome)), st.sampled_from(list(Outcome))),
    )
    def look_up_both_ways(self, data, source, outcomes):
        if self.genders:
            performer_id = data.draw(st.sampled_from(sorted(self.genders)))
            for mode, outcome in zip(("url", "name"), outcomes, strict=True):
                self.record(performer_id, source, mode, outcome, self.models[0])

    @rule(seconds=st.sampled_from([1.0, 900.0, DAY, 10 * DAY]))
    def wait(self, seconds):
        self.clock.now += seconds

    @rule(data=st.data(), gender=st.sampled_from(["FEMALE", "male", None]))
    def change_gender(self, data, gender):
        if self.genders:
            performer_id = data.draw(st.sampled_from(sorted(self.genders)))
            self.genders[performer_id] = gender
            with self.db.write() as connection:
                connection.execute(
                    performers.update().where(performers.c.id == performer_id),
                    {"gender": gender},
                )

    @rule(data=st.data())
    def remove_performer(self, data):
        if self.genders:
            performer_id = data.draw(st.sampled_from(sorted(self.genders)))
            del self.genders[performer_id], self.links[performer_id]
            self.rows = {key: row for key, row in self.rows.items() if key[2] != performer_id}
            with self.db.write() as connection:
                connection.execute(performers.delete().where(performers.c.id == performer_id))

    @rule(
        source=st.sampled_from(["babepedia", "iafd"]),
        mode=st.sampled_from(["url", "name"]),
        model=st.sampled_from([None, 0, 1]),
        days=st.sampled_from([0, 5]),
        gender=st.sampled_from([None, "FEMALE", "MALE"]),
        batch_size=st.integers(1, 3),
    )
    def compare(self, source, mode, model, days, gender, batch_size):
        model_id = None if model is None else self.models[model]
        selection = Selection(source, mode, model_id, days, gender)
        expected = self.expect(selection, batch_size)
        assert self.db.ledger.count_due(selection) == len(expected)
        for performer_id in self.genders:
            due_now = self.db.ledger.is_due(selection, performer_id)
            assert due_now == (performer_id in expected)

    def expect(self, selection, batch_size):
        expected = [i for i in sorted(self.genders) if self._is_due(selection, i)]
        found, after_id = [], 0
        while page := self.db.ledger.list_due(selection, after_id, batch_size):
            found += [item.performer.id for item in page]
            after_id = found[-1]
        assert found == expected
        return expected

    def _is_due(self, selection, performer_id):
        gender = (self.genders[performer_id] or "").lower()
        if selection.gender and gender not in ("", selection.gender.lower()):
            return False
        row = self.rows.get((selection.source, selection.mode, performer_id))
        found = row is not None and row["outcome"] is Outcome.FOUND
        if selection.mode == "url":
            if not any(site == selection.source for site, _ in self.links[performer_id]):
                return False
        else:
            by_link = self.rows.get((selection.source, "url", performer_id))
            if by_link and by_link["outcome"] is Outcome.FOUND and not found:
                return False
        if row is None:
            return True
        if row["next"] is not None and row["next"] <= self.clock.now:
            return True
        days = selection.revisit_after_days
        if days and row["outcome"].ended and row["at"] <= self.clock.now - days * DAY:
            return True
        return found and selection.model_id is not None and row["model"] != selection.model_id

    @invariant()
    def the_plain_selections_agree(self):
        if hasattr(self, "genders"):
            for source in ("babepedia", "iafd"):
                for mode in ("url", "name"):
                    self.expect(Selection(source, mode, self.models[0], 5), 200)

    @invariant()
    def the_copy_is_the_view(self):
        if hasattr(self, "genders"):
            with self.db.read() as connection:
                assert count_pending_differences(connection) == 0


@pytest.mark.parametrize("examples", [5, pytest.param(25, marks=pytest.mark.long)])
def test_due_is_what_its_definition_says(tmp_path, examples):
    with open_database(tmp_path / "a.db", clock=Clock(1000.0)) as db:
        LedgerMachine.db = db
        LedgerMachine.models = [
            db.faces.ensure_model(ModelInfo("m", str(i) * 64, "1", 512)) for i in (0, 1)
        ]
        run_machine(examples)


def run_machine(examples):
    case = LedgerMachine.TestCase
    case.settings = settings(
        max_examples=examples,
        stateful_step_count=20,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # shrinking would write thousands of transactions
    )
    case().runTest()


class TestManyPerformers:
    """However many are done, a page is a few index ranges: no step walks the whole ledger."""

    SIZE = 20_000

    @pytest.fixture(scope="class")
    @classmethod
    def big(cls, tmp_path_factory):
        with open_database(tmp_path_factory.mktemp("big") / "a.db", clock=Clock()) as db:
            with db.write() as connection:
                rows = [{"canonical_name": "A", "gender": "FEMALE"}] * cls.SIZE
                connection.execute(insert(performers), rows)
                links = [
                    {
                        "performer_id": i,
                        "site": "babepedia",
                        "url": PAGE + "A",
                        "normalized_id": "A",
                    }
                    for i in range(1, cls.SIZE + 1)
                ]
                connection.execute(insert(external_urls), links)
                connection.execute(
                    text(
                        "INSERT INTO lookups (source, mode, performer_id, outcome, detail,"
                        " evidence, attempts, blocks, updated_at) SELECT 'babepedia', mode, id,"
                        " 'absent', '', '{}', 0, 0, 1700000000 FROM performers,"
                        " (SELECT 'url' AS mode UNION SELECT 'name') WHERE id < :last"
                    ),
                    {"last": cls.SIZE},
                )
            yield db

    @pytest.mark.parametrize("mode", ["url", "name"])
    @pytest.mark.parametrize("gender", [None, "FEMALE"])
    def test_the_last_one_is_found_in_a_few_steps(self, big, mode, gender):
        selection = Selection("babepedia", mode, 1, 30.0, gender)
        with CountingSteps(big) as steps:
            (found,) = big.ledger.list_due(selection)
        assert found.performer.id == self.SIZE
        assert steps.hundreds < 50  # walking the ledger once would be over 1000
        with CountingSteps(big) as steps:
            assert big.ledger.is_due(selection, self.SIZE)
            assert big.ledger.count_due(selection) == 1
        assert steps.hundreds < 100

    def test_the_first_page_of_untouched_work_too(self, big):
        with CountingSteps(big) as steps:
            assert len(big.ledger.list_due(Selection("iafd", "name", 1, 30.0, "FEMALE"))) == 200
        assert steps.hundreds < 500


class CountingSteps:
    """Counts SQLite's virtual-machine steps, in hundreds, on every connection in use."""

    def __init__(self, db):
        self.engine = db.engine
        self.hundreds = 0

    def _count(self):
        self.hundreds += 1

    def _watch(self, connection, *_):
        connection.connection.driver_connection.set_progress_handler(self._count, 100)

    def __enter__(self):
        event.listen(self.engine, "begin", self._watch)
        return self

    def __exit__(self, *_):
        event.remove(self.engine, "begin", self._watch)
        with self.engine.connect() as connection:
            connection.connection.driver_connection.set_progress_handler(None, 0)
