from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.resume.harness import Crawl, HeldSite
from tests.support import Workplace, count_outcomes

PERFORMERS = 8


@pytest.fixture
def site() -> Iterator[HeldSite]:
    with HeldSite().running() as running:
        yield running


@pytest.fixture
def iafd() -> Iterator[HeldSite]:
    with HeldSite().running() as running:
        yield running


@pytest.fixture
def empty_place(tmp_path: Path, site: HeldSite, iafd: HeldSite) -> Workplace:
    workplace = Workplace(tmp_path, {"FACES_ENABLED": "0"})
    workplace.use_sites(site.url, iafd.url)
    return workplace


@pytest.fixture
def place(empty_place: Workplace) -> Workplace:
    """Eight performers, each with a link to each site."""
    workplace = empty_place
    with workplace.database() as db:
        for number in range(1, PERFORMERS + 1):
            performer = db.add_performer(f"Ada Demo{number}", gender="FEMALE")
            db.add_url(performer, f"https://www.babepedia.com/babe/Ada_Demo{number}")
            perfid = f"perfid=adademo{number}/gender=f"
            db.add_url(performer, f"https://www.iafd.com/person.rme/{perfid}/ada-demo.htm")
    return workplace


@pytest.fixture
def crawl(place: Workplace) -> Iterator[Callable[..., Crawl]]:
    """Starts crawls and leaves none behind."""
    running: list[Crawl] = []

    def start(spider: str = "babepedia", *flags: str, **settings: Any) -> Crawl:
        running.append(Crawl(place, spider, *flags, **settings))
        return running[-1]

    yield start
    for each in running:
        each.kill()


@pytest.fixture
def outcomes(place: Workplace) -> Callable[..., Counter[str]]:
    def read(source: str = "babepedia", mode: str = "url") -> Counter[str]:
        with place.database() as db:
            return count_outcomes(db, source, mode)

    return read
