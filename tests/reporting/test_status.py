import io
import json

import pytest
from rich.console import Console
from sqlalchemy import func, insert, select, update

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import faces, hosts
from enrichscrapy.index import publish
from enrichscrapy.reporting.hosts import list_hosts
from enrichscrapy.reporting.status import read_status
from enrichscrapy.reporting.tables import describe_index, print_status
from tests.sample_database import ACCEPTED, DAY, START, WAITING

pytestmark = pytest.mark.on_both()

SOURCES = {"babepedia": "FEMALE", "iafd": None}


def printed(status) -> str:
    console = Console(file=io.StringIO(), width=120)
    print_status(status, console)
    return console.file.getvalue()


def test_the_status_of_an_empty_database_reads_well(tmp_path):
    with PerformerDatabase(tmp_path / "new.db") as database:
        status = read_status(database, tmp_path / "index", SOURCES)
    assert status.model is None
    text = printed(status)
    assert "0 performers" in text
    assert "none published yet" in text


def test_the_printed_tables_hold_the_numbers_of_the_database(filled, tmp_path):
    status = read_status(filled.database, tmp_path / "index", SOURCES)
    text = printed(status)
    row = next(
        line for line in text.splitlines() if line.split()[:3] == ["babepedia", "by", "link"]
    )
    progress = status.sources[0]
    assert [int(n.replace("·", "0")) for n in row.split()[3:]] == [
        progress.due,
        progress.waiting,
        progress.found,
        progress.absent,
        progress.mismatch,
        progress.blocked,
        progress.failed,
        progress.given_up,
    ]
    assert f"{status.waiting_for_review} faces wait for you" in text
    assert "left alone" in text
    assert "babepedia by name: female performers and those of unknown gender" in text


def test_performers_whom_the_model_cannot_tell_apart_are_counted(filled, tmp_path):
    with filled.database.write() as connection:
        some = update(faces).where(faces.c.verdict == "quarantined")
        connection.execute(some.values(reason="people_too_alike"))
        held = select(func.count(faces.c.performer_id.distinct()), func.count())
        told = connection.execute(held.where(faces.c.verdict == "quarantined")).one()
    status = read_status(filled.database, tmp_path / "index", SOURCES)
    assert (status.hard_to_tell.performers, status.hard_to_tell.faces) == tuple(told)
    assert "where the model may not tell people apart" in printed(status)
    assert status.to_json()["hard_to_tell"]["faces"] == told[1] > 0


def test_the_tables_fit_a_terminal_of_eighty_columns(filled, tmp_path):
    status = read_status(filled.database, tmp_path / "index", SOURCES)
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    print_status(status, console)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.split()[:2] == ["babepedia", "by"] for line in lines) >= 2


def test_json_holds_the_same_and_survives_a_round_trip(filled, tmp_path):
    status = read_status(filled.database, tmp_path / "index", SOURCES)
    read = json.loads(json.dumps(status.to_json()))
    assert read["verdicts"]["quarantined"] == read["waiting_for_review"] > 0
    assert sum(read["verdicts"].values()) == sum(row["count"] for row in read["faces"])
    assert {row["source"] for row in read["sources"]} == set(SOURCES)


def test_the_index_says_how_far_behind_it_is(sample, tmp_path):
    def state():
        return read_status(sample.database, tmp_path / "index", SOURCES).index

    sample.lookup(sample.performer(), faces=[ACCEPTED, ACCEPTED, WAITING])
    assert (state().generation, state().behind) == (None, 2)
    publish(sample.database, tmp_path / "index", sample.model_id)
    assert (state().count, state().accepted, state().behind) == (2, 2, 0)
    sample.lookup(sample.performer(), faces=[ACCEPTED])
    assert state().behind == 1
    assert "1 change to publish" in describe_index(state())


def test_a_damaged_index_is_a_sentence_and_no_traceback(sample, tmp_path):
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "current").write_text("nonsense\n")
    state = read_status(sample.database, tmp_path / "index", SOURCES).index
    assert "scrapy reindex" in describe_index(state)


def test_hosts_count_only_todays_requests_and_tell_the_longer_delay(sample):
    row = {"host": "www.iafd.com", "source": "iafd", "delay": 2.0, "crawl_delay": 5.0}
    row |= {"budget_day": "2026-01-01", "budget_used": 40, "not_before": START + 90}
    with sample.database.write() as connection:
        connection.execute(insert(hosts).values(row))
    with sample.database.read() as connection:
        today, tomorrow = (list_hosts(connection, START + n * DAY)[0] for n in (0, 1))
    assert (today.used_today, today.delay, today.paused_until) == (40, 5.0, START + 90)
    assert (tomorrow.used_today, tomorrow.paused_until) == (0, None)
