"""``make demo``: the main job from an empty folder to a published index, on this machine alone.

Everything is made here: the people are invented, their portraits drawn, the two sites served on
loopback. The commands are the project's own, run as a user runs them. What comes out is compared
with ``expected.json``, written by hand from ``people.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from demo.people import babepedia_profiles, iafd_profiles, write_known_faces, write_performers
from demo.sites import DemoSites
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import faces, lookups, photo_results, photos
from enrichscrapy.index import FaceIndex

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / ".demo"
EXPECTED = Path(__file__).with_name("expected.json")
STAND_IN = "demo.stand_in.LocalBinaryPatterns"

console = Console()


def main() -> int:
    """Run the demo; returns its exit code: 0 when everything came out as expected."""
    again = (FOLDER / "performers.db").exists()
    FOLDER.mkdir(exist_ok=True)
    announce(again)
    with DemoSites(babepedia_profiles(), iafd_profiles(), FOLDER / "access.jsonl") as sites:
        demo = Demo(sites)
        demo.prepare()
        demo.scrapy("import-performers", str(FOLDER / "performers.jsonl"))
        demo.scrapy("import-faces", str(FOLDER / "known-faces"))
        demo.scrapy("crawl", "babepedia", "-a", "mode=url", "-s", f"JOBDIR={FOLDER}/jobs/bp")
        demo.scrapy("crawl", "iafd", "-a", "mode=name")
        with PerformerDatabase(FOLDER / "performers.db") as database:
            show(database)
            return judge(differences(database, sites, again, demo.stands_in))


def announce(again: bool) -> None:
    console.rule("[bold]enrichscrapy: the demo")
    console.print(
        "Invented performers, drawn portraits, two demo sites on this machine; nothing else is "
        f"asked of the network. Everything lies in [bold]{FOLDER.name}/[/]."
    )
    if os.environ.get("FACE_WEIGHTS"):
        console.print("Face model: the real network, with the weights that FACE_WEIGHTS names.")
    else:
        console.print(
            "[yellow]Face model: a stand-in[/] (local binary patterns, no weights): it tells the "
            "drawn faces apart and nobody else. Set FACE_WEIGHTS to use the real network."
        )
    if again:
        console.print("There are results already: no profile should be asked for again.")


class Demo:
    """The project's commands, with the settings of this demo."""

    def __init__(self, sites: DemoSites) -> None:
        self.stands_in = not os.environ.get("FACE_WEIGHTS")
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "DATABASE_URL": f"sqlite:///{FOLDER / 'performers.db'}",
            "INDEX_DIR": str(FOLDER / "index"),
            "BABEPEDIA_BASE_URL": sites.babepedia.url,
            "IAFD_BASE_URL": sites.iafd.url,
            "CONTACT": "demo@enrichscrapy.invalid",
        }
        if self.stands_in:
            self.environment["FACE_MODEL"] = STAND_IN

    def prepare(self) -> None:
        """Write what the user brings: the performers and their own photos."""
        write_performers(FOLDER / "performers.jsonl")
        if not (FOLDER / "known-faces").exists():
            write_known_faces(FOLDER / "known-faces")

    def scrapy(self, *arguments: str) -> None:
        """Run one command and stop the demo where it fails."""
        console.print(f"\n[bold green]$ scrapy {' '.join(map(_short, arguments))}")
        flags = ["-L", "WARNING"] if arguments[0] == "crawl" else []
        if arguments[0] == "crawl":  # loopback stands a faster pace than the real sites
            for setting in ("AUTOTHROTTLE_START_DELAY=0", "DELAY_JITTER=0", f"DELAY_FLOORS={ZERO}"):
                flags += ["-s", setting]
        command = [sys.executable, "-m", "scrapy", *arguments, *flags]
        done = subprocess.run(command, cwd=PROJECT, env=self.environment, check=False)  # noqa: S603  # our own command
        if done.returncode:
            raise SystemExit(f"demo: scrapy {arguments[0]} ended with {done.returncode}")


ZERO = '{"babepedia": 0, "iafd": 0}'


def _short(argument: str) -> str:
    return argument.replace(str(PROJECT) + "/", "")


# --- What came of it -----------------------------------------------------------------------------


def results(database: PerformerDatabase) -> dict[str, Any]:
    """The database in numbers: by source and mode, and by verdict and reason."""
    with database.read() as connection:
        outcomes = connection.execute(
            select(lookups.c.source, lookups.c.mode, lookups.c.outcome, func.count()).group_by(
                lookups.c.source, lookups.c.mode, lookups.c.outcome
            )
        )
        judged = connection.execute(
            select(faces.c.source, faces.c.verdict, faces.c.reason, func.count()).group_by(
                faces.c.source, faces.c.verdict, faces.c.reason
            )
        )
        looked_at = connection.execute(
            select(photos.c.source, photo_results.c.outcome, func.count())
            .join(photo_results, photo_results.c.photo_id == photos.c.id)
            .group_by(photos.c.source, photo_results.c.outcome)
        )
        return {
            "lookups": _nested((f"{source}:{mode}", what, n) for source, mode, what, n in outcomes),
            "photos": _nested(tuple(row) for row in looked_at),
            "faces": _nested((source, f"{v}: {why}", n) for source, v, why, n in judged),
        }


def _nested(rows: Iterable[Any]) -> dict[str, dict[str, int]]:
    out: dict[str, dict[str, int]] = {}
    for group, what, number in rows:
        out.setdefault(group, {})[what] = number
    return out


def index_size() -> int:
    index = FaceIndex.open_current(FOLDER / "index", None)
    return index.count if index is not None else 0


def show(database: PerformerDatabase) -> None:
    """The closing table."""
    found = results(database)
    table = Table(title="What the database holds now", title_justify="left")
    for column in ("", "what", "count"):
        table.add_column(column, justify="right" if column == "count" else "left")
    for section, groups in found.items():
        for group, counts in sorted(groups.items()):
            title = f"{section} · {group}"
            for what, number in sorted(counts.items()):
                table.add_row(title, what, str(number))
                title = ""
            table.add_section()
    table.add_row("index", "faces", str(index_size()))
    console.print(table)
    for what, where in (
        ("database", "performers.db"),
        ("index", "index/"),
        ("log", "access.jsonl"),
    ):
        console.print(f"{what}: {FOLDER.name}/{where}")


def differences(
    database: PerformerDatabase, sites: DemoSites, again: bool, stands_in: bool
) -> list[str]:
    """Where the run is not what ``expected.json`` says; the sites' own logs are compared too.

    With real weights the verdicts are the real network's: only lookups and requests must agree.
    """
    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
    actual = results(database) | {"index": index_size()}
    compared = ("lookups", "photos", "faces", "index") if stands_in else ("lookups",)
    told = [
        f"{name}: expected {expected[name]}, got {actual[name]}"
        for name in compared
        if expected[name] != actual[name]
    ]
    for site in (sites.babepedia, sites.iafd):
        name = site.site.name
        asked = Counter(site.paths("page"))
        wanted = Counter() if again else Counter(expected["pages"][name])
        told += [
            f"{name}: {path} asked for {n} times more than expected"
            for path, n in (asked - wanted).items()
        ]
        told += [f"{name}: {path} was not asked for" for path in wanted - asked]
    return told


def judge(told: list[str]) -> int:
    if told:
        console.print("[bold red]Not as expected:")
        for line in told:
            console.print(f"  {line}", markup=False)
        return 1
    console.print("[bold green]All of it as expected.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
