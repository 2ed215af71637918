"""A real database off the event loop, and the crawl's other values as the stages take them."""

from types import SimpleNamespace

import pytest
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler

from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.judge import JudgeExtension
from enrichscrapy.lookups.judge import Judge
from enrichscrapy.verdicts import Judgement, Limits, Thresholds
from tests.conftest import MODEL
from tests.database.builders import accept


@pytest.fixture
def database(db):
    extension = DatabaseExtension(db)
    yield extension
    extension.close()


@pytest.fixture
def performer(db):
    return db.get_performer(db.add_performer("Asta Quernholt", birth_date="1981-04-02"))


@pytest.fixture
def stats():
    return MemoryStatsCollector(get_crawler())


@pytest.fixture
def model(model_id):
    return SimpleNamespace(info=MODEL, model_id=model_id)


@pytest.fixture
def stopped():
    """What the crawl was stopped with, by ``stopped.append``-like calls of a stage."""
    return []


@pytest.fixture
def stop(stopped):
    return lambda reason, message, *, at_once=False: stopped.append((reason, message, at_once))


@pytest.fixture
def judging(database, model, stats, stop, tmp_path):
    """A judge that accepts every face."""

    def rules(candidates, *_others):
        return Judgement(tuple(accept() for _ in candidates))

    judge = Judge(Thresholds(), Limits(5, 20), {}, rules)
    return JudgeExtension(database, model, tmp_path / "index", judge, stats, stop)
