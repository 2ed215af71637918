"""Somebody is forgotten on every machine that shares the database, each by itself."""

import shutil

import pytest
from sqlalchemy import update

from enrichscrapy.database import PerformerDatabase, machines
from enrichscrapy.database.locks import lock_publishing
from enrichscrapy.database.schema import erasure_answers, erasures, lookups, performers
from enrichscrapy.database.workers import Worker
from enrichscrapy.exceptions import BadSetting, SourceLocked, SuppressionKeyMissing
from enrichscrapy.files.kept_photos import keep_photo
from enrichscrapy.forgetting.forget import finish_erasures, forget
from enrichscrapy.forgetting.rows import find_person
from enrichscrapy.index import FaceIndex, publish
from tests.conftest import MODEL
from tests.database.builders import rows, sha256
from tests.forgetting.world import NAME, populate, traces_in

pytestmark = pytest.mark.on_both()


class Machine:
    """A machine's own folder, and its view of the database."""

    def __init__(self, url, folder, name):
        self.url = url
        self.folder = folder / name
        self.index = self.folder / "index"
        self.db = PerformerDatabase(
            url, folder=self.folder, machine=name, key_file=folder / "shared.key"
        )

    def work(self, model_id):
        """What a crawl leaves on a machine's disk: an index, a log, a kept photo."""
        publish(self.db, self.index, model_id)
        log = self.folder / "crawl.log"
        log.write_text(f"performer 1 is {NAME}\nsomething else\n")
        self.db.artefacts.register("log", log)
        kept = keep_photo(self.folder / "kept", 1, sha256("1"), b"\xff\xd8sentinel").parent
        self.db.artefacts.register("photos", kept)

    def forget(self, text=NAME):
        return forget(self.db, find_person(self.db, text), self.index, [])

    def finish(self):
        return finish_erasures(self.db, self.index, [])

    def knows(self):
        return traces_in(self.folder)


@pytest.fixture
def machine(postgres_url, tmp_path):
    made = []

    def make(name):
        made.append(Machine(postgres_url, tmp_path, name))
        return made[-1]

    yield make
    for each in made:
        each.db.close()


@pytest.fixture
def two(machine):
    """Two machines that both hold files of the person."""
    one, other = machine("one"), machine("other")
    one.db.suppressions.check()
    model_id = one.db.faces.ensure_model(MODEL)
    populate(one.db, model_id)
    for each in (one, other):
        each.work(model_id)
        assert each.knows()
    return one, other


def test_each_machine_drops_what_it_holds_and_then_nobody_is_named(two):
    one, other = two
    forgotten = one.forget()
    assert (forgotten.failed, forgotten.silent) == ([], ["other"])
    assert one.knows() == []
    assert other.knows(), "nobody can have reached its disk"
    assert one.db.get_performer(1) is None
    assert not one.db.is_erasing(), "it has done its part"
    assert other.db.is_erasing()

    assert other.finish() == []
    assert other.knows() == []
    assert rows(one.db, erasures) == []
    assert rows(one.db, erasure_answers) == []
    index = FaceIndex.open_current(other.index, MODEL)
    assert index.count == FaceIndex.open_current(one.index, MODEL).count


def test_a_crawl_ends_for_it_and_none_starts_before(two):
    one, other = two
    running = Worker(other.db, "iafd", "url", 60.0)
    running.begin()
    assert not running.renew()
    assert one.forget().silent == ["other"], "it does not wait for other machines' crawls"
    assert running.renew()
    with pytest.raises(SourceLocked):
        other.finish()  # not under a crawl that has the files open
    running.end()
    with pytest.raises(SourceLocked, match="forgotten"):
        Worker(other.db, "iafd", "url", 60.0).begin()
    other.finish()
    again = Worker(other.db, "iafd", "url", 60.0)
    again.begin()
    again.end()


def test_what_a_crawl_wrote_in_between_goes_too(two):
    """Its machine answers when it has ended, and looks through the rows once more."""
    one, other = two
    one.forget()
    with other.db.write() as connection:
        said = {"detail": f"the page is {NAME}'s", "evidence": {"name": NAME}}
        connection.execute(update(lookups).where(lookups.c.performer_id == 2).values(said))
    other.finish()
    told = [str(row) for row in rows(one.db, lookups)]
    assert not any("sentinel" in each.lower() for each in told)


def test_a_machine_that_never_comes_back_is_struck_off(two, machine):
    one, other = two
    one.forget()
    with one.db.write() as connection:
        assert machines.strike_off(connection, "other", one.db.clock())
    assert one.db.is_erasing(), "now all have answered"
    one.finish()
    assert rows(one.db, erasures) == []
    with pytest.raises(BadSetting, match="take-back other"):
        Worker(other.db, "iafd", "url", 60.0).begin()
    with pytest.raises(BadSetting, match="struck off"), lock_publishing(other.db, other.index, 0.0):
        pass
    shutil.rmtree(other.folder)
    with one.db.write() as connection:
        assert machines.take_back(connection, "other")
    worker = Worker(other.db, "iafd", "url", 60.0)
    worker.begin()
    worker.end()


def test_two_machines_of_one_name_are_refused(two, machine, tmp_path):
    """One would answer for both."""
    one, _ = two
    twin = PerformerDatabase(
        one.url, folder=tmp_path / "twin", machine="one", key_file=tmp_path / "shared.key"
    )
    with twin, pytest.raises(BadSetting, match="MACHINE_NAME"):
        twin.artefacts.register("log", tmp_path / "twin.log")


def test_a_machine_that_comes_later_is_not_waited_for(two, machine):
    one, _ = two
    one.forget()
    late = machine("late")
    late.db.artefacts.register("log", late.folder / "crawl.log")
    assert not late.db.is_erasing()


def test_two_machines_may_have_a_file_of_one_path(two, tmp_path):
    one, other = two
    for each in two:
        each.db.artefacts.register("log", tmp_path / "crawl.log")
    one.db.artefacts.remove(tmp_path / "crawl.log")
    with other.db.read() as connection:
        left = {each.name: each.files for each in machines.list_machines(connection)}
    assert (left["one"], left["other"]) == (2, 3)


class TestKey:
    def test_the_first_machine_makes_it_and_the_database_keeps_no_more_than_a_digest(
        self, machine, tmp_path
    ):
        one = machine("one")
        one.db.suppressions.check()
        key = (tmp_path / "shared.key").read_bytes().strip()
        assert (tmp_path / "shared.key").stat().st_mode & 0o777 == 0o600
        machine("other").db.suppressions.check()
        with one.db.read() as connection:
            told = str(connection.exec_driver_sql("SELECT * FROM suppressions").all())
        assert key.decode() not in told
        assert not rows(one.db, performers)

    @pytest.mark.parametrize("key", [None, b"another\n"])
    def test_a_machine_without_it_does_not_start(self, machine, tmp_path, key):
        machine("one").db.suppressions.check()
        path = tmp_path / "shared.key"
        path.unlink() if key is None else path.write_bytes(key)
        with pytest.raises(SuppressionKeyMissing) as caught:
            machine("other").db.suppressions.check()
        assert caught.value.exit_code == 2
        assert "\n" not in str(caught.value)
        assert key is not None or not path.exists(), "a second key would split the suppressions"
