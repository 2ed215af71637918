"""What was accepted here arrives in a Stash once, added to what is there, with nobody else."""

from __future__ import annotations

import pytest
from graphql import parse, validate
from sqlalchemy import insert, select

from demo.sites.server import AccessLog, DemoSite
from demo.stash import SINCE_URLS, StashLibrary, StashPerformer, StashServer, stash_schema
from enrichscrapy.database.schema import import_rows, merged_ids, proposals, sent_values
from enrichscrapy.exceptions import StashRefused
from enrichscrapy.forgetting.forget import forget
from enrichscrapy.forgetting.rows import find_person
from enrichscrapy.importing.stash_client import StashClient
from enrichscrapy.pushing.changes import DAY_FIELD, FACES_FIELD
from enrichscrapy.pushing.push import ADD, OPENING, StashPush, make_page_query
from tests.database.builders import accept, face, lookup, photo
from tests.forgetting.world import store
from tests.support import Workplace

pytestmark = pytest.mark.on_both()

STASHDB = "https://stashdb.org/graphql"
KEY = "a-key-that-nobody-may-see"


def box_id(number: int) -> str:
    return f"0badc0de-0000-4000-8000-{number:012}"


def there(number: int, name: str, **fields) -> StashPerformer:
    ids = fields.pop("stash_ids", [(STASHDB, box_id(number))])
    return StashPerformer(100 + number, name, stash_ids=ids, **fields)


@pytest.fixture
def stash():
    """``stash(performer, …)`` -> the library of a Stash that is up."""
    running = []

    def start(*performers: StashPerformer, **habits) -> StashLibrary:
        library = StashLibrary(performers)
        start.server = StashServer(library, key=KEY, **habits)
        site = DemoSite(start.server, AccessLog())
        running.append(site.running())
        running[-1].__enter__()
        start.client = StashClient(site.url, KEY)
        return library

    yield start
    start.client.close()
    for site in running:
        site.__exit__(None, None, None)


def add(db, number: int, name: str, *accepted: tuple[str, str], known: bool = True) -> int:
    performer_id = db.add_performer(name)
    if known:
        db.add_stashbox_id(performer_id, "stashdb", box_id(number))
    for kind, value in accepted:
        row = {"kind": kind, "value": value, "source": "iafd", "seen_at": 1.0, "state": "accepted"}
        with db.write() as connection:
            connection.execute(insert(proposals).values(performer_id=performer_id, **row))
    return performer_id


def push(db, stash, *, apply: bool = True):
    """The plan, and what went wrong in sending it."""
    pushing = StashPush(db, stash.client)
    plan = pushing.plan()
    refusals = [refusal for _, refusal in pushing.apply(plan) if refusal] if apply else []
    return plan, refusals


def sends(plan) -> list[list[tuple[str, str]]]:
    return [change.sends for change in plan.changes if change.sends]


def test_what_is_asked_and_sent_fits_stashs_schema():
    for lacking in (frozenset(), SINCE_URLS):
        schema = stash_schema(lacking)
        fields = frozenset(schema.type_map["Performer"].fields)
        for query in (OPENING, make_page_query(fields), ADD):
            assert validate(schema, parse(query)) == []


def test_everything_is_added_and_the_second_time_nothing(db, stash, model_id):
    library = stash(
        there(1, "Ada Demo", alias_list=["ADA D"], urls=["https://twitter.com/ada"], image=b"x")
    )
    accepted = [("alias", "Ada D"), ("alias", "Ada Elsewhere"), ("link", "https://x.com/ada")]
    accepted += [
        ("link", "https://www.iafd.com/a"),
        ("birth_date", "1990-03-02"),
        ("country", "SE"),
    ]
    performer_id = add(db, 1, "Ada Demo", *accepted)
    shot = photo("ada")
    found = lookup(db.get_performer(performer_id), photos=[shot], faces=[face(shot, 1, accept())])
    store(db, found, model_id)
    plan, _ = push(db, stash, apply=False)
    assert (plan.count, library.performers[101].urls) == (5, ["https://twitter.com/ada"])
    plan, refusals = push(db, stash)
    assert refusals == []
    now = library.performers[101]
    assert now.alias_list == ["ADA D", "Ada Elsewhere"]
    assert now.urls == ["https://twitter.com/ada", "https://www.iafd.com/a"]
    assert (now.birthdate, now.country, now.image) == ("1990-03-02", "SE", b"x")
    assert now.custom_fields == {FACES_FIELD: 1, DAY_FIELD: "2023-11-14"}
    before, changed = library.now, now.updated_at
    plan, refusals = push(db, stash)
    assert (plan.count, refusals, library.now, now.updated_at) == (0, [], before, changed)
    now.alias_list.remove("Ada Elsewhere")  # whoever takes it away there does not get it back
    assert push(db, stash)[0].count == 0


def test_what_stash_says_is_never_replaced(db, stash):
    library = stash(
        there(1, "Ada Demo", birthdate="1991", country="NO"),
        there(2, "Bea Sample"),
        there(3, "Cleo"),
    )
    add(
        db, 1, "Ada Demo", ("birth_date", "1990-03-02"), ("country", "SE"), ("alias", "bea  sample")
    )
    plan, _ = push(db, stash)
    assert sends(plan) == []
    assert plan.changes[0].left_out == [
        "alias bea  sample: performer 102 in Stash has this name",
        "birth_date 1990-03-02: Stash says 1991",
        "country SE: Stash says NO",
    ]
    assert (library.performers[101].birthdate, library.performers[101].country) == ("1991", "NO")


