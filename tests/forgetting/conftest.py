"""A database as the database tests have it, with somebody to forget."""

import pytest

from tests.database.conftest import clock, db, model_id
from tests.forgetting.world import populate

__all__ = ["clock", "db", "model_id"]


@pytest.fixture
def index_dir(tmp_path):
    return tmp_path / "index"


@pytest.fixture
def world(db, model_id):
    populate(db, model_id)
    return db
