"""Which of several ways to compute the same is the fastest on this machine: measured, once.

Processor flags are no guide. On one processor with ``avx512_bf16`` and without AMX, bfloat16 was
slower than float32; on another twice as fast. What was found is remembered in the user's cache
folder, for this machine and these versions.

Other programs must not decide. The ways take turns, and the best round of each counts; on one
thread by the time it had the processor, which other load hardly changes: 154 to 167 ms of one way
beside 284 to 298 of another, with eight programs on each core. On several threads only the clock
counts, and on a machine that busy the same round took 0.26 to 9.5 s. What was measured then is kept
with a note to measure again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs

from enrichscrapy.files.locks import FileLock

VERSION = 3
"""Of what is measured; another one measures again."""
CPU_INFO = Path("/proc/cpuinfo")
ROUNDS = 5
LONGEST = 10.0
"""Seconds after which no further round begins."""
# A machine is quiet where a round usually takes at most this many times the best one, and other
# programs take a processor from it at most so often a second.
STEADY, PREEMPTED = 1.25, 20.0
TRIES = 4
"""Starts that measure on a busy machine, before what they found is believed."""
# How torch and its libraries are told to leave instructions of the processor unused.
MASKS = ("ONEDNN_MAX_CPU_ISA", "ONEDNN_DEFAULT_FPMATH_MODE", "ATEN_CPU_CAPABILITY")
# How Linux calls native bfloat16 products on x86 and Arm.
BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})

Work = Callable[[], object]


@dataclass(frozen=True)
class Round:
    """Seconds that a way took, and how often another program had its processor meanwhile."""

    seconds: float
    preempted: int = 0


@dataclass(frozen=True)
class Finding:
    """The best seconds of each way, and how many more starts are to measure them."""

    best: dict[str, float]
    open: int

    @property
    def fastest(self) -> str:
        return min(self.best, key=lambda name: self.best[name])


def find_fastest(
    task: str, names: Sequence[str], threads: int, build: Callable[[], Mapping[str, Work]]
) -> str:
    """Which of ``names`` is the fastest way to do ``task`` with so many threads.

    ``build`` gives the ways that do it well enough, and is only called where it has to be measured.
    Of several processes one measures, the others wait for what it finds.
    """
    if len(names) == 1:
        return names[0]
    path = Path(platformdirs.user_cache_dir("enrichscrapy")) / "engines.json"
    key = hashlib.sha256(
        repr((VERSION, task, names, threads, _describe_machine())).encode()
    ).hexdigest()
    with _hold_lock(path) as waited:
        known = _read(path)
        finding = _parse(known.get(key), names)
        if finding is None or (finding.open > 0 and not waited):
            finding = judge(_measure(build(), threads), finding)
            _write(path, known | {key: asdict(finding)})
    return finding.fastest


def judge(rounds: Mapping[str, Sequence[Round]], before: Finding | None = None) -> Finding:
    """What the rounds of each way say, together with what was found ``before``: settled where the
    machine was quiet, else open to the next start.

    How far the ways lie apart proves nothing: load slows some more than others.
    """
    best = {name: min(each.seconds for each in made) for name, made in rounds.items()}
    usual = {
        name: statistics.median(each.seconds for each in made) for name, made in rounds.items()
    }
    quiet = all(usual[name] <= STEADY * best[name] for name in best) and not _is_disturbed(rounds)
    if before:
        best = {name: min(seconds, before.best[name]) for name, seconds in best.items()}
    return Finding(best, 0 if quiet else (before.open if before else TRIES) - 1)


def _is_disturbed(rounds: Mapping[str, Sequence[Round]]) -> bool:
    made = [each for ways in rounds.values() for each in ways]
    return sum(each.preempted for each in made) > PREEMPTED * sum(each.seconds for each in made)


def multiplies_bfloat16() -> bool:
    """Whether the processor lists native bfloat16 products: only then can they be worth trying."""
    return bool(set(_read_cpu_info().split()) & BFLOAT16_FLAGS)


def _measure(ways: Mapping[str, Work], threads: int) -> dict[str, list[Round]]:
    """In turns, so that other load on the machine affects all alike."""
    for work in ways.values():
        work()  # the first run builds what the others use
    rounds: dict[str, list[Round]] = {name: [] for name in ways}
    started = time.perf_counter()
    for number in range(ROUNDS):
        if number and time.perf_counter() - started > LONGEST:
            break
        for name, work in ways.items():
            rounds[name].append(_time(work, threads))
    return rounds


def _time(work: Work, threads: int) -> Round:
    """By the processor on one thread, which other programs do not count in, else by the clock."""
    if threads == 1:
        begun = time.thread_time()
        work()
        return Round(time.thread_time() - begun)
    begun, before = time.perf_counter(), _count_preemptions()
    work()
    return Round(time.perf_counter() - begun, _count_preemptions() - before)


def _count_preemptions() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


def _describe_machine() -> tuple[object, ...]:
    lines = [
        line
        for line in _read_cpu_info().splitlines()
        if line.startswith(("model name", "flags", "Features"))
    ]
    masks = [os.environ.get(name, "") for name in MASKS]
    versions = [version(name) for name in ("torch", "onnxruntime")]
    return (sorted(set(lines)), masks, versions)


def _read_cpu_info() -> str:
    try:
        return CPU_INFO.read_text()
    except OSError:
        return ""


@contextlib.contextmanager
def _hold_lock(path: Path) -> Iterator[bool]:
    """Alone, where the cache folder can be written; else each process measures by itself. Tells
    whether another process had to be waited for."""
    lock = FileLock(path.with_suffix(".lock"), "measuring")
    try:
        waited = not lock.acquire()
        if waited:
            lock.acquire(timeout=None)
    except OSError:
        yield False
        return
    with lock:
        yield waited


def _read(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _parse(entry: Any, names: Sequence[str]) -> Finding | None:
    """What is remembered; None where it is damaged."""
    try:
        best = {name: float(entry["best"][name]) for name in names}
        return Finding(best, int(entry["open"]))
    except (KeyError, TypeError, ValueError):
        return None


def _write(path: Path, known: Mapping[str, Any]) -> None:
    draft = path.with_suffix(".new")
    with contextlib.suppress(OSError):  # then it is measured again next time
        draft.write_text(json.dumps(known), encoding="utf-8")
        draft.replace(path)
