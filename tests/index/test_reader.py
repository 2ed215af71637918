"""A reader gets a whole generation or an error of one line; never anything else."""

import shutil
import threading

import numpy as np
import pytest

from enrichscrapy.exceptions import IndexDamaged, IndexOfAnotherModel
from enrichscrapy.index import FaceIndex, publish, reindex, verify
from enrichscrapy.index.files import list_generations
from enrichscrapy.index.manifest import compute_digest, format_digest


@pytest.fixture
def published(world, index_dir):
    world.add(*range(40))
    publish(world.db, index_dir, world.model_id)
    world.add(100)
    publish(world.db, index_dir, world.model_id)
    return index_dir


def in_force(index_dir):
    return index_dir / (index_dir / "current").read_text().strip()


def previous(index_dir):
    [name] = {*list_generations(index_dir)} - {in_force(index_dir).name}
    return index_dir / name


def find_segment(index_dir):
    """The file of the segment that was written last."""
    return max((index_dir / "segments").glob("*.faiss"))


def test_search_finds_the_face_itself_first(published, world):
    index = FaceIndex.open_current(published, world.model)
    ids, similarities = index.search(np.stack([world.unit(3), world.unit(7)]), 2)
    assert ids.shape == similarities.shape == (2, 2)
    assert ids.dtype == np.int64
    assert similarities.dtype == np.float32
    assert ids[:, 0].tolist() == [4, 8]
    assert similarities[:, 0] == pytest.approx([1, 1], abs=1e-5)
    assert (similarities[:, 1] < similarities[:, 0]).all()


def test_where_there_are_too_few_faces_the_id_is_minus_one(published, world):
    index = FaceIndex.open_current(published, world.model)
    ids, _ = index.search(world.unit(3)[None], index.count + 5)
    assert (ids[0, -5:] == -1).all()
    assert (ids[0, :-5] > 0).all()


@pytest.mark.parametrize("bad", [np.zeros(16), np.zeros((1, 4)), np.full((1, 16), np.nan)])
def test_a_query_that_makes_no_sense_is_refused(published, bad):
    with pytest.raises(ValueError, match=r"expected|not finite"):
        FaceIndex.open_current(published, None).search(bad, 1)


def cut(path):
    path.write_bytes(path.read_bytes()[:-3])


def cut_short(path):
    path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // 2])


def flip(path):
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)


def empty(path):
    path.write_bytes(b"")


def text(path):
    path.write_bytes(b"{}")


def remove(path):
    path.unlink()


# One letter of a manifest: see the test of its fields.
DAMAGES = [("segment", damage) for damage in (cut, cut_short, flip, empty, text, remove)]
DAMAGES += [("manifest.json", damage) for damage in (cut, cut_short, empty, text, remove)]


@pytest.mark.parametrize(("file", "damage"), DAMAGES)
def test_a_damaged_file_is_noticed_named_and_fixed(published, world, file, damage):
    damage(find_segment(published) if file == "segment" else in_force(published) / file)
    with pytest.raises(IndexDamaged) as caught:
        FaceIndex.open_current(published, world.model)
    assert "\n" not in str(caught.value)
    [difference] = verify(world.db, published, world.model_id)
    assert difference.kind == "damaged"
    world.add(200)
    assert publish(world.db, published, world.model_id).rebuilt
    assert verify(world.db, published, world.model_id) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ('"count": 41', '"count": 40'),
        ('"size": ', '"size": 1'),
        ('"format": 2', '"format": 3'),
        ('"generation": "00000002"', '"generation": "00000001"'),
        ('"dimension": 16', '"dimension": 32'),
        ('"skipped": []', '"skipped": 7'),
        ('"seq": 41', '"sequence": 41'),
    ],
)
def test_a_manifest_that_is_not_the_published_one_is_noticed(published, world, field, value):
    path = in_force(published) / "manifest.json"
    assert field in path.read_text()
    path.write_text(path.read_text().replace(field, value))
    with pytest.raises(IndexDamaged):
        FaceIndex.open_current(published, world.model)
    assert reindex(world.db, published, world.model_id)
    assert verify(world.db, published, world.model_id) == []


def test_a_file_of_another_generation_is_noticed(published, world):
    older, newer = sorted((published / "segments").glob("*.faiss"))
    shutil.copy(older, newer)
    with pytest.raises(IndexDamaged, match=r"not the file its manifest names"):
        FaceIndex.open_current(published, world.model)


def test_a_generation_of_another_index_is_noticed(published, world, tmp_path):
    shutil.copytree(previous(published), in_force(published), dirs_exist_ok=True)
    with pytest.raises(IndexDamaged, match="another generation"):
        FaceIndex.open_current(published, world.model)


@pytest.mark.parametrize(
    "line",
    ["", "\n", "nonsense\n", "../index/00000002\n", "00000002", "00000009\n", "00000002\n\n"],
)
def test_current_is_read_strictly(published, world, line):
    (published / "current").write_text(line)
    if line == "00000002":  # the newline is a courtesy to people
        assert FaceIndex.open_current(published, world.model).count == 41
        return
    with pytest.raises(IndexDamaged):
        FaceIndex.open_current(published, world.model)
    assert publish(world.db, published, world.model_id).rebuilt
    assert verify(world.db, published, world.model_id) == []


def test_an_index_of_another_model_is_refused(published, world):
    with pytest.raises(IndexOfAnotherModel, match="not of the one in use"):
        FaceIndex.open_current(published, world.other_model)


def test_an_open_index_outlives_its_files(published, world):
    index = FaceIndex.open_current(published, world.model)
    shutil.rmtree(published)
    assert index.search(world.unit(3)[None], 1)[0] == 4


def test_readers_get_whole_generations_whatever_the_publisher_does(published, world):
    """Publishing prunes what a slow reader has just been pointed at; readers follow on."""
    done, seen, errors = threading.Event(), set(), []

    def read() -> None:
        try:
            while not done.is_set():
                index = FaceIndex.open_current(published, world.model)
                digest = format_digest(
                    sum(compute_digest(*batch) for batch in index.iter_batches())
                )
                assert digest == index.manifest.digest
                seen.add(index.manifest.generation)
        except BaseException as error:
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for seed in range(300, 325):
        world.add(seed)
        publish(world.db, published, world.model_id)
    done.set()
    for reader in readers:
        reader.join()
    assert errors == []
    assert len(seen) > 1


def test_a_generation_pruned_between_two_reads_is_read_again(published, world, monkeypatch):
    """The narrow case made wide: two publishings between reading ``current`` and the file."""
    from enrichscrapy.index import files

    reads = []

    def slow_read_current(index_dir, real=files.read_current):
        name = real(index_dir)
        if not reads:
            reads.append(name)
            for seed in (500, 501):
                world.add(seed)
                publish(world.db, published, world.model_id)
            assert not (published / name).exists()
        return name

    monkeypatch.setattr(files, "read_current", slow_read_current)
    assert FaceIndex.open_current(published, world.model).count == 43
