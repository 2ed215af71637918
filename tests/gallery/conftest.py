"""One served gallery a module, and a small world for each test that decides something."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from enrichscrapy.gallery.pages import Gallery
from enrichscrapy.gallery.serving import GalleryServer
from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.verdicts import Limits
from tests.browser import open_browser
from tests.sample_database import Sample, fill, open_sample

GENDERS = {"babepedia": "FEMALE", "iafd": None}


@contextmanager
def serve(sample: Sample) -> Iterator[GalleryServer]:
    """The gallery of a sample, on a server that shows it."""
    desk = ReviewDesk(sample.database, Limits(per_source=5, total=20))
    gallery = Gallery(desk, sample.database.path.with_name("index"), GENDERS)
    with GalleryServer(gallery) as server:
        yield server


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Sample]:
    made = open_sample(tmp_path / "performers.db")
    yield made
    made.database.close()


@pytest.fixture
def server(sample: Sample) -> Iterator[GalleryServer]:
    with serve(sample) as served:
        yield served


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """Sixty performers after some weeks."""
    made = fill(open_sample(tmp_path_factory.mktemp("filled") / "performers.db"))
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def shown(filled: Sample) -> Iterator[GalleryServer]:
    """The gallery of sixty performers."""
    with serve(filled) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened
