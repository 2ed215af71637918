"""``scrapy hosts``: a pause without end can be ended."""

import argparse
import importlib

import pytest
from sqlalchemy import insert

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import hosts


@pytest.fixture
def run(tmp_path, capsys):
    def run(resume=None):
        command = importlib.import_module("enrichscrapy.commands.hosts").Command()
        command.settings = {
            "DATABASE_URL": f"sqlite:///{tmp_path / 'a.db'}",
            "INDEX_DIR": str(tmp_path / "index"),
        }
        command.run([], argparse.Namespace(resume=resume))
        return command.exitcode, *capsys.readouterr()

    with PerformerDatabase(tmp_path / "a.db") as db, db.write() as connection:
        paused = {"last_request_at": 1.0, "not_before": 9e9, "circuit": "open"}
        more = {"circuit_until": 9e9, "circuit_reason": "refused", "budget_used": 3}
        row = {"host": "www.iafd.com", "source": "iafd", "crawl_delay": 1e9}
        connection.execute(insert(hosts).values(**row, **paused, **more))
    run.path = tmp_path / "a.db"
    return run


def test_it_lists_them_and_ends_a_pause(run):
    code, out, _ = run()
    assert code == 0
    assert "left alone" in out
    code, out, _ = run("www.iafd.com")
    assert code == 0
    assert "left alone" not in out
    with PerformerDatabase(run.path) as db:
        state = db.hosts.get("www.iafd.com")
    assert (state.not_before, state.crawl_delay, state.circuit, state.budget_used) == (
        None,
        None,
        "closed",
        3,
    )


def test_a_host_that_was_never_asked_is_named(run):
    code, out, err = run("nobody.test")
    assert (code, out) == (2, "")
    assert err == "scrapy hosts: no host nobody.test was ever asked; known: www.iafd.com\n"
