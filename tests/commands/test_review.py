import json
import re
import signal
import socket
import subprocess
import urllib.request

import pytest

from enrichscrapy.gallery.guards import CSRF_HEADER
from enrichscrapy.items import Verdict
from tests.sample_database import ACCEPTED, WAITING, open_sample
from tests.support import PATIENCE, PROJECT, Workplace


@pytest.fixture
def place(tmp_path):
    """Two faces that wait (ids 2 and 3), one that was accepted."""
    made = Workplace(tmp_path)
    sample = open_sample(made.database_path)
    sample.lookup(sample.performer("Ada Demo"), faces=[ACCEPTED, WAITING, WAITING])
    sample.database.close()
    return made


def verdict(place, face_id):
    with place.database() as database:
        return database.faces.get(face_id).verdict


def test_listing_deciding_and_taking_back(place):
    listed = place.run("review")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "2 faces wait" in listed.stdout
    assert [row["face_id"] for row in json.loads(place.run("review", "--json").stdout)] == [2, 3]

    shown = place.run("review", "show", "2", "9")
    assert shown.returncode == 1
    assert "known faces: 1 (babepedia, trusted)" in shown.stdout
    assert shown.stderr == "scrapy review: there is no face 9\n"

    accepted = place.run("review", "accept", "2", "3", "--no-trust")
    assert accepted.stdout == "Face 2: accepted.\nFace 3: accepted.\n"
    undone = place.run("review", "undo", "3")
    assert undone.stdout == "Face 3: undone: quarantined as before.\n"
    rejected = place.run("review", "reject", "3", "9", "--yes")
    assert rejected.returncode == 1
    assert rejected.stderr == "scrapy review: there is no face 9\n"
    assert [verdict(place, n) for n in (2, 3)] == [Verdict.ACCEPTED, Verdict.REJECTED]
    assert place.run("verify").returncode == 0


@pytest.mark.parametrize(
    "arguments", [("destroy", "1"), ("accept",), ("accept", "x"), ("list", "1"), ("show",)]
)
def test_a_mistake_is_told_without_a_traceback(place, arguments):
    done = place.run("review", *arguments)
    assert done.returncode == 2
    assert "review" in done.stderr
    assert "Traceback" not in done.stderr


def test_rejecting_asks_and_can_be_undone_by_another_command(place):
    asked = place.run("review", "reject", "2", "3")
    assert (asked.returncode, asked.stderr) == (1, "scrapy review: nothing was rejected\n")
    assert "Reject 2 faces?" in asked.stdout
    assert verdict(place, 2) is Verdict.QUARANTINED
    assert place.run("review", "reject", "2", "--yes").returncode == 0
    assert verdict(place, 2) is Verdict.REJECTED
    assert place.run("review", "undo", "2").stdout == "Face 2: undone: quarantined as before.\n"
    assert place.run("review", "accept", "2").returncode == 0


@pytest.mark.parametrize(
    ("command", "page"),
    [(("gallery",), ""), (("review", "--serve", "--source", "iafd"), "review?source=iafd")],
)
def test_serving_until_ctrl_c_then_the_index_is_published(place, command, page):
    process = subprocess.Popen(
        place.command(*command),
        cwd=PROJECT,
        env=place.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        link = re.search(r"(http://127\.0\.0\.1:\d+/\S+?/)(review\S*)?$", line)
        assert link, line
        assert (link[2] or "") == page
        with urllib.request.urlopen(link[1] + "review", timeout=PATIENCE) as answer:
            csrf = re.search(r'data-csrf="(\S+)"', answer.read().decode())[1]
        request = urllib.request.Request(
            f"{link[1]}review/faces/2/accept", b"", {CSRF_HEADER: csrf}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            assert json.load(answer)["faces"] == [2]
        process.send_signal(signal.SIGINT if page else signal.SIGTERM)
        out, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")
    assert "Decided: 1 accepted" in out
    assert (place.index_dir / "current").exists()
    assert place.run("verify").returncode == 0


def test_a_port_that_is_taken_or_none_is_one_line(place):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = place.run("gallery", "--port", port)
    assert (done.returncode, "in use" in done.stderr) == (1, True)
    assert place.run("gallery", "--port", "70000").returncode == 2
    assert place.run("gallery", "surplus").returncode == 2
