"""Running the project's own commands as a user does: in a process, with a folder of its own."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import queue
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, select

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import artefacts, face_changes, faces, lookups
from enrichscrapy.database.vectors import decode_vector
from enrichscrapy.importing.performers import Summary, import_records
from enrichscrapy.importing.readers import open_reader
from enrichscrapy.items import Vector

if TYPE_CHECKING:
    from tests.postgres import Server

PROJECT = Path(__file__).resolve().parent.parent
STAND_IN = "demo.stand_in.LocalBinaryPatterns"
PATIENCE = 900.0
"""Seconds a test waits for what has to come: only what hangs takes so long."""
LOOKING = ("calibrate", "import-faces")
"""Commands that look at photos in their own process."""


class ForkServer:
    """Starts commands in processes that need not import anything; see ``forkserver.py``."""

    def __init__(self, workers: Path | None = None) -> None:
        self._process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-m", "tests.forkserver", *([str(workers)] if workers else [])],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._started: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._codes: dict[int, int] = {}
        self._ended = threading.Condition()
        self._asking = threading.Lock()
        assert self._process.stdin
        assert self._process.stdout
        self._asked, self._told = self._process.stdin, self._process.stdout
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self._told:
            message = json.loads(line)
            if "status" not in message:
                self._started.put(message["pid"])
                continue
            with self._ended:
                self._codes[message["pid"]] = message["status"]
                self._ended.notify_all()

    def start(
        self,
        arguments: list[str],
        environment: dict[str, str],
        out: Path,
        err: Path | None = None,
        workers: Path | None = None,
    ) -> int:
        """The process id of a new ``scrapy <arguments>`` in the project's folder.

        ``workers`` is the socket by which a crawl asks for its face workers.
        """
        request = {
            "arguments": arguments,
            "environment": environment,
            "folder": str(PROJECT),
            "out": str(out),
            "err": str(err or out),
            "workers": str(workers or ""),
        }
        with self._asking:
            self._asked.write(json.dumps(request).encode() + b"\n")
            self._asked.flush()
            return self._started.get(timeout=PATIENCE)

    def exit_code(self, pid: int, timeout: float = 0.0) -> int | None:
        """How it ended, negative for a signal; None while it has not, after ``timeout``."""
        with self._ended:
            self._ended.wait_for(lambda: pid in self._codes, timeout)
            return self._codes.get(pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        self._asked.close()
        self._process.wait()
        self._told.close()


@functools.cache
def fork_server() -> ForkServer:
    """The one of this test process, which ends with it."""
    server = ForkServer()
    atexit.register(server.close)
    return server


@functools.cache
def face_server() -> tuple[ForkServer, Path]:
    """The one that has imported torch, and the socket at which it forks face workers."""
    folder = Path(tempfile.mkdtemp())
    server = ForkServer(folder / "workers")
    atexit.register(shutil.rmtree, folder)
    atexit.register(server.close)
    while not (folder / "workers").exists() and server.runs:
        time.sleep(0.05)
    return server, folder / "workers"


def wait_until(holds: Callable[[], object], poll_seconds: float = 0.02) -> None:
    """Poll another process's or thread's work; fails the test when it never comes to that."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(poll_seconds)


DATABASES: list[Server] = []
"""The server whose databases tests open, while there is one; else they open files."""


@contextlib.contextmanager
def databases_on(server: Server) -> Iterator[None]:
    """Tests open databases of this server meanwhile; it takes them back."""
    DATABASES.append(server)
    try:
        yield
    finally:
        DATABASES.clear()
        server.take_back()


def url_of(path: Path) -> str:
    """What ``DATABASE_URL`` is for the database that :func:`open_database` opens."""
    return DATABASES[0].url_of(path) if DATABASES else f"sqlite:///{path}"


def without_sync(database: PerformerDatabase) -> None:
    """Do not wait for the disk: for tests of many transactions that stop no process."""
    if database.engine.dialect.name != "sqlite":
        return  # the tests' server waits for none

    def prepare(driver: sqlite3.Connection, _record: object) -> None:
        driver.execute("PRAGMA synchronous = OFF")

    database.engine.dispose()
    event.listen(database.engine, "connect", prepare)


@functools.cache
def read_empty_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        PerformerDatabase(Path(folder, "empty.db")).close()
        return Path(folder, "empty.db").read_bytes()


def open_database(path: Path, clock: Callable[[], float] = time.time) -> PerformerDatabase:
    """For preparing and looking: it does not wait for the disk, and a new one is a copy of an
    empty one, with a token of its own: the steps of the schema take most of many a test.

    Where the test runs on a server, it is the database there that has the path's name."""
    if DATABASES:
        return PerformerDatabase(url_of(path), clock=clock, folder=path.parent)
    if not path.exists():
        path.touch(0o600)
        path.write_bytes(read_empty_database())
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as file:
            file.execute("PRAGMA synchronous = OFF")
            file.execute("UPDATE origin SET token = lower(hex(randomblob(16)))")
    database = PerformerDatabase(path, clock=clock)
    without_sync(database)
    return database


