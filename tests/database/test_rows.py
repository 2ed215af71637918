"""Many rows in one statement: every value arrives, and triggers see each of them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.dialects.rows import write_rows
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.links import read_link
from enrichscrapy.database.performers import make_link_row
from enrichscrapy.database.schema import (
    aliases,
    external_urls,
    hosts,
    lookups,
    performers,
    stashbox_ids,
    unread_birth_dates,
)
from enrichscrapy.database.store import store_lookup
from enrichscrapy.items import Outcome
from tests.conftest import Clock
from tests.database.builders import count_pending_differences, lookup
from tests.support import open_database

pytestmark = pytest.mark.on_both(short=("test_new_links_and_ids_reach_what_is_due",))

PAGE = "https://www.babepedia.com/babe/Invented_"
ODD = [
    "NULL",
    "null",
    "",
    '"',
    "\\",
    '\\"',
    "{a,b}",
    "},{",
    "a, b",
    "'",
    "%s %(x)s",
    "ö\u3042 ",
    "?",
]


@pytest.fixture
def db(tmp_path):
    with open_database(tmp_path / "a.db", clock=Clock(1000.0)) as database:
        yield database


def add_performers(connection, count):
    rows = [
        {"id": number, "canonical_name": f"Invented {number}"} for number in range(1, count + 1)
    ]
    write_rows(connection, insert(performers), rows)


@given(
    texts=st.lists(
        st.sampled_from(ODD) | st.text(st.characters(exclude_categories=["Cs", "Cc"])), unique=True
    )
)
@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_text_arrives(db, texts):
    with db.write() as connection:
        connection.execute(delete(performers))
        add_performers(connection, 1)
        rows = [{"performer_id": 1, "alias": text, "source_endpoint": None} for text in texts]
        write_rows(connection, insert(aliases), rows)
        stored = connection.execute(select(aliases.c.alias, aliases.c.source_endpoint)).all()
    assert sorted(stored) == sorted((text, None) for text in texts)


def test_numbers_and_bytes_arrive_and_nothing_is_too_many(db):
    rows = [
        {
            "host": f"host-{number}",
            "source": "babepedia",
            "delay": number if number % 2 else number / 3,  # as files mix them
            "budget_used": 2**40 + number,
            "circuit": "closed",
            "refusals": 0,
            "failures": 0,
            "robots_text": None if number % 3 else bytes([number % 256, 0, 92, 34]),
        }
        for number in range(1_001)
    ]
    with db.write() as connection:
        write_rows(connection, insert(hosts), rows)
        columns = [hosts.c[name] for name in rows[0]]
        stored = connection.execute(select(*columns)).mappings().all()
    assert {row["host"]: dict(row) for row in stored} == {row["host"]: row for row in rows}


def test_what_is_there_stays_or_is_replaced(db):
    with db.write() as connection:
        add_performers(connection, 2)
        again = [{"id": number, "canonical_name": "Another"} for number in (1, 2, 3, 3)]
        write_rows(connection, insert(performers).on_conflict_do_nothing(), again)
        statement = insert(performers)
        excluded = {"gender": statement.excluded.gender}
        statement = statement.on_conflict_do_update(index_elements=["id"], set_=excluded)
        write_rows(connection, statement, [{"id": 2, "canonical_name": "", "gender": "MALE"}])
        stored = connection.execute(select(performers.c["id", "canonical_name", "gender"])).all()
    assert sorted(stored) == [
        (1, "Invented 1", None),
        (2, "Invented 2", "MALE"),
        (3, "Another", None),
    ]


def test_new_links_and_ids_reach_what_is_due(db):
    """Never looked up, looked up before, with a date that nobody could read, without a profile."""
    db.ledger.register_sources(["stashbox:stashdb"])
    with db.write() as connection:
        add_performers(connection, 5)
    for source in ("babepedia", "stashbox:stashdb"):
        item = lookup(db.get_performer(2), Outcome.ABSENT, source=source)
        store_lookup(db, item, model_id=None, retry=RetryPolicy(), judge=None)
    urls = {1: f"{PAGE}1", 2: f"{PAGE}2", 3: f"{PAGE}3", 4: "https://www.babepedia.com/gallery/x"}
    with db.write() as connection:
        connection.execute(insert(unread_birth_dates).values(performer_id=3, text="?"))
        link_rows = [
            make_link_row(owner, read_link(url + more), None, None, db.clock())
            for owner, url in urls.items()
            for more in ("", "_again")
        ]
        write_rows(connection, insert(external_urls), link_rows)
        box_rows = [
            {"performer_id": owner, "endpoint": box, "stashbox_performer_id": f"id-{owner}"}
            for owner in urls
            for box in ("stashdb", "nobodys")
        ]
        write_rows(connection, insert(stashbox_ids), box_rows)
        assert count_pending_differences(connection) == 0
        due = select(lookups.c.source, lookups.c.performer_id).where(lookups.c.next_attempt_at == 0)
        assert sorted(connection.execute(due).all()) == [("babepedia", 2), ("stashbox:stashdb", 2)]
