"""A published index equals the accepted faces of one database state."""

import itertools
import json
import shutil
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrichscrapy.exceptions import BadSetting, EnrichError
from enrichscrapy.files.locks import FileLock
from enrichscrapy.index import (
    FaceIndex,
    accepted,
    publish,
    read_published_model,
    reindex,
    tiers,
    verify,
)
from enrichscrapy.index.files import list_files, list_generations
from enrichscrapy.index.manifest import compute_digest, format_digest
from tests.index.conftest import contents

pytestmark = pytest.mark.on_both(short=("test_changes_are_applied_without_reading_the_rest",))


@pytest.fixture
def no_full_read(monkeypatch):
    """From here on, reading all accepted faces is a failure."""

    def forbid() -> None:
        def read_everything(*_args):
            raise AssertionError("all faces were read from the database")

        monkeypatch.setattr(accepted, "read_all_faces", read_everything)

    return forbid


def test_a_database_without_faces_publishes_nothing(world, index_dir):
    assert publish(world.db, index_dir, world.model_id) is None
    assert FaceIndex.open_current(index_dir, world.model) is None
    assert read_published_model(index_dir) is None
    assert verify(world.db, index_dir, world.model_id) == []


def test_published_files_are_where_the_design_says(world, index_dir):
    world.add(1, 2, 3)
    generation = publish(world.db, index_dir, world.model_id)
    assert (index_dir / "current").read_text() == f"{generation.path.name}\n"
    assert [path.name for path in generation.path.iterdir()] == ["manifest.json"]
    [file] = (index_dir / "segments").iterdir()
    manifest = json.loads((generation.path / "manifest.json").read_text())
    assert manifest["count"] == 3
    assert manifest["change"]["seq"] == 3
    assert manifest["model"]["name"] == "drawn"
    [segment] = manifest["segments"]
    assert segment["file"]["name"] == f"segments/{file.name}"
    assert segment["file"]["size"] == file.stat().st_size
    assert read_published_model(index_dir) == world.model


def test_files_are_for_their_owner_only(world, index_dir):
    world.add(1)
    folder = publish(world.db, index_dir, world.model_id).path
    for path in (folder, *(path for path in index_dir.rglob("*") if path.is_file())):
        assert path.stat().st_mode & 0o077 == 0, path


def test_the_index_holds_every_accepted_vector_under_its_id(world, index_dir):
    world.add(*range(20))
    world.add(99, verdict="quarantined")
    publish(world.db, index_dir, world.model_id)
    assert contents(index_dir) == world.accepted()
    assert verify(world.db, index_dir, world.model_id) == []


def test_nothing_changed_publishes_nothing(world, index_dir):
    world.add(1)
    assert publish(world.db, index_dir, world.model_id)
    assert publish(world.db, index_dir, world.model_id) is None


def test_changes_are_applied_without_reading_the_rest(world, index_dir, no_full_read):
    kept, replaced, retired, deleted = world.add(1, 2, 3, 4)
    publish(world.db, index_dir, world.model_id)
    no_full_read()
    [added] = world.add(5)
    world.replace(replaced, seed=6)
    world.retire(retired)
    world.delete(deleted)
    generation = publish(world.db, index_dir, world.model_id)
    assert generation.rebuilt == ""
    assert (generation.added, generation.removed) == (2, 3)
    assert set(contents(index_dir)) == {kept, replaced, added}
    assert contents(index_dir) == world.accepted()


def test_a_face_that_comes_and_goes_between_two_publishings_leaves_nothing(world, index_dir):
    world.add(1)
    publish(world.db, index_dir, world.model_id)
    [face] = world.add(2)
    world.retire(face)
    world.accept(face)
    world.delete(face)
    assert publish(world.db, index_dir, world.model_id).rebuilt == ""
    assert contents(index_dir) == world.accepted()


actions = st.lists(
    st.tuples(
        st.sampled_from(["add", "retire", "accept", "replace", "delete", "publish"]),
        st.integers(0, 9),
    ),
    max_size=25,
)


@given(actions)
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_sequence_of_changes_ends_as_a_rebuild_would(world, index_dir, steps):
    end_as_a_rebuild_would(world, index_dir, steps, None)


@given(actions)
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_sequence_ends_so_in_tiny_segments_with_codes(world, index_dir, steps):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiers, "SMALL", 1)
        patch.setattr(tiers, "LARGEST", 3)
        end_as_a_rebuild_would(world, index_dir, steps, 2)


def end_as_a_rebuild_would(world, index_dir, steps, exact_faces):
    seeds = itertools.count(1)
    shutil.rmtree(index_dir, ignore_errors=True)
    alive = list(world.accepted())
    for action, pick in steps:
        if action == "add":
            alive += world.add(next(seeds))
        elif action == "publish":
            publish(world.db, index_dir, world.model_id, exact_faces=exact_faces)
        elif alive:
            face = alive[pick % len(alive)]
            if action == "replace":
                world.replace(face, seed=next(seeds))
            else:
                getattr(world, action)(face)
            if action == "delete":
                alive.remove(face)
    publish(world.db, index_dir, world.model_id)
    assert verify(world.db, index_dir, world.model_id) == []
    grown = FaceIndex.open_current(index_dir, world.model)
    rebuilt = reindex(world.db, index_dir, world.model_id)
    if grown is not None:
        assert sorted(grown.ids.tolist()) == sorted(world.accepted())
        assert grown.manifest.digest == rebuilt.manifest.digest
        assert grown.manifest.count == rebuilt.manifest.count == len(world.accepted())


