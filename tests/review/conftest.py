from collections.abc import Iterator
from pathlib import Path

import pytest

from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.verdicts import Limits
from tests.sample_database import Sample, open_sample


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Sample]:
    made = open_sample(tmp_path / "performers.db")
    yield made
    made.database.close()


@pytest.fixture
def desk(sample: Sample) -> ReviewDesk:
    return ReviewDesk(sample.database, Limits(per_source=5, total=20))
