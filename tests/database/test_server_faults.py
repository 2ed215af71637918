"""What can happen to a writer on a server, and what is left: all of a lookup or nothing."""

import os
import shutil
import subprocess
import sys
import threading

import pytest
from sqlalchemy import event, text, update

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.dialects import postgresql
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.schema import performers
from enrichscrapy.database.store import store_lookup
from enrichscrapy.exceptions import ConnectionLost, DatabaseUnavailable, WriteConflict
from tests.conftest import MODEL
from tests.database.builders import accept, face, lookup, photo
from tests.postgres import name_of, run_server


def open_on(url, folder):
    return PerformerDatabase(url, folder=folder, busy_timeout=60)


@pytest.fixture
def db(postgres_url, tmp_path):
    with open_on(postgres_url, tmp_path) as database:
        yield database


def bring(db, name="Ada Demo"):
    """A unit that stores a lookup with a face, and the performer's id."""
    performer = db.get_performer(db.add_performer(name))
    picture = photo(name)
    item = lookup(performer, photos=[picture], faces=[face(picture, decision=accept())])
    model_id = db.faces.ensure_model(MODEL)

    def store():
        return store_lookup(db, item, model_id=model_id, retry=RetryPolicy(), judge=None)

    return store, performer.id


def count(db):
    """Rows of lookups, photos, faces and changes of the accepted faces."""
    names = ("lookups", "photos", "faces", "face_changes")
    with db.read() as connection:
        return [connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in names]


def before_commit(db, fault):
    """Do ``fault`` once, when the next transaction has written everything."""
    left = [fault]

    def strike(connection):
        if left and connection.get_execution_options().get("writes"):
            left.pop()(connection)

    event.listen(db.engine, "commit", strike)


class TestLostConnection:
    def cut(self, connection):
        connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    def cut_from_outside(self, db, postgres):
        with postgres.connect(name_of(db.backend.url.render_as_string())) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    def test_nothing_is_written_and_the_error_is_one_line(self, db):
        store, _ = bring(db)
        before_commit(db, self.cut)
        with pytest.raises(ConnectionLost) as caught:
            store()
        assert "\n" not in str(caught.value)
        assert count(db) == [0, 0, 0, 0]

    def test_who_insists_has_it_written_once(self, db):
        store, performer_id = bring(db)
        before_commit(db, self.cut)
        assert db.insist(store).stored
        assert count(db) == [1, 1, 1, 1]
        assert db.ledger.get("babepedia", "url", performer_id)["outcome"] == "found"

    def test_connections_that_were_cut_while_idle_are_made_again(self, db, postgres):
        store, _ = bring(db)
        self.cut_from_outside(db, postgres)
        assert store().stored
        assert count(db) == [1, 1, 1, 1]

    def test_a_commit_whose_answer_was_lost_is_written_once(self, db, postgres):
        """Nobody can know whether it was: it is done again, and adds nothing."""
        store, performer_id = bring(db)
        assert store().stored
        assert store().stored
        assert count(db) == [1, 1, 1, 1]
        assert len(db.get_faces(performer_id)) == 1


def test_a_deadlock_is_undone_and_repeated(db, postgres, postgres_url):
    """Another program has the second row and wants the first."""
    first, second = db.add_performer("First"), db.add_performer("Second")
    theirs, ours = threading.Event(), threading.Event()
    tries = []

    def other():
        with postgres.connect(name_of(postgres_url)) as connection:
            connection.execute("SET deadlock_timeout = '10min'")  # it is ours that is undone
            with connection.transaction():
                sql = "UPDATE performers SET country = 'XX' WHERE id = %s"
                connection.execute(sql, [second])
                theirs.set()
                ours.wait()
                connection.execute(sql, [first])

    def unit():
        tries.append(None)
        with db.write() as connection:
            connection.exec_driver_sql("SET LOCAL deadlock_timeout = '50ms'")
            for each in (first, second):
                change = update(performers).where(performers.c.id == each)
                connection.execute(change.values(gender="FEMALE"))
                ours.set()
                theirs.wait()

    thread = threading.Thread(target=other)
    thread.start()
    theirs.wait()
    db.insist(unit)
    thread.join()
    assert len(tries) > 1
    found = db.get_performer(second)
    assert (found.gender, found.country) == ("FEMALE", "XX")


