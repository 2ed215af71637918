"""A database of invented faces: vectors are drawn, never of people."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection, insert, select, update

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.performers import read_new_id
from enrichscrapy.database.schema import face_changes, faces, models, performers, photos
from enrichscrapy.index import FaceIndex
from enrichscrapy.items import ModelInfo
from tests.support import open_database

DIMENSION = 16
MODEL = ModelInfo("drawn", "0" * 64, "none-1", DIMENSION)
OTHER_MODEL = ModelInfo("drawn", "1" * 64, "none-1", DIMENSION)


def unit(seed: int, dimension: int = DIMENSION) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(size=dimension)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def contents(index_dir: Path) -> dict[int, bytes]:
    """Every face of the index in force with its vector."""
    index = FaceIndex.open_current(index_dir, None)
    assert index is not None
    return {
        int(face_id): row.tobytes()
        for ids, vectors in index.iter_batches()
        for face_id, row in zip(ids, vectors, strict=True)
    }


class World:
    """Writes faces and their changes as the store does: in one transaction."""

    model = MODEL
    other_model = OTHER_MODEL
    unit = staticmethod(unit)

    clock = itertools.count(1_700_000_000)  # never restarts: as the time of day

    def __init__(self, db: PerformerDatabase) -> None:
        self.db = db
        with db.write() as connection:
            made = connection.execute(insert(performers).values(canonical_name="Ada Example"))
            self.performer = read_new_id(made)
            made = connection.execute(
                insert(photos).values(
                    performer_id=self.performer, url="https://x.test/1", source="x", seen_at=0
                )
            )
            self.photo = read_new_id(made)
        self.model_id = self.add_model(MODEL)

    def add_model(self, model: ModelInfo) -> int:
        with self.db.write() as connection:
            row = connection.execute(
                insert(models).values(
                    name=model.name,
                    sha256=model.sha256,
                    preprocessing=model.preprocessing,
                    dimension=model.dimension,
                    created_at=0,
                )
            )
            return read_new_id(row)

    def add(self, *seeds: int, model_id: int | None = None, verdict: str = "accepted") -> list[int]:
        with self.db.write() as connection:
            return [
                self._insert(connection, unit(seed).tobytes(), model_id or self.model_id, verdict)
                for seed in seeds
            ]

    def add_vector(self, vector: bytes) -> int:
        with self.db.write() as connection:
            return self._insert(connection, vector, self.model_id, "accepted")

    def _insert(self, connection: Connection, vector: bytes, model_id: int, verdict: str) -> int:
        at = next(self.clock)
        made = connection.execute(
            insert(faces).values(
                performer_id=self.performer,
                photo_id=self.photo,
                model_id=model_id,
                source="x",
                vector=vector,
                box=[0, 0, 1, 1],
                landmarks=[],
                detection_score=1.0,
                quality=1.0,
                measures={},
                verdict=verdict,
                reason="test",
                distances={},
                rule_version="test",
                created_at=at,
                updated_at=at,
            )
        )
        face_id = read_new_id(made)
        if verdict == "accepted":
            self._note(connection, face_id, model_id, "added")
        return face_id

    def retire(self, face_id: int) -> None:
        self._decide(face_id, "retired", "removed")

    def accept(self, face_id: int) -> None:
        self._decide(face_id, "accepted", "added")

    def replace(self, face_id: int, seed: int) -> None:
        with self.db.write() as connection:
            connection.execute(
                update(faces).where(faces.c.id == face_id).values(vector=unit(seed).tobytes())
            )
            self._note(connection, face_id, self.model_id, "removed")
            self._note(connection, face_id, self.model_id, "added")

    def delete(self, face_id: int) -> None:
        with self.db.write() as connection:
            connection.execute(faces.delete().where(faces.c.id == face_id))
            self._note(connection, face_id, self.model_id, "removed")

    def accepted(self, model_id: int | None = None) -> dict[int, bytes]:
        query = select(faces.c.id, faces.c.vector).where(
            faces.c.verdict == "accepted", faces.c.model_id == (model_id or self.model_id)
        )
        with self.db.read() as connection:
            return {row.id: row.vector for row in connection.execute(query)}

    def _decide(self, face_id: int, verdict: str, change: str) -> None:
        with self.db.write() as connection:
            row = connection.execute(
                update(faces).where(faces.c.id == face_id).values(verdict=verdict)
            )
            assert row.rowcount == 1
            self._note(connection, face_id, self.model_id, change)

    @staticmethod
    def _note(connection: Connection, face_id: int, model_id: int, change: str) -> None:
        connection.execute(
            insert(face_changes).values(face_id=face_id, model_id=model_id, change=change)
        )


@pytest.fixture
def db(tmp_path: Path) -> Iterator[PerformerDatabase]:
    with open_database(tmp_path / "performers.db") as database:
        yield database


@pytest.fixture
def world(db: PerformerDatabase) -> World:
    return World(db)


@pytest.fixture
def index_dir(tmp_path: Path) -> Path:
    return tmp_path / "index"
