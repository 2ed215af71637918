"""Worker processes: batches, order, deaths, and nothing left behind."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from enrichscrapy.exceptions import BadSetting, WeightsError
from enrichscrapy.faces import devices
from enrichscrapy.faces.engine import FaceOptions
from enrichscrapy.faces.quality import Gates
from enrichscrapy.faces.worker import NICENESS
from enrichscrapy.faces.workers import FaceWorkers, WorkersFailed
from enrichscrapy.items import PhotoOutcome
from tests.forkserver import forking_at
from tests.support import PATIENCE, face_server

LIMIT = PATIENCE


@pytest.fixture
def plain(monkeypatch):
    """Options of a model that loads fast, and dies or hangs over certain photos; its workers are
    forked from a process that has imported torch."""
    forking = forking_at(str(face_server()[1]))
    monkeypatch.setattr("enrichscrapy.faces.workers.subprocess", forking)
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return FaceOptions(model="worker_models.Plain", gates=Gates(), batch_size=4)


@pytest.fixture
def photo(portrait, encode):
    return encode(portrait(), "JPEG")


@pytest.fixture
def colourless(portrait, encode):
    """``colourless(channel)``: a portrait without red (0), green (1) or blue (2), as PNG."""

    def draw(channel: int) -> bytes:
        bands = list(portrait().split())
        bands[channel] = bands[channel].point(lambda _: 0)
        return encode(Image.merge("RGB", bands), "PNG")

    return draw


def ended(pids, seconds=PATIENCE) -> bool:
    """Wait until none of the processes runs any more."""
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        readable, _, _ = select.select([handle], [], [], seconds)
        os.close(handle)
        if not readable:
            return False
    return True


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, LIMIT))


@pytest.mark.long
def test_real_network_over_several_callers(options, engine, portrait, encode):
    """Two workers, callers at once: each gets its own photos' results, in order; Ctrl-C, which
    the terminal sends to all, does not end a worker; ``close`` leaves none."""
    photos = [encode(portrait(seed), "JPEG") for seed in range(3)]
    callers = [[photos[0], b"no photo", photos[1]], [photos[2]], [], [photos[1], photos[0]]]

    async def scene():
        workers = FaceWorkers(options, workers=2)
        info = await workers.start()
        pids = workers.pids
        for pid in pids:
            os.kill(pid, signal.SIGINT)
        results = await asyncio.gather(*(workers.look(each) for each in callers))
        assert workers.pids == pids
        await workers.close()
        return info, pids, results

    info, pids, results = run(scene())
    assert info == engine.info
    assert len(pids) == 2
    assert ended(pids)
    for asked, given in zip(callers, results, strict=True):
        assert len(asked) == len(given)
        for data, result in zip(asked, given, strict=True):
            expected = engine.look([data])[0]
            assert (result.outcome, result.detail) == (expected.outcome, expected.detail)
            assert result.phash == expected.phash
            for one, other in zip(result.faces, expected.faces, strict=True):
                assert one.vector @ other.vector > 0.999


def test_guilty_photo_is_found_and_only_it_fails(plain, photo, colourless):
    """A batch of four dies; three of its photos get their faces, the fourth its reason."""

    async def scene():
        workers = FaceWorkers(plain, workers=1)
        await workers.start()
        before = workers.pids
        results = await workers.look([photo, photo, colourless(2), photo])
        after = workers.pids
        await workers.close()
        return before, after, results, workers.replaced

    before, after, results, replaced = run(scene())
    assert [result.outcome for result in results] == [
        PhotoOutcome.FACES,
        PhotoOutcome.FACES,
        PhotoOutcome.FAILED,
        PhotoOutcome.FACES,
    ]
    assert "exit 7" in results[2].detail
    assert before != after
    assert replaced == 2  # once over the batch, once over the photo
    assert ended(before + after)


@pytest.mark.long
def test_hung_and_killed_workers_are_replaced(plain, photo, colourless):
    """One that hangs over a photo, and one that somebody killed while it was idle."""

    async def scene():
        workers = FaceWorkers(replace(plain, timeout=3.0), workers=1)
        await workers.start()
        hung = (await workers.look([colourless(1)]))[0]
        killed = workers.pids
        os.kill(killed[0], signal.SIGKILL)
        assert ended(killed)
        results = await workers.look([photo, photo])
        pids = workers.pids
        await workers.close()
        return hung, results, killed + pids

    hung, results, pids = run(scene())
    assert hung.outcome is PhotoOutcome.FAILED
    assert "no answer within 3 s" in hung.detail
    assert [result.outcome for result in results] == [PhotoOutcome.FACES] * 2
    assert ended(pids)


@pytest.mark.parametrize("others", [0, 1])
@pytest.mark.parametrize(("times", "outcome"), [(1, "faces"), (2, "failed")])
def test_a_killed_worker_gets_a_second_try_before_it_is_final(
    plain, photo, colourless, tmp_path, monkeypatch, others, times, outcome
):
    """As an out-of-memory killer does it: what was the machine's fault is due again."""
    (tmp_path / "times").write_bytes(b"x" * times)
    monkeypatch.setenv("TIMES", str(tmp_path / "times"))

    async def scene():
        workers = FaceWorkers(replace(plain, model="worker_models.Killed"), workers=1)
        await workers.start()
        results = await workers.look([colourless(2)] + [photo] * others)
        await workers.close()
        return results

    struck, *rest = run(scene())
    assert (struck.outcome.value, struck.due_again) == (outcome, outcome == "failed")
    assert [result.outcome for result in rest] == [PhotoOutcome.FACES] * others