def test_the_digest_does_not_depend_on_the_order(world):
    ids = np.arange(1, 6, dtype=np.int64)
    vectors = np.stack([world.unit(seed) for seed in range(5)])
    shuffled = np.array([3, 1, 4, 0, 2])
    assert compute_digest(ids, vectors) == compute_digest(ids[shuffled], vectors[shuffled])
    assert compute_digest(ids, vectors) != compute_digest(ids[shuffled], vectors)
    assert len(format_digest(compute_digest(ids, vectors))) == 64


def test_the_previous_generation_is_kept_and_older_ones_are_pruned(world, index_dir):
    names = []
    for seed in range(4):
        world.add(seed)
        names.append(publish(world.db, index_dir, world.model_id).path.name)
    assert list_generations(index_dir) == names[-2:]


def test_leftovers_of_a_killed_publisher_are_pruned_and_never_reused(world, index_dir):
    world.add(1)
    publish(world.db, index_dir, world.model_id)
    (index_dir / "00000002").mkdir()
    (index_dir / "segments" / "00000002-0.faiss").write_bytes(b"half")
    (index_dir / "current.new").write_bytes(b"000")
    world.add(2)
    assert publish(world.db, index_dir, world.model_id).path.name == "00000003"
    assert not (index_dir / "00000002").exists()
    assert [path.name for path in list_files(index_dir)] == [
        "00000001-0.faiss",  # of the generation before
        "00000003-0.faiss",
    ]
    assert contents(index_dir) == world.accepted()


def test_a_name_that_current_still_holds_is_not_given_again(world, index_dir):
    world.add(1)
    first = publish(world.db, index_dir, world.model_id)
    shutil.rmtree(first.path)
    assert reindex(world.db, index_dir, world.model_id).path.name != first.path.name


def test_another_model_replaces_the_index_once_it_has_a_face(world, index_dir):
    world.add(1)
    first = publish(world.db, index_dir, world.model_id)
    other = world.add_model(world.other_model)
    assert publish(world.db, index_dir, other) is None
    assert read_published_model(index_dir) == world.model
    [face] = world.add(2, model_id=other)
    second = publish(world.db, index_dir, other)
    assert "another model" in second.rebuilt
    assert second.manifest.previous == first.path.name
    assert list(contents(index_dir)) == [face]


def test_an_unknown_model_is_refused(world, index_dir):
    with pytest.raises(BadSetting, match="model number 77"):
        reindex(world.db, index_dir, 77)


def backup(world, path) -> None:
    with world.db.engine.connect() as connection:
        connection.connection.driver_connection.execute("VACUUM INTO ?", (str(path),))


def restore(world, path) -> None:
    world.db.close()
    for suffix in ("-wal", "-shm"):
        world.db.path.with_name(world.db.path.name + suffix).unlink(missing_ok=True)
    shutil.copy(path, world.db.path)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("catch_up", [0, 1, 2, 5], ids=["behind", "level", "ahead", "far ahead"])
def test_a_restored_backup_is_noticed_and_read_again(world, index_dir, tmp_path, catch_up):
    """Its change numbers and face ids count on from where the backup stood."""
    world.add(1, 2)
    backup(world, tmp_path / "backup.db")
    lost = world.add(3)[0]
    publish(world.db, index_dir, world.model_id)
    restore(world, tmp_path / "backup.db")
    again = world.add(*range(10, 10 + catch_up))
    assert again[:1] in ([], [lost])  # the same number and the same id, for another face
    generation = publish(world.db, index_dir, world.model_id)
    assert "another database state" in generation.rebuilt
    assert contents(index_dir) == world.accepted()


def test_a_face_erased_after_publishing_is_no_other_history(world, index_dir, no_full_read):
    face = world.add(1, 2)[-1]
    publish(world.db, index_dir, world.model_id)
    no_full_read()
    world.delete(face)
    assert publish(world.db, index_dir, world.model_id).rebuilt == ""
    world.add(3)
    assert publish(world.db, index_dir, world.model_id).rebuilt == ""
    assert contents(index_dir) == world.accepted()


@pytest.mark.parametrize(
    "bad", [b"short", bytes(64), np.full(16, np.nan, np.float32).tobytes(), b"\x7f" * 64]
)
def test_a_vector_that_cannot_be_used_costs_that_face_only(world, index_dir, bad):
    world.add(1)
    publish(world.db, index_dir, world.model_id)
    broken = world.add_vector(bad)
    world.add(2)
    for generation in (
        publish(world.db, index_dir, world.model_id),
        reindex(world.db, index_dir, world.model_id),
    ):
        assert generation.manifest.skipped == (broken,)
        assert generation.manifest.count == 2
        [difference] = verify(world.db, index_dir, world.model_id)
        assert (difference.kind, difference.face_id) == ("unusable", broken)
    world.retire(broken)
    assert publish(world.db, index_dir, world.model_id).manifest.skipped == ()


@pytest.mark.sqlite_only
def test_one_publisher_at_a_time(world, index_dir):
    world.add(1)
    with FileLock(index_dir / "lock", "publishing"):
        with pytest.raises(EnrichError, match=r"published by process \d+"):
            publish(world.db, index_dir, world.model_id, wait=0.0)
        assert FaceIndex.open_current(index_dir, None) is None
    assert publish(world.db, index_dir, world.model_id, wait=0.0)


def test_many_publishers_and_a_writer_end_with_one_whole_index(world, index_dir):
    errors: list[BaseException] = []

    def work(action) -> None:
        try:
            for number in range(8):
                action(number)
        except BaseException as error:
            errors.append(error)

    jobs = [lambda _n: publish(world.db, index_dir, world.model_id)] * 3
    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    threads.append(threading.Thread(target=work, args=(lambda n: world.add(n),)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    publish(world.db, index_dir, world.model_id)
    assert contents(index_dir) == world.accepted()
    assert verify(world.db, index_dir, world.model_id) == []
