from __future__ import annotations

import json

import pytest

from enrichscrapy.database.whom import describe, find_the_one, find_whom
from enrichscrapy.exceptions import BadSetting
from tests.support import import_file

pytestmark = pytest.mark.on_both()

UUID = "0a1b2c3d-0000-4000-8000-00000000000a"
OTHER = "0a1b2c3d-0000-4000-8000-00000000000b"
LINK = "https://www.babepedia.com/babe/Nora_Vee"


@pytest.fixture
def world(db, tmp_path):
    """1 is Mia (row 2 of the file), 2 is Nora (row 1), 3 and 4 are two Annas; row 9 has no name."""
    rows = [
        {"id": 2, "name": "Mia R"},
        {"id": 1, "name": "Nora Vee", "birth_date": "1990-05-06", "aliases": ["Nora"]},
        {"id": 30, "name": "Anna Lee", "disambiguation": "the dancer"},
        {"id": "p-40", "name": "Anna Lee", "birth_date": "1985"},
        {"id": 9, "name": ""},
    ]
    rows[0]["stashbox_ids"] = {"https://stashdb.org/graphql": UUID, "theporndb": OTHER}
    rows[1] |= {"stashbox_ids": {"stashdb": OTHER}, "urls": [LINK]}
    path = tmp_path / "people.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_file(db, path)
    return db


def who(db, word, *, bare_is_local=False):
    return find_whom(db, [word], bare_is_local=bare_is_local)[0]


@pytest.mark.parametrize(
    ("word", "performer"),
    [
        ("id:1", 1),
        ("id=1", 1),
        ("ID: 1", 1),
        ("row:1", 2),
        ("row:people.jsonl#1", 2),
        ("row:p-40", 4),
        ("p-40", 4),
        ("30", 3),
        ("4", 4),
        (UUID, 1),
        (UUID.upper(), 1),
        (f"stashdb:{UUID}", 1),
        (f"stashdb.org:{UUID}", 1),
        (f"https://stashdb.org/performers/{UUID}", 1),
        (f"stashdb:{OTHER}", 2),
        (f"theporndb.net={OTHER}", 1),
        (LINK, 2),
        ("http://babepedia.com/babe/Nora_Vee/", 2),
        ("Nora Vee", 2),
        (" vee, NORA ", 2),
        ("Nora", 2),
        ("Anna Lee (the dancer)", 3),
        ("Anna Lee (1985)", 4),
    ],
)
def test_one_is_meant(world, word, performer):
    meant = who(world, word)
    assert meant.performer is not None, meant.refusal
    assert (meant.performer.id, meant.refusal) == (performer, "")


@pytest.mark.parametrize(
    ("word", "candidates"),
    [
        ("1", ("id:1 Mia R", "id:2 Nora Vee, born 1990", "row 1 of people.jsonl")),
        ("2", ("id:1 Mia R", "id:2 Nora Vee")),
        ("Anna Lee", ("id:3 Anna Lee (the dancer)", "id:4 Anna Lee, born 1985")),
        (OTHER, ("id:1 Mia R", "id:2 Nora Vee")),
    ],
)
def test_what_could_be_several_is_nobody_and_names_them(world, word, candidates):
    meant = who(world, word)
    assert meant.performer is None
    assert meant.refusal.startswith("several performers have it: ")
    assert all(told in meant.refusal for told in candidates)
    assert "\n" not in meant.refusal


@pytest.mark.parametrize(
    "word",
    [
        "id:77",
        "77",
        "row:77",
        "row:other.csv#1",
        "Nobody",
        "Anna Lee (1999)",
        "",
        "\u200b",
        "id:x",
        "9" * 30,
        f"fansdb:{UUID}",
        "https://x.com/nobody",
        "https://[",
        "Nora: Vee Q",
    ],
)
def test_nobody_is_meant(world, word):
    meant = who(world, word)
    assert meant.found == []
    assert "there is no performer" in meant.refusal


def test_the_number_of_a_row_that_was_not_taken_is_nobodys(world):
    for _ in range(5):
        world.add_performer("Somebody")  # the last one is 9 here
    assert "was not imported" in who(world, "9").refusal
    assert who(world, "id:9").performer.id == 9


def test_a_number_typed_is_this_databases_and_others_are_named(world):
    meant = who(world, "1", bare_is_local=True)
    assert meant.performer.id == 1
    assert meant.note.startswith("1 means id:1 Mia R")
    assert "id:2 Nora Vee" in meant.note
    assert who(world, "4", bare_is_local=True).note == ""
    nobody = who(world, "30", bare_is_local=True)
    assert nobody.performer is None
    assert "there is no performer 30 here, but id:3 Anna Lee" in nobody.refusal


def test_many_words_are_answered_in_their_order(world):
    words = ["Nora Vee", "id:1", "Nobody", "Nora Vee"]
    found = [
        meant.performer and meant.performer.id
        for meant in find_whom(world, words, bare_is_local=False)
    ]
    assert found == [2, 1, None, 2]


def test_a_link_that_two_have(world):
    world.add_url(1, LINK)
    assert len(who(world, LINK).found) == 2


def test_the_one_or_one_line(world):
    assert find_the_one(world, "Mia R").id == 1
    with pytest.raises(BadSetting, match="several performers have it"):
        find_the_one(world, "Anna Lee")


def test_a_description_is_one_line_whatever_the_name(world):
    hostile = world.add_performer("A\x1b[31m B", disambiguation="x\ny")
    assert describe(world.get_performer(hostile)) == f"id:{hostile} A B (x y)"


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("nora v", "id:2 Nora Vee, born 1990"),
        ("Nora Vea", "id:2 Nora Vee, born 1990"),
        ("anna", "id:3 Anna Lee (the dancer) or id:4 Anna Lee, born 1985"),
        ("Zed Quux", ""),
        ("77", ""),
    ],
)
def test_a_name_that_is_nobodys_is_answered_with_those_like_it(world, word, near):
    refusal = who(world, word).refusal
    assert refusal.startswith(f"there is no performer {word}")
    assert refusal.partition("; did you mean ")[2].startswith(near)
    assert bool(near) == ("did you mean" in refusal)


def test_the_nearest_name_comes_first(db):
    for name in ("Lena Vorstrand", "Lena Vorst", "Lena"):
        db.add_performer(name)
    assert [one.id for one in who(db, "Lena Vorsd").near] == [2, 1, 3]
