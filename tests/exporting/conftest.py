from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sample_database import Sample, open_sample


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Sample]:
    """An empty database whose clock the test sets, and the tools to fill it."""
    made = open_sample(tmp_path / "performers.db")
    yield made
    made.database.close()
