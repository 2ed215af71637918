"""What happens to the file when disk, process or lock fail: the old state or the new, one line."""

from __future__ import annotations

import ctypes
import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.dialects import sqlite
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.migrations import STEPS
from enrichscrapy.database.schema import metadata
from enrichscrapy.database.store import store_lookup
from enrichscrapy.exceptions import BadSetting, DatabaseDamaged, DatabaseUnavailable
from tests.conftest import MODEL
from tests.database.builders import accept, face, lookup, photo, reject
from tests.support import PATIENCE

PROJECT = Path(__file__).parent.parent.parent


def one_line(error):
    assert "\n" not in str(error)
    return str(error)


def brought(db, performer_id, photos=3):
    shots = [photo(f"p{performer_id}-{number}") for number in range(photos)]
    found = [face(shot, n, accept() if n else reject()) for n, shot in enumerate(shots)]
    return lookup(db.get_performer(performer_id), photos=shots, faces=found)


def store(db, performer_id, model_id=1):
    return store_lookup(
        db, brought(db, performer_id), model_id=model_id, retry=RetryPolicy(), judge=None
    )


def state_of(db, performer_id):
    """How much of one lookup is stored: (ledger rows, photos, results, faces, changes, history)."""
    with db.read() as connection:
        return tuple(
            connection.exec_driver_sql(query, (performer_id,)).scalar()
            for query in (
                "SELECT count(*) FROM lookups WHERE performer_id = ?",
                "SELECT count(*) FROM photos WHERE performer_id = ?",
                "SELECT count(*) FROM photo_results JOIN photos ON id = photo_id"
                " WHERE performer_id = ?",
                "SELECT count(*) FROM faces WHERE performer_id = ?",
                "SELECT count(*) FROM face_changes JOIN faces ON faces.id = face_id"
                " WHERE performer_id = ?",
                "SELECT count(*) FROM verdict_history JOIN faces ON faces.id = face_id"
                " WHERE performer_id = ?",
            )
        )


NOTHING, EVERYTHING = (0, 0, 0, 0, 0, 0), (1, 3, 3, 3, 2, 3)


class TestKill:
    """``kill -9`` in the middle of a transaction: all of the lookup is there, or nothing."""

    @pytest.fixture
    def path(self, tmp_path):
        with PerformerDatabase(tmp_path / "a.db") as db:
            for number in range(12):
                db.add_performer(f"Person {number}")
            db.faces.ensure_model(MODEL)
        return tmp_path / "a.db"

    @pytest.mark.parametrize("part", [n / 12 for n in range(12)])
    def test_at_any_step_of_a_transaction(self, path, part):
        with PerformerDatabase(path.with_name("other.db")) as db:
            db.add_performer("Person")
            db.faces.ensure_model(MODEL)
            steps = self.count_steps(db)
        at = max(1, int(part * steps))
        assert self.killed(path, self.store_and_die_after, at) == -signal.SIGKILL
        with PerformerDatabase(path) as db:
            assert state_of(db, 1) in (NOTHING, EVERYTHING)
            db.check()
            assert db.ledger.get("babepedia", "url", 1) is None or store(db, 2).stored
            store(db, 1)
            assert state_of(db, 1) == EVERYTHING

    def test_the_last_step_comes_after_all_of_these(self, path):
        """Else the steps above would not spread over the transaction."""
        assert self.killed(path, self.store_and_die_after, 100_000) == 0
        with PerformerDatabase(path) as db:
            assert state_of(db, 1) == EVERYTHING

    @pytest.mark.parametrize(
        "seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(4, 10))]
    )
    def test_at_random_moments(self, path, seed):
        assert self.killed(path, self.store_until_dead, random.Random(seed)) != 0
        with PerformerDatabase(path) as db:
            db.check()
            states = [state_of(db, performer_id) for performer_id in range(1, 13)]
            done = [state for state in states if state == EVERYTHING]
            assert states == done + [NOTHING] * (12 - len(done))

    @staticmethod
    def count_steps(db):
        """How many times ten of SQLite's steps it takes to store a lookup."""
        steps = []
        with db.engine.connect() as connection:
            driver = connection.connection.driver_connection
            driver.set_progress_handler(lambda: steps.append(1), 10)
        store(db, 1)
        driver.set_progress_handler(None, 0)
        return len(steps)

    @staticmethod
    def killed(path, function, argument):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                function(path, argument)
                status = 0
            finally:
                os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    @staticmethod
    def store_and_die_after(path, steps):
        left = [steps]

        def count():
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        with PerformerDatabase(path) as db:
            with db.engine.connect() as connection:  # the one the pool will give again
                connection.connection.driver_connection.set_progress_handler(count, 10)
            store(db, 1)

    @staticmethod
    def store_until_dead(path, rng):
        with PerformerDatabase(path) as db:
            # The alarm's default action ends the process as SIGKILL does: nothing is cleaned up.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.001, 0.15))
            for performer_id in range(1, 13):
                store(db, performer_id)
        signal.pause()


