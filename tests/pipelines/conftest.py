"""A real database off the event loop, and the crawl's other values as the stages take them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.judge import JudgeExtension
from enrichscrapy.items import Judgement, Performer
from enrichscrapy.lookups.judge import Judge
from enrichscrapy.verdicts import Candidate, Limits, Thresholds
from tests.conftest import MODEL
from tests.database.builders import accept


@pytest.fixture
def database(db: PerformerDatabase) -> Iterator[DatabaseExtension]:
    extension = DatabaseExtension(db)
    yield extension
    extension.close()


@pytest.fixture
def performer(db: PerformerDatabase) -> Performer | None:
    return db.get_performer(db.add_performer("Asta Quernholt", birth_date="1981-04-02"))


@pytest.fixture
def stats() -> MemoryStatsCollector:
    return MemoryStatsCollector(get_crawler())


@pytest.fixture
def model(model_id: int) -> SimpleNamespace:
    return SimpleNamespace(info=MODEL, model_id=model_id)


@pytest.fixture
def stopped() -> list[tuple[str, str, bool]]:
    """What the crawl was stopped with, by ``stopped.append``-like calls of a stage."""
    return []


@pytest.fixture
def stop(stopped: list[tuple[str, str, bool]]) -> Callable[..., None]:
    return lambda reason, message, *, at_once=False: stopped.append((reason, message, at_once))


@pytest.fixture
def judging(
    database: DatabaseExtension,
    model: Any,
    stats: MemoryStatsCollector,
    stop: Callable[..., None],
    tmp_path: Path,
) -> JudgeExtension:
    """A judge that accepts every face."""

    def rules(candidates: Sequence[Candidate], *_others: object) -> Judgement:
        return Judgement(tuple(accept() for _ in candidates))

    judge = Judge(Thresholds(), Limits(5, 20), {}, rules)
    return JudgeExtension(database, model, tmp_path / "index", judge, stats, stop)
