"""Which of several ways to compute the same is the fastest on this machine: measured, once.
Processor flags are no guide. On one processor with ``avx512_bf16`` and without AMX, bfloat16 was
slower than float32; on another twice as fast. What was found is remembered in the user's cache
folder, for this machine and these versions.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs

VERSION = 1
"""Of what is measured; another one measures again."""
CPU_INFO = Path("/proc/cpuinfo")
SECONDS = 1.0
ROUNDS = 2
"""At least, whatever they take."""
# How torch and its libraries are told to leave instructions of the processor unused.
MASKS = ("ONEDNN_MAX_CPU_ISA", "ONEDNN_DEFAULT_FPMATH_MODE", "ATEN_CPU_CAPABILITY")
# How Linux calls native bfloat16 products on x86 and Arm.
BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})

Work = Callable[[], object]


def fastest(
    task: str, names: Sequence[str], threads: int, build: Callable[[], Mapping[str, Work]]
) -> str:
    """Which of ``names`` is the fastest way to do ``task`` with so many threads.

    ``build`` gives the ways that do it well enough, and is only called where it has to be measured.
    Of several processes one measures, the others wait for what it finds.
    """
    path = Path(platformdirs.user_cache_dir("enrichscrapy")) / "engines.json"
    key = hashlib.sha256(repr((VERSION, task, names, threads, _machine())).encode()).hexdigest()
    with _locked(path):
        known = _read(path)
        if known.get(key) not in names:
            known[key] = _measure(build(), time.thread_time if threads == 1 else time.perf_counter)
            _write(path, known)
    return str(known[key])


def multiplies_bfloat16() -> bool:
    """Whether the processor lists native bfloat16 products: only then can they be worth trying."""
    return bool(set(_cpu_info().split()) & BFLOAT16_FLAGS)


def _measure(ways: Mapping[str, Work], clock: Callable[[], float]) -> str:
    """In turns, each by its best time, so that other load on the machine affects all alike."""
    best = dict.fromkeys(ways, float("inf"))
    if len(ways) > 1:
        for work in ways.values():
            work()  # the first run builds what the others use
        started, rounds = time.perf_counter(), 0
        while rounds < ROUNDS or time.perf_counter() - started < SECONDS:
            for name, work in ways.items():
                begun = clock()
                work()
                best[name] = min(best[name], clock() - begun)
            rounds += 1
    return min(best, key=lambda name: best[name])


def _machine() -> tuple[object, ...]:
    lines = [
        line
        for line in _cpu_info().splitlines()
        if line.startswith(("model name", "flags", "Features"))
    ]
    masks = [os.environ.get(name, "") for name in MASKS]
    versions = [version(name) for name in ("torch", "onnxruntime")]
    return (sorted(set(lines)), masks, versions)


def _cpu_info() -> str:
    try:
        return CPU_INFO.read_text()
    except OSError:
        return ""


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Alone, where the cache folder can be written; else each process measures by itself."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:
        yield
        return
    with os.fdopen(handle) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(path: Path, known: Mapping[str, Any]) -> None:
    draft = path.with_suffix(".new")
    with contextlib.suppress(OSError):  # then it is measured again next time
        draft.write_text(json.dumps(known), encoding="utf-8")
        draft.replace(path)
