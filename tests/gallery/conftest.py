"""One served gallery a module, and a small world for each test that decides something."""

from contextlib import contextmanager

import pytest

from enrichscrapy.gallery.pages import Gallery
from enrichscrapy.gallery.serving import GalleryServer
from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.verdicts import Limits
from tests.browser import open_browser
from tests.sample_database import fill, open_sample

GENDERS = {"babepedia": "FEMALE", "iafd": None}


@contextmanager
def serve(sample):
    """The gallery of a sample, and the server that shows it."""
    desk = ReviewDesk(sample.database, Limits(per_source=5, total=20))
    gallery = Gallery(desk, sample.database.path.with_name("index"), GENDERS)
    with GalleryServer(gallery) as server:
        server.desk, server.gallery = desk, gallery
        yield server


@pytest.fixture
def sample(tmp_path):
    made = open_sample(tmp_path / "performers.db")
    yield made
    made.database.close()


@pytest.fixture
def server(sample):
    with serve(sample) as served:
        yield served


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Sixty performers after some weeks."""
    made = fill(open_sample(tmp_path_factory.mktemp("filled") / "performers.db"))
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def shown(filled):
    """The gallery of sixty performers."""
    with serve(filled) as served:
        yield served


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened
