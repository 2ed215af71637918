"""``scrapy proposals`` as a user types it."""

from __future__ import annotations

import csv
import io
import json

import pytest
from sqlalchemy import insert

from enrichscrapy.database.schema import proposals
from tests.support import Workplace


@pytest.fixture
def place(tmp_path):
    place = Workplace(tmp_path)
    with place.database() as db:
        for name in ("Ada Demo", "Bea Sample"):
            performer_id = db.add_performer(name)
            rows = [
                {"kind": "alias", "value": f"{name[:3]} X", "identity": "confirmed"},
                {"kind": "link", "value": f"https://x.com/{performer_id}", "identity": None},
            ]
            common = {"performer_id": performer_id, "source": "iafd", "seen_at": 1.0, "url": "u"}
            with db.write() as connection:
                for row in rows:
                    connection.execute(insert(proposals).values(**common, **row))
    return place


def test_listed_accepted_and_rejected(place):
    table = place.run("proposals")
    assert "4 proposals" in table.stdout
    assert "Ada Demo #1" in table.stdout
    (row,) = json.loads(place.run("proposals", "--json", "--performer", "Ada Demo").stdout)[:1]
    assert (row["id"], row["kind"], row["value"], row["identity"]) == (
        1,
        "alias",
        "Ada X",
        "confirmed",
    )
    done = place.run("proposals", "accept", "--all-confirmed")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "1: alias Ada X of performer 1: accepted",
        "3: alias Bea X of performer 2: accepted",
    ]
    done = place.run("proposals", "reject", "2", "99")
    assert (done.returncode, done.stdout) == (
        1,
        "2: link https://x.com/1 of performer 1: rejected\n",
    )
    assert "there is no proposal 99" in done.stderr
    rows = list(csv.DictReader(io.StringIO(place.run("proposals", "--csv").stdout)))
    assert [(row["id"], row["seen_at"][:4]) for row in rows] == [("4", "1970")]
    assert place.run("proposals", "--json", "--source", "babepedia").stdout == "[]\n"


@pytest.mark.parametrize(
    "words",
    [("delete",), ("accept",), ("accept", "one"), ("list", "1"), ("reject", "--all-confirmed")],
)
def test_what_cannot_be_meant_is_a_usage_error(place, words):
    done = place.run("proposals", *words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