@dataclass
class Workplace:
    """A folder with a database, an index and the settings every run in it shares.

    Floors are lowered and base URLs set only when ``use_sites`` named loopback ones.
    """

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings = {
            "DATABASE_URL": self.database_url,
            "STATE_DIR": str(self.folder),
            "INDEX_DIR": str(self.index_dir),
            "FACE_MODEL": STAND_IN,
            "CONTACT": "tests@enrichscrapy.invalid",
            "FACE_WORKERS": "1",
            **self.settings,
        }

    @property
    def database_path(self) -> Path:
        return self.folder / "performers.db"

    @property
    def database_url(self) -> str:
        return url_of(self.database_path)

    @property
    def index_dir(self) -> Path:
        return self.folder / "index"

    def use_sites(self, babepedia_url: str, iafd_url: str) -> None:
        """Send the crawls to the demo sites, at a pace that loopback allows."""
        self.settings |= {
            "BABEPEDIA_BASE_URL": babepedia_url,
            "IAFD_BASE_URL": iafd_url,
            "DELAY_FLOORS": '{"babepedia": 0, "iafd": 0}',
            "AUTOTHROTTLE_START_DELAY": "0",
            "AUTOTHROTTLE_MAX_DELAY": "0",  # a busy machine answers late, and is no busy host
            "DELAY_JITTER": "0",
        }

    def database(self) -> PerformerDatabase:
        return open_database(self.database_path)

    def command(self, *arguments: str, **settings: object) -> list[str]:
        """The command line of ``scrapy <arguments>`` with this workplace's settings."""
        pairs = {**self.settings, **{name: str(value) for name, value in settings.items()}}
        flags = [flag for name, value in pairs.items() for flag in ("-s", f"{name}={value}")]
        return [sys.executable, "-m", "scrapy", *arguments, *flags]

    def environment(self) -> dict[str, str]:
        """The environment without what a developer may have set for trying things."""
        names = ("FACE_WEIGHTS", "FACE_WEIGHTS_SHA256", "FACE_MODEL", "DATABASE_URL", "INDEX_DIR")
        kept = {name: value for name, value in os.environ.items() if name not in names}
        return kept | {"PYTHONPATH": str(PROJECT), "COLUMNS": "120"}

    def run(self, *arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
        """Run ``scrapy <arguments>`` to its end; its output is text."""
        command, pairs = self.command(*arguments, **settings), {**self.settings, **settings}
        crawls = arguments[0] == "crawl" and str(pairs.get("FACES_ENABLED", 1)) == "1"
        looks = crawls or "--faces" in arguments or arguments[0] == "reembed"
        workers = face_server()[1] if looks else None
        server = face_server()[0] if arguments[0] in LOOKING else fork_server()
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            pid = server.start(command[3:], self.environment(), out, err, workers)
            code = server.exit_code(pid, PATIENCE)
            assert code is not None, f"{command} hangs: {err.read_text()}"
            return subprocess.CompletedProcess(command, code, out.read_text(), err.read_text())

    def crawl(
        self, spider: str, *, jobdir: bool = False, **arguments: object
    ) -> subprocess.CompletedProcess[str]:
        """Run ``scrapy crawl``; upper-case names are settings, the others spider arguments."""
        settings = {name: value for name, value in arguments.items() if name.isupper()}
        given = {name: value for name, value in arguments.items() if not name.isupper()}
        flags = [flag for name, value in given.items() for flag in ("-a", f"{name}={value}")]
        if jobdir:
            settings["JOBDIR"] = self.folder / "jobs" / spider
        return self.run("crawl", spider, *flags, **settings)


def import_file(database: PerformerDatabase, path: Path, **options: Any) -> Summary:
    """Import a file as the command does; ``options`` as of ``import_records``."""
    with contextlib.closing(open_reader(path, database.path)) as reader:
        return import_records(database, reader, path.name, **options)


def count_outcomes(database: PerformerDatabase, source: str, mode: str) -> Counter[str]:
    """How many lookups stand at each outcome."""
    query = select(lookups.c.outcome).where(lookups.c.source == source, lookups.c.mode == mode)
    with database.read() as connection:
        return Counter(connection.scalars(query))


def list_artefacts(database: PerformerDatabase, *kinds: str) -> list[Path]:
    """The files and folders that erasure knows, oldest first; of all kinds if none is named."""
    query = select(artefacts.c.path).order_by(artefacts.c.id)
    if kinds:
        query = query.where(artefacts.c.kind.in_(kinds))
    with database.read() as connection:
        return [Path(path) for path in connection.scalars(query)]


def accepted_vectors(database: PerformerDatabase, model_id: int) -> dict[int, Vector | None]:
    """Vector by face id of every accepted face, in id order."""
    query = select(faces.c.id, faces.c.vector).where(
        faces.c.model_id == model_id, faces.c.verdict == "accepted"
    )
    with database.read() as connection:
        rows = connection.execute(query.order_by(faces.c.id)).all()
    return {face_id: decode_vector(data) for face_id, data in rows}


def changes_since(database: PerformerDatabase, model_id: int, seq: int) -> list[tuple[int, str]]:
    """(face id, change) of every change to the accepted set after ``seq``, in order."""
    query = select(face_changes.c.face_id, face_changes.c.change).where(
        face_changes.c.model_id == model_id, face_changes.c.seq > seq
    )
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(face_changes.c.seq))]
