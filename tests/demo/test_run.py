"""The whole demo, stopped in the middle and begun again."""

import os
import signal
import subprocess
import sys

import pytest

from tests.support import PATIENCE, PROJECT


@pytest.mark.long
def test_a_demo_that_was_stopped_goes_on_and_ends_as_expected(tmp_path):
    command = [sys.executable, "-m", "demo.run", str(tmp_path / ".demo")]
    settings = {"PYTHONUNBUFFERED": "1", "COLUMNS": "80"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACE_")}
    environment = {**kept, **settings}
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    ) as demo:
        for line in demo.stdout:
            if "crawl babepedia" in line:
                break
        demo.send_signal(signal.SIGTERM)  # handed on to whatever command runs
        demo.stdout.read()
    assert demo.returncode == 130

    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "It was stopped before its end: going on from there." in done.stdout
    assert "All of it as expected" in done.stdout
    assert (tmp_path / ".demo" / "data" / "report.html").exists()
    assert f"report     file://{tmp_path}/.demo/data/report.html" in done.stdout
