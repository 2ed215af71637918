from __future__ import annotations

import json
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from enrichscrapy.database.due import Selection
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.schema import lookups, suppressions
from enrichscrapy.database.store import store_lookup
from enrichscrapy.database.suppression_key import Digester, read_key
from enrichscrapy.database.traits import Traits, make_comparable
from enrichscrapy.exceptions import SuppressionKeyMissing, VerdictRefused
from enrichscrapy.items import Outcome, Verdict
from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.verdicts import Limits
from tests.database.builders import accept, face, lookup, photo
from tests.support import accepted_vectors, import_file, open_database

pytestmark = pytest.mark.on_both()

PAGE = "https://www.babepedia.com/babe/Forgotten_Person"
NAME = "Forgotten Person"
UUID = "0a1b2c3d-0000-4000-8000-00000000000a"
BY_NAME = Selection("babepedia", "name")


def due(db, selection=BY_NAME):
    return [found.performer.id for found in db.ledger.list_due(selection)]


def store(db, item, model_id=None):
    return store_lookup(db, item, model_id=model_id, retry=RetryPolicy(), judge=None)


def imported(db, tmp_path, *rows, namesakes=()):
    path = tmp_path / "import.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    faults = []
    summary = import_file(
        db, path, namesakes=namesakes, on_fault=lambda fault, unit: faults.append(fault)
    )
    return summary, faults


class TestKey:
    def test_it_is_made_with_the_first_suppression_for_its_owner_only(self, db):
        assert not db.suppressions.key_path.exists()
        assert db.suppressions.add(Traits(names=[NAME])) == 1
        mode = stat.S_IMODE(db.suppressions.key_path.stat().st_mode)
        assert mode == 0o600
        before = db.suppressions.key_path.read_bytes()
        assert db.suppressions.add(Traits(names=[NAME, "Other Name"])) == 1
        assert db.suppressions.key_path.read_bytes() == before

    @pytest.mark.sqlite_only
    def test_digests_alone_tell_nothing(self, db):
        db.suppressions.add(Traits(names=[NAME], links=[PAGE], ids=[("stashdb", UUID)]))
        data = db.path.read_bytes() + db.path.with_name(f"{db.path.name}-wal").read_bytes()
        for trace in (b"orgotten", UUID.encode()):
            assert trace not in data

    def test_without_it_everything_that_must_obey_stops(self, db, tmp_path):
        performer = db.get_performer(db.add_performer("Somebody Else"))
        db.suppressions.add(Traits(names=[NAME]))
        key = db.suppressions.key_path.read_bytes()
        db.suppressions.key_path.unlink()
        for blocked in (
            lambda: due(db),
            lambda: db.ledger.is_due(BY_NAME, performer.id),
            lambda: store(db, lookup(performer)),
            lambda: imported(db, tmp_path, {"id": 1, "name": "A"}),
            lambda: db.add_performer("B"),
            lambda: db.suppressions.add(Traits(names=["C"])),
            lambda: db.suppressions.check(),
        ):
            with pytest.raises(SuppressionKeyMissing) as caught:
                blocked()
            assert "\n" not in str(caught.value)
        with db.read() as connection:
            assert connection.scalars(select(lookups.c.url)).all() == []
        assert db.count_performers() == 1
        db.suppressions.key_path.write_bytes(key)
        assert due(db) == [performer.id]

    def test_none_is_made_where_the_database_knows_one_already(self, db):
        with db.write() as connection:
            row = {"kind": "key", "digest": "another machine's", "created_at": 0.0}
            connection.execute(insert(suppressions).values(row))
        with pytest.raises(SuppressionKeyMissing, match="copy it"):
            db.suppressions.add(Traits(names=[NAME]))
        assert not db.suppressions.key_path.exists()

    def test_another_databases_key_is_noticed(self, db):
        db.suppressions.add(Traits(names=[NAME]))
        db.suppressions.key_path.write_bytes(b"00" * 32)
        with pytest.raises(SuppressionKeyMissing, match="not the key"):
            due(db)


