"""SQLite: pragmas, transactions, and errors that say what to do.

Transactions are begun explicitly (the driver's own implicit ones hide when a lock is taken):
``BEGIN IMMEDIATE`` for writers, because a transaction that reads and then writes fails at once
under a concurrent writer whatever the time-out; for readers a deferred one whose snapshot is
taken at once, on a connection that refuses to write.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.engine import URL, ExceptionContext

from enrichscrapy.database.dialects.backend import Backend, Watch, write_json
from enrichscrapy.exceptions import (
    DatabaseDamaged,
    DatabaseUnavailable,
    EnrichError,
    NoDatabase,
)

CHECK_SECONDS = 0.5
"""How long the check at opening may take; ``verify`` checks whole files, however large."""

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class SqliteBackend(Backend):
    """An SQLite file.

    ``busy_timeout`` is how many seconds a writer waits for another process.
    """

    def __init__(self, path: Path, busy_timeout: float) -> None:
        self.path = path
        self.name = str(path)
        self.busy_timeout = busy_timeout
        self._inode: tuple[int, int] | None = None

    def check_exists(self) -> None:
        check_exists(self.path)

    def open(self, *, create: bool) -> Engine:
        """Open the file and check it; a new one is readable by its owner only."""
        if create:
            _create_private(self.path)
        else:
            check_exists(self.path)
        engine = _make_engine(self.path, self.busy_timeout)
        try:
            with engine.connect() as connection:
                if _checked.get(self.path) != _read_state(self.path):
                    check(connection, self.path, seconds=CHECK_SECONDS)
        except BaseException:
            engine.dispose()
            raise
        self._inode, _checked[self.path] = _read_inode(self.path), _read_state(self.path)
        return engine

    def check_same(self) -> None:
        """What is written to a file that was deleted or replaced is lost, unnoticed."""
        if _read_inode(self.path) != self._inode:
            raise describe_missing(self.path)

    def check(self, connection: Connection) -> None:
        check(connection, self.path)

    def run_script(self, connection: Connection, script: str) -> None:
        """The driver's own ``executescript`` would commit first."""
        statement = ""
        for line in script.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                connection.exec_driver_sql(statement)
                statement = ""

    def shrink(self, engine: Engine) -> str:
        return _checkpoint_and_vacuum(engine, self.path)

    def watch(self, engine: Engine) -> Watch:
        return _Watch(engine)

    def read_sequence(self, connection: Connection, table: Table) -> int:
        given = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
        return connection.scalar(given, {"table": table.name}) or 0

    def set_last_id(self, connection: Connection, table: Table, last: int) -> None:
        """SQLite remembers it of the tables whose ids are never reused."""
        if table.dialect_options["sqlite"]["autoincrement"]:
            given = {"table": table.name, "last": last}
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), given)
            connection.execute(text("INSERT INTO sqlite_sequence VALUES (:table, :last)"), given)

    def reserve_ids(self, connection: Connection, table: Table, count: int) -> Sequence[int]:
        """The next ones: nobody else writes meanwhile, and SQLite goes on from the highest."""
        last = self.find_last_id(connection, table)
        return range(last + 1, last + 1 + count)


class _Watch:
    """``data_version`` counts what others wrote since this connection was opened: it is kept, and
    outside of any transaction. Within one nothing would ever seem to change, and nobody could empty
    the write-ahead log.
    """

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.raw_connection()
        self._one_at_a_time = threading.Lock()

    def read_stamp(self) -> object:
        with self._one_at_a_time:
            cursor = self._connection.cursor()
            cursor.execute("PRAGMA data_version")
            stamp: object = cursor.fetchone()
            cursor.close()
        return stamp

    def close(self) -> None:
        self._connection.close()


def _make_engine(path: Path, busy_timeout: float) -> Engine:
    engine = create_engine(
        # "rw": no connection of a pool may make an empty file where the database was taken away.
        URL.create(
            "sqlite", database=f"file:{quote(str(path))}", query={"mode": "rw", "uri": "true"}
        ),
        connect_args={"timeout": busy_timeout},
        hide_parameters=True,  # errors are logged, and parameters hold names
        json_serializer=write_json,
    )
    event.listen(engine, "connect", _prepare(path, busy_timeout))
    event.listen(engine, "begin", _begin(path, busy_timeout))
    event.listen(engine, "handle_error", _translate(path))
    return engine


def check(connection: Connection, path: Path, *, seconds: float | None = None) -> None:
    """Run SQLite's own check; ``DatabaseDamaged`` names the first fault.

    With ``seconds``, what could not be looked at in that time counts as sound.
    """
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    out_of_time = threading.Event()

    def stop() -> None:
        out_of_time.set()
        driver.interrupt()

    timer = threading.Timer(seconds if seconds is not None else threading.TIMEOUT_MAX, stop)
    timer.daemon = True
    timer.start()
    try:
        faults = [row[0] for row in driver.execute("PRAGMA quick_check(1)")]
    except sqlite3.DatabaseError as error:
        if out_of_time.is_set() and error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return
        raise describe(error, path) from error
    finally:
        timer.cancel()
    if faults != ["ok"] and not out_of_time.is_set():
        raise describe_damage(path, faults[0])


def _checkpoint_and_vacuum(engine: Engine, path: Path) -> str:
    """Rewrite the file without free pages, and empty its WAL."""
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        try:
            driver.execute("PRAGMA query_only = OFF")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            driver.execute("VACUUM")
            busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise describe(error, path) from error
    return (
        f"{path.name}-wal: another program has the database open; it is emptied once that is closed"
        if busy
        else ""
    )


