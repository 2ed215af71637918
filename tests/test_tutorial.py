"""What the tutorial and the README tell a reader to type, typed in an empty folder."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from demo.people import PEOPLE, babepedia_profiles, iafd_profiles, write_known_faces
from demo.sites import DemoSites
from enrichscrapy.database import PerformerDatabase
from tests.support import PATIENCE, PROJECT, STAND_IN

pytestmark = pytest.mark.long


@pytest.fixture
def home(tmp_path) -> Path:
    """A user's home with the project in ~/enrichscrapy and nothing else."""
    (tmp_path / "enrichscrapy").symlink_to(PROJECT)
    return tmp_path


def run(home: Path, script: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the lines in one shell that stops at the first that fails, in a clean environment."""
    environment = {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        **more,
    }
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def typed(page: Path) -> list[str]:
    """The lines after ``$`` of all ``console`` blocks."""
    blocks = re.findall(r"^```console\n(.*?)^```", page.read_text(), re.M | re.S)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def test_the_tutorial_as_it_stands(home):
    lines = typed(PROJECT / "docs" / "tutorial.md")
    # What a command says must be told apart by the command that said it.
    script = "\n".join(f"echo '$ '{_quoted(line)}\n{line}" for line in lines)
    done = run(home, script)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "scrapy crawl: " not in done.stderr
    faces = home / "faces"
    assert "Contact sheet" in (faces / "data" / "report.html").read_text()
    assert (faces / "data" / "export" / "faces.npz").exists()
    assert (faces / "data" / "index" / "current").exists()
    assert "would store" in done.stdout
    assert "Performer 2: " in done.stdout
    assert "holds exactly the accepted faces" in done.stdout


def _quoted(line: str) -> str:
    return "'" + line.replace("'", "'\\''") + "'"


def test_the_readmes_commands_as_they_stand(home):
    lines = [line for line in typed(PROJECT / "README.md") if line.startswith("scrapy ")]
    assert len(lines) >= 5
    cast = PEOPLE[:4]
    folder = home / "faces"
    folder.mkdir()
    _performers_db(folder / "performers.db", cast)
    write_known_faces(folder / "my-photos", cast)
    # The pace of loopback; the README's own settings otherwise.
    (folder / "quick.py").write_text(
        "from enrichscrapy.settings import *\n"
        'DELAY_FLOORS = {"babepedia": 0, "iafd": 0}\nDELAY_JITTER = 0\n'
    )
    (folder / "scrapy.cfg").write_text("[settings]\ndefault = quick\n")
    with DemoSites(babepedia_profiles(cast), iafd_profiles(cast)) as sites:
        done = run(
            home,
            "cd faces\n" + "\n".join(lines),
            PYTHONPATH=str(PROJECT),
            FACE_MODEL=STAND_IN,
            CONTACT="tests@enrichscrapy.invalid",
            BABEPEDIA_BASE_URL=sites.babepedia.url,
            IAFD_BASE_URL=sites.iafd.url,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    with PerformerDatabase(folder / "data" / "enrichscrapy.db") as database:
        assert database.count_performers() == len(cast)
        assert sum(database.ledger.count_outcomes("babepedia", "url").values()) == len(cast)


def _performers_db(path: Path, cast) -> None:
    """What stash-sense would hand over; folders of photos are named by stash-box id."""
    with sqlite3.connect(path) as file:
        file.executescript(
            "CREATE TABLE performers (id INTEGER PRIMARY KEY, canonical_name TEXT NOT NULL,"
            " gender TEXT, birth_date TEXT);"
            "CREATE TABLE stashbox_ids (performer_id INTEGER, endpoint TEXT,"
            " stashbox_performer_id TEXT);"
            "CREATE TABLE external_urls (id INTEGER PRIMARY KEY, performer_id INTEGER, site TEXT,"
            " url TEXT);"
            "CREATE TABLE aliases (id INTEGER PRIMARY KEY, performer_id INTEGER, alias TEXT);"
        )
        for number, person in enumerate(cast, 1):
            row = (number, person.name, person.gender, person.birth_date)
            file.execute("INSERT INTO performers VALUES (?, ?, ?, ?)", row)
            box = (number, "stashdb", person.stash_id)
            file.execute("INSERT INTO stashbox_ids VALUES (?, ?, ?)", box)
            for link in person.links:
                file.execute(
                    "INSERT INTO external_urls (performer_id, url) VALUES (?, ?)", (number, link)
                )
    file.close()