class TestMatching:
    @pytest.mark.parametrize(
        "url",
        [
            PAGE,
            "http://babepedia.com/babe/Forgotten_Person/?ref=1",
            "https://WWW.BABEPEDIA.COM/babe/forgotten_person",
        ],
    )
    def test_a_link_suppresses_however_it_is_written(self, db, url):
        db.suppressions.add(Traits(links=[PAGE]))
        performer_id = db.add_performer("Quite Another Name")
        assert due(db) == [performer_id]
        db.add_url(performer_id, url)
        assert due(db) == []
        assert due(db, Selection("babepedia", "url")) == []
        assert db.suppressions.list_blocked() == {performer_id: "link"}
        assert not db.suppressions.confirm(performer_id)

    def test_an_id_suppresses_and_a_uuid_whatever_its_endpoint(self, db):
        db.suppressions.add(Traits(ids=[("stashdb", UUID), ("theporndb", "77")]))
        same, renamed, other = (db.add_performer(name) for name in "ABC")
        db.add_stashbox_id(same, "theporndb", "77")
        db.add_stashbox_id(renamed, "https://stashdb.org/graphql", UUID.upper())
        db.add_stashbox_id(other, "fansdb", "77")
        assert due(db) == [other]

    @pytest.mark.parametrize("name", [NAME, "person  FORGOTTEN", "Förgotten Person"])
    def test_a_name_blocks_until_somebody_confirms(self, db, name):
        performer_id = db.add_performer(name)
        db.suppressions.add(Traits(names=[NAME]))
        assert due(db) == []
        assert db.ledger.count_due(BY_NAME) == 0
        assert not db.ledger.is_due(BY_NAME, performer_id)
        assert store(db, lookup(db.get_performer(performer_id))).reason == "suppressed"
        assert db.suppressions.confirm(performer_id)
        assert due(db) == [performer_id]
        assert store(db, lookup(db.get_performer(performer_id), Outcome.ABSENT)).stored
        assert db.suppressions.list_blocked() == {}
        db.add_url(performer_id, PAGE)  # a change of other kind does not take it back
        assert db.ledger.is_due(Selection("babepedia", "url"), performer_id)

    def test_a_confirmed_namesake_with_a_suppressed_link_is_kept_out(self, db):
        performer_id = db.add_performer(NAME)
        db.suppressions.add(Traits(names=[NAME], links=[PAGE]))
        db.suppressions.confirm(performer_id)
        db.add_url(performer_id, PAGE)
        assert due(db) == []

    def test_aliases_count_but_single_words_do_not(self, db):
        db.suppressions.add(Traits(names=["Mononym", "Second Name", "Anna"]))
        alias, first, word = db.add_performer("A"), db.add_performer("Mononym"), 0
        db.add_alias(alias, "Second Name")
        word = db.add_performer("Anna")
        assert due(db) == [word]
        assert set(db.suppressions.list_blocked()) == {alias, first}

    def test_a_page_of_suppressed_performers_does_not_end_the_work(self, db):
        for _ in range(5):
            db.add_performer(NAME)
        last = db.add_performer("Somebody Else")
        db.suppressions.add(Traits(names=[NAME]))
        assert [d.performer.id for d in db.ledger.list_due(BY_NAME, batch_size=2)] == [last]

    def test_who_was_written_by_another_program_is_told_as_well(self, db):
        db.suppressions.add(Traits(names=[NAME]))
        with db.write() as connection:
            connection.exec_driver_sql(f"INSERT INTO performers(canonical_name) VALUES ('{NAME}')")
        assert due(db) == []

    @given(st.text(), st.sampled_from(["http", "https"]), st.booleans(), st.booleans())
    def test_comparable_links_ignore_what_varies(self, path, scheme, www, slash):
        one = f"https://x.com/{path}"
        other = f"{scheme}://{'www.' if www else ''}x.com/{path}{'/' if slash else ''}"
        if not set("?#") & set(path) and path == path.strip() and not path.endswith("/"):
            assert make_comparable(one) == make_comparable(other)


class TestFaces:
    def test_the_faces_of_who_is_kept_out_leave_the_index_and_come_back(self, db, model_id):
        performer = db.get_performer(db.add_performer(NAME))
        shots = [photo("a"), photo("b")]
        item = lookup(
            performer, photos=shots, faces=[face(s, i, accept()) for i, s in enumerate(shots)]
        )
        ids = store(db, item, model_id).face_ids
        db.faces.decide(ids[1], Verdict.RETIRED, "person")
        db.suppressions.add(Traits(names=[NAME]))
        assert accepted_vectors(db, model_id) == {}
        assert db.faces.get(ids[0]).reason == "suppressed"
        with pytest.raises(VerdictRefused, match="suppressed"):
            db.faces.decide(ids[0], Verdict.ACCEPTED, "rules")
        desk = ReviewDesk(db, Limits(per_source=5, total=20))
        for decision in (desk.accept, desk.undo):
            for face_id in ids:
                with pytest.raises(VerdictRefused, match="suppressed"):
                    decision(face_id)
        db.suppressions.confirm(performer.id)
        assert list(accepted_vectors(db, model_id)) == [ids[0]]
        assert db.faces.get(ids[1]).verdict is Verdict.RETIRED


