"""What the index costs as it grows, and what a large one finds: ``python -m benchmarks.index``.

Bars: ten new faces are published at the largest size within twice the time of the smallest, and
without reading the rest from the database; memory does not follow the size. The vectors are of
made-up people (``made_up.py``), five faces each. ``--faces 10000 100000 1000000`` takes about half
an hour and says first what it needs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
from sqlalchemy import insert

from benchmarks._synthetic import DIMENSION, make_people
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import face_changes, faces, models, performers, photos
from enrichscrapy.index import FaceIndex, accepted, erase, publish, vectors, verify
from enrichscrapy.index.manifest import EXACT_FACES
from enrichscrapy.items import Vector

PHOTOS, BATCH = 5, 10_000
DATABASE, INDEX = "performers.db", "index"
NEIGHBOURS, LOOKUP = 64, 6
"""Faces asked for, of as many faces."""
QUERIES = 200
"""Of each kind: another photo of somebody in the index, and a photo of somebody who is not."""
KNOWN_SEED, STRANGERS_SEED = 0, 1 << 30
BYTES_A_FACE = 12_000
"""Of disk: the database's row, two generations' segments and codes."""
TIMES = 9


@dataclass
class Cost:
    """Of an index of ``faces``: seconds, and MiB of memory that is no file's (the most)."""

    faces: int
    seconds: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    recall: dict[str, float] = field(default_factory=dict)


def say_needs(sizes: Sequence[int]) -> str:
    gib = max(sizes) * BYTES_A_FACE / 2**30
    return f"{gib:.1f} GiB of disk, 1 GiB of memory, about {sum(sizes) / 1000:,.0f} seconds"


