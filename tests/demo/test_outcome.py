"""The demo notices whatever differs from its expected file, and what is asked for again."""

from __future__ import annotations

import copy
import io
import json
import re

import pytest
from rich.console import Console

from demo.folder import State
from demo.outcome import (
    closing_table,
    load_expected,
    unexpected_requests,
    unexpected_results,
)
from tests.support import PROJECT


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
    assert looked_up.split()[-3:] == ["16", "18", "30"]
    for words in ("faces: accepted", "faces: waits for you", "faces: rejected", "own photo"):
        assert words in text


@pytest.fixture
def log(tmp_path):
    """Writes an access log; returns its path and what it holds."""

    def write(more=(), without=0):
        pages = load_expected()["pages"]
        asked = [(site, path) for site, paths in pages.items() for path in paths][without:]
        kept = [{"site": s, "kind": "page", "path": p} for s, p in [*asked, *more]]
        path = tmp_path / "access.jsonl"
        path.write_text("".join(json.dumps(entry) + "\n" for entry in kept))
        return path, kept

    return write


def test_every_page_is_asked_for_once(log):
    assert unexpected_requests(*log(), State.NEW) == []
    assert len(unexpected_requests(*log(without=2), State.NEW)) == 2
    again = [("iafd", load_expected()["pages"]["iafd"][0])]
    assert unexpected_requests(*log(again), State.NEW) == [
        f"iafd: {again[0][1]} was asked for again, 1 times"
    ]


def test_after_a_stop_only_what_was_in_flight_may_be_asked_for_again(log):
    twice = [("iafd", path) for path in load_expected()["pages"]["iafd"]]
    assert unexpected_requests(*log(twice[:4]), State.STOPPED) == []
    assert len(unexpected_requests(*log(twice[:5]), State.STOPPED)) == 5
    assert len(unexpected_requests(*log(without=1), State.STOPPED)) == 1


def test_after_a_whole_run_nothing_is_asked_for(log):
    path, kept = log()
    assert unexpected_requests(path, [], State.WHOLE) == []
    assert len(unexpected_requests(path, kept, State.WHOLE)) == len(kept)


def test_the_readme_shows_what_the_demo_prints(found):
    out = io.StringIO()
    Console(file=out, width=80).print(closing_table(found))
    printed = [line.rstrip() for line in out.getvalue().splitlines()]
    readme = (PROJECT / "README.md").read_text()
    [shown] = re.findall(r"^```text\n(.*?)^```", readme, re.M | re.S)
    lines = shown.rstrip().splitlines()
    assert len(lines) > 8
    begin = printed.index(lines[0])
    assert printed[begin : begin + len(lines)] == lines
