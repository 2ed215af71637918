"""A database as the database tests have it, with somebody to forget."""

from pathlib import Path

import pytest

from enrichscrapy.database import PerformerDatabase
from tests.forgetting.world import populate


@pytest.fixture
def index_dir(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def world(db: PerformerDatabase, model_id: int) -> PerformerDatabase:
    populate(db, model_id)
    return db
