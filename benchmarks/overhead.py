"""What a crawl costs beside a bare Scrapy spider: ``python -m benchmarks.overhead``.

Both take the same profiles from a demo site on this machine, one request at a time, faces off and
no delay; they take turns, and each counts from its first page to its last. The bar: at least 0.9
of the bare spider's pages a second when a page takes its site as long as ``--latency`` says.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks._people import EverybodysSite, import_people, write_jsonl
from demo.sites.server import AccessLog, DemoSite, Reply
from enrichscrapy.database import PerformerDatabase

BAR = 0.9
PACE = {
    "DELAY_FLOORS": '{"babepedia": 0}',
    "AUTOTHROTTLE_START_DELAY": "0",
    "AUTOTHROTTLE_MAX_DELAY": "0",
    "DELAY_JITTER": "0",
    "REQUESTS_PER_DAY": "0",
}


def make_flags(settings: dict[str, str]) -> list[str]:
    """The settings as a command takes them."""
    return [flag for pair in settings.items() for flag in ("-s", "=".join(pair))]


@dataclass(frozen=True)
class Speed:
    """Milliseconds a page, from the first page to the last."""

    wall: float
    processor: float


class WatchedSite(EverybodysSite):
    """Notes when pages are asked for, and the processor time its visitor has used by then."""

    def __init__(self, latency: float) -> None:
        super().__init__()
        self.latency = latency
        self.visitor = 0
        self.noted: list[tuple[float, float]] = []

    def answer(self, path: str, query: dict[str, str]) -> Reply:
        self.noted.append((time.perf_counter(), read_processor_time(self.visitor)))
        time.sleep(self.latency)
        return super().answer(path, query)

    def watch(self, command: list[str], log: Path) -> Speed:
        self.noted = []
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output)
            self.visitor = process.pid
            if process.wait():
                raise SystemExit(log.read_text())
        (begun, used_before), (ended, used) = self.noted[0], self.noted[-1]
        pages = (len(self.noted) - 1) / 1000
        return Speed((ended - begun) / pages, (used - used_before) / pages)


def read_processor_time(pid: int) -> float:
    """Seconds that a process has computed, in user and kernel mode (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", type=float, default=0.04, help="seconds a page takes")
    parser.add_argument("--folder", type=Path, help="where to work (a temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        return measure(Path(folder), options.pages, options.rounds, options.latency)


def measure(folder: Path, pages: int, rounds: int, latency: float) -> int:
    write_jsonl(folder / "people.jsonl", pages)
    with PerformerDatabase(folder / "performers.db") as database:
        import_people(database, folder / "people.jsonl")
    site = WatchedSite(latency)
    with DemoSite(site, AccessLog()).running() as served:
        bare = [sys.executable, "-m", "benchmarks._bare", served.url, str(pages)]
        settings = {
            "DATABASE_URL": f"sqlite:///{folder / 'performers.db'}",
            "BABEPEDIA_BASE_URL": served.url,
            "FACES_ENABLED": "0",
            **PACE,
        }
        own = [sys.executable, "-m", "enrichscrapy", "crawl", "babepedia", *make_flags(settings)]
        times = [
            (site.watch(bare, folder / "log"), site.watch(own, folder / "log"))
            for _ in range(rounds)
        ]
    return report(times)


def report(times: list[tuple[Speed, Speed]]) -> int:
    ratio = 0.0
    for what in ("wall", "processor"):
        bare, own = (
            median(getattr(speed, what) for speed in side) for side in zip(*times, strict=True)
        )
        print(f"{what:<12}bare {bare:6.2f} ms a page, the crawl {own:6.2f} ms: {bare / own:.2f}")
        ratio = ratio or bare / own
    met = ratio >= BAR
    print(f"{'met' if met else 'MISSED'}: {ratio:.2f} of its pages a second (bar {BAR})")
    return int(not met)


if __name__ == "__main__":
    raise SystemExit(main())