class TestFullDisk:
    SCRIPT = """
import json, resource, sys
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.exceptions import DatabaseUnavailable
from tests.database.test_faults import store
from tests.conftest import MODEL
done = []
try:
    with PerformerDatabase(sys.argv[1]) as db:
        model_id = db.faces.ensure_model(MODEL)
        limit = int(sys.argv[2])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        for performer_id in range(1, 100):
            store(db, performer_id, model_id)
            done.append(performer_id)
except DatabaseUnavailable as error:
    print(json.dumps([done, str(error)]))
"""

    @pytest.mark.parametrize("limit", [300_000, 1_000_000])
    def test_what_was_stored_stays_and_the_rest_can_follow(self, tmp_path, limit):
        path = tmp_path / "a.db"
        with PerformerDatabase(path) as db:
            for number in range(99):
                db.add_performer(f"Person {number}")
        ran = subprocess.run(
            [sys.executable, "-c", self.SCRIPT, str(path), str(limit)],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        done, message = json.loads(ran.stdout)
        assert str(path) in one_line(message)
        with PerformerDatabase(path) as db:
            db.check()
            assert len(done) < 99
            for performer_id in range(1, 100):
                expected = EVERYTHING if performer_id in done else NOTHING
                assert state_of(db, performer_id) == expected
            store(db, 99)
            assert state_of(db, 99) == EVERYTHING


class TestReadOnly:
    """Run where not even root may write, for tests may run as root."""

    DAC_OVERRIDE, PR_CAPBSET_DROP = 1, 24

    def run(self, path):
        code = (
            "import sys\nfrom enrichscrapy.database import PerformerDatabase\n"
            "from enrichscrapy.exceptions import EnrichError\n"
            "try:\n    PerformerDatabase(sys.argv[1]).add_performer('A')\n"
            "except EnrichError as error:\n    print(type(error).__name__, error)\n"
        )
        ran = subprocess.run(
            [sys.executable, "-c", code, str(path)],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            preexec_fn=self.give_up_roots_rights if os.geteuid() == 0 else None,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def give_up_roots_rights(self):
        ctypes.CDLL(None).prctl(self.PR_CAPBSET_DROP, self.DAC_OVERRIDE, 0, 0, 0)

    @pytest.fixture(autouse=True)
    def need_a_folder_that_refuses(self, tmp_path):
        folder = tmp_path / "probe"
        folder.mkdir(mode=0o500)
        ran = subprocess.run(
            [sys.executable, "-c", f"open({str(folder / 'a')!r}, 'w')"],
            capture_output=True,
            check=False,
            preexec_fn=self.give_up_roots_rights if os.geteuid() == 0 else None,
        )
        if ran.returncode == 0:
            pytest.skip("this system lets this user write everywhere")

    def test_a_new_database_in_a_read_only_folder(self, tmp_path):
        folder = tmp_path / "folder"
        folder.mkdir(mode=0o500)
        assert self.run(folder / "a.db").startswith("DatabaseUnavailable")
        assert self.run(folder / "deeper" / "a.db").count("\n") == 1

    @pytest.mark.long
    def test_a_database_in_a_folder_that_became_read_only(self, tmp_path):
        folder = tmp_path / "folder"
        folder.mkdir()
        PerformerDatabase(folder / "a.db").close()
        folder.chmod(0o500)
        output = self.run(folder / "a.db")
        folder.chmod(0o700)
        assert output.startswith("DatabaseUnavailable")
        assert "writable" in output

    def test_a_read_only_file(self, tmp_path):
        PerformerDatabase(tmp_path / "a.db").close()
        (tmp_path / "a.db").chmod(0o400)
        output = self.run(tmp_path / "a.db")
        assert output.startswith("DatabaseUnavailable")
        assert output.count("\n") == 1


class TestDamage:
    @pytest.fixture
    def path(self, tmp_path):
        with PerformerDatabase(tmp_path / "a.db") as db:
            model_id = db.faces.ensure_model(MODEL)
            for number in range(20):
                store(db, db.add_performer(f"Person {number}"), model_id)
        return tmp_path / "a.db"

    def damage(self, path, start, length):
        data = bytearray(path.read_bytes())
        data[start : start + length] = random.Random(1).randbytes(length)
        path.write_bytes(data)

    @pytest.mark.parametrize("start", [0, 20, 100, 4096, 8192])
    def test_it_is_noticed_at_opening_and_the_way_out_is_named(self, path, start):
        self.damage(path, start, 4000)
        with pytest.raises(DatabaseDamaged, match=r"\.recover") as caught:
            PerformerDatabase(path)
        one_line(caught.value)

    def test_a_file_cut_short(self, path):
        os.truncate(path, path.stat().st_size // 2)
        with pytest.raises(DatabaseDamaged):
            PerformerDatabase(path)

    def test_damage_under_a_running_crawl_is_one_line_too(self, path):
        with PerformerDatabase(path) as db:
            self.damage(path, 4096, path.stat().st_size - 4096)
            db.engine.dispose()  # what SQLite holds in memory is still whole
            with pytest.raises(DatabaseDamaged) as caught:
                list(db.iter_performers_after_id())
            one_line(caught.value)

    def test_a_large_database_opens_in_bounded_time(self, path, monkeypatch):
        """The check stops when its time is up; what it has not seen counts as sound."""
        monkeypatch.setattr(sqlite, "CHECK_SECONDS", 0.0)
        PerformerDatabase(path).close()

    def test_a_text_file_and_anothers_database_are_refused(self, tmp_path):
        text = tmp_path / "text.db"
        text.write_text("hello " * 1000)
        with pytest.raises(DatabaseDamaged, match="not a database"):
            PerformerDatabase(text)
        theirs = tmp_path / "theirs.db"
        with sqlite3.connect(theirs) as connection:
            connection.execute("CREATE TABLE performers(id INTEGER)")
        connection.close()
        before = theirs.read_bytes()
        with pytest.raises(DatabaseUnavailable, match="import-performers") as caught:
            PerformerDatabase(theirs)
        one_line(caught.value)
        connection = sqlite3.connect(theirs)
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
        connection.close()
        assert tables == [("performers",)]
        assert len(before) == theirs.stat().st_size

    def test_a_newer_programs_database_is_refused(self, path):
        with PerformerDatabase(path) as db, db.write() as connection:
            connection.exec_driver_sql("INSERT INTO schema_migrations VALUES ('9999_later', 0)")
        with pytest.raises(DatabaseUnavailable, match="9999_later"):
            PerformerDatabase(path)


class TestLocks:
    def test_a_writer_waits_for_another_process(self, tmp_path):
        with PerformerDatabase(tmp_path / "a.db") as db:
            other = sqlite3.connect(
                tmp_path / "a.db", isolation_level=None, check_same_thread=False
            )
            other.execute("BEGIN IMMEDIATE")
            timer = threading.Timer(0.3, other.execute, ("COMMIT",))
            timer.start()
            db.add_performer("A")
            timer.join()
            other.close()

    def test_one_that_never_lets_go_is_named(self, tmp_path):
        with PerformerDatabase(tmp_path / "a.db", busy_timeout=0.2) as db:
            other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(DatabaseUnavailable, match="locked") as caught:
                db.add_performer("A")
            one_line(caught.value)
            assert db.count_performers() == 0  # readers go on
            other.execute("COMMIT")
            other.close()
            db.add_performer("A")

    def test_a_transaction_that_reads_first_never_fails_at_once(self, tmp_path):
        """With a deferred BEGIN, one of these would end with "database is locked"."""
        with PerformerDatabase(tmp_path / "a.db") as db:
            performer_id = db.add_performer("A")
            errors = []

            def rename(turn):
                try:
                    for _ in range(15):
                        with db.write() as connection:
                            query = "SELECT canonical_name FROM performers"
                            name = connection.exec_driver_sql(query).scalar()
                            connection.exec_driver_sql(
                                "UPDATE performers SET canonical_name = ?", (f"{name}x",)
                            )
                except Exception as error:
                    errors.append((turn, error))

            threads = [threading.Thread(target=rename, args=(turn,)) for turn in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert errors == []
            assert db.get_performer(performer_id).canonical_name == "A" + "x" * 60


def test_the_file_is_for_its_owner_only(tmp_path):
    old = os.umask(0o022)
    try:
        with PerformerDatabase(tmp_path / "new" / "a.db") as db:
            db.add_performer("A")
            modes = {p.name: p.stat().st_mode & 0o777 for p in (tmp_path / "new").iterdir()}
    finally:
        os.umask(old)
    assert modes == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}


def test_every_connection_has_the_pragmas(tmp_path):
    with PerformerDatabase(tmp_path / "a.db") as db:
        for transaction in (db.read, db.write):
            with transaction() as connection:
                values = {
                    name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                    for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
                }
            assert values == {
                "journal_mode": "wal",
                "synchronous": 2,
                "foreign_keys": 1,
                "secure_delete": 1,
            }


def test_migrations_are_taken_once_and_recorded(tmp_path):
    for _ in range(2):
        with PerformerDatabase(tmp_path / "a.db") as db, db.read() as connection:
            names = connection.exec_driver_sql("SELECT name FROM schema_migrations").all()
            tables = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
            assert {row[0] for row in tables} == set(metadata.tables)
        assert [row[0] for row in names] == list(STEPS)


def test_file_size_limits_raise_errors_here():
    """RLIMIT_FSIZE would end the process by a signal if Python did not ignore that one."""
    assert signal.getsignal(signal.SIGXFSZ) is signal.SIG_IGN
    assert resource.getrlimit(resource.RLIMIT_FSIZE)


class TestOnlyTheDatabaseThatWasOpened:
    @pytest.fixture
    def path(self, tmp_path):
        with PerformerDatabase(tmp_path / "a.db") as db:
            db.add_performer("Ada")
        return tmp_path / "a.db"

    def replace(self, path, other):
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        os.replace(other, path)

    def another(self, tmp_path):
        with PerformerDatabase(tmp_path / "other.db") as db:
            db.add_performer("Somebody Else")
        return tmp_path / "other.db"

    def test_none_is_made_where_one_should_be(self, tmp_path):
        for make in (lambda path: None, lambda path: path.touch()):
            make(tmp_path / "a.db")
            with pytest.raises(BadSetting, match="there is no database at"):
                PerformerDatabase(tmp_path / "a.db", create=False)
        assert (tmp_path / "a.db").stat().st_size == 0
        assert not (tmp_path / "sub").exists()
        with pytest.raises(BadSetting):
            PerformerDatabase(tmp_path / "sub" / "a.db", create=False)
        assert not (tmp_path / "sub").exists()

    def test_a_file_that_is_gone_ends_the_writing(self, path):
        with PerformerDatabase(path, create=False) as db:
            path.rename(path.with_name("moved.db"))
            with pytest.raises(DatabaseUnavailable, match="nothing more is written"):
                db.add_performer("Bea")
            db.engine.dispose()  # a reader's connection is opened again
            with pytest.raises(DatabaseUnavailable, match="nothing more is written"):
                db.count_performers()
            assert not path.exists()

    def test_a_path_of_odd_characters(self, tmp_path):
        path = tmp_path / "a b?c#d%20e&é.db"
        with PerformerDatabase(path) as db:
            db.add_performer("Ada")
        assert [each.name for each in tmp_path.iterdir()] == [path.name]

    def test_another_file_in_its_place_too(self, path, tmp_path):
        with PerformerDatabase(path, create=False) as db:
            self.replace(path, self.another(tmp_path))
            with pytest.raises(DatabaseUnavailable):
                db.add_performer("Bea")
        with PerformerDatabase(path) as other:
            assert other.count_performers() == 1

    def test_another_database_in_the_same_file_too(self, path, tmp_path):
        other = self.another(tmp_path)
        with PerformerDatabase(path, create=False) as db:
            db.engine.dispose()  # connections are opened again, on what is there then
            path.write_bytes(other.read_bytes())
            with pytest.raises(DatabaseUnavailable):
                db.add_performer("Bea")

    def test_every_database_has_a_token_of_its_own_and_keeps_it(self, path, tmp_path):
        with PerformerDatabase(path) as db, PerformerDatabase(self.another(tmp_path)) as other:
            assert db.token != other.token
            token = db.token
        with PerformerDatabase(path) as db:
            assert db.token == token


def test_what_may_lag_is_on_the_disk_once_a_second_and_all_else_at_once(tmp_path, monkeypatch):
    seconds = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    with PerformerDatabase(tmp_path / "performers.db") as database:

        def read_sync(**how) -> int:
            with database.write(**how) as connection:
                return connection.exec_driver_sql("PRAGMA synchronous").scalar()

        full, normal = 2, 1
        for passed, may_lag, expected in (
            (5.0, True, full),
            (0.1, True, normal),
            (0.1, False, full),
            (0.9, True, normal),
            (0.2, True, full),
            (0.0, True, normal),
        ):
            seconds[0] += passed
            assert read_sync(may_lag=may_lag) == expected
