"""An index is made of segments that never change: what a publishing writes, and what it leaves."""

import json
import math
from pathlib import Path

import faiss
import numpy as np
import pytest
from sqlalchemy import update

from enrichscrapy.database.schema import faces
from enrichscrapy.exceptions import IndexDamaged
from enrichscrapy.index import FaceIndex, erase, files, publish, reindex, segments, tiers, verify
from enrichscrapy.index.manifest import File, Segment, compute_digest, format_digest

pytestmark = pytest.mark.on_both(short=("test_no_file_holds_it_and_the_rest_is_left_alone",))


def list_segments(index_dir) -> dict[str, tuple[int, int]]:
    """Inode and size of each file of the segments: another inode is another file."""
    found = {path.name: path.stat() for path in files.list_files(index_dir)}
    return {name: (stat.st_ino, stat.st_size) for name, stat in found.items()}


def holds(index_dir, vector: bytes) -> list[str]:
    """Files below ``index_dir`` in which these bytes are."""
    paths = (path for path in Path(index_dir).rglob("*") if path.is_file())
    return [path.name for path in paths if vector in path.read_bytes()]


@pytest.fixture
def small_tiers(monkeypatch):
    """Segments of 40 faces at the most; up to four are always written anew."""
    monkeypatch.setattr(tiers, "SMALL", 4)
    monkeypatch.setattr(tiers, "LARGEST", 40)


FACES = 300


@pytest.fixture
def large(world, index_dir, monkeypatch):
    """An index of one segment, which is large beside those that are always written anew."""
    monkeypatch.setattr(tiers, "SMALL", 20)
    world.add(*range(FACES))
    publish(world.db, index_dir, world.model_id)
    return index_dir


class TestWhatIsWritten:
    def test_few_faces_on_many_are_one_small_segment(self, world, large):
        before = list_segments(large)
        added = world.add(*range(2000, 2010))
        generation = publish(world.db, large, world.model_id)
        written = {n: stat for n, stat in list_segments(large).items() if n not in before}
        assert [size < 2000 for _, size in written.values()] == [True]
        assert before.items() <= list_segments(large).items()
        first, last = generation.manifest.segments
        assert (first.live, last.live, last.first_id) == (FACES, 10, added[0])
        assert verify(world.db, large, world.model_id) == []

    def test_nothing_that_stays_is_read(self, world, large, monkeypatch):
        read = []
        monkeypatch.setattr(segments, "_read_mark", lambda path, _stamp: read.append(path))
        world.add(*range(2000, 2010))
        assert publish(world.db, large, world.model_id).added == 10
        assert read == []

    def test_small_segments_become_one(self, world, index_dir):
        for seed in range(6):
            world.add(seed)
            generation = publish(world.db, index_dir, world.model_id)
        [segment] = generation.manifest.segments
        assert segment.live == 6

    def test_a_segment_is_never_larger_than_the_largest(self, world, index_dir, small_tiers):
        world.add(*range(100))
        generation = reindex(world.db, index_dir, world.model_id)
        assert [each.count for each in generation.manifest.segments] == [40, 40, 20]
        assert verify(world.db, index_dir, world.model_id) == []

    def test_what_is_written_again_follows_what_comes_in(self):
        """A year of publishing ten faces every five minutes, ten times over, as numbers."""
        standing, written, publishings, incoming = [], 0, 20_000, 50
        for _ in range(publishings):
            merged = tiers.choose_segments(standing, incoming, ())
            size = incoming + sum(each.live for each in merged)
            assert size <= tiers.LARGEST
            written += size
            standing = [each for each in standing if each not in merged]
            standing.append(Segment(File(str(written), "", 0), size, "", 0, 0))
        doublings = math.log2(tiers.LARGEST / tiers.SMALL)
        assert written / publishings < tiers.SMALL + incoming * (doublings + 1)
        total = incoming * publishings
        assert sum(each.live for each in standing) == total
        assert len(standing) < 2 * total / tiers.LARGEST + doublings + 2