def test_a_serialization_failure_is_undone_and_repeated(db):
    """As a server or another program may ask for it by its own setting."""
    someone, tries = db.add_performer("Someone"), []

    def unit():
        tries.append(None)
        with db.write(shared=True) as connection:
            if len(tries) == 1:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("BEGIN ISOLATION LEVEL SERIALIZABLE")
                connection.exec_driver_sql("SELECT * FROM performers")
                with db.write(shared=True) as meanwhile:
                    meanwhile.execute(update(performers).values(country="XX"))
            connection.execute(update(performers).values(gender="FEMALE"))

    db.insist(unit)
    assert len(tries) == 2
    found = db.get_performer(someone)
    assert (found.gender, found.country) == ("FEMALE", "XX")


def test_a_conflict_that_does_not_end_is_told_in_one_line(postgres_url, tmp_path):
    with PerformerDatabase(postgres_url, folder=tmp_path, busy_timeout=0.2) as db:

        def unit():
            raise WriteConflict("again and again")

        with pytest.raises(WriteConflict):
            db.insist(unit)


@pytest.fixture(scope="module")
def own_server():
    """A server that may be stopped."""
    with run_server() as server:
        yield server


@pytest.mark.long
def test_a_restart_in_the_middle_is_waited_for(own_server, tmp_path):
    url = own_server.create()
    with open_on(url, tmp_path) as db:
        units = [bring(db, f"Person {number}")[0] for number in range(8)]
        coming_back = threading.Thread(target=own_server.go_on)

        def go_away(_connection):
            own_server.stop()
            coming_back.start()

        for number, unit in enumerate(units):
            if number == 3:
                before_commit(db, go_away)
            assert db.insist(unit).stored
        coming_back.join()
        assert count(db) == [8, 8, 8, 8]
        db.check()


@pytest.mark.long
def test_a_server_that_does_not_come_back_is_told_in_one_line(own_server, tmp_path):
    url = own_server.create()
    with PerformerDatabase(url, folder=tmp_path, busy_timeout=0.5) as db:
        store, _ = bring(db)
        own_server.stop()
        with pytest.raises(ConnectionLost, match="cannot be reached") as caught:
            db.insist(store)
        assert "\n" not in str(caught.value)
        own_server.go_on()
        assert db.insist(store).stored
        assert count(db) == [1, 1, 1, 1]


@pytest.fixture
def small_disk(own_server):
    """A folder for a tablespace, on a disk of 4 MB."""
    folder = own_server.folder / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    shutil.chown(folder, "pgserver")
    yield folder
    own_server.stop()
    subprocess.run(["umount", str(folder)], check=True)
    own_server.go_on()


def fill(file):
    while True:
        os.write(file, bytes(4096))


@pytest.mark.long
def test_a_full_disk_is_told_and_leaves_nothing_half_done(own_server, small_disk, tmp_path):
    url = own_server.create()
    with own_server.connect() as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
    with open_on(url, tmp_path) as db:
        unit, _ = bring(db)
        with db.write() as connection:
            connection.exec_driver_sql("ALTER TABLE verdict_history SET TABLESPACE small")
        ballast = os.open(small_disk / "ballast", os.O_CREAT | os.O_WRONLY)
        with pytest.raises(OSError, match="No space left"):
            fill(ballast)
        os.close(ballast)
        with pytest.raises(DatabaseUnavailable, match="disk is full") as caught:
            unit()
        assert "\n" not in str(caught.value)
        assert count(db) == [0, 0, 0, 0]
        (small_disk / "ballast").unlink()
        assert unit().stored
        assert count(db) == [1, 1, 1, 1]


def test_without_the_driver_one_line_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from enrichscrapy.database import PerformerDatabase\n"
        "from enrichscrapy.exceptions import BadSetting\n"
        "try:\n    PerformerDatabase('postgresql+psycopg://host/name')\n"
        "except BadSetting as error:\n    print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'psycopg[binary]'" in ran.stdout
    assert ran.stdout.count("\n") == 1


def test_an_old_server_is_refused(postgres_url, tmp_path, monkeypatch):
    monkeypatch.setattr(postgresql, "OLDEST", 99)
    with pytest.raises(Exception, match="use 99 or a later one"):
        open_on(postgres_url, tmp_path)