def draw_faces(count: int, first: int) -> Iterator[Vector]:
    """``count`` faces of made-up people in batches; another ``first`` gives other people."""
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        people = make_people(-(-size // PHOTOS), PHOTOS, first + start)
        yield people.vectors[:size].astype(np.float32)


def create(path: Path) -> PerformerDatabase:
    db = PerformerDatabase(path)
    with db.write() as connection:
        connection.execute(insert(performers).values(canonical_name="Drawn At Random"))
        photo = {"performer_id": 1, "url": "https://drawn.test/", "source": "drawn", "seen_at": 0}
        connection.execute(insert(photos).values(**photo))
        model = {"name": "drawn", "sha256": "0" * 64, "preprocessing": "none"}
        connection.execute(insert(models).values(**model, dimension=DIMENSION, created_at=0))
    return db


def add_faces(db: PerformerDatabase, drawn: Vector) -> None:
    """Accepted faces of one invented performer, with their changes."""
    with db.write() as connection:
        first = connection.scalar(insert(faces).values(**row(drawn[0])).returning(faces.c.id))
        if len(drawn) > 1:
            connection.execute(insert(faces), [row(vector) for vector in drawn[1:]])
        ids = range(first, first + len(drawn))
        noted = [{"face_id": each, "model_id": 1, "change": "added"} for each in ids]
        connection.execute(insert(face_changes), noted)


def row(vector: Vector) -> dict[str, object]:
    facts = {"performer_id": 1, "photo_id": 1, "model_id": 1, "source": "drawn"}
    scores = {"detection_score": 1.0, "quality": 1.0, "measures": {}, "box": [], "landmarks": []}
    verdict = {"verdict": "accepted", "reason": "drawn", "distances": {}, "rule_version": "0"}
    times = {"created_at": 0.0, "updated_at": 0.0}
    return {**facts, **scores, **verdict, **times, "vector": vector.tobytes()}


class Meter:
    """Times a step, follows the memory meanwhile, and counts vectors read from the database."""

    def __init__(self, cost: Cost) -> None:
        self.cost = cost
        self._vectors = 0
        usable = vectors.decode_usable

        def counted(blob: bytes | None, dimension: int) -> Vector | None:
            self._vectors += 1
            return usable(blob, dimension)

        vars(accepted)["decode_usable"] = counted

    @contextmanager
    def measure(self, what: str) -> Iterator[None]:
        before, done, most = self._vectors, threading.Event(), [read_memory()]

        def follow() -> None:
            while not done.wait(0.02):
                most.append(read_memory())

        thread = threading.Thread(target=follow)
        thread.start()
        begun = time.perf_counter()
        yield
        self.cost.seconds[what] = time.perf_counter() - begun
        done.set()
        thread.join()
        self.cost.memory[what] = max(most)
        self.cost.read[what] = self._vectors - before


def read_memory() -> float:
    """MiB of this process that are no file's: mapped files are given up when memory is short."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024


def build(cost: Cost, folder: Path, exact_faces: int) -> Cost:
    """A database of as many faces in ``folder``, and its first index."""
    meter = Meter(cost)
    with create(folder / DATABASE) as db:
        for drawn in draw_faces(cost.faces, KNOWN_SEED):
            add_faces(db, drawn)
        with meter.measure("publishing all"):
            publish(db, folder / INDEX, 1, exact_faces=exact_faces)
    return cost


def work_on(cost: Cost, folder: Path) -> Cost:
    """What a crawl and its user do with what :func:`build` made."""
    index_dir, meter = folder / INDEX, Meter(cost)
    with PerformerDatabase(folder / DATABASE) as db:
        os.sync()  # what was built is still on its way to the disk
        time_ten(db, index_dir, meter)
        with meter.measure("opening"):
            index = FaceIndex.open_current(index_dir, None)
        assert index is not None
        measure_search(index, index_dir, meter)
        with meter.measure("verify"):
            assert verify(db, index_dir, 1) == []
        forget_one(db, index_dir, meter)
    return cost


def in_new_process(step: Callable[..., Cost], *arguments: object) -> Cost:
    """So that memory is this step's own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(step, *arguments).result()


def time_ten(db: PerformerDatabase, index_dir: Path, meter: Meter) -> None:
    """The median of several publishings of ten faces, each on top of the one before."""
    taken = []
    for number in range(TIMES):
        add_faces(db, next(draw_faces(10, STRANGERS_SEED + 1 + number)))
        with meter.measure("publishing ten"):
            generation = publish(db, index_dir, 1)
        assert generation is not None
        assert (generation.added, generation.rebuilt) == (10, "")
        taken.append(meter.cost.seconds["publishing ten"])
    meter.cost.seconds["publishing ten"] = median(taken)


def forget_one(db: PerformerDatabase, index_dir: Path, meter: Meter) -> None:
    """Erase five faces that were stored together."""
    with db.write() as connection:
        mine = faces.c.id <= PHOTOS
        connection.execute(faces.delete().where(mine))
        gone = [{"face_id": each + 1, "model_id": 1} for each in range(PHOTOS)]
        connection.execute(insert(face_changes).values(change="removed"), gone)
    with meter.measure("erasing five"):
        erase(db, index_dir, 1)


def measure_search(index: FaceIndex, index_dir: Path, meter: Meter) -> None:
    """How long a lookup of six faces takes, and how many of the nearest are found."""
    exact = FaceIndex.load(index_dir, index.manifest)
    for segment in exact.segments:
        segment.codes = None
    strangers = next(draw_faces(QUERIES * PHOTOS, STRANGERS_SEED))[::PHOTOS]
    for what, each in (("a lookup's search", index), ("the same, all compared", exact)):
        taken = []
        for number in range(0, TIMES * LOOKUP, LOOKUP):
            with meter.measure(what):
                each.search(strangers[number : number + LOOKUP], NEIGHBOURS)
            taken.append(meter.cost.seconds[what])
        meter.cost.seconds[what] = median(taken)
    for what, queries in (("known", next(draw_known())), ("stranger", strangers)):
        found, truth = (each.search(queries, NEIGHBOURS)[0] for each in (index, exact))
        for k in (1, 10, NEIGHBOURS):
            both = [len(np.intersect1d(a[:k], b[:k])) for a, b in zip(found, truth, strict=True)]
            meter.cost.recall[f"{what}@{k}"] = float(np.mean(both)) / k


def draw_known() -> Iterator[Vector]:
    """Faces that are not in the index, of people who are: each mixes two photos of its person."""
    photos_of = next(draw_faces(BATCH, KNOWN_SEED))[: QUERIES * PHOTOS]
    mixed = 0.7 * photos_of[::PHOTOS] + 0.3 * photos_of[1::PHOTOS]
    yield mixed / np.linalg.norm(mixed, axis=1, keepdims=True)


def print_table(costs: Sequence[Cost]) -> None:
    print(f"{'faces':<28}" + "".join(f"{cost.faces:>14,}" for cost in costs))
    for what in costs[0].seconds:
        cells = (f"{cost.seconds[what]:9.3f} s" for cost in costs)
        print(f"{what:<28}" + "".join(f"{cell:>14}" for cell in cells))
        cells = (f"{cost.memory[what]:7.0f} MiB" for cost in costs)
        print(f"{'':<28}" + "".join(f"{cell:>14}" for cell in cells))
    for what in costs[0].recall:
        cells = (f"{cost.recall[what]:>14.4f}" for cost in costs)
        print(f"{'found of ' + what:<28}" + "".join(cells))


def list_missed(costs: Sequence[Cost]) -> list[str]:
    """The bars that are not met."""
    small, large = (costs[at].seconds["publishing ten"] for at in (0, -1))
    missed = []
    if large > 2 * small:
        missed.append(f"publishing ten takes {large / small:.1f} times as long at the largest size")
    if any(cost.read["publishing ten"] != 10 for cost in costs):
        missed.append("the database was read again")
    if costs[-1].memory["publishing ten"] > 1.5 * costs[0].memory["publishing ten"] + 50:
        missed.append("memory follows the size")
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--exact-faces", type=int, default=EXACT_FACES)
    parser.add_argument("--folder", type=Path, help="where to work (a temporary folder)")
    options = parser.parse_args()
    print(f"needs {say_needs(options.faces)}", flush=True)
    costs = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for count in options.faces:
            place = Path(folder) / str(count)
            cost = in_new_process(build, Cost(count), place, options.exact_faces)
            costs.append(in_new_process(work_on, cost, place))
            shutil.rmtree(place)
    print_table(costs)
    missed = list_missed(costs)
    print("\n".join(f"MISSED: {line}" for line in missed) or "met: ten faces cost what ten cost")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
