"""``make demo``: the main job from an empty folder to a published index, on this machine alone.

Everything is made here: the people are invented, their portraits drawn, the two sites served on
loopback. The commands are the project's own, run as a user runs them in a folder that ``init``
made. What comes out is compared with ``expected.json``, written by hand from ``people.py``.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from rich.console import Console

from demo.folder import State, WorkFolder
from demo.outcome import closing_table, results, unexpected_requests, unexpected_results
from demo.people import (
    babepedia_profiles,
    iafd_profiles,
    list_stash_performers,
    write_known_faces,
)
from demo.sites import DemoSites
from demo.stash.files import write_stash_file
from enrichscrapy.database import PerformerDatabase

PROJECT = Path(__file__).resolve().parent.parent
STASH = "stash-go.sqlite"
STAND_IN = "demo.stand_in.LocalBinaryPatterns"
# Loopback stands a faster pace than the real sites.
AT_ONCE = {
    "AUTOTHROTTLE_START_DELAY": "0",
    "DELAY_JITTER": "0",
    "DELAY_FLOORS": '{"babepedia": 0, "iafd": 0}',
}

console = Console(highlight=False)


def main(path: Path = PROJECT / ".demo") -> int:
    """Run the demo; returns its exit code: 0 when everything came out as expected."""
    folder = WorkFolder(path)
    state = folder.open()
    announce(path, state)
    with DemoSites(babepedia_profiles(), iafd_profiles(), folder.access_log) as sites:
        demo = Demo(folder, sites)
        demo.prepare()
        demo.run("import-performers", STASH)
        demo.run("import-faces", "my-photos")
        demo.run("crawl", "babepedia", "-a", "mode=url", "-s", "JOBDIR=jobs/bp")
        demo.run("crawl", "iafd", "-a", "mode=name")
        demo.run("report")
        demo.run("export")
    with PerformerDatabase(folder.database) as database:
        found = results(database, folder.index)
    console.print()
    console.print(closing_table(found))
    told = unexpected_results(found, demo.stands_in)
    told += unexpected_requests(folder.access_log, sites.log.entries, state)
    code = judge(folder, told)
    if not demo.stands_in:
        console.print(WHY_MORE_WAIT)
    tell_where(folder)
    return code


def announce(path: Path, state: State) -> None:
    console.rule("[bold]enrichscrapy: the demo")
    console.print(
        "Invented performers, drawn portraits, two demo sites on this machine; nothing else is "
        "asked of the network. About a minute on two cores. Everything lies in "
        f"[bold]{path.name}/[/]."
    )
    if os.environ.get("FACE_WEIGHTS"):
        console.print("Face model: the real network, with the weights that FACE_WEIGHTS names.")
    else:
        console.print(
            "[yellow]Face model: a stand-in[/] (local binary patterns, no weights): it tells the "
            "drawn faces apart and nobody else. Set FACE_WEIGHTS to use the real network."
        )
    if state is State.WHOLE:
        console.print("A whole run lies there already: no page and no photo will be asked for.")
    elif state is State.STOPPED:
        console.print("It was stopped before its end: going on from there.")


class Stopped(Exception):
    """Somebody pressed Ctrl-C; the command that ran has ended in good order."""


class Demo:
    """The project's commands, in the demo's folder and with its settings."""

    def __init__(self, folder: WorkFolder, sites: DemoSites) -> None:
        self.folder = folder
        self.stands_in = not os.environ.get("FACE_WEIGHTS")
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "DATABASE_URL": f"sqlite:///{folder.database}",
            "INDEX_DIR": str(folder.index),
            "BABEPEDIA_BASE_URL": sites.babepedia.url,
            "IAFD_BASE_URL": sites.iafd.url,
        }
        if self.stands_in:
            self.environment["FACE_MODEL"] = STAND_IN

    def prepare(self) -> None:
        """Write what the user brings: their Stash, with a picture of some, and further photos."""
        photos = self.folder.path / "my-photos"
        if not any(photos.iterdir()):
            console.print("Drawing the pictures that the user has …")
            part = self.folder.path / f"{STASH}.part"
            part.unlink(missing_ok=True)
            write_stash_file(part, list_stash_performers()).rename(self.folder.path / STASH)
            drawn = self.folder.path / "my-photos.part"
            write_known_faces(drawn, but_first=True)
            photos.rmdir()
            drawn.rename(photos)

    def run(self, *arguments: str) -> None:
        """Run one command; the demo ends where it fails, or was stopped."""
        command = [sys.executable, "-m", "enrichscrapy", *arguments]
        if arguments[0] == "crawl":
            pace = (f"{name}={value}" for name, value in AT_ONCE.items())
            command += [word for pair in pace for word in ("-s", pair)]
        heading = f"\n[bold green]$ enrichscrapy {shlex.join(arguments)}"
        code, stopped = _run_to_its_end(command, self.folder.path, self.environment, heading)
        if stopped:
            raise Stopped
        if code:
            raise SystemExit(f"demo: enrichscrapy {arguments[0]} ended with {code}")


def _run_to_its_end(
    command: list[str], folder: Path, environment: dict[str, str], heading: str
) -> tuple[int, bool]:
    """The exit code, and whether a signal asked for an end from the heading on.

    Ctrl-C reaches the command as well, which finishes what is in flight: the sites stay up for it.
    """
    asked: set[int] = set()
    started: list[subprocess.Popen[bytes]] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.add(number)
        hand_on()

    def hand_on() -> None:
        """The terminal sends SIGINT to the command as well; nobody else sends it SIGTERM."""
        if signal.SIGTERM in asked:
            for process in started:
                process.terminate()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        console.print(heading)
        started.append(subprocess.Popen(command, cwd=folder, env=environment))  # noqa: S603  # our own
        hand_on()  # a signal may have come before there was a process
        return started[0].wait(), bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


WHY_MORE_WAIT = (
    "More faces wait for you than with the stand-in. The published network was made for "
    "photographs: drawn faces are unlike anybody it knows, and to it much like each other. Where "
    "it may not tell people apart, faces wait for a person (docs/stages.md)."
)


def judge(folder: WorkFolder, told: list[str]) -> int:
    """Say how the run compares with what was expected, and mark a whole one."""
    if told:
        console.print("[bold red]Not as expected:")
        for line in told:
            console.print(f"  {line}", markup=False)
        return 1
    folder.mark_whole()
    console.print("[bold green]All of it as expected[/] (demo/expected.json).")
    return 0


def tell_where(folder: WorkFolder) -> None:
    console.print("\n[bold]Look at it")
    for what, where in (
        ("report", folder.report.as_uri()),
        ("gallery", "make demo-gallery"),
        ("export", f"{folder.export}/README.md says how to load the faces"),
        ("all of it", f"{folder.path}/"),
    ):
        console.print(f"  {what:9}  {where}", soft_wrap=True)


if __name__ == "__main__":
    try:
        sys.exit(main(*map(Path, sys.argv[1:2])))
    except (Stopped, KeyboardInterrupt):
        print("\ndemo: stopped; make demo goes on from here", file=sys.stderr)
        sys.exit(130)
