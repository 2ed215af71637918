"""Whose a file's rows are when the file was renamed, renumbered, or names somebody else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichscrapy.database.whom import find_whom
from tests.support import import_file, open_database

LINK = "https://www.babepedia.com/babe/Invented_Person"


@pytest.fixture
def take(db, tmp_path):
    """Imports rows under a file's name; returns the summary."""

    def take(name, *rows):
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return import_file(db, path)

    return take


def people(db):
    return {one.id: one.canonical_name for one in db.iter_performers_after_id()}


ONE = {"id": 1, "name": "Nora V", "birth_date": "1990"}
TWO = {"id": 2, "name": "Mia R", "birth_date": "1991"}


class TestRenamed:
    def test_nobody_is_duplicated(self, db, take):
        take("a.jsonl", ONE, TWO)
        for name in ("b.jsonl", "b.csv.jsonl", "a.jsonl"):
            assert take(name, ONE, TWO).unchanged == 2
        assert len(people(db)) == 2

    def test_what_it_says_more_is_taken(self, db, take):
        take("a.jsonl", {"id": 1, "name": "Nora V"})
        assert take("b.jsonl", {"id": 1.0, "name": "NORA  V", "country": "ES"}).updated == 1
        assert db.get_performer(1).country == "ES"

    @pytest.mark.parametrize(
        "other",
        [
            {"id": 1, "name": "Somebody Else"},
            {"id": 1, "name": "Nora V", "birth_date": "1985"},
            {"id": 2, "name": "Nora V"},
        ],
    )
    def test_two_people_never_become_one(self, db, take, other):
        take("a.jsonl", ONE)
        assert take("b.jsonl", other).added == 1
        assert take("b.jsonl", other).unchanged == 1
        assert take("a.jsonl", ONE).unchanged == 1
        assert len(people(db)) == 2

    def test_who_it_is_of_several_is_not_guessed(self, db, take):
        take("a.jsonl", ONE)
        take("b.jsonl", {**ONE, "birth_date": "1985"})
        assert take("c.jsonl", {"id": 1, "name": "Nora V"}).skipped == 1


class TestNumberedAnew:
    def test_swapped_ids_swap_nobody(self, db, take):
        take("a.jsonl", ONE, TWO)
        before = people(db)
        assert take("a.jsonl", {**ONE, "id": 2}, {**TWO, "id": 1}).unchanged == 2
        assert people(db) == before

    def test_one_row_more_at_the_top(self, db, take):
        rows = [{"id": n, "name": f"Person {n}"} for n in range(1, 6)]
        take("a.jsonl", *rows)
        moved = [{**row, "id": row["id"] + 1} for row in rows]
        done = take("a.jsonl", {"id": 1, "name": "First"}, *moved)
        assert (done.added, done.unchanged) == (1, 5)

    def test_an_id_that_went_to_somebody_else(self, db, take):
        take("a.jsonl", ONE, TWO)
        assert take("a.jsonl", {"id": 1, "name": "New Person"}, TWO).added == 1
        assert people(db) == {1: "Nora V", 2: "Mia R", 3: "New Person"}
        assert take("a.jsonl", {"id": 1, "name": "New Person"}, TWO).unchanged == 2

    def test_swapped_namesakes_are_told_by_what_is_said_of_them(self, db, take):
        other = {**ONE, "id": 2, "birth_date": "1985"}
        take("a.jsonl", ONE, other)
        assert take("a.jsonl", {**ONE, "id": 2}, {**other, "id": 1}).unchanged == 2


class TestChanged:
    def test_a_corrected_birth_date_is_the_same_person(self, db, take):
        take("a.jsonl", ONE)
        assert take("a.jsonl", {**ONE, "birth_date": "1992-05-06"}).updated == 1
        assert db.get_performer(1).birth_date == "1992-05-06"

    def test_a_new_name_needs_a_link_in_common(self, db, take):
        take("a.jsonl", {**ONE, "urls": [LINK]})
        assert take("a.jsonl", {"id": 1, "name": "Nora Vee", "urls": [LINK]}).updated == 1
        assert take("a.jsonl", {"id": 1, "name": "Other Name"}).added == 1
        assert people(db) == {1: "Nora Vee", 2: "Other Name"}

    def test_a_stash_box_id_outweighs_name_and_row(self, db, take):
        box = {"stashbox_ids": {"stashdb": "11111111-1111-4111-8111-111111111111"}}
        take("a.jsonl", {**ONE, **box}, TWO)
        assert take("b.jsonl", {"id": 2, "name": "New Name", **box}).updated == 1
        assert people(db) == {1: "New Name", 2: "Mia R"}

    def test_the_same_performer_by_two_ids_in_one_batch(self, db, take):
        ids = {"stashdb": "a", "theporndb": "b"}
        take("a.jsonl", {"name": "Nora V", "stashbox_ids": ids})
        done = take(
            "b.jsonl", *({"name": "Nora V", "stashbox_ids": {k: v}} for k, v in ids.items())
        )
        assert done.unchanged == 2


NAMES = ["Nora V", "Mia R", "Ada B", "Bea C"]
FILES = st.lists(
    st.tuples(
        st.sampled_from(["a.jsonl", "b.jsonl"]),
        st.lists(
            st.tuples(st.sampled_from([*NAMES, ""]), st.integers(1, 5)),
            unique_by=(lambda row: row[0], lambda row: row[1]),
            min_size=1,
            max_size=5,
        ),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60)
@given(FILES)
def test_no_file_makes_a_folders_faces_another_performers(tmp_path_factory, files):
    """Whatever order of rows and whatever ids: performers stay who they are, and a folder is
    nobody's unless every file that ever used its number meant the same person.
    """
    folder = tmp_path_factory.mktemp("files")
    called: dict[tuple[str, str], set[str]] = {}
    known: dict[int, str] = {}
    with open_database(folder / "a.db") as db:
        for file, rows in files:
            path = folder / file
            lines = (json.dumps({"id": number, "name": name}) for name, number in rows)
            path.write_text("\n".join(lines) + "\n")
            import_file(db, path)
            now = people(db)
            assert now.items() >= known.items()
            known = now
            for name, number in rows:
                names = called.setdefault((file, str(number)), set())
                names -= {""}  # now the row can be read
                names.add(name)
        for meant in find_whom(db, [*map(str, range(1, 8)), *NAMES], bare_is_local=False):
            if meant.performer is not None:
                name = known[meant.performer.id]
                assert meant.word in (name, str(meant.performer.id)) or any(
                    word == meant.word for _, word in called
                )
                for (_, word), names in called.items():
                    assert word != meant.word or names == {name}