def describe_missing(path: Path) -> DatabaseUnavailable:
    """The error for a path that leads to no file any more, or to another one."""
    return DatabaseUnavailable(
        f"{path} is gone or is another database than the one that was opened: nothing more is "
        "written; is its disk still mounted?"
    )


def describe_damage(path: Path, fault: str) -> DatabaseDamaged:
    """The error for a file that fails its check, with the way out."""
    first_line = fault.strip().splitlines()[0] if fault.strip() else "unknown fault"
    return DatabaseDamaged(
        f"{path} is damaged ({first_line}): restore a backup, or save what can be read with "
        f"sqlite3 {path.name} .recover"
    )


def describe(error: sqlite3.Error, path: Path) -> EnrichError:
    """What an SQLite error means for the person who runs this, in one line."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_CANTOPEN and not path.exists():
        return describe_missing(path)
    if code in _DAMAGED:
        return describe_damage(path, str(error))
    if code in _BUSY:
        return DatabaseUnavailable(f"{path} stayed locked by another process: try again later")
    if code == sqlite3.SQLITE_FULL:
        return DatabaseUnavailable(f"the disk that holds {path} is full: make room, then go on")
    if code == sqlite3.SQLITE_IOERR:
        return DatabaseUnavailable(f"{path} cannot be read or written ({error}): check the disk")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return DatabaseUnavailable(
            f"{path} cannot be written ({error}): make the file and its folder writable"
        )
    return DatabaseUnavailable(f"{path}: {error}")


def _create_private(path: Path) -> None:
    """Vectors are biometric data: only the owner may read the file and its WAL (same mode)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise DatabaseUnavailable(f"{path} cannot be created: {error.strerror}") from error


def check_exists(path: Path) -> None:
    """Raise ``NoDatabase`` where there is no database, or an empty file."""
    if not (path.is_file() and path.stat().st_size):
        raise NoDatabase(
            f"there is no database at {path}: run scrapy import-performers FILE first, or name "
            "yours with -s DATABASE_URL=sqlite:///FILE; is its disk mounted?"
        )


def _read_state(path: Path) -> tuple[int, ...]:
    """Changes whenever the file does."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


_checked: dict[Path, tuple[int, ...]] = {}
"""Files as this process has opened them before: a crawl opens its own three times."""


def _read_inode(path: Path) -> tuple[int, int] | None:
    """Which file a path names now; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _prepare(path: Path, busy_timeout: float) -> Callable[[sqlite3.Connection, Any], None]:
    def prepare(driver: sqlite3.Connection, _record: Any) -> None:
        driver.isolation_level = None  # transactions are begun in _begin only
        try:
            retry_while_busy(lambda: _use_wal(driver), busy_timeout)
            for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
                driver.execute(f"PRAGMA {pragma}")
        except sqlite3.Error as error:
            raise describe(error, path) from error

    return prepare


def _use_wal(driver: sqlite3.Connection) -> None:
    # Asked first: switching takes an exclusive lock, for which SQLite does not wait.
    if driver.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        driver.execute("PRAGMA journal_mode = WAL").fetchone()


def _begin(path: Path, busy_timeout: float) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        writes = connection.get_execution_options().get("writes", False)

        def start() -> None:
            driver.execute(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
            if writes:
                _choose_sync(connection, driver)
                driver.execute("BEGIN IMMEDIATE")
            else:
                driver.execute("BEGIN")
                _take_snapshot(driver)

        try:
            retry_while_busy(start, busy_timeout)
        except sqlite3.Error as error:
            raise describe(error, path) from error

    return begin


def _choose_sync(connection: Connection, driver: sqlite3.Connection) -> None:
    """NORMAL waits for no disk; the next FULL transaction takes what came before with it."""
    lags = connection.get_execution_options().get("lags", False)
    if lags != connection.info.get("lags", False):
        driver.execute(f"PRAGMA synchronous = {'NORMAL' if lags else 'FULL'}")
        connection.info["lags"] = lags


def _take_snapshot(driver: sqlite3.Connection) -> None:
    try:
        driver.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except sqlite3.Error:
        driver.rollback()
        raise


def retry_while_busy(action: Callable[[], None], seconds: float) -> None:
    """Call ``action`` until it meets no lock, for ``seconds`` at most.

    SQLite's own busy handler covers most cases; recovery, a change of journal mode and the last
    connection's clean-up report a lock at once.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return action()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() >= deadline:
                raise
        time.sleep(random.uniform(0.001, 0.02))  # noqa: S311  # spreads waiters, no secret


def _translate(path: Path) -> Callable[[ExceptionContext], BaseException | None]:
    """Errors of the file, the disk and the locks become ours; faults of the SQL stay theirs."""
    ours = {
        *_BUSY,
        *_DAMAGED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
    }

    def translate(context: ExceptionContext) -> BaseException | None:
        error = context.original_exception
        if not isinstance(error, sqlite3.Error):
            return None
        code = getattr(error, "sqlite_errorcode", 0)
        # For a reader it is our own query_only: a programming error, to be seen as such.
        connection = context.connection
        writes = connection is not None and connection.get_execution_options().get("writes")
        readonly = code & 0xFF == sqlite3.SQLITE_READONLY and writes
        return describe(error, path) if code & 0xFF in ours or readonly else None

    return translate
