"""The demo notices whatever differs from its expected file, and what is asked for again."""

from __future__ import annotations

import copy
import io
import urllib.request
from urllib.parse import quote

import pytest
from rich.console import Console

from demo import run
from demo.outcome import (
    closing_table,
    load_expected,
    unexpected_requests,
    unexpected_results,
)
from demo.people import babepedia_profiles, iafd_profiles
from demo.sites import DemoSites


@pytest.fixture
def found():
    return {key: value for key, value in load_expected().items() if key != "pages"}


def test_what_was_expected_raises_no_word(found):
    assert unexpected_results(found, stands_in=True) == []


@pytest.mark.parametrize("section", ["lookups", "photos", "faces"])
def test_one_count_that_differs_is_named(found, section):
    changed = copy.deepcopy(found)
    changed[section]["babepedia:url" if section == "lookups" else "babepedia"]["missing"] = 9
    (line,) = unexpected_results(changed, stands_in=True)
    assert "missing 9 times" in line


def test_the_index_is_compared(found):
    told = unexpected_results({**found, "index": 3}, stands_in=True)
    assert told == [f"index: 3 faces, expected {found['index']}"]


def test_with_real_weights_only_the_lookups_must_agree(found):
    other = {**copy.deepcopy(found), "faces": {}, "index": 1}
    assert unexpected_results(other, stands_in=False) == []
    other["lookups"]["iafd:name"]["found"] = 0
    assert len(unexpected_results(other, stands_in=False)) == 1


def test_the_expected_numbers_agree_with_each_other(found):
    accepted = sum(
        number
        for counts in found["faces"].values()
        for what, number in counts.items()
        if what.startswith("accepted")
    )
    assert accepted == found["index"]
    for source, counts in found["faces"].items():
        assert sum(counts.values()) == found["photos"][source]["faces"]
    assert sum(found["lookups"]["iafd:name"].values()) == 30


def test_the_closing_table_sums_up_by_source(found):
    out = io.StringIO()
    Console(file=out, width=120).print(closing_table(found))
    text = out.getvalue()
    looked_up = next(line for line in text.splitlines() if "performers looked up" in line)
    assert [cell.strip() for cell in looked_up.strip("│").split("│")][1:] == ["16", "18", "30"]
    for words in ("faces accepted", "faces quarantined", "faces rejected", "other performer"):
        assert words in text


def test_a_page_asked_for_again_is_noticed():
    with DemoSites(babepedia_profiles(), iafd_profiles()) as sites:
        site, paths = sites.babepedia, load_expected()["pages"]["babepedia"]
        assert unexpected_requests(site, again=True) == []
        assert len(unexpected_requests(site, again=False)) == len(paths)
        for path in paths:
            site.log.add(site="babepedia", kind="page", path=path)
        assert unexpected_requests(site, again=False) == []
        assert len(unexpected_requests(site, again=True)) == len(paths)
        urllib.request.urlopen(site.url + quote(paths[0])).close()
        assert unexpected_requests(site, again=False) == [
            f"babepedia: {paths[0]} was asked for 1 times too often"
        ]


def test_a_folder_of_another_version_is_begun_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "FOLDER", tmp_path / ".demo")
    assert not run.open_folder()
    (run.FOLDER / "performers.db").touch()
    assert run.judge([]) == 0
    assert run.open_folder()
    monkeypatch.setenv("FACE_WEIGHTS", "weights.pt")
    assert not run.open_folder()
    assert not (run.FOLDER / "performers.db").exists()


def test_a_run_that_differs_is_no_whole_run(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "FOLDER", tmp_path / ".demo")
    run.open_folder()
    (run.FOLDER / "performers.db").touch()
    assert run.judge(["something"]) == 1
    assert not run.open_folder()
    assert list(run.FOLDER.iterdir()) == []
