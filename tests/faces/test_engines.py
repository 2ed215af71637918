"""The fastest way to compute the same vectors is found by measuring, once for a machine."""

from __future__ import annotations

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
    monkeypatch.setattr(engines, "SECONDS", 0.01)
    return tmp_path / "enrichscrapy" / "engines.json"


def busy(milliseconds):
    def work():
        ended = time.thread_time() + milliseconds / 1000
        while time.thread_time() < ended:
            pass

    return work


WAYS = {"slow": busy(40), "fast": busy(4), "middling": busy(20)}


def test_the_fastest_is_found_and_remembered(cache):
    built = []

    def build():
        built.append(1)
        return WAYS

    for _ in range(2):
        assert engines.fastest("a", list(WAYS), 1, build) == "fast"
    assert len(built) == 1
    assert engines.fastest("another", list(WAYS), 1, build) == "fast"
    assert engines.fastest("a", list(WAYS), 2, build) == "fast"
    assert len(built) == 3, "another task, and the same with two threads"
    assert engines.fastest("a", ["slow"], 1, lambda: {"slow": WAYS["slow"]}) == "slow"


@pytest.mark.parametrize("change", ["processor", "mask", "version"])
def test_another_machine_measures_again(cache, monkeypatch, tmp_path, change):
    assert engines.fastest("a", list(WAYS), 1, lambda: WAYS) == "fast"
    if change == "processor":
        (tmp_path / "cpuinfo").write_text("model name : Another One\nflags : fpu\n")
        monkeypatch.setattr(engines, "CPU_INFO", tmp_path / "cpuinfo")
    if change == "mask":
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    if change == "version":
        monkeypatch.setattr(engines, "version", lambda name: "999")
    others = {name: busy(30 if name == "fast" else 3) for name in ("fast", "slow")} | {
        "middling": busy(30)
    }
    assert engines.fastest("a", list(WAYS), 1, lambda: others) == "slow"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 5}', "\x00\xff"])
def test_what_is_remembered_may_be_damaged(cache, content):
    assert engines.fastest("a", list(WAYS), 1, lambda: WAYS) == "fast"
    cache.write_text(content)
    assert engines.fastest("a", list(WAYS), 1, lambda: WAYS) == "fast"


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(engines, "SECONDS", 0.01)
    assert engines.fastest("a", list(WAYS), 1, lambda: WAYS) == "fast"


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
