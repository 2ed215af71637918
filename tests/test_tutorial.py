"""What the tutorial and the README tell a reader to type, typed in an empty folder."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from demo.people import PEOPLE, babepedia_profiles, iafd_profiles, write_known_faces
from demo.sites import DemoSites
from enrichscrapy.database import PerformerDatabase
from tests.support import PATIENCE, PROJECT, STAND_IN, count_outcomes

pytestmark = pytest.mark.long


@pytest.fixture
def home(tmp_path) -> Path:
    """A user's home with the project in ~/enrichscrapy, installed, and nothing else."""
    (tmp_path / "enrichscrapy").symlink_to(PROJECT)
    command = tmp_path / "bin" / "enrichscrapy"
    command.parent.mkdir()
    program = f"""#!{sys.executable}
import sys
sys.path.insert(0, {str(PROJECT)!r})
from enrichscrapy.__main__ import main
main()
"""
    command.write_text(program)
    command.chmod(0o755)
    return tmp_path


def run(home: Path, script: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the lines in one shell that stops at the first that fails, in a clean environment."""
    environment = {
        "HOME": str(home),
        "PATH": os.pathsep.join(
            [str(home / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
        ),
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
    left_out = ("make ", ". .venv", "enrichscrapy gallery", "enrichscrapy push-stash")
    lines = [line for line in typed(PROJECT / "README.md") if not line.startswith(left_out)]
    assert len(lines) >= 6
    cast = PEOPLE[:4]
    _performers_csv(home / "performers.csv", cast)
    folder = home / "faces"
    write_known_faces(folder / "my-photos", cast)
    # The pace of loopback; the README's own settings otherwise.
    (folder / ".env").write_text('DELAY_FLOORS={"babepedia": 0, "iafd": 0}\nDELAY_JITTER=0\n')
    with DemoSites(babepedia_profiles(cast), iafd_profiles(cast)) as sites:
        done = run(
            home,
            "\n".join(lines),
            PYTHONPATH=str(PROJECT),
            FACE_MODEL=STAND_IN,
            CONTACT="tests@enrichscrapy.invalid",
            BABEPEDIA_BASE_URL=sites.babepedia.url,
            IAFD_BASE_URL=sites.iafd.url,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    with PerformerDatabase(folder / "data" / "enrichscrapy.db") as database:
        assert database.count_performers() == len(cast)
        assert sum(count_outcomes(database, "babepedia", "url").values()) == len(cast)


def _performers_csv(path: Path, cast) -> None:
    """What a spreadsheet would save; folders of photos are named by stash-box id."""
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "name", "gender", "birth_date", "urls", "stashbox_ids"])
        for number, person in enumerate(cast, 1):
            facts = (person.name, person.gender, person.birth_date, "|".join(person.links))
            table.writerow([number, *facts, f"stashdb:{person.stash_id}"])
