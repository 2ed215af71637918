from __future__ import annotations

import pytest
from sqlalchemy import event

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.faces.model import ModelInfo

MODEL = ModelInfo("invented", "0" * 64, "none-1", 512)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def without_sync(database):
    """Do not wait for the disk: for tests of many transactions that stop no process."""

    def prepare(driver, _record):
        driver.execute("PRAGMA synchronous = OFF")

    database.engine.dispose()
    event.listen(database.engine, "connect", prepare)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def db(tmp_path, clock):
    with PerformerDatabase(tmp_path / "performers.db", clock=clock) as database:
        yield database


@pytest.fixture
def model_id(db):
    return db.faces.ensure_model(MODEL)
