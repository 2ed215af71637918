"""How costs grow with the number of performers and faces: ``make bench-scale``.

For each size, on SQLite and on PostgreSQL, a database is made in which 99.9 % is done, with a face
of everybody; then the commands run as a user runs them, on a demo site of this machine. The bars:
ten thousand performers a second imported; the first request of a crawl at most a second later
than with a hundred performers.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks._crowd import MODEL, add_faces, finish_nearly_all, make_lookups
from benchmarks._people import EverybodysSite, write_jsonl
from benchmarks._servers import run_postgresql
from benchmarks.overhead import PACE, make_flags
from demo.sites.server import AccessLog, DemoSite
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.store import store_lookup
from enrichscrapy.index import publish

SIZES = (100, 10_000, 100_000)
DISK, MEMORY = 14_000, 5_000
"""Bytes that a performer with one face takes, two generations of the index included."""


ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
    "SCRAPY_SETTINGS_MODULE": "enrichscrapy.settings",
}


@dataclass
class Place:
    """A folder with a database of ``count`` performers, and what was measured in it: seconds by
    step, processor seconds and MiB by command."""

    folder: Path
    count: int
    database_url: str
    site: DemoSite
    seconds: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)

    def measure(self) -> None:
        people = self.folder / "people.jsonl"
        write_jsonl(people, self.count)
        self.run("import", "import-performers", str(people))
        with PerformerDatabase(self.database_url, folder=self.folder / "data") as database:
            self.fill(database)
        self.site.log.entries.clear()
        begun = time.time()
        self.run("a crawl of one", "crawl", "babepedia", "-a", "limit=1")
        asked = [entry for entry in self.site.entries if entry["kind"] == "page"]
        self.note("its first request", float(str(asked[0]["time"])) - begun)
        self.run("status", "status")
        self.run("report", "report", "-o", str(self.folder / "report.html"))
        self.run("forget", "forget", "id:7", "--yes")

    def fill(self, database: PerformerDatabase) -> None:
        model_id = finish_nearly_all(database)
        index = self.folder / "index"
        with self.timed("publish all"):
            publish(database, index, model_id)
        add_faces(database, model_id, list(range(1, 11)), "more-")
        with self.timed("publish ten more"):
            publish(database, index, model_id)
        times = []
        for lookup in make_lookups(database, model_id):
            begun = time.perf_counter()
            store_lookup(database, lookup, model_id=model_id, retry=RetryPolicy(), judge=None)
            times.append(time.perf_counter() - begun)
        self.note("store a lookup", median(times))
        with self.timed("count names"):
            database.count_population()

    @property
    def kind(self) -> str:
        return "SQLite" if self.database_url.startswith("sqlite") else "PostgreSQL"

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.note(step, time.perf_counter() - begun)

    def note(self, step: str, seconds: float) -> None:
        """Kept, and told at once: at a million performers a run takes an hour."""
        self.seconds[step] = seconds
        print(f"{self.kind}, {self.count:,}: {step} {seconds:.3g} s", flush=True)

    def run(self, step: str, *arguments: str) -> None:
        """Run one of the project's commands to its end."""
        settings = {
            **PACE,
            "DATABASE_URL": self.database_url,
            "INDEX_DIR": str(self.folder / "index"),
            "FACE_MODEL": MODEL,
            "FACE_WORKERS": "1",
            "BABEPEDIA_BASE_URL": self.site.url,
        }
        command = [sys.executable, "-m", "enrichscrapy", *arguments, *make_flags(settings)]
        with (self.folder / "log").open("w+b") as log, self.timed(step):
            process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, env=ENVIRONMENT
            )
            status, usage, memory = wait_for(process.pid)
        if status:
            raise SystemExit((self.folder / "log").read_text())
        self.processor[step] = usage.ru_utime + usage.ru_stime
        self.memory[step] = memory
        print(
            f"    {self.processor[step]:.3g} s of processor, {self.memory[step]:.0f} MiB",
            flush=True,
        )


def wait_for(pid: int) -> tuple[int, resource.struct_rusage, float]:
    """Its exit status, what it used, and MiB at most: ``ru_maxrss`` counts what the process that
    started it had, too."""
    most = 0
    while True:
        if held := re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()):
            most = int(held[1])
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            return status, usage, most / 1024
        time.sleep(0.05)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="performers")
    parser.add_argument("--folder", type=Path, help="where to work (a temporary folder)")
    parser.add_argument("--sqlite-only", action="store_true")
    options = parser.parse_args()
    largest = max(options.sizes)
    disk, memory = largest * DISK / 2**30, 0.6 + largest * MEMORY / 2**30
    print(f"takes up to {disk:.1f} GiB of disk and {memory:.1f} GiB of memory", flush=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        Path(folder).chmod(0o755)  # the server's own user has to get there
        places = list(measure(Path(folder), sorted(options.sizes), options.sqlite_only))
    Console(width=max(80, 24 + 14 * len(places))).print(make_table(places))
    return judge(places)


def measure(folder: Path, sizes: list[int], sqlite_only: bool) -> Iterator[Place]:
    """Each size on each database; what one leaves on the disk goes before the next."""
    with (
        run_postgresql(folder / "server") as create,
        DemoSite(EverybodysSite(), AccessLog()).running() as site,
    ):
        for is_server in (False,) if sqlite_only or create is None else (False, True):
            for count in sizes:
                work = folder / "place"
                work.mkdir(mode=0o700)
                (work / "data").mkdir()
                url = create() if is_server and create else f"sqlite:///{work / 'performers.db'}"
                place = Place(work, count, url, site)
                place.measure()
                shutil.rmtree(work)
                yield place


def make_table(places: list[Place]) -> Table:
    table = Table(title="Seconds, and MiB at most", title_justify="left", box=None)
    table.add_column("")
    for place in places:
        table.add_column(f"{place.kind}\n{place.count:,}", justify="right")
    for step in places[0].seconds:
        table.add_row(step, *(f"{place.seconds[step]:.3g}" for place in places))
    for step in places[0].processor:
        table.add_row(f"{step}, processor", *(f"{place.processor[step]:.3g}" for place in places))
    for step in places[0].memory:
        table.add_row(f"{step}, MiB", *(f"{place.memory[step]:.0f}" for place in places))
    return table


def judge(places: list[Place]) -> int:
    missed = 0
    for kind in dict.fromkeys(place.kind for place in places):
        first, *_, last = [place for place in places if place.kind == kind] * 2
        more = last.count - first.count
        rate = more / (last.seconds["import"] - first.seconds["import"])
        used = more / (last.processor["import"] - first.processor["import"])
        later = last.seconds["its first request"] - first.seconds["its first request"]
        for bar, met in (
            (
                f"{kind}: {rate:,.0f} performers a second imported, {used:,.0f} a second of this "
                "program's processor time (bar 10,000)",
                rate >= 10_000,
            ),
            (f"{kind}: the first request {later:.2f} s later (bar 1)", later <= 1.0),
        ):
            print(f"{'met' if met else 'MISSED'}: {bar}")
            missed += not met
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
