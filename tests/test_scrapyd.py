"""A real scrapyd on loopback: deployed to, scheduled, cancelled, resumed."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from demo.people import PEOPLE, babepedia_profiles, write_performers
from demo.sites import DemoSites
from demo.sites.babepedia import slug_of
from demo.sites.faults import Fault, Kind
from enrichscrapy.database.schema import lookups
from tests.shared_place import INTERVAL, SharedPlace
from tests.support import PATIENCE, PROJECT, STAND_IN, Workplace, list_artefacts, wait_until

USER, PASSWORD = "keeper", "a password, for the test only"
CAST = PEOPLE[:4]
PACKED = ("setup.py", "pyproject.toml", "scrapy.cfg", "requirements.txt", "requirements-dev.txt")
PACKED += ("README.md", "LICENSE", "enrichscrapy")


@dataclass
class Scrapyd:
    """A running scrapyd and its JSON interface."""

    process: subprocess.Popen
    url: str
    folder: Path
    password: str = PASSWORD

    def call(self, service: str, **fields: object) -> dict:
        """POST with fields that change something, GET for ``list…`` and ``…status``."""
        pairs = [(k, v) for k, many in fields.items() for v in _each(many)]
        data = urllib.parse.urlencode(pairs)
        reading = service.startswith("list") or service.endswith("status")
        address = f"{self.url}{service}.json"
        request = urllib.request.Request(
            f"{address}?{data}" if reading else address, None if reading else data.encode()
        )
        token = b64encode(f"{USER}:{self.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            told = json.load(answer)
        assert told["status"] == "ok", told
        return told

    def schedule(self, spider: str, settings: dict[str, str], **arguments: object) -> str:
        given = [f"{name}={value}" for name, value in settings.items()]
        told = self.call(
            "schedule", project="enrichscrapy", spider=spider, setting=given, **arguments
        )
        return told["jobid"]

    def wait_for(self, job: str, state: str) -> None:
        wait_until(
            lambda: job in [j["id"] for j in self.call("listjobs", project="enrichscrapy")[state]],
            poll_seconds=0.25,
        )


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def run_scrapyd(folder: Path) -> Iterator[Scrapyd]:
    """One that is about to be deployed to."""
    library = folder / "library"  # the demo's stand-in model, and nothing else of this checkout
    library.mkdir()
    (library / "demo").symlink_to(PROJECT / "demo")
    port = free_port()  # scrapyd takes no 0
    lines = ["[scrapyd]", f"http_port = {port}", "poll_interval = 0.2"]
    lines += [f"username = {USER}", f"password = {PASSWORD}", "max_proc = 2"]
    lines += [f"{name}_dir = {folder / name}" for name in ("eggs", "logs", "dbs", "jobs")]
    (folder / "scrapyd.conf").write_text("\n".join(lines) + "\n")
    log = folder / "scrapyd.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "scrapyd"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(library)},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: f"Site starting on {port}" in log.read_text(), poll_seconds=0.25)
        yield Scrapyd(process, f"http://127.0.0.1:{port}/", folder)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


@pytest.fixture(scope="module")
def scrapyd(tmp_path_factory):
    with run_scrapyd(tmp_path_factory.mktemp("scrapyd")) as running:
        yield running


@pytest.fixture(scope="module")
def deployed(scrapyd, tmp_path_factory):
    return deploy(scrapyd, tmp_path_factory.mktemp("checkout"))


def deploy(scrapyd: Scrapyd, copy: Path) -> Scrapyd:
    """Deploy with ``scrapyd-deploy``, from a copy: building leaves folders behind."""
    copy.mkdir(exist_ok=True)
    for name in PACKED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    settings = f"[settings]\ndefault = enrichscrapy.settings\n[deploy]\nurl = {scrapyd.url}\n"
    settings += f"project = enrichscrapy\nusername = {USER}\npassword = {PASSWORD}\n"
    (copy / "scrapy.cfg").write_text(settings)
    done = subprocess.run(
        [sys.executable, "-m", "scrapyd_client.deploy", "--debug"],
        cwd=copy,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(copy)  # from here on only the egg is left
    return scrapyd


@pytest.fixture
def world(tmp_path):
    """Performers in a database with absolute paths, and sites that know the last one only."""
    with DemoSites(babepedia_profiles(CAST[-1:])) as sites:
        place = Workplace(tmp_path)
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        place.settings["FACE_MODEL"] = STAND_IN
        write_performers(tmp_path / "performers.jsonl", CAST)
        done = place.run("import-performers", str(tmp_path / "performers.jsonl"))
        assert done.returncode == 0, done.stderr
        yield place, sites


def looked_up(place, source: str, mode: str) -> set[int]:
    with place.database() as database, database.read() as connection:
        query = select(lookups.c.performer_id).where(
            lookups.c.source == source, lookups.c.mode == mode
        )
        return set(connection.scalars(query))


def test_without_the_password_nothing_is_told(scrapyd):
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{scrapyd.url}daemonstatus.json", timeout=PATIENCE)


def test_both_spiders_are_there_once_deployed(deployed):
    told = deployed.call("listspiders", project="enrichscrapy")
    assert told["spiders"] == ["babepedia", "iafd", "stashbox"]


@pytest.mark.long
def test_a_cancelled_job_is_resumed_and_what_had_ended_is_not_asked_again(deployed, world):
    """Settings and arguments reach the spider; what a job writes is known to erasure."""
    place, sites = world
    held = Fault(Kind.DELAY, seconds=PATIENCE, times=1)
    sites.babepedia.set_fault(f"/babe/{slug_of(CAST[-1].name)}", held)
    one_by_one = {"LOOKUPS_IN_PROGRESS": "1", "SHUTDOWN_SECONDS": "1", "FACES_ENABLED": "0"}
    first = deployed.schedule("babepedia", place.settings | one_by_one, mode="name")
    wait_until(lambda: looked_up(place, "babepedia", "name"), poll_seconds=0.25)
    deployed.call("cancel", project="enrichscrapy", job=first)
    deployed.wait_for(first, "finished")
    begun = looked_up(place, "babepedia", "name")
    assert begun
    assert len(begun) < len(CAST)

    second = deployed.schedule("babepedia", place.settings, mode="name")
    deployed.wait_for(second, "finished")
    assert looked_up(place, "babepedia", "name") == set(range(1, len(CAST) + 1))
    with place.database() as database:
        assert {path.suffix for path in list_artefacts(database, "log")} == {".log"}
        assert [path.name for path in list_artefacts(database, "jobdir")] == [first, second]
    asked = Counter(sites.babepedia.paths("page"))
    ended = [person for number, person in enumerate(CAST, 1) if number in begun]
    assert [asked[f"/babe/{slug_of(person.name)}"] for person in ended] == [1] * len(ended)
    assert (place.index_dir / "current").exists()
    assert place.run("verify").returncode == 0


@pytest.mark.long
def test_two_nodes_share_the_work_of_one_database(tmp_path, postgres_url):
    """A job is killed; what it had begun comes back, and nothing that ended is asked for again."""
    cast = PEOPLE[:12]
    with ExitStack() as stack:
        sites = stack.enter_context(DemoSites(babepedia_profiles(cast)))
        place = SharedPlace(tmp_path, {"FACE_MODEL": STAND_IN})
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        place.use(postgres_url)
        write_performers(tmp_path / "performers.jsonl", cast)
        imported = place.run("import-performers", str(tmp_path / "performers.jsonl"))
        assert imported.returncode == 0, imported.stderr
        nodes = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            running = run_scrapyd(tmp_path / name)
            nodes.append(deploy(stack.enter_context(running), tmp_path / f"checkout {name}"))
        settings = [place.settings | place.machine(name) for name in ("one", "two")]
        jobs = [
            node.schedule("babepedia", given, mode="url")
            for node, given in zip(nodes, settings, strict=True)
        ]
        wait_until(lambda: len(looked_up(place, "babepedia", "url")) >= 3, poll_seconds=0.25)
        (doomed,) = nodes[0].call("listjobs", project="enrichscrapy")["running"]
        ended, asked = looked_up(place, "babepedia", "url"), len(sites.babepedia.paths())
        os.kill(doomed["pid"], signal.SIGKILL)
        nodes[0].wait_for(jobs[0], "finished")
        place.expire("one")
        jobs[0] = nodes[0].schedule("babepedia", settings[0], mode="url")
        for node, job in zip(nodes, jobs, strict=True):
            node.wait_for(job, "finished")
        pages = {number: f"/babe/{slug_of(person.name)}" for number, person in enumerate(cast, 1)}
        later = sites.babepedia.paths()[asked:]
        assert not {pages[number] for number in ended} & set(later)
        times = [entry["time"] for entry in sites.babepedia.entries]
        assert min(after - before for before, after in pairwise(times)) >= INTERVAL
        assert looked_up(place, "babepedia", "url") == {
            number for number, person in enumerate(cast, 1) if person.links
        }
        for name in ("one", "two"):
            assert place.run("reindex", **place.machine(name)).returncode == 0
            assert place.run("verify", **place.machine(name)).returncode == 0


@pytest.mark.long
def test_the_pages_are_read_out_of_the_zipped_egg(deployed, world, tmp_path):
    place, _ = world
    (egg,) = deployed.folder.glob("eggs/enrichscrapy/*.egg")
    assert egg.is_file()
    environment = {**place.environment(), "PYTHONPATH": str(egg)}
    environment["SCRAPY_SETTINGS_MODULE"] = "enrichscrapy.settings"
    page = "import enrichscrapy.gallery.pages as s; print(s.__file__, s.address_files())"
    for command in (
        [sys.executable, "-c", page],
        place.command("report", "-o", str(tmp_path / "report.html")),
    ):
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        if command[-1] == page:
            assert done.stdout.startswith(str(egg))
    assert "Contact sheet" in (tmp_path / "report.html").read_text()