def test_who_is_who(db, stash):
    """By id, by a merged id, by the number of an import; never by name, and nobody twice."""
    library = stash(
        there(1, "Renamed There"),
        there(2, "Bea Sample", stash_ids=[("https://StashDB.org/graphql", box_id(20).upper())]),
        there(3, "Cleo Mock", stash_ids=[]),
        there(4, "Dora Proof", stash_ids=[]),
        there(5, "Edda One"),
        there(6, "Edda Two"),
        there(7, "Fay Both"),
    )
    add(db, 1, "Ada Demo", ("alias", "by id"))
    bea = add(db, 2, "Bea Sample", ("alias", "by merged id"), known=False)
    cleo = add(db, 3, "Cleo Mock", ("alias", "by number"), known=False)
    add(db, 4, "Dora Proof", ("alias", "by name only"), known=False)
    edda = add(db, 5, "Edda Draft", ("alias", "two there"))
    db.add_stashbox_id(edda, "stashdb", box_id(6))
    fay = add(db, 7, "Fay One", ("alias", "two here"))
    other = add(db, 8, "Fay Two", ("alias", "two here"), known=False)
    with db.write() as connection:
        row = {"endpoint": "stashdb", "merged_stashbox_id": box_id(20), "performer_id": bea}
        connection.execute(insert(merged_ids).values(row))
        row = {"endpoint": "stashdb", "merged_stashbox_id": box_id(7), "performer_id": other}
        connection.execute(insert(merged_ids).values(row))
        for number, name in (("103", "Cleo Mock"), ("104", "Other Name")):
            row = {"file": "stash-go.sqlite", "row_id": number, "name": name, "performer_id": cleo}
            connection.execute(insert(import_rows).values(row))
    plan, _ = push(db, stash)
    got = {performer.id - 100: performer.alias_list for performer in library.performers.values()}
    assert got == {
        **{1: ["by id"], 2: ["by merged id"], 3: ["by number"]},
        **{4: [], 5: [], 6: [], 7: []},
    }
    assert plan.missing == 1
    assert plan.unclear == [
        f"performer {edda} is 105 and 106 in Stash: merge them there first",
        f"performers {fay} and {other} here are one, 107, in Stash",
    ]


def test_an_older_stash_takes_what_it_can(db, stash):
    library = stash(there(1, "Ada Demo"), lacking=SINCE_URLS)
    add(db, 1, "Ada Demo", ("alias", "Ada D"), ("link", "https://x.com/ada"))
    plan, _ = push(db, stash)
    assert library.performers[101].alias_list == ["Ada D"]
    assert plan.changes[0].left_out == ["link https://x.com/ada: this Stash has no urls"]
    assert "no custom fields" in plan.notes[0]


def test_one_that_stash_refuses_costs_nobody_else(db, stash, monkeypatch):
    library = stash(there(1, "Ada Demo"), there(2, "Bea Sample"))
    add(db, 1, "Ada Demo", ("alias", "Ada D"), ("birth_date", "1990"))
    add(db, 2, "Bea Sample", ("alias", "Bea S"))
    refused = stash.server.library.update_many

    def refuse_years(given):
        if given.get("birthdate") == "1990":
            raise ValueError("converting birthdate: 1990 is no date")
        return refused(given)

    monkeypatch.setattr(library, "update_many", refuse_years)
    _, refusals = push(db, stash)
    assert len(refusals) == 1
    assert "converting birthdate" in refusals[0]
    assert [one.alias_list for one in library.performers.values()] == [["Ada D"], ["Bea S"]]
    assert sends(push(db, stash, apply=False)[0]) == [[("birth_date", "1990")]]


def test_a_wrong_key_and_what_is_no_stash_are_one_line(db, stash):
    stash(there(1, "Ada Demo"))
    add(db, 1, "Ada Demo", ("alias", "Ada D"))
    stash.server.key = "another"
    with pytest.raises(StashRefused, match="refuses the key in STASH_API_KEY") as told:
        push(db, stash)
    assert KEY not in str(told.value)


def test_what_was_sent_goes_with_who_is_forgotten(db, stash, tmp_path):
    stash(there(1, "Ada Demo"), there(2, "Bea Sample"))
    add(db, 1, "Ada Demo", ("alias", "Ada D"))
    add(db, 2, "Bea Sample", ("alias", "Also Ada Demo"), ("alias", "Bea S"))
    push(db, stash)
    forget(db, find_person(db, "Ada Demo"), tmp_path / "index", [])
    with db.read() as connection:
        rows = connection.execute(select(sent_values.c.performer_id, sent_values.c.value)).all()
    assert [tuple(row) for row in rows] == [(2, "Bea S")]


def test_as_a_user_types_it(tmp_path, stash, monkeypatch):
    library = stash(there(1, "Ada Demo"))
    place = Workplace(tmp_path)
    with place.database() as db:
        add(db, 1, "Ada Demo", ("alias", "Ada D"))
    monkeypatch.setenv("STASH_API_KEY", KEY)
    address = stash.client.address
    shown = place.run("push-stash", address)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines() == [
        "Ada Demo id:1 -> Ada Demo #101 in Stash",
        "  + alias Ada D",
        "1 value for 1 performer",
        "Nothing was sent: --apply does it.",
    ]
    assert library.performers[101].alias_list == []
    assert place.run("push-stash", address, "--apply").returncode == 0
    assert library.performers[101].alias_list == ["Ada D"]
    assert place.run("push-stash", address, "--apply").stdout == "There is nothing to send.\n"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
