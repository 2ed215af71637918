"""Kills crawls at random and at named steps, runs the same commands again, compares what is left.

An *episode* starts from a database with performers and the user's own faces, and ends when no
lookup is due any more. In between, crawls of both sites are started again and again, with and
without a JOBDIR, alone and together, and ended in every way. What counts is that the database
then holds what an undisturbed run leaves, that no page was asked for again whose lookup had
ended, that ``verify`` is clean, and that no process survived.
"""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, select

from demo.people import babepedia_profiles, iafd_profiles, write_known_faces, write_performers
from demo.sites import DemoSites
from demo.sites.iafd import perfid_of
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.due import Selection
from enrichscrapy.database.schema import faces, lookups, photo_results, photos, proposals
from enrichscrapy.index import find_index_model_id, verify
from enrichscrapy.items import Outcome
from tests.support import Workplace
from tests.torture.cast import CAST, PAGES, add_faults
from tests.torture.process import Run

ENDINGS = ("kill", "kill", "SIGINT", "SIGTERM", "SIGINT twice", "database lost")
STEPS = {
    "lookup stored": 6,
    "lookup about to be stored": 6,
    "statement of a transaction": 60,
    "generation written": 6,
    "index about to be swapped": 2,
    "index swapped": 2,
    "generation pruned": 2,
    "photos about to be looked at": 4,
    "JOBDIR about to be signed": 1,
    "JOBDIR about to be closed": 1,
    "JOBDIR closed": 1,
}
"""A step, and how many times a crawl may come to it before it is struck there."""
MODES = {"babepedia": "url", "iafd": "name"}
SETTINGS = {
    "RETRY_BASE_SECONDS": "0",
    "RETRY_TIMES": "0",
    "MAX_ATTEMPTS": "1000",
    "REQUESTS_PER_DAY": "0",
    "CIRCUIT_FAILURES": "1000",
    "INDEX_PUBLISH_SECONDS": "1",
    "SHUTDOWN_SECONDS": "5",
}


def contents(db: PerformerDatabase) -> dict[str, list[object]]:
    """The database by natural keys: without ids, times, attempts and distances."""
    with db.read() as connection:
        return {
            "lookups": _rows(
                connection,
                select(lookups.c.source, lookups.c.mode, lookups.c.performer_id, lookups.c.outcome),
            ),
            "photos": _rows(
                connection,
                select(photos.c.performer_id, photos.c.url, photos.c.sha256, photos.c.source),
            ),
            "photo results": _rows(
                connection,
                select(photos.c.performer_id, photos.c.url, photo_results.c.outcome).join(
                    photos, photos.c.id == photo_results.c.photo_id
                ),
            ),
            "faces": _rows(
                connection,
                select(faces.c.performer_id, faces.c.source, photos.c.url, faces.c.verdict).join(
                    photos, photos.c.id == faces.c.photo_id
                ),
            ),
            "proposals": _rows(
                connection,
                select(proposals.c.performer_id, proposals.c.kind, proposals.c.value),
            ),
        }


def _rows(connection: Connection, query: Select[Any]) -> list[object]:
    return [*sorted(tuple(row) for row in connection.execute(query))]


