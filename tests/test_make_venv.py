"""``make setup``: what fails is one line that says what to do."""

import subprocess
import sys

import pytest

from tests.support import PATIENCE, PROJECT
from tools.make_venv import GB, SetupFailed, announce, explain


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", "setup", *arguments],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.long
def test_an_index_out_of_reach_is_one_line(tmp_path):
    """A real virtual environment, and a real pip that is refused."""
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    done = make(f"VENV={tmp_path / 'venv'}", f"PYTHON={sys.executable}", **nowhere)
    assert done.returncode == 2
    told = [line for line in done.stderr.splitlines() if not line.startswith("make:")]
    assert told == [
        "setup: the package index cannot be reached: is there a network, a proxy (HTTPS_PROXY)?"
    ]
    assert "downloads about" in done.stdout
    assert not (tmp_path / "venv" / ".ready").exists()


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("3.10", "setup: this is Python 3.10, and 3.11 or later is needed"),
        (None, "setup: there is no "),
    ],
)
def test_an_old_python_or_none_is_one_line(tmp_path, version, told):
    python = tmp_path / "python"
    if version is not None:
        major, minor = version.split(".")
        old = f"import sys; sys.version_info = ({major}, {minor}, 0); exec(sys.argv[1])"
        python.write_text(f"#!/bin/sh\nshift\nexec {sys.executable} -c '{old}' \"$@\"\n")
        python.chmod(0o755)
    done = make(f"VENV={tmp_path / 'venv'}", f"PYTHON={python}")
    assert done.returncode == 2
    [line] = [
        line
        for line in (done.stdout + done.stderr).splitlines()
        if not line.startswith(("make:", "=="))
    ]
    assert line.startswith(told)


def test_a_disk_with_too_little_room_is_told_before_anything_is_fetched(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 1.5 * GB})
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    with pytest.raises(SetupFailed, match=r"^1\.5 GB are free, \d GB are needed: make room$"):
        announce(tmp_path / "venv", "")


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device\n", "the disk is full"),
        (
            "The virtual environment was not created successfully because ensurepip is not\n"
            "available.  On Debian systems …\n",
            "this Python makes no virtual environments",
        ),
        ("/usr/bin/python3: No module named venv\n", "this Python makes no virtual environments"),
        (
            "WARNING: Retrying … [Errno -3] Temporary failure in name resolution\n"
            "ERROR: No matching distribution found for scrapy\n",
            "the package index cannot be reached",
        ),
        ("Collecting x\nERROR: x is broken\nERROR: more\n", "ERROR: x is broken"),
        ("", "it failed"),
    ],
)
def test_what_pip_and_venv_say_becomes_one_line(output, told):
    assert explain(output).startswith(told)
    assert "\n" not in explain(output)
