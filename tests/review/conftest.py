import pytest

from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.verdicts import Limits
from tests.sample_database import open_sample


@pytest.fixture
def sample(tmp_path):
    made = open_sample(tmp_path / "performers.db")
    yield made
    made.database.close()


@pytest.fixture
def desk(sample):
    return ReviewDesk(sample.database, Limits(per_source=5, total=20))