class TestImport:
    def test_links_and_ids_are_left_out_without_a_fault(self, db, tmp_path):
        db.suppressions.add(Traits(links=[PAGE], ids=[("stashdb", UUID)]))
        by_link = {"id": 2, "name": "Any Name", "urls": [PAGE]}
        by_id = {"name": "New Name", "stashbox_ids": {"stashdb": UUID}}
        summary, faults = imported(db, tmp_path, by_link, by_id, {"id": 3, "name": "Other"})
        assert (summary.added, summary.suppressed, faults) == (1, 2, [])
        assert summary.faultless

    def test_a_name_needs_somebody_to_look(self, db, tmp_path):
        db.suppressions.add(Traits(names=[NAME]))
        row = {"id": 2, "name": NAME, "country": "ES"}
        summary, (fault,) = imported(db, tmp_path, row)
        assert (summary.added, summary.skipped, fault.line) == (0, 1, 1)
        assert NAME not in fault.reason
        summary, faults = imported(db, tmp_path, row, namesakes=[1])
        assert (summary.added, faults) == (1, [])
        assert due(db) == [1]
        summary, faults = imported(db, tmp_path, {**row, "country": "FR"})
        assert (summary.updated, faults) == (1, [])
        assert due(db) == [1]

    def test_a_blocked_performer_is_not_updated(self, db, tmp_path):
        row = {"id": 2, "name": NAME}
        imported(db, tmp_path, row)
        db.suppressions.add(Traits(names=[NAME]))
        summary, faults = imported(db, tmp_path, {**row, "aliases": ["Alias"]})
        assert (summary.updated, len(faults)) == (0, 1)

    def test_a_row_without_any_id_is_known_again_by_its_key_and_name(self, db, tmp_path):
        db.suppressions.add(Traits(names=[NAME], row="import.jsonl#9"))
        summary, _ = imported(db, tmp_path, {"id": 9, "name": NAME})
        assert (summary.suppressed, summary.skipped) == (1, 0)
        summary, _ = imported(db, tmp_path, {"id": 9, "name": "Somebody Else Now"})
        assert summary.added == 1


def test_two_databases_do_not_share_digests(tmp_path):
    digests = []
    for name in "ab":
        with open_database(tmp_path / f"{name}.db") as db:
            db.suppressions.add(Traits(names=[NAME]))
            with db.read() as connection:
                digests.append(set(connection.scalars(select(suppressions.c.digest))))
    assert not digests[0] & digests[1]


class TestNamesInDisguise:
    @pytest.mark.parametrize(
        "name",
        [
            "TessaQuillmark",
            "tessa quillmark",
            "Quillmark, Tessa",
            "QUILLMARK TESSA",
            "QuillmarkTessa",
            "Tessa-Quillmark",
            "Téssa  Quíllmark",
            "Tessa\u200b Quillmark",
            "Ｔｅｓｓａ Ｑｕｉｌｌｍａｒｋ",
        ],
    )
    def test_they_are_kept_out(self, db, tmp_path, name):
        db.suppressions.add(Traits(names=["Tessa Quillmark"]))
        summary, faults = imported(db, tmp_path, {"id": 1, "name": name})
        assert (summary.added, len(faults)) == (0, 1)
        added = db.add_performer(name)
        assert db.suppressions.list_blocked() == {added: "name"}
        by_alias = db.add_performer("Quite Another")
        db.add_alias(by_alias, name)
        assert db.suppressions.list_blocked()[by_alias] == "name"

    @pytest.mark.parametrize("name", ["Tessa", "Quillmark", "Tessa Quill", "Tessa Quillmark-Olsen"])
    def test_other_names_are_not(self, db, name):
        db.suppressions.add(Traits(names=["Tessa Quillmark"]))
        db.add_performer(name)
        assert db.suppressions.list_blocked() == {}

    def test_one_word_forgotten_keeps_out_no_alias_of_one_word(self, db):
        db.suppressions.add(Traits(names=["Tessa"]))
        db.add_alias(db.add_performer("Quite Another"), "Tessa")
        assert db.suppressions.list_blocked() == {}

    def test_suppressions_made_with_the_older_folding_hold(self, db):
        db.suppressions.add(Traits(links=[PAGE]))
        key = read_key(db.suppressions.key_path)
        digest = Digester(key).digest("name", "quillmark tessa")
        with db.write() as connection:
            row = {"kind": "name", "digest": digest, "created_at": 0.0}
            connection.execute(insert(suppressions).values(row))
        added = db.add_performer("Tessa Quillmark")
        assert db.suppressions.list_blocked() == {added: "name"}
