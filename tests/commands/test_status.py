import argparse
import importlib
import json
import os

import pytest
from scrapy.utils.project import get_project_settings

from tests.sample_database import ACCEPTED, open_sample
from tests.support import Workplace


@pytest.fixture
def place(tmp_path):
    return Workplace(tmp_path)


def test_without_a_database_it_says_what_to_do_and_creates_none(place):
    done = place.run("status")
    assert done.returncode == 2
    assert done.stderr.startswith("scrapy status: there is no database at ")
    assert "import-performers" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not place.database_path.exists()


def test_status_and_a_story_in_words_and_json(place):
    sample = open_sample(place.database_path)
    sample.lookup(sample.performer("Ada Demo"), faces=[ACCEPTED])
    sample.database.close()

    shown = place.run("status")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "babepedia" in shown.stdout

    read = json.loads(place.run("status", "--json").stdout)
    assert read["coverage"]["performers"] == 1
    assert read["verdicts"] == {"accepted": 1}

    story = place.run("status", "--performer", "1")
    assert (story.returncode, story.stderr) == (0, "")
    assert story.stdout.startswith("Performer 1: Ada Demo\n")

    nobody = place.run("status", "--performer", "7")
    assert nobody.returncode == 1
    assert nobody.stderr == "scrapy status: there is no performer 7\n"


def test_a_reader_who_has_enough_is_no_error(place, monkeypatch, capsys):
    place.database().close()
    reading, writing = os.pipe()
    os.close(reading)  # as ``| head`` does
    command = importlib.import_module("enrichscrapy.commands.status").Command()
    command.settings = get_project_settings()
    command.settings.setdict(place.settings)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr("sys.stdout", pipe)
        command.run([], argparse.Namespace(json=True, performer=None))
    assert (command.exitcode, capsys.readouterr().err) == (1, "")
