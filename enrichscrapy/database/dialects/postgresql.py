"""PostgreSQL: connections, transactions, and errors that say what to do.

A writer holds one lock of the database for as long as its transaction lasts, as it does in SQLite:
what it has read stays true until it commits, numbers of ``face_changes`` are committed in their
order (a sequence alone gives 5 before 4 is seen, and an index would miss 4), and nothing has to be
tried again because of another. That costs little: a host's pace lets a request through every few
seconds, and a lookup is stored in milliseconds. What locks the rows it changes itself (turns,
leases) writes with ``shared``. Readers take no lock: ``REPEATABLE READ, READ ONLY`` is one state of
the database, and a read-only transaction never fails because of others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import IsolationLevel
from psycopg.types.string import StrDumper
from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import DBAPIError

from enrichscrapy.database.dialects.advisory import Kind, make_key
from enrichscrapy.database.dialects.backend import Backend, Watch, write_json
from enrichscrapy.exceptions import (
    BadSetting,
    ConnectionLost,
    DatabaseDamaged,
    DatabaseUnavailable,
    EnrichError,
    WriteConflict,
)
from enrichscrapy.facts.text import fold_line

OLDEST = 15
"""Of the server: Debian 12's, and the oldest that is tried."""

_OPTIONS = {
    "application_name": "enrichscrapy",
    "connect_timeout": "10",
    # A machine that is gone is noticed after about a minute; by default after two hours.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}

# A snapshot, VACUUM's own among them, goes back to the oldest writer of the whole server.
_OLDER = """
SELECT count(*) FROM pg_stat_activity
 WHERE pid <> pg_backend_pid()
   AND (age(backend_xid) > age(CAST(:begun AS xid))
        OR age(backend_xmin) > age(CAST(:begun AS xid))
           AND coalesce(datname = current_database(), TRUE))
"""
_CONFLICTS = {"40001", "40P01"}  # serialization failure, deadlock
_GOING = {"57P01", "57P02", "57P03", "57P05"}  # shut down, crashed, starting, idle too long
_DAMAGED = {"XX001", "XX002"}
_WORDS = {
    "53100": "its disk is full: make room there, then go on",
    "53300": "it has no connection to spare: raise max_connections, or run fewer crawls",
    "53200": "it has no memory left: give it more, or lower its work_mem",
    "55P03": "it stayed locked by another process: try again later",
    "25006": "it takes no writes: name the primary server, not a standby",
    "42501": "this user may not do that there: make it the owner of the database",
    "54000": "a name or link is longer than its indexes take (2,700 bytes): shorten it",
    "58030": "it cannot read or write its files: look into its log",
}


class PostgresBackend(Backend):
    """A database of a PostgreSQL server.

    ``folder`` takes what belongs to the database on this machine; ``busy_timeout`` is how many
    seconds a writer waits for another.
    """

    is_shared = True
    baseline = "0080_crop_area"

    def __init__(self, url: URL, folder: Path, busy_timeout: float) -> None:
        self.url = url
        shown = (url.drivername, url.username, None, url.host, url.port, url.database)
        self.name = URL.create(*shown).render_as_string()
        where = url.host or url.query.get("host") or "local"
        place = "_".join(str(part) for part in (where, url.port or "") if part)
        self.path = (folder / f"{url.database}@{place.replace('/', '_')}").absolute()
        self.busy_timeout = busy_timeout

    def check_exists(self) -> None:
        """Only the server can tell."""

    def open(self, *, create: bool) -> Engine:  # tables are made by the steps
        try:
            engine = self._make_engine()
            with engine.connect() as connection:
                self._check_server(connection)
        except DatabaseUnavailable as error:
            raise BadSetting(f"DATABASE_URL: {error}") from error
        except (DBAPIError, TypeError, ValueError) as error:
            reason = getattr(error, "orig", None) or error
            raise BadSetting(f"DATABASE_URL: {self.name}: {fold_line(str(reason))}") from error
        return engine

    def check_same(self) -> None:
        """A connection leads to one database for as long as it lasts."""

    def check(self, connection: Connection) -> None:
        """Every row is read whole: with checksums, as ``initdb`` sets them since version 18, the
        server finds any page that its disk has changed."""
        for table in inspect(connection).get_table_names():
            connection.execute(text(f"SELECT count(t::text) FROM {table} AS t"))  # noqa: S608

    def run_script(self, connection: Connection, script: str) -> None:
        """All at once, by the driver: it takes several statements where nothing is bound."""
        try:
            connection.connection.driver_connection.execute(script)  # type: ignore[union-attr]
        except psycopg.errors.InsufficientPrivilege as error:
            raise BadSetting(
                f"DATABASE_URL: this user may not make tables in {self.name}: make it the owner of "
                "the database"
            ) from error
        except psycopg.Error as error:
            _hide_values(error)
            raise describe(error, self.name) from error

    def shrink(self, engine: Engine) -> str:
        """A plain ``VACUUM`` would leave the old bytes in pages until they are used again; ``FULL``
        rewrites each table. The planner's statistics quote values of rows: they are taken again,
        and their old ones rewritten. What the write-ahead log, replicas and backups hold is beyond
        it.
        """
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            tables = inspect(connection).get_table_names()
            for options, names in (("FULL, ANALYZE", tables), ("FULL", ["pg_statistic"])):
                if not self._wait_for_readers(connection):
                    return "deleted rows that a running transaction may still see: try again later"
                for table in names:
                    try:
                        connection.exec_driver_sql(f"VACUUM ({options}) {table}")
                    except DatabaseUnavailable as error:
                        return f"the rows deleted from {table}: {error}"
        return ""

    def watch(self, engine: Engine) -> Watch:
        return _Watch(engine)

    def read_sequence(self, connection: Connection, table: Table) -> int:
        query = text(f"SELECT last_value, is_called FROM {_name_sequence(table)}")  # noqa: S608
        last, is_called = connection.execute(query).one()
        return int(last) if is_called else 0

    def set_last_id(self, connection: Connection, table: Table, last: int) -> None:
        values = {"sequence": _name_sequence(table), "last": max(last, 1), "given": last > 0}
        connection.execute(text("SELECT setval(:sequence, :last, :given)"), values)

    def reserve_ids(self, connection: Connection, table: Table, count: int) -> Sequence[int]:
        query = text("SELECT nextval(:sequence) FROM generate_series(1, :count)")
        values = {"sequence": _name_sequence(table), "count": count}
        return connection.scalars(query, values).all()

    def _wait_for_readers(self, connection: Connection) -> bool:
        """``VACUUM`` leaves what an older transaction (autovacuum's, too) may still see."""
        begun = connection.scalar(text("SELECT pg_current_xact_id()::xid::text"))
        deadline = time.monotonic() + self.busy_timeout
        while connection.scalar(text(_OLDER), {"begun": begun}):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.1)
        return True

    def _make_engine(self) -> Engine:
        given = {"options": self._write_options(), **_OPTIONS}
        engine = create_engine(
            self.url,
            connect_args={name: each for name, each in given.items() if name not in self.url.query},
            # A server that was restarted has closed what the pool holds: asked before each use.
            pool_pre_ping=True,
            hide_parameters=True,  # errors are logged, and parameters hold names
            json_serializer=write_json,
            # How many rows an INSERT has made: kept by itself in SQLite only.
            execution_options={"preserve_rowcount": True},
        )
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin(self.name))
        event.listen(engine, "handle_error", _translate(self.name))
        return engine

    def _write_options(self) -> str:
        milliseconds = max(1, int(self.busy_timeout * 1000))
        return f"-c lock_timeout={milliseconds} -c timezone=UTC -c client_min_messages=warning"

    def _check_server(self, connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        version = driver.info.server_version // 10000
        if version < OLDEST:
            raise DatabaseUnavailable(
                f"{self.name} is PostgreSQL {version}: use {OLDEST} or a later one"
            )
        if driver.info.parameter_status("server_encoding") != "UTF8":
            raise DatabaseUnavailable(
                f"{self.name} cannot hold all names: make the database with ENCODING 'UTF8'"
            )


class _Watch:
    """A snapshot names the transactions that have written: another one is a sign of a new one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read_stamp(self) -> object:
        with self._engine.connect() as connection:
            return connection.scalar(text("SELECT pg_current_snapshot()::text"))

    def close(self) -> None:
        """The pool has its connections."""


def _name_sequence(table: Table) -> str:
    """What an identity column's sequence is called."""
    (key,) = table.primary_key
    return f"{table.name}_{key.name}_seq"


def describe(error: psycopg.Error, name: str) -> EnrichError:
    """What an error means for the person who runs this, in one line."""
    code = error.sqlstate or ""
    reason = fold_line(str(error))
    if code in _CONFLICTS:
        return WriteConflict(f"{name}: two writers stood in each other's way: try again")
    if code in _DAMAGED:
        return DatabaseDamaged(f"{name} is damaged ({reason}): restore a backup")
    if code in _WORDS:
        return DatabaseUnavailable(f"{name}: {_WORDS[code]}")
    if code in _GOING or code.startswith("08") or (not code and _is_away(error)):
        _, refused, why = reason.rpartition("FATAL: ")
        if refused:  # a server is there; of a refused connection the driver tells no code
            return ConnectionLost(f"{name} lets nobody in: {why.strip()}")
        return ConnectionLost(f"{name} cannot be reached ({reason}): does the server run?")
    return DatabaseUnavailable(f"{name}: {reason}")


def _is_away(error: psycopg.Error) -> bool:
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


def _prepare(driver: psycopg.Connection[Any], _record: Any) -> None:
    driver.adapters.register_dumper(str, _WithoutNul)


class _WithoutNul(StrDumper):
    """A text of PostgreSQL cannot hold the letter NUL, which no name has either."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", ""))


def _begin(name: str) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        options = connection.get_execution_options()
        writes = bool(options.get("writes"))
        driver.read_only = not writes
        # The lock is waited for before the first look: with a snapshot taken before it, a writer
        # would not see what the one before it has written.
        level = IsolationLevel.READ_COMMITTED if writes else IsolationLevel.REPEATABLE_READ
        driver.isolation_level = level
        if writes and not options.get("shared"):
            try:
                driver.execute("SELECT pg_advisory_xact_lock(%s, %s)", make_key(Kind.WRITER))
            except psycopg.Error as error:
                raise describe(error, name) from error
        if options.get("lags"):
            driver.execute("SET LOCAL synchronous_commit = off")

    return begin


def _translate(name: str) -> Callable[[ExceptionContext], BaseException | None]:
    """Errors of the server, the disk and the locks become ours; faults of the SQL stay theirs."""

    def translate(context: ExceptionContext) -> BaseException | None:
        error = context.original_exception
        if context.is_pre_ping or not isinstance(error, psycopg.Error):
            return None  # a connection that is found dead is replaced
        _hide_values(error, context.sqlalchemy_exception)
        code = error.sqlstate or ""
        if code == "25006" and not _writes(context.connection):
            return None  # a reader that writes: a programming error, to be seen as such
        known = code in {*_CONFLICTS, *_DAMAGED, *_WORDS, *_GOING} or code[:2] in ("08", "28", "3D")
        return describe(error, name) if known or (not code and _is_away(error)) else None

    return translate


def _hide_values(error: psycopg.Error, wrapper: BaseException | None = None) -> None:
    """A DETAIL quotes the row: errors are logged, and rows hold names."""
    if detail := error.diag.message_detail:
        for each in filter(None, (error, wrapper)):
            each.args = tuple(str(part).replace(detail, "…") for part in each.args)


def _writes(connection: Connection | None) -> bool:
    return connection is not None and bool(connection.get_execution_options().get("writes"))
