"""What only PostgreSQL does: opening, locks, and errors that say what to do."""

import threading
import traceback

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, InternalError

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.migrations import STEPS
from enrichscrapy.database.schema import aliases, performers, schema_migrations
from enrichscrapy.exceptions import BadSetting, DatabaseUnavailable, NoDatabase
from tests.database.builders import count_pending_differences
from tests.postgres import name_of


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def on_server(postgres_url, folder):
    with PerformerDatabase(postgres_url, folder=folder) as database:
        yield database


def one_line(error) -> str:
    message = str(error)
    assert "\n" not in message
    return message


class TestOpening:
    def test_an_empty_database_gets_its_tables(self, postgres, folder):
        url = postgres.create(empty=True)
        with PerformerDatabase(url, folder=folder) as database, database.read() as connection:
            names = connection.scalars(select(schema_migrations.c.name)).all()
            assert sorted(names) == list(STEPS)
            assert count_pending_differences(connection) == 0
        postgres.drop(url)

    def test_several_processes_may_make_them_at_once(self, postgres, folder):
        url, tokens = postgres.create(empty=True), []

        def open_it():
            with PerformerDatabase(url, folder=folder) as database:
                tokens.append(database.token)

        threads = [threading.Thread(target=open_it) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(tokens) == 4
        assert len(set(tokens)) == 1
        postgres.drop(url)

    def test_without_performers_there_is_nothing_to_crawl(self, postgres, folder):
        url = postgres.create(empty=True)
        with pytest.raises(NoDatabase, match="import-performers"):
            PerformerDatabase(url, folder=folder, create=False)
        postgres.drop(url)

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (lambda url: url.replace("@/t", "@/nothing_t"), "does not exist"),
            (lambda url: url.replace("?host=", "?host=/nowhere"), "No such file"),
            (lambda url: url.replace("postgres@", "locked:wrong@"), "password"),
            (lambda url: url.replace("postgres@", "nobody@"), "nobody"),
            (lambda url: url + "&sslmode=sometimes", "sslmode"),
            (lambda url: url + "&colour=red", "colour"),
            (lambda url: url.replace("psycopg", "asyncpg"), "not usable"),
            (lambda url: url.replace("postgresql+psycopg", "mysql"), "not usable"),
            (lambda url: url.replace("postgres@/", "postgres:hush@[:1/"), "cannot be reached"),
            (lambda url: "postgresql://u:hush@127.0.0.1:1/a", "127.0.0.1"),
        ],
    )
    def test_what_cannot_be_used_is_one_line_without_its_password(
        self, postgres_url, folder, change, told
    ):
        with pytest.raises(BadSetting) as caught:
            PerformerDatabase(change(postgres_url), folder=folder)
        message = one_line(caught.value)
        assert told in message
        assert "wrong" not in message
        assert "hush" not in message
        assert caught.value.exit_code == 2

    def test_who_may_not_make_tables_is_told_so(self, postgres, folder):
        url = postgres.create(empty=True)
        locked = url.replace("postgres@", "locked:right@")
        with pytest.raises(BadSetting, match="may not make tables") as caught:
            PerformerDatabase(locked, folder=folder)
        one_line(caught.value)
        postgres.drop(url)

    def test_the_password_is_nowhere_in_what_names_the_database(self, postgres_url, folder):
        url = postgres_url.replace("postgres@", "postgres:hush@")
        with PerformerDatabase(url, folder=folder) as database:
            assert "hush" not in f"{database.name} {database.path} {database.engine}"


class TestTransactions:
    def test_writers_take_turns(self, on_server, postgres_url, folder):
        second_wrote = threading.Event()

        def write_too():
            with PerformerDatabase(postgres_url, folder=folder) as other:
                other.add_performer("Second")
            second_wrote.set()

        with on_server.write() as connection:
            before = connection.execute(select(performers.c.id)).all()
            thread = threading.Thread(target=write_too)
            thread.start()
            assert not second_wrote.wait(0.3)
            assert connection.execute(select(performers.c.id)).all() == before
            connection.execute(insert(performers).values(canonical_name="First"))
        thread.join()
        with on_server.read() as connection:
            names = connection.scalars(select(performers.c.canonical_name).order_by("id"))
            assert names.all() == ["First", "Second"]

    def test_who_waits_too_long_is_told_so(self, on_server, postgres_url, folder):
        with (
            on_server.write(),
            PerformerDatabase(postgres_url, folder=folder, busy_timeout=0.1) as other,
            pytest.raises(DatabaseUnavailable, match="locked") as caught,
        ):
            other.add_performer("Late")
        one_line(caught.value)

    def test_shared_writers_do_not_wait(self, on_server, postgres_url, folder):
        with (
            on_server.write(),
            PerformerDatabase(postgres_url, folder=folder, busy_timeout=0.1) as other,
            other.write(shared=True) as connection,
        ):
            connection.execute(insert(performers).values(canonical_name="At once"))
        assert on_server.count_performers() == 1

    def test_a_reader_sees_one_state_and_cannot_write(self, on_server):
        with on_server.read() as connection:
            assert connection.execute(select(performers.c.id)).all() == []
            on_server.add_performer("Meanwhile")
            assert connection.execute(select(performers.c.id)).all() == []
            with pytest.raises(InternalError, match="read-only"):  # a fault of the program
                connection.execute(insert(performers).values(canonical_name="No"))
        assert on_server.count_performers() == 1


