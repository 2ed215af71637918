"""Stage 500: one lookup, one transaction."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.statscollectors import StatsCollector
from sqlalchemy.exc import SQLAlchemyError

from enrichscrapy.database.dialects import describe_statement
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.store import StoreReport, store_lookup
from enrichscrapy.exceptions import DatabaseDamaged, DatabaseUnavailable, LeaseLost
from enrichscrapy.extensions import Stop, require, stop_crawl
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.judge import JudgeExtension
from enrichscrapy.extensions.model import ModelExtension
from enrichscrapy.extensions.worker import find_worker
from enrichscrapy.items import Lookup, Outcome
from enrichscrapy.settings_reader import read_settings

logger = logging.getLogger(__name__)


@dataclass(eq=False, repr=False)
class StorePipeline:
    """Writes ledger, photos, faces and proposals together, on the writer thread.

    A database that cannot be written (full disk, damaged file) ends the crawl at once: going on
    would only lose work. What was not written stays due.
    """

    database: DatabaseExtension
    model: ModelExtension
    judging: JudgeExtension
    stats: StatsCollector
    stop: Stop
    retry: RetryPolicy
    _: KW_ONLY
    writes: bool
    faces: bool
    worker_id: int | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings, worker = read_settings(crawler.settings), find_worker(crawler)
        return cls(
            require(crawler, DatabaseExtension),
            require(crawler, ModelExtension),
            require(crawler, JudgeExtension),
            crawler.stats,
            functools.partial(stop_crawl, crawler),
            RetryPolicy(
                settings.MAX_ATTEMPTS, settings.RETRY_BASE_SECONDS, settings.RETRY_MAX_SECONDS
            ),
            writes=not settings.DRY_RUN,
            faces=settings.FACES_ENABLED,
            worker_id=worker.id if worker else None,
        )

    async def process_item(self, lookup: Lookup) -> Lookup:
        report: StoreReport | None = None
        if self._is_kept(lookup):
            try:
                report = await self.database.write(self._bind_store(lookup))
            except LeaseLost as error:
                self.stats.inc_value("lookups/lease_lost")
                logger.warning("Not stored: %s", error)
                raise DropItem("another crawl has the lookup", log_level="DEBUG") from error
            except (DatabaseUnavailable, DatabaseDamaged) as error:
                self.stop("database_error", str(error), at_once=True)
                raise DropItem("the database cannot be written", log_level="ERROR") from error
            except SQLAlchemyError as error:  # a bug of ours: logged, but once
                self.stop("database_error", describe_statement(error), at_once=True)
                raise
        self._count(lookup, report)
        return lookup

    def _is_kept(self, lookup: Lookup) -> bool:
        """Without faces a found lookup stays due; a dry run writes nothing at all."""
        return self.writes and (self.faces or lookup.outcome is not Outcome.FOUND)

    def _bind_store(self, lookup: Lookup) -> Callable[[], StoreReport]:
        return functools.partial(
            store_lookup,
            self.database.stores,
            lookup,
            model_id=self.model.model_id,
            retry=self.retry,
            judge=self.judging.judge,
            worker_id=self.worker_id,
        )

    def _count(self, lookup: Lookup, report: StoreReport | None) -> None:
        """What was stored; in a dry run, what would have been."""
        stats = self.stats
        if report is not None:
            if not report.stored:
                stats.inc_value("lookups/not_stored")
                return
            for name, faces in (("replaced", report.retired), ("confirmed", report.confirmed)):
                if faces:
                    stats.inc_value(f"faces/{name}", len(faces))
        stats.inc_value(f"lookups/{lookup.outcome.value}")
        for photo in lookup.photos:
            stats.inc_value(f"photos/{photo.outcome.value if photo.outcome else 'addresses'}")
        for face in lookup.faces:
            if face.decision is not None:
                stats.inc_value(f"faces/{face.decision.verdict.value}")
                stats.inc_value(f"faces/{face.decision.verdict.value}/{face.decision.reason}")