class TestGone:
    def test_a_retired_face_is_named_gone_and_found_no_more(self, world, large):
        before = list_segments(large)
        world.retire(8)
        generation = publish(world.db, large, world.model_id)
        assert list_segments(large) == before
        assert generation.manifest.segments[0].gone == (8,)
        index = FaceIndex.open_current(large, world.model)
        ids, near = index.search(world.unit(7)[None], FACES)
        assert 8 not in ids
        assert ids[0, -1] == -1
        assert near[0, -1] == np.finfo(np.float32).min
        assert verify(world.db, large, world.model_id) == []

    def test_it_comes_back_in_another_segment(self, world, large):
        world.retire(8)
        publish(world.db, large, world.model_id)
        world.accept(8)
        publish(world.db, large, world.model_id)
        index = FaceIndex.open_current(large, world.model)
        assert index.search(world.unit(7)[None], 1)[0] == 8
        assert verify(world.db, large, world.model_id) == []

    def test_a_segment_of_which_much_is_gone_is_written_anew(self, world, large):
        for face_id in range(1, 1 + math.ceil(FACES * tiers.MOST_GONE) + 1):
            world.retire(face_id)
        [segment] = publish(world.db, large, world.model_id).manifest.segments
        assert segment.gone == ()
        assert segment.count == len(world.accepted())
        assert verify(world.db, large, world.model_id) == []

    def test_a_face_whose_vector_the_database_drops_stays_in_no_segment(self, world, large):
        """As a rejected one: what is in force holds it no more, the generation before is next."""
        world.retire(8)
        with world.db.write() as connection:
            connection.execute(update(faces).where(faces.c.id == 8).values(vector=None))
        generation = publish(world.db, large, world.model_id)
        assert generation.manifest.segments[0].gone == ()
        world.add(3000)
        publish(world.db, large, world.model_id)
        assert holds(large, world.unit(7).tobytes()) == []

    def test_the_last_face_may_go(self, world, index_dir):
        world.add(1)
        publish(world.db, index_dir, world.model_id)
        world.delete(1)
        assert publish(world.db, index_dir, world.model_id).manifest.segments == ()
        assert FaceIndex.open_current(index_dir, None).search(world.unit(1)[None], 2)[0].max() == -1
        assert verify(world.db, index_dir, world.model_id) == []


class TestErasing:
    def test_no_file_holds_it_and_the_rest_is_left_alone(self, world, index_dir, small_tiers):
        world.add(*range(100))
        publish(world.db, index_dir, world.model_id)
        world.retire(50)  # before it is forgotten: named gone, and still in its file
        publish(world.db, index_dir, world.model_id)
        assert holds(index_dir, world.unit(49).tobytes())
        before = list_segments(index_dir)
        world.delete(50)
        world.delete(51)
        assert erase(world.db, index_dir, world.model_id).count == 98
        for seed in (49, 50):
            assert holds(index_dir, world.unit(seed).tobytes()) == []
        assert len(files.list_generations(index_dir)) == 1
        untouched = before.keys() & list_segments(index_dir).keys()
        assert len(untouched) == 2
        assert verify(world.db, index_dir, world.model_id) == []

    def test_what_was_published_already_is_erased_too(self, world, large):
        """The generation before still holds it, and so does an orphan of a killed publisher."""
        world.delete(8)
        publish(world.db, large, world.model_id)
        assert holds(large, world.unit(7).tobytes())
        (large / "segments" / "00000001-7.faiss").write_bytes(world.unit(7).tobytes())
        erase(world.db, large, world.model_id)
        assert holds(large, world.unit(7).tobytes()) == []
        assert verify(world.db, large, world.model_id) == []

    def test_a_retired_face_goes_without_a_change_that_tells_of_it(self, world, large):
        """Its performer's rows go; only accepted faces are in ``face_changes``."""
        world.retire(8)
        publish(world.db, large, world.model_id)
        with world.db.write() as connection:
            connection.execute(faces.delete().where(faces.c.id == 8))
        assert holds(large, world.unit(7).tobytes())
        erase(world.db, large, world.model_id)
        assert holds(large, world.unit(7).tobytes()) == []
        assert verify(world.db, large, world.model_id) == []

    def test_without_an_index_there_is_nothing_to_erase(self, world, index_dir):
        assert erase(world.db, index_dir, world.model_id) is None

    def test_a_damaged_index_is_made_anew(self, world, large):
        world.delete(8)
        [file] = files.list_files(large)
        file.write_bytes(file.read_bytes()[:-1])
        assert erase(world.db, large, world.model_id).count == FACES - 1
        assert holds(large, world.unit(7).tobytes()) == []


