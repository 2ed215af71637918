"""A database as the database tests have it, with somebody to forget."""

import pytest

from tests.forgetting.world import populate


@pytest.fixture
def index_dir(tmp_path):
    return tmp_path / "index"


@pytest.fixture
def world(db, model_id):
    populate(db, model_id)
    return db
