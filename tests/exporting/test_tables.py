import csv
import stat

import numpy as np
import pytest
from sqlalchemy import update

from enrichscrapy.database.schema import faces
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.exporting.export import export_faces
from enrichscrapy.exporting.tables import COLUMNS, escape_formula
from tests.sample_database import ACCEPTED, OWN, REJECTED, WAITING
from tests.support import list_artefacts

pytestmark = pytest.mark.on_both()


def test_both_files_hold_the_accepted_faces_in_the_same_order(sample, tmp_path):
    first, second = sample.performer("Ada Demo"), sample.performer('=HYPERLINK("x") "B", Ö')
    sample.database.add_stashbox_id(first, "stashdb", "abc")
    sample.lookup(first, source="import", faces=[OWN])
    sample.lookup(second, faces=[ACCEPTED, WAITING, REJECTED])
    sample.lookup(first, faces=[ACCEPTED])
    exported = export_faces(sample.database, tmp_path / "out", sample.model_id)
    assert exported.faces == 3

    archive = np.load(tmp_path / "out" / "faces.npz", allow_pickle=False)
    stored = [face for p in (first, second) for face in sample.database.get_faces(p)]
    kept = {face.id: face for face in stored if face.verdict == "accepted"}
    assert archive["face_ids"].tolist() == sorted(kept)
    assert archive["vectors"].dtype == np.float32
    assert archive["model"].tolist() == ["tests.Model", "0" * 64, "test-1"]
    for face_id, owner, vector in zip(
        archive["face_ids"], archive["performer_ids"], archive["vectors"], strict=True
    ):
        assert kept[face_id].performer_id == owner
        assert np.array_equal(kept[face_id].vector, vector)

    with (tmp_path / "out" / "faces.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["face_id"]) for row in rows] == sorted(kept)
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["name"], rows[0]["stashbox_ids"]) == ("Ada Demo", "stashdb:abc")
    assert rows[1]["name"] == '\'=HYPERLINK("x") "B", Ö'
    assert rows[0]["created_at"] == "2026-01-01 00:00:00"
    assert rows[0]["trusted"] == "1"


def test_the_files_are_private_and_known_to_erasure(sample, tmp_path):
    sample.lookup(sample.performer(), faces=[ACCEPTED])
    exported = export_faces(sample.database, tmp_path / "out", sample.model_id)
    written = [tmp_path / "out" / name for name in exported.files]
    assert list_artefacts(sample.database, "export") == written
    assert sorted((tmp_path / "out").iterdir()) == sorted(written)
    for path in written:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_empty_export_is_still_a_file_that_numpy_reads(sample, tmp_path):
    export_faces(sample.database, tmp_path, sample.model_id)
    assert np.load(tmp_path / "faces.npz")["vectors"].shape == (0, 512)


def test_a_damaged_vector_leaves_the_older_export_alone(sample, tmp_path):
    (face_id,) = sample.lookup(sample.performer(), faces=[ACCEPTED])
    export_faces(sample.database, tmp_path, sample.model_id)
    before = (tmp_path / "faces.npz").read_bytes()
    with sample.database.write() as connection:
        connection.execute(update(faces).where(faces.c.id == face_id).values(vector=b"\0"))
    with pytest.raises(EnrichError, match="scrapy verify"):
        export_faces(sample.database, tmp_path, sample.model_id)
    assert (tmp_path / "faces.npz").read_bytes() == before


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(text):
    assert escape_formula(text) == f"'{text}"


def test_other_cells_are_left_alone():
    assert [escape_formula(value) for value in ("Ada", "", 3, 0.5, "O'Mallin")] == [
        "Ada",
        "",
        3,
        0.5,
        "O'Mallin",
    ]


def test_a_file_that_fails_half_way_keeps_the_old_one_and_is_known(sample, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")

    def fail():
        with sample.database.artefacts.write_private("report", path) as file:
            file.write(b"half")
            known = list_artefacts(sample.database, "report")
            assert known == [path, tmp_path / "page.html.new"]
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert path.read_text() == "old"
    assert not (tmp_path / "page.html.new").exists()
    assert list_artefacts(sample.database, "report") == [path]
