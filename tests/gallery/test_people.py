"""The list of performers: who is in each part, in which order, page by page, and who is found."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import literal, select, update

from enrichscrapy.database.dialects.expressions import has_accents, matches
from enrichscrapy.database.due import Selection
from enrichscrapy.database.schema import aliases, faces, lookups, performers
from enrichscrapy.gallery import people, search
from enrichscrapy.gallery.people import Show, Wanted, count_people, find_people
from enrichscrapy.items import Outcome, Verdict
from enrichscrapy.reporting.faces import IS_WAITING
from enrichscrapy.reporting.sources import IS_TROUBLE, STUCK
from enrichscrapy.verdicts import Reason
from tests.sample_database import ACCEPTED, DAY, REJECTED, WAITING, open_sample

pytestmark = pytest.mark.on_both()

DUE = [Selection("babepedia", "url", 1)]


def page(sample, **wanted):
    with sample.database.read() as connection:
        return find_people(
            connection,
            Wanted(**wanted),
            sample.database.suppressions,
            DUE,
            sample.database.clock(),
        )


def names(sample, **wanted):
    return [entry.name for entry in page(sample, **wanted).entries]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = open_sample(tmp_path_factory.mktemp("people") / "performers.db")
    for name in ("Zoë Demo", "ada Demo", "Bea 100%_[x]", "Cleo Łucky", "Мария Проба", "Edda Demo"):
        made.performer(name)
    made.database.add_alias(2, "Émilie Über")
    made.database.add_stashbox_id(3, "stashdb", "5e971e11-0000-4000-8000-00000000000a")
    made.lookup(1, faces=[WAITING])
    made.lookup(2, faces=[ACCEPTED, WAITING, WAITING, REJECTED])
    made.lookup(3, faces=[(Verdict.QUARANTINED, Reason.CROWDED.value, False)])
    merged = (Verdict.REJECTED, Reason.SUSPECTED_MERGE.value, False)
    made.lookup(4, source="iafd", faces=[merged])
    made.lookup(4, Outcome.FAILED, detail="http 500")
    made.lookup(5, Outcome.ABSENT)
    with made.database.write() as connection:  # whom nobody may accept waits for nobody
        kept_out = update(faces).where(faces.c.performer_id == 3)
        connection.execute(kept_out.values(reason="suppressed"))
    yield made
    made.database.close()


def test_everybody_by_name_whatever_the_case(world):
    everybody = ["ada Demo", "Bea 100%_[x]", "Cleo Łucky", "Edda Demo", "Zoë Demo", "Мария Проба"]
    assert names(world) == everybody


def test_the_parts_and_their_counts(world):
    parts = {
        Show.WAITING: ["ada Demo", "Zoë Demo"],  # who has most to decide about comes first
        Show.WITHOUT: ["Bea 100%_[x]", "Cleo Łucky", "Edda Demo", "Zoë Demo", "Мария Проба"],
        Show.ALIKE: ["Cleo Łucky"],
        Show.FAILED: ["Cleo Łucky"],
        Show.GIVEN_UP: [],
    }
    with world.database.read() as connection:
        counts = count_people(connection, 0)
    for show, expected in parts.items():
        assert names(world, show=show) == expected, show
        assert counts[show] == len(expected), show
    assert names(world, show=Show.NEW, since_face=5) == ["Bea 100%_[x]", "Cleo Łucky"]


@pytest.mark.parametrize(
    ("column", "condition", "index"),
    [
        (faces.c.performer_id, IS_WAITING, "faces_waiting"),
        (faces.c.performer_id, people._IS_ALIKE, "faces_alike"),
        (lookups.c.performer_id, STUCK, "lookups_stuck"),
        (lookups.c.detail, IS_TROUBLE, "lookups_troubles"),
        (performers.c.id, has_accents(performers.c.canonical_name), "performers_accented"),
        (aliases.c.performer_id, has_accents(aliases.c.alias), "aliases_accented"),
    ],
)
def test_each_condition_is_in_the_words_of_its_index(db, column, condition, index):
    table = column.table
    query = str(select(column).where(condition).compile(db.engine))
    if db.engine.dialect.name == "postgresql":
        with db.read() as connection:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            # Two indexes of lookups serve those that are stuck: only one is in this order.
            order = f" ORDER BY {column.name}" if table is lookups else ""
            plan = connection.exec_driver_sql(f"EXPLAIN {query}{order}").scalars().all()
        assert index in "".join(plan)
        return
    forced = query.replace(f"FROM {table.name}", f"FROM {table.name} INDEXED BY {index}")
    with db.read() as connection:
        connection.exec_driver_sql(forced)  # "no query solution" where it cannot serve


def test_due_are_those_a_crawl_would_take(world):
    assert names(world, show=Show.DUE) == ["Edda Demo"]
    world.clock.now += 10 * DAY
    assert names(world, show=Show.DUE) == ["Cleo Łucky", "Edda Demo"]
    assert names(world, show=Show.DUE, search="cleo") == ["Cleo Łucky"]
    world.clock.now -= 10 * DAY


def test_what_is_shown_of_each(world):
    (ada,) = page(world, search="ada").entries
    assert (ada.accepted, ada.waiting, ada.more) == (1, 2, 0)
    assert [face.verdict for face in ada.thumbnails] == ["quarantined", "quarantined", "accepted"]
    assert ada.lookups == (("babepedia", "found"),)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("zoe", "Zoë Demo"),
        ("ZOË", "Zoë Demo"),
        ("emilie uber", "ada Demo"),
        ("über", "ada Demo"),
        ("demo zo", "Zoë Demo"),
        ("łucky", "Cleo Łucky"),
        ("lucky", "Cleo Łucky"),
        ("марИЯ", "Мария Проба"),
        ("100%", "Bea 100%_[x]"),
        ("_[x]", "Bea 100%_[x]"),
        ("#2", "ada Demo"),
        ("id:2", "ada Demo"),
        ("5E971E11-0000-4000-8000-00000000000A", "Bea 100%_[x]"),
        ("https://www.babepedia.com/babe/Person_4/", "Cleo Łucky"),
    ],
)
def test_people_are_found_as_people_type_them(world, typed, found):
    assert names(world, search=typed) == [found]


@pytest.mark.parametrize("typed", ["zoo", "%%", "[a]", "*", "demo demo cleo", str(1 << 80), "://"])
def test_what_fits_nobody_finds_nobody(world, typed):
    assert names(world, search=typed) == []


@settings(max_examples=60)
@given(st.text(max_size=30), st.text(max_size=20), st.sampled_from(Show))
def test_no_text_breaks_the_list(world, search, key, show):
    page(world, search=search, after=key, show=show)
    page(world, search=search, before=key, show=show)


@settings(max_examples=60)
@given(st.text(st.characters(categories=["L"], max_codepoint=0x24F), min_size=1, max_size=8))
def test_a_name_is_found_by_its_plain_letters(world, name):
    """Patterns and accents, on any Latin name: as the database reads it."""
    plain = search._fold(name)
    assert not any(map(unicodedata.combining, plain))
    with world.database.read() as connection:
        found = select(matches(literal(name), *search._spell(plain), anywhere=True))
        assert connection.scalar(found) or len(plain) != len(name)


@pytest.mark.parametrize("show", [Show.EVERYBODY, Show.WAITING, Show.WITHOUT, Show.DUE])
def test_pages_forward_and_back_hold_everybody_once(sample, monkeypatch, show):
    monkeypatch.setattr(people, "PAGE", 3)
    for number in range(11):
        one = sample.performer("Same Name" if number % 3 else f"Other {number}")
        if show is Show.WAITING:
            sample.lookup(one, faces=[WAITING] * (1 + number % 2))
    seen, after, pages = [], "", []
    while True:
        shown = page(sample, show=show, after=after)
        seen += [entry.performer_id for entry in shown.entries]
        pages.append([entry.performer_id for entry in shown.entries])
        if not shown.last:
            break
        after = shown.last
    assert sorted(seen) == list(range(1, 12))
    while shown.first:
        pages.pop()
        shown = page(sample, show=show, before=shown.first)
        assert [entry.performer_id for entry in shown.entries] == pages[-1]
    assert len(pages) == 1 or show is Show.DUE
