import pytest

from tests.sample_database import fill, open_sample


@pytest.fixture
def sample(tmp_path):
    """An empty database whose clock the test sets, and the tools to fill it."""
    made = open_sample(tmp_path / "performers.db")
    yield made
    made.database.close()


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """Sixty performers after some weeks; to be read only."""
    made = fill(open_sample(tmp_path_factory.mktemp("filled") / "performers.db"))
    yield made
    made.database.close()
