"""The direction of imports is enforced: `make lint` fails when somebody breaks it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support import PROJECT

LINT = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]


@pytest.fixture
def copy(tmp_path):
    """A copy of the package and its contracts."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "enrichscrapy", tmp_path / "enrichscrapy", ignore=ignored)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(
        LINT, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_contracts_hold(copy):
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("facts/names.py", "from enrichscrapy.spiders import reference", "one way"),
        ("database/connection.py", "from enrichscrapy.index import publish", "one way"),
        ("pipelines/store.py", "from enrichscrapy.spiders import reference", "one way"),
        ("verdicts/room.py", "import scrapy", "no Scrapy"),
        ("database/connection.py", "from enrichscrapy.database import ledger", "import each other"),
    ],
)
def test_an_arrow_back_up_is_refused(copy, module, line, contract):
    path = copy / "enrichscrapy" / module
    path.write_text(path.read_text() + f"\n{line}\n")
    done = lint(copy)
    assert done.returncode == 1
    broken = [told for told in done.stdout.splitlines() if told.endswith("BROKEN")]
    assert any(contract in told for told in broken), done.stdout


def test_every_package_says_what_it_is_for_and_what_it_may_import():
    packages = [path.parent for path in (PROJECT / "enrichscrapy").rglob("__init__.py")]
    for package in packages:
        if package.name == "enrichscrapy":
            continue
        said = (package / "__init__.py").read_text().partition('"""')[2].partition('"""')[0]
        assert "ay import" in said, package


OF_ONE_DATABASE = re.compile(
    r"sqlite3|sqlite_\w|PRAGMA|IMMEDIATE|\bGLOB\b|NOCASE|json_(each|extract|array)|group_concat"
    r"|INSERT OR|strftime\('|\browid\b|postgresql_\w|psycopg|\bpg_\w|ILIKE|ON CONFLICT|SKIP LOCKED"
    r"|sqlalchemy\.dialects|dialect\.name =="
)


def test_only_the_dialects_know_which_database_it_is():
    """What reads another program's SQLite file does so too, of that file."""
    apart = (PROJECT / "enrichscrapy/database/dialects", PROJECT / "enrichscrapy/importing")
    told = [
        f"{path.relative_to(PROJECT)}:{number}: {line.strip()}"
        for path in sorted((PROJECT / "enrichscrapy").rglob("*.py"))
        if not path.is_relative_to(apart[0]) and not path.is_relative_to(apart[1])
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if OF_ONE_DATABASE.search(line) and "postgresql+psycopg://" not in line
    ]
    assert told == []
    for kind in ("sqlite", "postgresql"):
        assert OF_ONE_DATABASE.search((apart[0] / f"{kind}.py").read_text())


def test_what_tests_share_has_strict_types():
    """Every file that is not itself a test is in mypy's list, by its name or its folder's."""
    strict = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["mypy"]["modules"]
    paths = [path.relative_to(PROJECT) for path in (PROJECT / "tests").rglob("*.py")]
    shared = [path for path in paths if not path.name.startswith("test_")]
    names = {path: ".".join(path.with_suffix("").parts) for path in shared}
    left_out = [path for path, name in names.items() if not name.startswith(tuple(strict))]
    assert not left_out, "add them to modules of [tool.mypy] in pyproject.toml"
