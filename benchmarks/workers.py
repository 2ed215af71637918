"""Crawls side by side, each of a source of its own, on one database: ``make bench-scale``.

Eight copies of the example source (``docs/example``), each with a demo site on this machine that
knows nobody and is asked every ``--delay`` seconds; 1, 2, 4 and 8 crawls at a time go through
them. Counted are requests a second from the first to the last, by the sites' own log.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from benchmarks._people import import_people, write_jsonl
from benchmarks._servers import run_postgresql
from benchmarks.overhead import make_flags
from demo.sites.server import AccessLog, DemoSite, Reply, html
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import lookups

PROJECT = Path(__file__).resolve().parent.parent
EXAMPLE = PROJECT / "docs" / "example"
SOURCES = [f"castlist{number}" for number in range(1, 9)]
WORKERS = (1, 2, 4, 8)


class NobodysSite:
    """Cast List, with nobody on it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._page = (EXAMPLE / "pages" / "nobody.html").read_text("utf-8")

    def answer(self, path: str, query: dict[str, str]) -> Reply:
        return html(self._page, 404 if path.startswith("/p/") else 200)


def copy_package(folder: Path) -> None:
    """This project with the eight sources in it."""
    package = folder / "enrichscrapy"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "enrichscrapy", package, ignore=ignored)
    for name in SOURCES:
        for path in ("sites/castlist/__init__.py", "spiders/castlist.py"):
            text = (EXAMPLE / path).read_text("utf-8").replace("castlist", name)
            copy = package / path.replace("castlist", name)
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(text, "utf-8")


def crawl(source: str, folder: Path, settings: dict[str, str]) -> None:
    command = [sys.executable, "-m", "enrichscrapy", "crawl", source, "-a", "mode=name"]
    command += make_flags(settings)
    environment = {**os.environ, "SCRAPY_SETTINGS_MODULE": "enrichscrapy.settings"}
    environment["PYTHONPATH"] = str(folder / "source")
    with (folder / f"{source}.log").open("w+b") as log:
        done = subprocess.run(
            command, stdout=log, stderr=log, cwd=folder, env=environment, check=False
        )
    if done.returncode:
        raise SystemExit((folder / f"{source}.log").read_text())


def measure(folder: Path, url: str, workers: int, performers: int, delay: float) -> float:
    """Requests a second, robots.txt included."""
    write_jsonl(folder / "people.jsonl", performers)
    with PerformerDatabase(url, folder=folder / "data") as database:
        import_people(database, folder / "people.jsonl")
    log = AccessLog()
    with ExitStack() as running:
        sites = [DemoSite(NobodysSite(name), log) for name in SOURCES]
        for site in sites:
            running.enter_context(site.running())
        settings = {
            "DATABASE_URL": url,
            "FACES_ENABLED": "0",
            "DELAY_FLOORS": json.dumps(dict.fromkeys(SOURCES, delay)),
            "AUTOTHROTTLE_START_DELAY": "0",
            "DELAY_JITTER": "0",
            "LOG_LEVEL": "WARNING",
            **{f"{site.site.name.upper()}_BASE_URL": site.url for site in sites},
        }
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(partial(crawl, folder=folder, settings=settings), SOURCES))
    times = [float(str(entry["time"])) for entry in log.entries]
    with PerformerDatabase(url, folder=folder / "data") as db, db.read() as connection:
        stored = connection.scalar(select(func.count()).select_from(lookups))
    if stored != len(SOURCES) * performers:
        raise SystemExit(f"{stored} lookups are stored")
    return len(times) / (max(times) - min(times))


def run_all(folder: Path, performers: int, delay: float) -> Iterator[tuple[str, int, float]]:
    copy_package(folder / "source")
    with run_postgresql(folder / "server") as create:
        for kind in ("SQLite", "PostgreSQL") if create else ("SQLite",):
            for workers in WORKERS:
                work = folder / "data"
                work.mkdir(mode=0o700)
                url = create() if kind == "PostgreSQL" and create else f"sqlite:///{work / 'p.db'}"
                yield kind, workers, measure(folder, url, workers, performers, delay)
                shutil.rmtree(work)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--performers", type=int, default=50, help="looked up on each source")
    parser.add_argument("--delay", type=float, default=0.1, help="seconds between two requests")
    parser.add_argument("--folder", type=Path, help="where to work (a temporary folder)")
    options = parser.parse_args()
    print("takes 1.5 GiB of memory with eight crawls at a time", flush=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        Path(name).chmod(0o755)  # the server's own user has to get there
        first: dict[str, float] = {}
        for kind, workers, rate in run_all(Path(name), options.performers, options.delay):
            times = rate / first.setdefault(kind, rate)
            print(f"{kind:<12}{workers} at a time:{rate:7.1f} a second, {times:.1f} times one")


if __name__ == "__main__":
    main()
