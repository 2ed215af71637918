"""``pip install .`` gives the whole project: settings, commands, spiders, pages."""

import shutil
import subprocess
import sys

import pytest

from tests.support import PATIENCE, PROJECT

BUILT_FROM = ("pyproject.toml", "setup.py", "requirements.txt", "requirements-dev.txt")
BUILT_FROM += ("README.md", "LICENSE", "enrichscrapy")


@pytest.mark.long
def test_an_installed_copy_works_in_an_empty_folder(tmp_path):
    source, library, folder = (tmp_path / name for name in ("source", "library", "folder"))
    source.mkdir()
    for name in BUILT_FROM:
        if (PROJECT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PROJECT / name, source / name, ignore=ignored)
        else:
            shutil.copy(PROJECT / name, source / name)
    flags = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    install = [sys.executable, "-m", "pip", "install", *flags, "--target", str(library)]
    _run([*install, str(source)], tmp_path, "")
    shutil.rmtree(source)

    def enrichscrapy(*arguments: str, cwd=folder) -> str:
        return _run([str(library / "bin" / "enrichscrapy"), *arguments], cwd, str(library))

    enrichscrapy("init", str(folder), cwd=tmp_path)
    assert {"babepedia", "iafd"} <= set(enrichscrapy("list").split())
    (folder / "performers.csv").write_text("id,name\n1,Ada Demo\n")
    enrichscrapy("import-performers", "performers.csv")
    (folder / ".env").write_text("DATABASE_URL=sqlite:///elsewhere.db\n")
    (folder / "data" / "enrichscrapy.db").rename(folder / "elsewhere.db")
    _run([sys.executable, "-m", "scrapy", "report"], folder, str(library))
    assert "Contact sheet" in (folder / "report.html").read_text()
    entry_points = next(library.glob("enrichscrapy-*.dist-info")) / "entry_points.txt"
    assert "settings = enrichscrapy.settings" in entry_points.read_text()


def _run(command: list[str], folder, path: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
