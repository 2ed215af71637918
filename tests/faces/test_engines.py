"""The fastest way to compute the same vectors is found by measuring, once for a machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch

from enrichscrapy.faces import engines
from enrichscrapy.faces.facenet import network as module
from enrichscrapy.faces.facenet import probe
from enrichscrapy.faces.facenet.network import BFLOAT16, FLOAT32, ONNX_RUNTIME, Network


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "enrichscrapy" / "engines.json"


def busy(milliseconds):
    def work():
        ended = time.thread_time() + milliseconds / 1000
        while time.thread_time() < ended:
            pass

    return work


WAYS = {"slow": busy(8), "fast": busy(1), "middling": busy(4)}


def test_the_fastest_is_found_and_remembered(cache):
    built = []

    def build():
        built.append(1)
        return WAYS

    for _ in range(2):
        assert engines.find_fastest("a", list(WAYS), 1, build) == "fast"
    assert len(built) == 1
    assert engines.find_fastest("another", list(WAYS), 1, build) == "fast"
    assert engines.find_fastest("a", list(WAYS), 2, build) == "fast"
    assert len(built) == 3, "another task, and the same with two threads"
    assert engines.find_fastest("a", ["slow"], 1, build) == "slow"
    assert len(built) == 3, "there is nothing to choose"


def of(*seconds, preempted=0):
    return [engines.Round(each, preempted) for each in seconds]


# Two threads, seconds of a round: on a quiet machine, and as recorded with eight programs a core.
QUIET = {"torch": of(0.086, 0.087, 0.09, 0.086), "onnx": of(0.11, 0.12, 0.11, 0.11)}
BUSY = {
    "torch": of(7.0, 4.7, 6.0, 7.5, 3.6, 4.0, 5.0, preempted=800),
    "onnx": of(1.7, 1.3, 1.3, 1.4, 0.9, 1.2, 1.0, preempted=190),
}
# One other program, which has its share of every round alike.
SHARED = {name: of(*[2 * each.seconds for each in QUIET[name]], preempted=40) for name in QUIET}


def test_what_a_quiet_machine_says_is_settled():
    assert engines.judge(QUIET) == engines.Finding({"torch": 0.086, "onnx": 0.11}, 0)


@pytest.mark.parametrize("rounds", [BUSY, SHARED], ids=["busy", "shared"])
def test_what_a_busy_machine_says_is_measured_again(rounds):
    finding = engines.judge(rounds)
    assert finding.open > 0
    settled = engines.judge(QUIET, finding)
    assert settled.open == 0
    assert settled.fastest == "torch"


def test_the_best_round_counts_whenever_it_was():
    first = engines.judge({"torch": of(0.08, 0.9, 0.9), "onnx": of(0.2, 0.5, 0.6)})
    assert engines.judge(BUSY, first).best == {"torch": 0.08, "onnx": 0.2}


def test_a_machine_that_is_always_busy_is_believed_in_the_end():
    finding = None
    for _ in range(engines.TRIES):
        assert finding is None or finding.open > 0
        finding = engines.judge(BUSY, finding)
    assert finding.open == 0
    assert finding.fastest == "onnx"


@pytest.mark.long
def test_a_choice_made_beside_other_programs_stays_open(cache):
    """Real ones: two that never rest for each processor this test may use."""
    count = 2 * len(os.sched_getaffinity(0))
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    built = []

    def build():
        built.append(1)
        return {name: busy(40) for name in ("one", "other")}

    try:
        engines.find_fastest("a", ["one", "other"], 2, build)
    finally:
        for other in others:
            other.kill()
            other.wait()
    assert [entry["open"] > 0 for entry in json.loads(cache.read_text()).values()] == [True]
    engines.find_fastest("a", ["one", "other"], 2, build)
    assert len(built) == 2, "the next start measures again"


def test_who_waited_for_another_process_takes_what_it_found(cache):
    """Two workers start together: the second does not measure the same again."""
    cache.parent.mkdir(parents=True)
    measuring = threading.Event()

    def measure():
        measuring.set()
        return {name: busy(20) for name in WAYS}

    made = []
    first = threading.Thread(
        target=lambda: made.append(engines.find_fastest("a", list(WAYS), 1, measure))
    )
    first.start()
    measuring.wait()
    second = engines.find_fastest("a", list(WAYS), 1, lambda: pytest.fail("measured again"))
    first.join()
    assert made == [second]


@pytest.mark.parametrize("change", ["processor", "mask", "version"])
def test_another_machine_measures_again(cache, monkeypatch, tmp_path, change):
    assert engines.find_fastest("a", list(WAYS), 1, lambda: WAYS) == "fast"
    if change == "processor":
        (tmp_path / "cpuinfo").write_text("model name : Another One\nflags : fpu\n")
        monkeypatch.setattr(engines, "CPU_INFO", tmp_path / "cpuinfo")
    if change == "mask":
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    if change == "version":
        monkeypatch.setattr(engines, "version", lambda name: "999")
    others = {"slow": busy(1), "fast": busy(8), "middling": busy(8)}
    assert engines.find_fastest("a", list(WAYS), 1, lambda: others) == "slow"


@pytest.mark.parametrize("content", ["", "[]", "{", "damaged", "\x00\xff"])
def test_what_is_remembered_may_be_damaged(cache, content):
    assert engines.find_fastest("a", list(WAYS), 1, lambda: WAYS) == "fast"
    known = json.loads(cache.read_text())
    damaged = json.dumps({key: {"best": {"fast": "x"}, "open": []} for key in known})
    cache.write_text(damaged if content == "damaged" else content)
    assert engines.find_fastest("a", list(WAYS), 1, lambda: WAYS) == "fast"


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert engines.find_fastest("a", list(WAYS), 1, lambda: WAYS) == "fast"


@pytest.mark.parametrize(
    ("flags", "native"),
    [
        ("flags : fpu avx512_bf16 avx512f", True),
        ("Features : fp asimd bf16", True),
        ("flags : fpu avx2", False),
        (None, False),
    ],
)
def test_bfloat16_is_only_tried_where_the_processor_has_it(tmp_path, monkeypatch, flags, native):
    path = tmp_path / "cpuinfo"
    if flags:
        path.write_text(flags)
    monkeypatch.setattr(engines, "CPU_INFO", path)
    assert engines.multiplies_bfloat16() == native


@pytest.fixture(scope="module")
def crops(portrait):
    return np.stack([probe.draw(), *(np.asarray(portrait(n).resize((160, 160))) for n in range(2))])


def test_every_way_gives_the_same_vectors(weights, crops):
    """One that falls below a cosine of .9999 to torch's float32 is not taken."""
    data = weights[0].read_bytes()
    exact = Network(data, weights[1], "cpu", 1, FLOAT32).embed_mirrored(crops)[0]
    for name in (ONNX_RUNTIME, BFLOAT16):
        made = Network(data, weights[1], "cpu", 1, name)
        assert made.engine in (name, FLOAT32)
        vectors = made.embed_mirrored(crops)[0]
        assert (vectors * exact).sum(axis=1).min() >= 0.9998
        if name == ONNX_RUNTIME:
            assert made.engine == name
            assert np.abs(vectors - exact).max() < 1e-5
            assert made.embed(crops[:0]).shape == (0, 512)


def test_a_way_that_gives_other_vectors_is_not_taken(weights, crops, monkeypatch):
    class Coarse(module.FoldedNet):
        def __call__(self, crops):
            made = super().__call__(crops)
            return made if self._dtype == torch.float32 else made.sign() + made

    monkeypatch.setattr(module, "FoldedNet", Coarse)
    made = Network(weights[0].read_bytes(), weights[1], "cpu", 1, BFLOAT16)
    assert made.engine == FLOAT32
