"""A publisher killed at any step, or out of room, leaves a whole index behind."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from enrichscrapy.index import FaceIndex, erase, publish, reindex, verify
from enrichscrapy.index.files import list_files, list_generations
from enrichscrapy.index.segments import OpenSegment
from tests.index.steps import Recorder
from tests.support import PATIENCE

PROJECT = Path(__file__).resolve().parents[2]

# Publishes in a forked child for every so many steps, dying there, until a child gets through.
KILLED_ON_THE_WAY = """
import os, shutil, sys
from pathlib import Path
from enrichscrapy.database import PerformerDatabase
from functools import partial
from enrichscrapy.index import erase, publish, reindex
from tests.index.steps import Recorder

folder, action, stride = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
turn, killed = 0, True
while killed:
    here = folder / f"killed-{turn:03d}"
    shutil.copytree(folder / "before", here)
    child = os.fork()
    if child == 0:
        db = PerformerDatabase(folder / "performers.db")
        coded = partial(publish, exact_faces=2)
        run = {"publish": publish, "reindex": reindex, "erase": erase, "coded": coded}[action]
        with Recorder(here, kill_at=turn * stride).recording():
            run(db, here, 1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == 9
    assert killed or status == 0, status
    turn += 1
print(turn - 1)
"""


def in_child(code: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def two_states(world, tmp_path):
    """An index of two generations, and a database that is one change ahead of it."""
    for seeds in ([1, 2], [3]):
        world.add(*seeds)
        publish(world.db, tmp_path / "before", world.model_id)
    old = set(world.accepted())
    world.add(4)
    world.retire(1)
    world.db.close()
    return tmp_path, old, set(world.accepted())


@pytest.mark.parametrize(
    ("action", "stride"),
    [
        ("publish", 4),
        *(pytest.param(a, 1, marks=pytest.mark.long) for a in ("publish", "reindex", "coded")),
    ],
)
def test_killed_at_any_step_readers_have_the_old_or_the_new_index(
    two_states, world, action, stride
):
    folder, old, new = two_states
    kills = int(in_child(KILLED_ON_THE_WAY, folder, action, stride))
    assert kills * stride > 15
    seen = []
    for number in range(kills):
        here = folder / f"killed-{number:03d}"
        faces = set(FaceIndex.open_current(here, world.model).ids.tolist())
        assert faces in (old, new)
        seen.append(faces)
        publish(world.db, here, world.model_id)  # the next crawl tidies up
        assert verify(world.db, here, world.model_id) == []
        assert len(list_generations(here)) == 2
        assert not (here / "current.new").exists()
    assert seen == sorted(seen, key=lambda faces: faces == new), "the old came back"
    assert seen[0] == old
    assert seen[-1] == new


@pytest.mark.parametrize("stride", [4, pytest.param(1, marks=pytest.mark.long)])
def test_killed_at_any_step_erasing_can_be_said_again(world, tmp_path, stride):
    world.add(1, 2)
    publish(world.db, tmp_path / "before", world.model_id)
    world.add(3)
    publish(world.db, tmp_path / "before", world.model_id)
    world.delete(1)
    world.db.close()
    gone = world.unit(1).tobytes()
    for number in range(int(in_child(KILLED_ON_THE_WAY, tmp_path, "erase", stride))):
        here = tmp_path / f"killed-{number:03d}"
        assert set(FaceIndex.open_current(here, world.model).ids.tolist()) in ({1, 2, 3}, {2, 3})
        assert erase(world.db, here, world.model_id).count == 2
        assert [path for path in here.rglob("*.*") if gone in path.read_bytes()] == []
        assert verify(world.db, here, world.model_id) == []


def test_nothing_is_named_before_it_is_written_synced_and_read_back(world, index_dir, monkeypatch):
    world.add(1)
    publish(world.db, index_dir, world.model_id)
    world.add(2)
    publish(world.db, index_dir, world.model_id)
    world.add(3)
    recorder = Recorder(index_dir)
    read = OpenSegment.open.__func__

    def noted_read(cls, folder, segment, dimension, *, thorough=False):
        if thorough:
            recorder.steps.append(("read back", segment.file.name))
        return read(cls, folder, segment, dimension, thorough=thorough)

    monkeypatch.setattr(OpenSegment, "open", classmethod(noted_read))
    with recorder.recording():
        publish(world.db, index_dir, world.model_id)
    of_no_interest = {("mkdir", "."), ("mkdir", "segments")}
    steps = [step for step in recorder.steps if step[1] != "lock" and step not in of_no_interest]
    steps = [step for step, before in zip(steps, [None, *steps], strict=False) if step != before]
    assert steps[:-3] == [
        ("mkdir", "00000003"),
        ("create", "segments/00000003-0.faiss"),
        ("write", "segments/00000003-0.faiss"),
        ("sync", "segments/00000003-0.faiss"),
        ("create", "00000003/manifest.json"),
        ("write", "00000003/manifest.json"),
        ("sync", "00000003/manifest.json"),
        ("sync", "segments"),
        ("sync", "00000003"),
        ("sync", "."),
        ("read back", "segments/00000003-0.faiss"),
        ("remove", "current.new"),
        ("create", "current.new"),
        ("write", "current.new"),
        ("sync", "current.new"),
        ("rename", "current.new -> current"),
        ("sync", "."),
    ]
    assert steps[-3:] == [
        ("remove", "00000001/manifest.json"),
        ("remove", "00000001"),
        ("remove", "segments/00000001-0.faiss"),
    ]


def flip_on_the_way(real):
    """A disk that loses a bit: what is synced is not what was written."""

    def fsync(descriptor):
        real(descriptor)
        if os.readlink(f"/proc/self/fd/{descriptor}").endswith(".faiss"):
            os.pwrite(descriptor, b"\xff", 200)

    return fsync


def test_a_file_that_reads_back_differently_is_never_published(world, index_dir, monkeypatch):
    world.add(1, 2)
    first = publish(world.db, index_dir, world.model_id)
    world.add(3)
    monkeypatch.setattr(os, "fsync", flip_on_the_way(os.fsync))
    with pytest.raises(Exception, match="not the file its manifest names"):
        reindex(world.db, index_dir, world.model_id)
    monkeypatch.undo()
    assert list_generations(index_dir) == [first.path.name]
    assert FaceIndex.open_current(index_dir, world.model).count == 2
    assert publish(world.db, index_dir, world.model_id).manifest.count == 3


@pytest.fixture
def full_disk():
    """Files may grow to 3000 bytes only: as a full disk, and without being root."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))

    yield fill
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk_leaves_what_was_published(world, index_dir, full_disk):
    world.add(*range(10))
    first = publish(world.db, index_dir, world.model_id)
    world.add(*range(100, 200))
    full_disk()
    with pytest.raises(OSError, match="too large"):
        publish(world.db, index_dir, world.model_id)
    assert list_generations(index_dir) == [first.path.name]
    assert [path.name for path in list_files(index_dir)] == ["00000001-0.faiss"]
    assert FaceIndex.open_current(index_dir, world.model).count == 10


def test_a_folder_that_cannot_be_written_is_an_error_of_the_system(world, tmp_path):
    world.add(1)
    (tmp_path / "index").write_text("a file in its place")
    with pytest.raises(OSError, match="index"):
        publish(world.db, tmp_path / "index", world.model_id)
