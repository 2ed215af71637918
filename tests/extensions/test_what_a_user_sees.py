"""A crawl as its user sees it: live on a terminal, in the log under a pipe; both tell the truth."""

import os
import pty
import re
import threading
from collections import Counter
from pathlib import Path

import pytest
from scrapy.utils.project import get_project_settings
from sqlalchemy import select

from demo.people import PEOPLE, babepedia_profiles, iafd_profiles, write_performers
from demo.sites import DemoSites
from enrichscrapy.command import keep_quiet_on_a_terminal
from enrichscrapy.database.schema import faces, lookups, photo_results
from enrichscrapy.folder.make import make_folder
from enrichscrapy.reporting.words import OUTCOMES, PHOTOS, VERDICTS
from tests.support import PATIENCE, Workplace, face_server, fork_server

NAMES = {"Tessa Quillmark", "Maren Solvik", "Nadia Ostrowen"}
CAST = [person for person in PEOPLE if person.name in NAMES]


@pytest.fixture
def place(tmp_path):
    """Three performers with links of Babepedia."""
    with DemoSites(babepedia_profiles(CAST), iafd_profiles(CAST)) as sites:
        made = Workplace(tmp_path)
        made.use_sites(sites.babepedia.url, sites.iafd.url)
        write_performers(tmp_path / "performers.jsonl", CAST)
        done = made.run("import-performers", str(tmp_path / "performers.jsonl"))
        assert done.returncode == 0, done.stderr
        yield made


def stored(place) -> dict[str, Counter[str]]:
    """What the database holds, counted as the closing table counts."""
    with place.database() as database, database.read() as connection:
        return {
            "lookups": Counter(connection.scalars(select(lookups.c.outcome))),
            "photos": Counter(connection.scalars(select(photo_results.c.outcome))),
            "faces": Counter(connection.scalars(select(faces.c.verdict))),
        }


def in_words(held: dict[str, Counter[str]]) -> dict[str, int]:
    words = {"lookups": OUTCOMES, "photos": PHOTOS, "faces": VERDICTS}
    return {
        words[section][code]: count
        for section, counts in held.items()
        for code, count in counts.items()
    } | {"faces published": held["faces"]["accepted"]}


def on_terminal(command: list[str], place, columns: int = 100) -> tuple[int, str]:
    """Run a command on a terminal of its own; returns its exit code and all that was shown."""
    master, terminal = pty.openpty()
    environment = {**place.environment(), "COLUMNS": str(columns), "TERM": "xterm-256color"}
    server, path = fork_server(), Path(os.ttyname(terminal))
    pid = server.start(command[3:], environment, path, workers=face_server()[1])

    def wait() -> None:
        server.exit_code(pid, PATIENCE)
        os.close(terminal)  # the reader below is told that nobody writes any more

    threading.Thread(target=wait).start()
    shown = b""
    try:
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # the other end has closed
                break
            if not piece:
                break
            shown += piece
        return server.exit_code(pid, PATIENCE), shown.decode(errors="replace")
    finally:
        os.close(master)


def plain(shown: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)


def table_counts(table: str) -> dict[str, int]:
    """Every row of the closing table by its words; reasons, which are indented, are left out."""
    lines = table.splitlines()
    column = next(line.index("what ") for line in lines[1:] if "what " in line)
    counts = {}
    for line in lines:
        row = re.fullmatch(r"(\S.*?) {2,}([\d,]+)", line[column:].rstrip())
        if row:
            counts[row[1]] = int(row[2].replace(",", ""))
    return counts


def test_a_terminal_shows_a_live_line_and_ends_with_the_table(place):
    code, shown = on_terminal(place.command("crawl", "babepedia"), place)
    text = plain(shown)
    assert code == 0, text
    assert re.search(r"babepedia by link .*\d/3", text)
    assert "left" in text
    table = text[text.index("babepedia: what this run did") :]
    assert "Dumping Scrapy stats" not in table
    assert " INFO: " not in text
    assert text[: text.index("babepedia: what this run did")].count("\n") < 3
    assert table_counts(table) | {"sent": 0} == in_words(stored(place)) | {"sent": 0}
    assert "0 lookups are due now" in table


def test_a_log_gets_a_summary_at_intervals_and_one_at_the_end(place):
    done = place.crawl(
        "babepedia", PROGRESS_LOG_SECONDS=0.2, DELAY_FLOORS='{"babepedia": 0.2, "iafd": 0.2}'
    )
    assert done.returncode == 0, done.stderr
    progress = re.findall(
        r"INFO: Progress: (\d) of 3 lookups .*; faces: (\d+) accepted", done.stderr
    )
    assert progress
    assert progress == sorted(progress)
    assert "\x1b[" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert "babepedia: what this run did: lookups: " in last
    for words, count in in_words(stored(place)).items():
        assert f"{count} {words}" in last
    assert "0 lookups are due now" in last


def test_a_dry_run_says_that_it_was_one_and_progress_can_be_switched_off(place):
    done = place.crawl("babepedia", limit=1, DRY_RUN=1, PROGRESS_LOG_SECONDS=0)
    assert done.returncode == 0, done.stderr
    last = done.stderr.splitlines()[-1]
    assert "what this run would have done (a dry run): lookups: 1 " in last
    assert "3 lookups are due now" in last
    assert "Progress:" not in done.stderr
    assert stored(place)["lookups"] == Counter()


@pytest.mark.parametrize(
    ("terminal", "in_file", "given", "level"),
    [
        (True, "", {}, "WARNING"),
        (True, "", {"LOG_LEVEL": "INFO"}, "INFO"),
        (True, "", {"LOG_LEVEL": "DEBUG"}, "DEBUG"),
        (True, "", {"LOG_FILE": "crawl.log"}, "INFO"),
        (True, "LOG_LEVEL=INFO", {}, "INFO"),
        (False, "", {}, "INFO"),
    ],
)
def test_a_crawl_is_quiet_on_a_terminal_unless_asked(
    tmp_path, monkeypatch, terminal, in_file, given, level
):
    make_folder(tmp_path)
    (tmp_path / ".env").write_text(in_file)
    settings = get_project_settings()
    settings.setdict(given, priority="cmdline")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    keep_quiet_on_a_terminal(settings)
    assert settings["LOG_LEVEL"] == level
