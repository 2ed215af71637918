from __future__ import annotations

import argparse
import importlib
import io

import pytest

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.due import Selection

NAME = "Sentinel Forgotten"


@pytest.fixture
def forget(tmp_path, monkeypatch, capsys):
    """Runs the command on a database with two performers; returns exit code, output, errors."""
    with PerformerDatabase(tmp_path / "a.db") as db:
        db.add_url(db.add_performer(NAME), "https://x.com/sentinel")
        db.add_performer("Other Person")

    def run(*args, answer="", **options):
        command = importlib.import_module("enrichscrapy.commands.forget").Command()
        command.settings = {
            "DATABASE_URL": f"sqlite:///{tmp_path / 'a.db'}",
            "INDEX_DIR": str(tmp_path / "index"),
        }
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        command.run(list(args), argparse.Namespace(**{"yes": False, "namesake": False, **options}))
        return command.exitcode, *capsys.readouterr()

    run.path = tmp_path / "a.db"
    return run


def names(forget):
    with PerformerDatabase(forget.path) as db:
        return [performer.canonical_name for performer in db.iter_performers_after_id()]


@pytest.mark.parametrize("answer", ["", "n\n", "no\n", "x\n"])
def test_it_asks_first(forget, answer):
    code, out, err = forget(NAME, answer=answer)
    assert (code, err) == (1, "scrapy forget: nothing was removed\n")
    assert out == f"Forget id:1 {NAME}? This cannot be undone. [y/N] "
    assert len(names(forget)) == 2


def test_it_says_what_was_removed_and_what_is_out_of_reach(forget):
    code, out, err = forget(NAME, answer="y\n")
    assert (code, err) == (0, "")
    assert "removed performers: 1" in out
    assert "removed external_urls: 1" in out
    assert "suppressions added: 2" in out
    assert "cannot reach:" in out
    assert names(forget) == ["Other Person"]


def test_a_namesake_is_named_and_can_be_confirmed(forget):
    with PerformerDatabase(forget.path) as db:
        namesake = db.add_performer(NAME)
    code, _, err = forget(NAME, yes=True)
    assert (code, err.count("\n")) == (2, 1)
    code, out, _ = forget("1", yes=True)
    assert f"scrapy forget --namesake {namesake}" in out
    with PerformerDatabase(forget.path) as db:
        assert not db.ledger.is_due(Selection("iafd", "name"), namesake)
    assert forget(str(namesake), namesake=True)[0] == 0
    with PerformerDatabase(forget.path) as db:
        assert db.ledger.is_due(Selection("iafd", "name"), namesake)
    assert forget(str(namesake), namesake=True)[0] == 2


def test_a_stranger_is_kept_out_from_now_on(forget):
    code, out, _ = forget("Unknown Person", yes=True)
    assert (code, len(names(forget))) == (0, 2)
    assert out.startswith("Nobody here has this name: kept out from now on\n")
    assert "index: left as it is" in out
    assert "suppressions added: 1" in out


def test_a_slip_in_the_name_is_said_before_a_stranger_is_kept_out(forget):
    code, out, _ = forget("Sentinel Forgoten")
    assert code == 1
    assert f"Nobody here has this name (names like it: id:1 {NAME}); keep" in out


@pytest.mark.parametrize("text", ["999", "ftp://nowhere"])
def test_a_bad_argument_is_one_line(forget, text):
    code, out, err = forget(text, yes=True)
    assert (code, out, err.count("\n")) == (2, "", 1)
