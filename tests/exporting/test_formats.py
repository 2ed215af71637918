"""Each format is read back with the library that its users read it with."""

import contextlib
import hashlib
import io
import json
import re
import stat
from pathlib import Path

import faiss
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from sqlalchemy import update
from usearch.index import Index

from enrichscrapy.database.artefacts import OWN_FOLDER
from enrichscrapy.database.schema import faces as face_rows
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.exporting.crops import name_folder
from enrichscrapy.exporting.export import FORMATS, export_faces
from enrichscrapy.exporting.rows import Owner
from tests.sample_database import ACCEPTED, MODEL, OWN, REJECTED, WAITING
from tests.support import list_artefacts

pytestmark = pytest.mark.on_both()

UUID = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def filled(sample):
    """Two performers with three accepted faces; one is known to two stash-boxes."""
    first = sample.performer("Ada Demo", country="FR")
    second = sample.performer("Bea: Demo/Ö.")
    sample.database.add_stashbox_id(first, "fansdb", "9")
    sample.database.add_stashbox_id(first, "stashdb", UUID)
    sample.lookup(first, source="import", faces=[OWN])
    sample.lookup(second, faces=[ACCEPTED, WAITING, REJECTED])
    sample.lookup(first, faces=[ACCEPTED])
    return sample


def accepted(sample):
    """The accepted faces by ascending id, as the database has them."""
    stored = [face for p in (1, 2) for face in sample.database.get_faces(p)]
    return sorted((face for face in stored if face.verdict == "accepted"), key=lambda f: f.id)


def test_parquet_holds_a_vector_column_and_its_model(filled, tmp_path):
    done = export_faces(filled.database, tmp_path / "out", filled.model_id, ("parquet",))
    assert set(done.files) == {"README.md", "faces.parquet"}
    table = pq.read_table(tmp_path / "out" / "faces.parquet")
    assert str(table.schema.field("vector").type) == "fixed_size_list<element: float>[512]"
    metadata = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    assert (metadata["model"], metadata["sha256"]) == (MODEL.name, MODEL.sha256)
    assert metadata["preprocessing"] == MODEL.preprocessing
    rows = table.to_pylist()
    assert [row["face_id"] for row in rows] == [face.id for face in accepted(filled)]
    for row, face in zip(rows, accepted(filled), strict=True):
        assert np.array_equal(np.float32(row["vector"]), face.vector)
        assert row["performer_id"] == face.performer_id
        assert row["trusted"] is face.trusted
    assert rows[0]["stashbox_ids"] == [f"stashdb.org:{UUID}", "fansdb.cc:9"]
    assert rows[0]["created_at"].isoformat() == "2026-01-01T00:00:00+00:00"


def test_usearch_finds_each_face_and_names_its_performer(filled, tmp_path):
    out = tmp_path / "out"
    export_faces(filled.database, out, filled.model_id, ("usearch",))
    index = Index(ndim=512, metric="cos")
    index.load(str(out / "face_embeddings.usearch"))
    owners = json.loads((out / "faces.json").read_text())
    people = json.loads((out / "performers.json").read_text())
    ids = {1: f"stashdb.org:{UUID}", 2: "enrichscrapy:2"}
    for key, face in enumerate(accepted(filled)):
        found = index.search(face.vector, 1)
        assert (found.keys[0], round(float(found.distances[0]), 5)) == (key, 0.0)
        assert owners[key] == ids[face.performer_id]
    assert len(index) == len(owners) == 3
    ada = people[ids[1]]
    assert (ada["name"], ada["country"], ada["face_count"]) == ("Ada Demo", "FR", 2)
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["sha256"], manifest["face_count"]) == (MODEL.sha256, 3)
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest


def test_faiss_reads_one_file_with_face_ids(filled, tmp_path):
    done = export_faces(filled.database, tmp_path / "out", filled.model_id, ("faiss",))
    assert set(done.files) == {"README.md", "faces.faiss", "faces.csv"}
    index = faiss.read_index(str(tmp_path / "out" / "faces.faiss"))
    assert index.ntotal == 3
    for face in accepted(filled):
        assert index.search(face.vector[None], 1)[1] == face.id
        assert np.array_equal(index.reconstruct(face.id), face.vector)


def test_a_folder_holds_every_accepted_crop_under_its_performer(filled, tmp_path):
    out = tmp_path / "out"
    done = export_faces(filled.database, out, filled.model_id, ("folder",))
    crops = {path.relative_to(out).as_posix(): path for path in out.rglob("*.jpg")}
    first, second, third = (face.id for face in accepted(filled))
    assert set(crops) == {
        f"Ada Demo (id 1)/{first}.jpg",
        f"Bea Demo Ö (id 2)/{second}.jpg",
        f"Ada Demo (id 1)/{third}.jpg",
    }
    for path in crops.values():
        with Image.open(path) as crop:
            assert crop.size == (160, 160)
    assert done.faces == 3
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    for path in filter(Path.is_file, out.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_new_export_takes_the_place_of_the_old_one_and_of_nothing_else(filled, tmp_path):
    out = tmp_path / "out"
    export_faces(filled.database, out, filled.model_id, ("folder",))
    (face, *_) = accepted(filled)
    with filled.database.write() as connection:
        connection.execute(update(face_rows).where(face_rows.c.id == face.id).values(crop=None))
    done = export_faces(filled.database, out, filled.model_id, ("folder",))
    assert (done.faces, done.left_out) == (2, 1)
    assert len(list(out.rglob("*.jpg"))) == 2
    assert {path.name for path in tmp_path.glob("out*")} == {"out"}
    assert list_artefacts(filled.database, "export") == [out]

    (out / OWN_FOLDER).unlink()
    with pytest.raises(EnrichError, match="holds other things: name an empty or a new folder"):
        export_faces(filled.database, out, filled.model_id, ("folder",))
    assert len(list(out.rglob("*.jpg"))) == 2


@pytest.mark.parametrize("formats", [*((name,) for name in FORMATS), ("parquet", "numpy")])
def test_the_readme_loads_what_lies_beside_it(filled, tmp_path, monkeypatch, formats):
    export_faces(filled.database, tmp_path / "out", filled.model_id, formats)
    monkeypatch.chdir(tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text()
    assert text.startswith("# 3 faces of 2 performers")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(blocks) == len(formats)
    for block in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(block, {})
        assert "Ada Demo" in printed.getvalue()


@pytest.mark.parametrize("formats", [(name,) for name in FORMATS])
def test_an_export_without_faces_is_still_readable(sample, tmp_path, formats):
    sample.performer()
    done = export_faces(sample.database, tmp_path / "out", sample.model_id, formats)
    assert done.faces == 0
    if formats == ("parquet",):
        assert pq.read_table(tmp_path / "out" / "faces.parquet").num_rows == 0
    if formats == ("usearch",):
        assert len(Index.restore(str(tmp_path / "out" / "face_embeddings.usearch"))) == 0


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Ada Demo", "Ada Demo (id 7)"),
        ("../../etc", "etc (id 7)"),
        ("..", "(id 7)"),
        ("a\\b:c*d\x00e", "a b c d e (id 7)"),
        ("Ö" * 200, "Ö" * 90 + " (id 7)"),
    ],
)
def test_a_folder_name_stays_in_its_folder(name, folder):
    assert name_folder(Owner(7, name, None, None, None, ())) == folder
