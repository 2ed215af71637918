from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sample_database import Sample, fill, open_sample


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Sample]:
    """An empty database whose clock the test sets, and the tools to fill it."""
    made = open_sample(tmp_path / "performers.db")
    yield made
    made.database.close()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """Sixty performers after some weeks; to be read only."""
    made = fill(open_sample(tmp_path_factory.mktemp("filled") / "performers.db"))
    yield made
    made.database.close()
