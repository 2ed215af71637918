"""compose.yaml is held to the program, and its services are started by hand as it says.

There is no container engine in the tests: what an image brings (Python, scrapyd, the project, the
settings of the Dockerfile) is this checkout's, and ``/data`` and ``/run/secrets`` are folders.
"""

import os
import re
import runpy
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from demo.people import PEOPLE, babepedia_profiles, iafd_profiles, write_performers
from demo.sites import DemoSites
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import lookups
from tests.postgres import name_of
from tests.support import PATIENCE, PROJECT, STAND_IN, Workplace, wait_until
from tests.test_scrapyd import Scrapyd, free_port

COMPOSE = yaml.safe_load((PROJECT / "compose.yaml").read_text())
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
NODES = {name: each for name, each in COMPOSE["services"].items() if "build" in each}
CAST = PEOPLE[:8]
PASSED = ("BABEPEDIA_BASE_URL", "AUTOTHROTTLE_START_DELAY", "DELAY_JITTER", "FACE_WORKERS")


def image_environment() -> dict[str, str]:
    """What the image's ENV lines set."""
    block = re.search(r"^ENV (.*?[^\\])$", DOCKERFILE, re.M | re.S)[1]
    return dict(pair.split("=", 1) for pair in shlex.split(block.replace("\\\n", " ")))


def test_what_it_sets_exists_and_what_it_mounts_is_declared():
    known = set(runpy.run_path(str(PROJECT / "enrichscrapy" / "settings.py")))
    others = {"PGPASSFILE", "SCRAPYD_USERNAME"}  # libpq's and scrapyd's own
    assert len(NODES) == 2
    for name, node in NODES.items():
        assert set(node["environment"]) <= known | others
        assert node["environment"]["MACHINE_NAME"] == name
        assert node["volumes"] == [f"{name}:/data"]
    for service in COMPOSE["services"].values():
        text = yaml.safe_dump(service)
        assert set(re.findall(r"/run/secrets/(\w+)", text)) == set(service["secrets"])
        assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(
            COMPOSE["volumes"]
        )
        assert service["cap_drop"] == ["ALL"]
        assert service["healthcheck"]["test"][0] == "CMD"
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    page = (PROJECT / "docs" / "many-machines.md").read_text()
    assert set(COMPOSE["secrets"]) <= set(re.findall(r"\w+", page))
    assert "secrets/" in (PROJECT / ".gitignore").read_text().splitlines()


def test_nobody_is_root_and_no_password_is_in_it():
    assert COMPOSE["services"]["database"]["user"] == "postgres"
    assert re.findall(r"^USER (\w+)$", DOCKERFILE, re.M) == ["keeper"]
    for node in NODES.values():
        assert "@" in node["environment"]["DATABASE_URL"]
        assert not re.search(r"://\w+:[^@]*@", node["environment"]["DATABASE_URL"])
        assert "SCRAPYD_PASSWORD" not in node["environment"]


class Node:
    """A node's process, with the command and environment of its service."""

    def __init__(self, name: str, folder: Path, database_url: str) -> None:
        self.service, self.folder, self.port = NODES[name], folder / name, free_port()
        self.secrets = folder / "secrets"
        (self.folder / "etc").mkdir(parents=True)
        printf = DOCKERFILE.partition("printf")[2].partition(" > ")[0]
        _, *lines = shlex.split(printf.replace("\\\n", " "))
        (self.folder / "scrapyd.conf").write_text(self._here("\n".join(lines)))
        told = {name: self._here(value) for name, value in self.service["environment"].items()}
        image = {name: self._here(value) for name, value in image_environment().items()}
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(PROJECT),
            **image,
            **told,
            "DATABASE_URL": database_url,
            "CONTACT": "tests@enrichscrapy.invalid",
            "STASHBOX_API_KEYS": "",
            "SCRAPYD_BIND_ADDRESS": "127.0.0.1",
            "SCRAPYD_HTTP_PORT": str(self.port),
        }
        self.log = self.folder / "log"

    def _here(self, text: str) -> str:
        text = text.replace("/run/secrets", str(self.secrets)).replace("$$", "$")
        return re.sub(r"/data\b", str(self.folder), text).replace("6800", str(self.port))

    def start(self) -> Scrapyd:
        with self.log.open("w") as stream:
            process = subprocess.Popen(
                [self._here(word) for word in self.service["command"]],
                cwd=self.folder,
                env=self.environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )

        def is_up() -> bool:
            assert process.poll() is None, self.log.read_text()
            return f"Site starting on {self.port}" in self.log.read_text()

        wait_until(is_up)
        password = (self.secrets / "scrapyd_password").read_text().strip()
        return Scrapyd(process, f"http://127.0.0.1:{self.port}/", self.folder, password)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """As ``docker compose exec`` does."""
        return subprocess.run(
            [self._here(word) for word in command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )


@pytest.fixture
def secrets(tmp_path):
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name in COMPOSE["secrets"]:
        (folder / name).write_text(f"{name.encode().hex()}\n")
        (folder / name).chmod(0o600)
    return folder


@pytest.fixture
def database_url(postgres):
    """The database service's: an empty database of the server that the tests start."""
    environment = COMPOSE["services"]["database"]["environment"]
    url = postgres.create(empty=True)
    with postgres.connect() as connection:
        owner = environment["POSTGRES_USER"]
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [owner]).fetchone():
            connection.execute(f"CREATE ROLE {owner} LOGIN")
        connection.execute(f"ALTER DATABASE {name_of(url)} OWNER TO {owner}")
    yield url.replace("//postgres@", f"//{owner}@")
    postgres.drop(url)


@pytest.mark.long
def test_two_nodes_started_as_it_says_share_the_work(secrets, database_url, tmp_path):
    nodes = [Node(name, tmp_path, database_url) for name in NODES]
    running = []
    with DemoSites(babepedia_profiles(CAST), iafd_profiles(CAST)) as sites:
        place = Workplace(tmp_path)
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        settings = {name: v for name, v in place.settings.items() if name in PASSED}
        settings |= {"FACE_MODEL": STAND_IN, "DELAY_FLOORS": '{"babepedia": 0.1}'}
        write_performers(tmp_path / "performers.jsonl", CAST)
        done = nodes[0].run("enrichscrapy", "import-performers", str(tmp_path / "performers.jsonl"))
        assert done.returncode == 0, done.stderr
        try:
            running = [node.start() for node in nodes]
            for node in nodes:
                done = node.run(*node.service["healthcheck"]["test"][1:])
                assert done.returncode == 0, done.stderr
            jobs = [each.schedule("babepedia", settings, mode="url") for each in running]
            for each, job in zip(running, jobs, strict=True):
                each.wait_for(job, "finished")
        finally:
            for each in running:
                each.process.terminate()
                each.process.wait(timeout=PATIENCE)
        asked = Counter(sites.babepedia.paths("page"))
    assert set(asked.values()) == {1}
    folder = nodes[0].folder
    with PerformerDatabase(database_url, folder=folder) as database, database.read() as connection:
        owners = connection.scalars(select(lookups.c.performer_id)).all()
    assert sorted(owners) == list(range(1, len(CAST) + 1))
    for node in nodes:  # each has an index of its own, and one of them had less to do
        for command in ("reindex", "verify"):
            done = node.run("enrichscrapy", command)
            assert done.returncode == 0, done.stdout + done.stderr