class TestReading:
    def test_a_file_is_compared_once_and_again_when_it_was_written_to(self, large, monkeypatch):
        read, real = [], files.read_mark
        monkeypatch.setattr(files, "read_mark", lambda *a, **k: read.append(a) or real(*a, **k))
        segments._read_mark.cache_clear()
        for _ in range(3):
            FaceIndex.open_current(large, None)
        assert len(read) == 1
        [file] = files.list_files(large)
        data = bytearray(file.read_bytes())
        data[-9] ^= 1
        file.write_bytes(data)
        with pytest.raises(IndexDamaged, match="not the file its manifest names"):
            FaceIndex.open_current(large, None)

    def test_verify_reads_everything_again(self, world, large, monkeypatch):
        FaceIndex.open_current(large, None)
        read, real = [], files.read_mark
        monkeypatch.setattr(files, "read_mark", lambda *a, **k: read.append(k) or real(*a, **k))
        assert verify(world.db, large, world.model_id) == []
        assert read == [{"from_disk": True}]

    def test_vectors_are_mapped_and_cannot_be_written_to(self, large):
        segment = FaceIndex.open_current(large, None).segments[0]
        matrix = segment.matrix
        assert not matrix.flags.writeable
        assert str(files.list_files(large)[0]) in Path("/proc/self/maps").read_text()
        del segment
        assert matrix[0].any(), "the array keeps its file open"

    def test_a_face_that_is_named_twice_is_noticed(self, world, large):
        path = large / files.read_current(large) / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["segments"] *= 2
        manifest["count"] *= 2
        path.write_text(json.dumps(manifest))
        [difference] = verify(world.db, large, world.model_id)
        assert (difference.kind, "twice" in difference.detail) == ("damaged", True)


class TestOlderLayout:
    """One file a generation, in its folder: read as it is, and rebuilt at the first publishing."""

    @pytest.fixture
    def old(self, world, index_dir):
        ids = np.array(world.add(1, 2, 3), dtype=np.int64)
        generation = publish(world.db, index_dir, world.model_id)
        vectors = np.stack([world.unit(seed) for seed in (1, 2, 3)])
        index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
        index.add_with_ids(vectors, ids)
        faiss.write_index(index, str(generation.path / "faces.faiss"))
        path = generation.path / "manifest.json"
        fields = json.loads(path.read_text())
        for name in ("segments", "quantiser", "exact_faces"):
            del fields[name]
        mark = files.read_mark(generation.path / "faces.faiss")
        fields |= {"format": 1, "file_sha256": mark.sha256, "file_size": mark.size}
        assert fields["digest"] == format_digest(compute_digest(ids, vectors))
        path.write_text(json.dumps(fields))
        for file in files.list_files(index_dir):
            file.unlink()
        return index_dir

    def test_it_is_read(self, world, old):
        index = FaceIndex.open_current(old, world.model)
        assert index.count == 3
        assert index.search(world.unit(2)[None], 1)[0] == 2
        assert verify(world.db, old, world.model_id) == []

    def test_the_first_publishing_rebuilds_it(self, world, old):
        world.add(4)
        assert "older layout" in publish(world.db, old, world.model_id).rebuilt
        assert verify(world.db, old, world.model_id) == []
        world.add(5)
        assert publish(world.db, old, world.model_id).rebuilt == ""
        assert list(old.rglob("faces.faiss")) == []

    def test_erasing_leaves_nothing_of_it(self, world, old):
        world.delete(2)
        assert erase(world.db, old, world.model_id).count == 2
        assert holds(old, world.unit(2).tobytes()) == []
