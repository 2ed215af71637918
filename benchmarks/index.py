"""What publishing costs, from nothing and on top of what is there: ``python -m benchmarks.index``.

The bar: ten new faces on top of a million are published without reading the million from the
database again (the previous generation's file is read, checked and rewritten). The vectors are
drawn at random. A million faces need 10 GB of disk and 7 GB of memory: ``--faces 1000000``.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import face_changes, faces, models, performers, photos
from enrichscrapy.index import FaceIndex, accepted, publish, reindex, vectors, verify

DIMENSION = 512
BATCH = 10_000
SECONDS: dict[str, float] = {}


def unit_vectors(rng: np.random.Generator, count: int) -> np.ndarray:
    vectors = rng.standard_normal((count, DIMENSION), dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def add_faces(db: PerformerDatabase, rng: np.random.Generator, count: int) -> None:
    """``count`` accepted faces of one invented performer, with their changes."""
    for start in range(0, count, BATCH):
        vectors = unit_vectors(rng, min(BATCH, count - start))
        with db.write() as connection:
            first = connection.scalar(insert(faces).values(**row(vectors[0])).returning(faces.c.id))
            connection.execute(insert(faces), [row(vector) for vector in vectors[1:]])
            ids = range(first, first + len(vectors))
            noted = [{"face_id": each, "model_id": 1, "change": "added"} for each in ids]
            connection.execute(insert(face_changes), noted)


def row(vector: np.ndarray) -> dict[str, object]:
    facts = {"performer_id": 1, "photo_id": 1, "model_id": 1, "source": "drawn"}
    scores = {"detection_score": 1.0, "quality": 1.0, "measures": {}, "box": [], "landmarks": []}
    verdict = {"verdict": "accepted", "reason": "drawn", "distances": {}, "rule_version": "0"}
    times = {"created_at": 0.0, "updated_at": 0.0}
    return {**facts, **scores, **verdict, **times, "vector": vector.tobytes()}


def create(path: Path) -> PerformerDatabase:
    db = PerformerDatabase(path)
    with db.write() as connection:
        connection.execute(insert(performers).values(canonical_name="Drawn At Random"))
        photo = {"performer_id": 1, "url": "https://drawn.test/", "source": "drawn", "seen_at": 0}
        connection.execute(insert(photos).values(**photo))
        model = {"name": "drawn", "sha256": "0" * 64, "preprocessing": "none"}
        connection.execute(insert(models).values(**model, dimension=DIMENSION, created_at=0))
    return db


class Reading:
    """Counts the vectors that come out of the database."""

    def __init__(self) -> None:
        self.vectors = 0
        usable = vectors.decode_usable

        def counted(blob: bytes | None, dimension: int) -> object:
            self.vectors += 1
            return usable(blob, dimension)

        accepted.decode_usable = counted  # type: ignore[attr-defined, assignment]


@contextmanager
def timed(what: str, reading: Reading) -> Iterator[None]:
    before, begun = reading.vectors, time.perf_counter()
    yield
    SECONDS[what] = time.perf_counter() - begun
    read = reading.vectors - before
    print(f"{what:<44}{SECONDS[what]:8.2f} s   {read:>9,} vectors read", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where to work (a temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        return measure(Path(folder), options.faces)


def measure(folder: Path, count: int) -> int:
    rng, reading, index_dir = np.random.default_rng(0), Reading(), folder / "index"
    db = create(folder / "performers.db")
    with timed(f"writing {count:,} faces to the database", reading):
        add_faces(db, rng, count)
    with timed("publishing them all, from nothing", reading):
        publish(db, index_dir, 1)
    for number in (10, 10):
        add_faces(db, rng, number)
        before = reading.vectors
        with timed(f"publishing {number} more", reading):
            generation = publish(db, index_dir, 1)
        assert generation is not None
        assert (generation.added, generation.rebuilt) == (number, "")
        again = reading.vectors - before != number
    with timed("publishing when nothing changed", reading):
        publish(db, index_dir, 1)
    with timed("opening it, checked", reading):
        index = FaceIndex.open_current(index_dir, None)
    assert index is not None
    with timed("64 neighbours of each of 20 faces", reading):
        index.search(unit_vectors(rng, 20), 64)
    del index
    with timed("verify: every id and vector", reading):
        assert verify(db, index_dir, 1) == []
    with timed("reindex", reading):
        reindex(db, index_dir, 1)
    db.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    size = sum(path.stat().st_size for path in index_dir.rglob("*") if path.is_file()) / 2**30
    print(f"peak memory {peak:.1f} GiB; two generations on disk {size:.1f} GiB")
    print("MISSED: the database was read again" if again else "met: ten new faces read ten vectors")
    return int(again)


if __name__ == "__main__":
    raise SystemExit(main())
