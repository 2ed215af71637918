"""Which GPUs there are, without loading torch: how many workers, and which GPU each uses."""

from __future__ import annotations

import os
from pathlib import Path

MOST_ON_CPU = 4
A_GPU = 2
"""Workers for each GPU: one opens photos while the other one's network runs."""
NODES = Path("/dev")


def list_gpus(device: str) -> list[str]:
    """What ``CUDA_VISIBLE_DEVICES`` calls the GPUs that ``FACE_DEVICE`` lets us use."""
    if device == "cpu":
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return [str(n) for n in range(len(list(NODES.glob("nvidia[0-9]*"))))]
    names = [name.strip() for name in visible.split(",")]
    # As CUDA reads it: what follows an unusable one is not there.
    unusable = next((n for n, name in enumerate(names) if name in ("", "-1")), len(names))
    return names[:unusable]


def count_workers(device: str) -> int:
    """Some for each GPU, else one for each core this process may use; they yield to the crawl."""
    cores = len(os.sched_getaffinity(0))
    if gpus := list_gpus(device):
        return max(min(A_GPU * len(gpus), cores), 1)
    return min(cores, MOST_ON_CPU)


def make_environment(number: int, device: str) -> dict[str, str]:
    """What lets worker ``number`` see one GPU only, where there are several."""
    gpus = list_gpus(device)
    return {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} if len(gpus) > 1 else {}
