"""``pip install .`` gives the whole project: settings, commands, spiders, pages."""

import shutil
import subprocess
import sys

from tests.support import PATIENCE, PROJECT

BUILT_FROM = ("pyproject.toml", "setup.py", "requirements.txt", "requirements-dev.txt")
BUILT_FROM += ("README.md", "LICENSE", "enrichscrapy")


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

    folder.mkdir()
    (folder / "scrapy.cfg").write_text("[settings]\ndefault = enrichscrapy.settings\n")

    def scrapy(*arguments: str) -> str:
        return _run([sys.executable, "-m", "scrapy", *arguments], folder, str(library))

    assert scrapy("list").split() == ["babepedia", "iafd"]
    assert "import-performers" in scrapy("--help")
    (folder / "performers.csv").write_text("id,name\n1,Ada Demo\n")
    scrapy("import-performers", "performers.csv")
    scrapy("report")
    assert "Contact sheet" in (folder / "data" / "report.html").read_text()
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