def test_a_successor_that_is_killed_while_it_starts_ends_it(
    plain, photo, colourless, tmp_path, monkeypatch
):
    (tmp_path / "times").write_bytes(b"x")
    monkeypatch.setenv("TIMES", str(tmp_path / "times"))

    async def scene():
        workers = FaceWorkers(replace(plain, model="worker_models.KilledForGood"), workers=1)
        await workers.start()
        for photos in ([colourless(2), photo], [photo]):
            with pytest.raises(WorkersFailed, match="did not start: killed by SIGKILL"):
                await workers.look(photos)
        await workers.close()

    run(scene())


def test_grown_worker_is_replaced(plain, photo):
    async def scene():
        workers = FaceWorkers(replace(plain, worker_memory=1), workers=1)
        await workers.start()
        before = workers.pids
        results = await workers.look([photo])
        while not workers.replaced or workers.pids == before or not workers.pids:
            await asyncio.sleep(0.01)
        await workers.close()
        return before, results

    before, results = run(scene())
    assert results[0].outcome is PhotoOutcome.FACES
    assert ended(before)


def test_close_while_photos_wait(plain, photo, colourless):
    """Whoever waits hears of it, also when a worker hangs; later calls too."""

    async def scene():
        workers = FaceWorkers(plain, workers=1)
        await workers.start()
        pids = workers.pids
        stuck = asyncio.create_task(workers.look([colourless(1)] + [photo] * 20))
        cancelled = asyncio.create_task(workers.look([photo]))
        await asyncio.sleep(0)
        cancelled.cancel()
        await workers.close()
        with pytest.raises(WorkersFailed):
            await stuck
        with pytest.raises(WorkersFailed):
            await workers.look([photo])
        return pids

    assert ended(run(scene()))


def test_wrong_weights_stop_the_start(options, plain):
    async def start(bad: FaceOptions):
        workers = FaceWorkers(bad, workers=1)
        try:
            await workers.start()
        finally:
            assert workers.pids == []

    with pytest.raises(WeightsError, match="SHA-256"):
        run(start(replace(options, sha256="0" * 64)))
    with pytest.raises(BadSetting, match="FACE_MODEL"):
        run(start(replace(plain, model="worker_models.Nobody")))


ORPHAN = """
import asyncio, sys
from enrichscrapy.faces.engine import FaceOptions
from enrichscrapy.faces import devices
from enrichscrapy.faces.workers import FaceWorkers

async def main():
    workers = FaceWorkers(FaceOptions(model="worker_models.Plain"), workers=1)
    starting = asyncio.create_task(workers.start())
    while not workers.pids:
        await asyncio.sleep(0.01)
    if sys.argv[1] == "started":
        await starting
    print(*workers.pids, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("when", ["starting", "started"])
def test_workers_die_with_a_killed_parent(when):
    """kill -9 gives nobody a chance to clean up, also while the worker still starts."""
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parent.parent)])
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, when],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert pids
        parent.kill()
    assert ended(pids)


def test_idle_workers_share_what_waits_and_yield_to_the_crawl(plain, photo):
    """Four photos at once are two for each of two workers, both at a lower priority than ours."""
    signed = replace(plain, model="worker_models.Signed")

    async def scene():
        workers = FaceWorkers(signed, workers=2)
        await workers.start()
        priorities = [os.getpriority(os.PRIO_PROCESS, pid) for pid in workers.pids]
        results = await workers.look([photo] * 4)
        await workers.close()
        return priorities, results

    priorities, results = run(scene())
    assert priorities == [min(os.nice(0) + NICENESS, 19)] * 2
    signatures = [int(result.faces[0].vector.argmax()) for result in results]
    assert sorted(Counter(signatures).values()) == [2, 2]


def test_one_worker_for_each_core():
    assert devices.count_workers("cpu") == min(len(os.sched_getaffinity(0)), 4)


def test_gpus_are_shared_out_among_the_workers(tmp_path, monkeypatch):
    """Told from device files and CUDA's own variable: the crawl's process loads no torch."""
    monkeypatch.setattr(devices, "NODES", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(16)))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert devices.count_workers("auto") == 4, "none: the processor's"
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert devices.count_workers("auto") == devices.count_workers("cuda") == 4
    assert devices.count_workers("cpu") == 4
    seen = [devices.make_environment(n, "auto")["CUDA_VISIBLE_DEVICES"] for n in range(4)]
    assert seen == ["0", "1", "0", "1"]
    assert devices.make_environment(1, "cpu") == {}
    for visible, count, environment in (
        ("", 4, {}),
        ("-1", 4, {}),
        ("3", 2, {}),
        ("5, 3,GPU-8f", 6, {"CUDA_VISIBLE_DEVICES": "3"}),
        ("2,-1,0", 2, {}),
    ):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert devices.count_workers("cuda") == count
        assert devices.make_environment(1, "cuda") == environment
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0})
    assert devices.count_workers("cuda") == 1
