"""Feeding a target: one input after another, each bounded in processor time and memory."""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz.mutate import mutated
from tests.fuzz.targets import Target

SECONDS = 10.0
"""Of processor time for one input of 64 KiB; each takes milliseconds, on a slow machine too."""
MEMORY = 1 << 30
"""Bytes by which the process may have grown at most."""


@dataclass(frozen=True)
class Found:
    """An input that broke something: ``seed`` and the input itself repeat it."""

    seed: int
    data: bytes
    what: str


def feed(
    target: Target, seeds: range, done: Callable[[], bool] = lambda: False
) -> tuple[int, list[Found]]:
    """Feed the inputs of these seeds, until ``done``; how many, and what they broke."""
    found: list[Found] = []
    count = 0
    with target.open() as function:  # type: ignore[attr-defined]
        for seed in seeds:
            if done():
                break
            count += 1
            data = mutated(target.corpus, random.Random(seed))
            if what := _feed_one(function, data, target.allowed):
                found.append(Found(seed, data, what))
    return count, found


def _feed_one(
    function: Callable[[bytes], object], data: bytes, allowed: tuple[type[BaseException], ...]
) -> str:
    """What went wrong, or nothing."""
    began, size = time.process_time(), _peak()
    try:
        function(data)
    except allowed:
        pass
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    if (took := time.process_time() - began) > SECONDS:
        return f"took {took:.0f} s of processor time"
    if (grown := _peak() - size) > MEMORY:
        return f"took {grown >> 20} MiB"
    return ""


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
