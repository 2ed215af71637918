"""Above ``exact_faces`` faces the likely ones are found by codes, and compared exactly."""

import numpy as np
import pytest

from enrichscrapy.exceptions import IndexDamaged
from enrichscrapy.index import FaceIndex, erase, files, publish, reindex, tiers, verify
from enrichscrapy.index.manifest import is_sampled

pytestmark = pytest.mark.on_both()

EXACT, FACES = 100, 300


@pytest.fixture
def coded(world, index_dir, monkeypatch):
    """Three segments, all with codes."""
    monkeypatch.setattr(tiers, "SMALL", 4)
    monkeypatch.setattr(tiers, "LARGEST", 128)
    world.add(*range(FACES))
    publish(world.db, index_dir, world.model_id, exact_faces=EXACT)
    return index_dir


def read_manifest(index_dir):
    return FaceIndex.open_current(index_dir, None).manifest


def search_exactly(index_dir, queries, k):
    index = FaceIndex.open_current(index_dir, None)
    for segment in index.segments:
        segment.codes = None
    return index.search(queries, k)


def test_up_to_the_limit_there_are_no_codes(world, index_dir):
    world.add(*range(EXACT))
    manifest = publish(world.db, index_dir, world.model_id, exact_faces=EXACT).manifest
    assert manifest.quantiser is None
    assert [segment.codes for segment in manifest.segments] == [None]
    world.add(EXACT)
    manifest = publish(world.db, index_dir, world.model_id).manifest
    assert manifest.exact_faces == EXACT, "as the generation before has it"
    assert manifest.quantiser.faces == EXACT + 1


def test_what_is_found_is_nearly_what_is_there_with_exact_similarities(world, coded):
    queries = np.stack([world.unit(seed) for seed in range(1000, 1100)])
    index = FaceIndex.open_current(coded, world.model)
    assert [segment.codes is not None for segment in index.segments] == [True] * 3
    ids, near = index.search(queries, 10)
    truth, _ = search_exactly(coded, queries, 10)
    found = [len(np.intersect1d(a, b)) / 10 for a, b in zip(ids, truth, strict=True)]
    assert 0.7 < np.mean(found) < 1, "codes are used, and good enough for vectors without any order"
    for query, row, similarity in zip(queries, ids, near, strict=True):
        exact = index.find_vectors(row)
        expected = [float(exact[face_id] @ query) for face_id in row.tolist()]
        assert similarity == pytest.approx(expected, abs=1e-6)
    assert (np.diff(near, axis=1) <= 0).all()


def test_a_face_finds_itself(world, coded):
    queries = np.stack([world.unit(seed) for seed in range(0, FACES, 7)])
    ids, near = FaceIndex.open_current(coded, world.model).search(queries, 1)
    assert ids[:, 0].tolist() == [seed + 1 for seed in range(0, FACES, 7)]
    assert near == pytest.approx(1, abs=1e-5)


def test_more_are_asked_for_than_there_are(world, coded):
    ids, _ = FaceIndex.open_current(coded, world.model).search(world.unit(5)[None], 400)
    assert len(np.unique(ids[ids > 0])) == (ids > 0).sum() > 50
    assert (ids[0, -100:] == -1).all()


def test_gone_and_new_faces_need_no_new_codes(world, coded):
    before = {path.name for path in files.list_files(coded)}
    world.retire(8)
    world.add(2000)
    publish(world.db, coded, world.model_id)
    written = {path.name for path in files.list_files(coded)} - before
    assert {name.rpartition(".")[2] for name in written} == {"faiss"}
    ids, _ = FaceIndex.open_current(coded, None).search(
        np.stack([world.unit(7), world.unit(2000)]), 200
    )
    assert 8 not in ids
    assert ids[1, 0] == FACES + 1
    assert verify(world.db, coded, world.model_id) == []


def test_the_quantiser_is_shared_until_the_index_has_grown_fourfold(world, coded):
    first = read_manifest(coded).quantiser
    world.add(*range(1000, 1200))
    grown = publish(world.db, coded, world.model_id).manifest
    assert grown.quantiser == first
    assert all(segment.codes for segment in grown.segments if segment.count * 16 >= EXACT)
    world.add(*range(2000, 2700))
    grown = publish(world.db, coded, world.model_id).manifest
    assert grown.quantiser.file != first.file
    assert grown.quantiser.faces == 1200
    assert verify(world.db, coded, world.model_id) == []


@pytest.mark.parametrize("seen", [True, False])
def test_nothing_trained_on_an_erased_face_is_kept(world, coded, seen):
    """A list's middle may be one person's face."""
    manifest = read_manifest(coded)
    if not seen:  # trained before it came
        world.add(5000)
        manifest = publish(world.db, coded, world.model_id).manifest
    face_id = 8 if seen else FACES + 1
    assert manifest.quantiser.saw(np.array([face_id])) is seen
    world.delete(face_id)
    left = erase(world.db, coded, world.model_id)
    assert (left.quantiser.file != manifest.quantiser.file) is seen
    assert {path.name for path in files.list_files(coded)} == {
        file.name.partition("/")[2] for file in left.files
    }
    assert verify(world.db, coded, world.model_id) == []


def test_nor_on_one_that_had_left_every_file_before(world, coded):
    """Retired and merged away, then forgotten: only the quantiser still knows it."""
    for face_id in range(1, 9):
        world.retire(face_id)
    merged = publish(world.db, coded, world.model_id).manifest
    assert not any(segment.gone for segment in merged.segments)
    world.delete(8)
    left = erase(world.db, coded, world.model_id)
    assert left.quantiser.file != merged.quantiser.file
    assert not left.quantiser.gone
    assert erase(world.db, coded, world.model_id) == left
    assert verify(world.db, coded, world.model_id) == []


def test_who_is_in_a_sample_is_told_by_the_id(coded):
    ids = np.arange(1, 100_001)
    drawn = is_sampled(ids, 20)
    assert drawn.mean() == pytest.approx(1 / 20, rel=0.05)
    for step in (2, 10):  # ids that are all even, or of every tenth face
        assert drawn[::step].mean() == pytest.approx(1 / 20, rel=0.1)


@pytest.mark.parametrize("kind", ["codes", "trained"])
@pytest.mark.parametrize("damage", ["flip", "cut"])
def test_damaged_codes_are_noticed_and_made_anew(world, coded, kind, damage):
    path = next(path for path in files.list_files(coded) if path.suffix == f".{kind}")
    data = bytearray(path.read_bytes())
    data[-30] ^= 1
    path.write_bytes(data if damage == "flip" else data[:-30])
    if kind == "codes":
        with pytest.raises(IndexDamaged, match="not the file its manifest names"):
            FaceIndex.open_current(coded, None)
    assert [each.kind for each in verify(world.db, coded, world.model_id)] == ["damaged"]
    reindex(world.db, coded, world.model_id)
    assert verify(world.db, coded, world.model_id) == []


def test_a_raised_limit_does_without_codes(world, coded):
    world.add(3000)
    manifest = publish(world.db, coded, world.model_id, exact_faces=1000).manifest
    assert manifest.quantiser is None
    assert not any(segment.codes for segment in manifest.segments)
    world.add(3001)
    publish(world.db, coded, world.model_id)
    assert {path.suffix for path in files.list_files(coded)} == {".faiss"}