@dataclass
class Torture:
    """Episodes over one pair of demo sites; ``kills`` counts those that struck a running crawl."""

    folder: Path
    random: random.Random
    kills: int = 0
    episodes: int = 0
    struck: dict[str, int] = field(default_factory=dict)

    def prepare(self, sites: DemoSites) -> None:
        """The state every episode starts from, and what an undisturbed run makes of it."""
        self.sites = sites
        start = self._place("start")
        write_performers(start.folder / "performers.jsonl", CAST)
        write_known_faces(start.folder / "known", CAST)
        _succeed(start, "import-performers", str(start.folder / "performers.jsonl"))
        # Exit code 1: the stand-in doubts one of the drawn photos, which waits.
        _succeed(start, "import-faces", str(start.folder / "known"), codes=(0, 1))
        calm = self._copy("calm")
        while due := self._due(calm):
            for source in due:
                _succeed(calm, "crawl", source, "-a", f"mode={MODES[source]}")
        with calm.database() as db:
            self.expected = contents(db)
        self._check_index(calm)

    def episode(self, most_kills: int) -> int:
        """Torture one copy until its work is done; the number of kills it took."""
        self.episodes += 1
        place = self._copy(f"episode-{self.episodes:04d}")
        for site in (self.sites.babepedia, self.sites.iafd):
            site.clear_faults()
        add_faults(self.sites)
        kills = 0
        while due := self._due(place):
            kills += self._disturb(place, due, quietly=kills >= most_kills)
        self._run_once_more(place)
        with place.database() as db:
            db.check()
            found = contents(db)
        for kind, rows in self.expected.items():
            assert found[kind] == rows, f"{kind} differ in {place.folder}"
        self._check_index(place)
        self._forget(place)
        shutil.rmtree(place.folder)
        self.kills += kills
        return kills

    def _place(self, name: str) -> Workplace:
        folder = self.folder / name
        folder.mkdir(parents=True)
        place = Workplace(folder, dict(SETTINGS))
        place.use_sites(self.sites.babepedia.url, self.sites.iafd.url)
        return place

    def _copy(self, name: str) -> Workplace:
        place, start = self._place(name), self.folder / "start"
        shutil.copy(start / "performers.db", place.database_path)
        if (start / "index").exists():
            shutil.copytree(start / "index", place.index_dir)
        return place

    def _due(self, place: Workplace) -> list[str]:
        with place.database() as db:
            model_id = find_index_model_id(db, place.index_dir)
            selections = {
                source: Selection(source, mode, model_id=model_id) for source, mode in MODES.items()
            }
            return [source for source, each in selections.items() if db.ledger.count_due(each)]

    # --- One disturbance ----------------------------------------------------------------------

    def _disturb(self, place: Workplace, due: list[str], *, quietly: bool) -> int:
        """Run one or both sources and end them somehow; the number of runs struck."""
        ended = self._ended(place)
        asked_before = len(self.sites.log.entries)
        sources = due if self.random.random() < 0.5 else [self.random.choice(due)]
        runs = [self._start(place, source, quietly=quietly) for source in sources]
        alone = len(runs) == 1
        struck = sum(self._end(run, quietly=quietly, alone=alone) for run in runs)
        self._check_requests(asked_before, ended)
        return struck

    def _run_once_more(self, place: Workplace) -> None:
        """The same commands when nothing is due: they ask for nothing and publish what a killed
        crawl has stored."""
        asked_before = len(self.sites.log.entries)
        for source in MODES:
            self._end(self._start(place, source, quietly=True), quietly=True, alone=True)
        asked = self.sites.log.entries[asked_before:]
        assert asked == [], f"nothing was due, and yet: {asked}"

    def _start(self, place: Workplace, source: str, *, quietly: bool) -> Run:
        settings: dict[str, object] = {}
        if self.random.random() < 0.6:
            settings["JOBDIR"] = place.folder / "jobs" / source
        step = ""
        if not quietly and self.random.random() < 0.5:
            step = self._choose_step(jobdir="JOBDIR" in settings)
        flags = ("-a", f"mode={MODES[source]}")
        return Run(place, source, flags, settings, step)

    def _choose_step(self, *, jobdir: bool) -> str:
        step = self.random.choice([each for each in STEPS if jobdir or "JOBDIR" not in each])
        return f"{step}:{self.random.randint(1, STEPS[step])}"

    def _end(self, run: Run, *, quietly: bool, alone: bool) -> int:
        """Let it come to its end, or bring that about; 1 when it was struck while it ran.

        Only from a crawl that is ``alone`` the database is taken: another would lose it too.
        """
        if quietly:
            assert run.end() == 0, run.output
            return 0
        if run.step:
            run.end()
            how = run.step.partition(":")[0]
        else:
            how = self.random.choice(ENDINGS if alone else ENDINGS[:-1])
            run.wait_until_at_work()
            run.wait(self.random.uniform(0.0, 6.0))
            self._bring_about(run, how)
            run.end()
            self._put_back(run.place)
        left = run.survivors()
        assert not left, f"still running after {how}: {left}"
        struck = run.was_killed or (how in ENDINGS and run.was_running)
        assert struck or run.process.returncode == 0, run.output
        if struck:
            self.struck[how] = self.struck.get(how, 0) + 1
        return int(struck)

    def _bring_about(self, run: Run, how: str) -> None:
        run.was_running = run.process.poll() is None
        if not run.was_running:
            return
        if how == "kill":
            run.process.kill()
            return
        if how == "database lost":
            run.place.database_path.rename(_elsewhere(run.place))
            return
        run.process.send_signal(signal.SIGTERM if how == "SIGTERM" else signal.SIGINT)
        if how == "SIGINT twice":
            time.sleep(self.random.uniform(0.0, 0.5))
            run.process.send_signal(signal.SIGINT)

    def _put_back(self, place: Workplace) -> None:
        """The disk is mounted again: nobody may have made another database meanwhile."""
        if _elsewhere(place).exists():
            assert not place.database_path.exists(), "a database was made where one was lost"
            _elsewhere(place).rename(place.database_path)

    # --- Forgetting ---------------------------------------------------------------------------

    def _forget(self, place: Workplace) -> None:
        """Forget somebody, killed at any statement; the next command finishes it."""
        person = self.random.choice(CAST)
        step = f"statement of a transaction:{self.random.randint(1, 40)}"
        run = Run(place, "--yes", (str(person.number),), {}, step, command="forget")
        run.end()
        assert run.was_killed or run.process.returncode == 0, run.output
        if run.was_killed:
            self.struck["forget"] = self.struck.get("forget", 0) + 1
            _succeed(place, "status")
            _succeed(place, "forget", "--yes", str(person.number))
        traces = [name.encode() for name in (person.name, person.name.replace(" ", "_"))]
        for path in place.folder.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                assert not any(trace in data for trace in traces), f"{person.number} is in {path}"
        with place.database() as db:
            assert not db.is_erasing()
            assert db.count_performers() == len(CAST) - 1
        self._check_index(place)

    # --- What must hold -----------------------------------------------------------------------

    def _ended(self, place: Workplace) -> set[tuple[str, int]]:
        ended = [outcome.value for outcome in Outcome if outcome.ended]
        query = select(lookups.c.source, lookups.c.performer_id).where(lookups.c.outcome.in_(ended))
        with place.database() as db, db.read() as connection:
            return {(source, performer) for source, performer in connection.execute(query)}

    def _check_requests(self, since: int, ended: set[tuple[str, int]]) -> None:
        """No page was asked for whose lookup had ended before the run."""
        for entry in self.sites.log.entries[since:]:
            for performer in _performers_of(entry):
                asked_again = (entry["site"], performer) in ended
                assert not asked_again, f"asked for again although it had ended: {entry}"

    def _check_index(self, place: Workplace) -> None:
        with place.database() as db:
            model_id = find_index_model_id(db, place.index_dir)
            found = verify(db, place.index_dir, model_id)
            assert found == [], "; ".join(map(str, found))
        _succeed(place, "verify")


def _elsewhere(place: Workplace) -> Path:
    return place.database_path.with_name("unmounted.db")


def _performers_of(entry: dict[str, object]) -> Iterator[int]:
    path = str(entry["path"])
    if entry["site"] == "babepedia" and path in PAGES:
        yield PAGES[path]
    if entry["site"] == "iafd":
        yield from (person.number for person in CAST if perfid_of(person.name) in path)


def _succeed(place: Workplace, *arguments: str, codes: Sequence[int] = (0,)) -> None:
    done = place.run(*arguments)
    assert done.returncode in codes, done.stdout + done.stderr


def torture(folder: Path, kills: int, seed: int, *, per_episode: int = 6) -> Torture:
    """Strike until ``kills`` runs were struck; raises ``AssertionError`` when anything is lost."""
    with DemoSites(babepedia_profiles(CAST), iafd_profiles(CAST)) as sites:
        run = Torture(folder, random.Random(seed))
        run.prepare(sites)
        while run.kills < kills:
            struck = run.episode(min(per_episode, kills - run.kills))
            print(f"episode {run.episodes}: {struck} kills, {run.kills} in all", flush=True)
        return run