def test_an_id_is_given_once(on_server):
    assert on_server.get_last_performer_id() == 0
    first = on_server.add_performer("First")
    with on_server.write() as connection:
        connection.execute(performers.delete())
    assert on_server.add_performer("Second") > first
    assert on_server.get_last_performer_id() == first + 1


def test_a_name_sorts_as_in_sqlite_and_loses_a_nul(on_server, db):
    names = ["b", "A", "a", "Ä", "_", "Z\0z"]
    for database in (on_server, db):
        for name in names:
            database.add_performer(name.replace("\0", "") if database is db else name)
    query = select(performers.c.canonical_name).order_by(performers.c.canonical_name)
    orders = []
    for database in (on_server, db):
        with database.read() as connection:
            orders.append(connection.scalars(query).all())
    assert orders[0] == orders[1]


def test_what_no_index_takes_is_told_in_one_line(on_server):
    alias = "".join(map(chr, range(200, 5200)))
    row = {"performer_id": on_server.add_performer("Ada Demo"), "alias": alias}
    too_long = pytest.raises(DatabaseUnavailable, match="longer than its indexes take")
    with too_long as caught, on_server.write() as connection:
        connection.execute(insert(aliases), [row])
    one_line(caught.value)


def test_an_error_quotes_no_row(on_server):
    owner = on_server.add_performer("Ada Demo")
    row = {"performer_id": owner, "alias": "Bea Demo"}
    with pytest.raises(IntegrityError) as error, on_server.write() as connection:
        connection.execute(insert(aliases), [row, row])
    shown = "".join(traceback.format_exception(error.value))
    assert "aliases_performer_id_alias_key" in shown
    assert "Bea Demo" not in shown


@pytest.mark.parametrize(
    "kind",
    ["reader", *(pytest.param(w, marks=pytest.mark.long) for w in ("writer", "writer elsewhere"))],
)
def test_shrinking_waits_for_who_may_still_see_a_deleted_row(on_server, postgres, kind):
    on_server.add_performer("Quite Unmistakable")
    name = name_of(on_server.backend.url.render_as_string())
    with postgres.connect(*([] if kind == "writer elsewhere" else [name])) as other:
        if kind == "reader":
            other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            other.execute("SELECT count(*) FROM performers")
        else:
            other.execute("BEGIN")
            other.execute("SELECT txid_current()")
        with on_server.write() as connection:
            connection.execute(performers.delete())
        patience, on_server.backend.busy_timeout = on_server.backend.busy_timeout, 0.3
        assert "running transaction" in on_server.shrink()
        other.execute("ROLLBACK")
        on_server.backend.busy_timeout = patience
        assert on_server.shrink() == ""


@pytest.mark.long
def test_shrinking_leaves_nothing_of_a_row_in_the_tables(on_server, postgres):
    on_server.add_performer("Quite Unmistakable")
    with on_server.write() as connection:
        connection.execute(performers.delete())
    assert on_server.shrink() == ""
    with on_server.read() as connection:
        path = connection.scalar(text("SELECT pg_relation_filepath('performers')"))
    with postgres.connect() as connection:
        connection.execute("CHECKPOINT")
    assert b"Unmistakable" not in (postgres.folder / "data" / path).read_bytes()


@pytest.mark.long
def test_shrinking_leaves_nothing_of_a_row_in_the_statistics(on_server, postgres):
    for name in ("Ada Demo", "Quite Unmistakable", "Zoe Demo"):
        on_server.add_performer(name)
    with postgres.connect(name_of(on_server.backend.url.render_as_string())) as owner:
        owner.execute("ANALYZE performers")
        quoted = "SELECT count(*) FROM pg_stats WHERE histogram_bounds::text LIKE '%Unmistakable%'"
        assert owner.execute(quoted).fetchone()[0] > 0
        with on_server.write() as connection:
            is_it = performers.c.canonical_name == "Quite Unmistakable"
            connection.execute(performers.delete().where(is_it))
        assert on_server.shrink() == ""
        assert owner.execute(quoted).fetchone()[0] == 0
        path = owner.execute("SELECT pg_relation_filepath('pg_statistic')").fetchone()[0]
        owner.execute("CHECKPOINT")
    assert b"Unmistakable" not in (postgres.folder / "data" / path).read_bytes()


def test_every_row_is_read_by_the_check(on_server):
    on_server.add_performer("Somebody")
    on_server.check()
