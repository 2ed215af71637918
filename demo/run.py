"""``make demo``: the main job from an empty folder to a published index, on this machine alone.

Everything is made here: the people are invented, their portraits drawn, the two sites served on
loopback. The commands are the project's own, run as a user runs them. What comes out is compared
with ``expected.json``, written by hand from ``people.py``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from demo.outcome import closing_table, results, unexpected_requests, unexpected_results
from demo.people import babepedia_profiles, iafd_profiles, write_known_faces, write_performers
from demo.sites import DemoSites
from enrichscrapy.database import PerformerDatabase

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
FOLDER = PROJECT / ".demo"
WHOLE = "whole-run"  # holds the fingerprint of the demo that ended as expected
STAND_IN = "demo.stand_in.LocalBinaryPatterns"

console = Console()


def main() -> int:
    """Run the demo; returns its exit code: 0 when everything came out as expected."""
    again = open_folder()
    announce(again)
    with DemoSites(babepedia_profiles(), iafd_profiles(), FOLDER / "access.jsonl") as sites:
        demo = Demo(sites)
        demo.prepare()
        demo.scrapy("import-performers", str(FOLDER / "performers.jsonl"))
        demo.scrapy("import-faces", str(FOLDER / "known-faces"))
        demo.scrapy("crawl", "babepedia", "-a", "mode=url", "-s", f"JOBDIR={FOLDER}/jobs/bp")
        demo.scrapy("crawl", "iafd", "-a", "mode=name")
        with PerformerDatabase(FOLDER / "performers.db") as database:
            found = results(database, FOLDER / "index")
        console.print()
        console.print(closing_table(found))
        tell_where(found["index"])
        told = unexpected_results(found, demo.stands_in)
        for site in (sites.babepedia, sites.iafd):
            told += unexpected_requests(site, again)
        return judge(told)


def open_folder() -> bool:
    """Whether the work folder holds a whole run of this very demo; anything else is cleared away.

    A run that was stopped may have left lookups that are not due for a while, so none goes on
    from there.
    """
    mark = FOLDER / WHOLE
    if mark.exists() and mark.read_text() == fingerprint():
        return True
    if FOLDER.exists():
        console.print(f"{FOLDER.name}/ holds no whole run of this version: starting again.")
        shutil.rmtree(FOLDER)
    FOLDER.mkdir()
    return False


def fingerprint() -> str:
    """What the results depend on: the demo's own files, and whose weights are used."""
    digest = hashlib.sha256(os.environ.get("FACE_WEIGHTS", "").encode())
    for path in sorted([*HERE.rglob("*.py"), *HERE.glob("*.json")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


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
        console.print("A whole run lies there already: no page and no photo will be asked for.")


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
            console.print("Drawing the photos that the user has …")
            drawn = FOLDER / "known-faces.part"
            write_known_faces(drawn)
            drawn.rename(FOLDER / "known-faces")

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
    return argument.replace(f"{PROJECT}/", "")


def tell_where(indexed: int) -> None:
    for what, where in (
        ("database", "performers.db"),
        (f"index of {indexed} faces", "index/"),
        ("the sites' access log", "access.jsonl"),
    ):
        console.print(f"{what}: [bold]{FOLDER.name}/{where}[/]")


def judge(told: list[str]) -> int:
    """Say how the run compares with what was expected, and mark a whole one."""
    if told:
        console.print("[bold red]Not as expected:")
        for line in told:
            console.print(f"  {line}", markup=False)
        return 1
    (FOLDER / WHOLE).write_text(fingerprint())
    console.print("[bold green]All of it as expected[/] (demo/expected.json).")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("demo: stopped; the next one starts from the beginning")
