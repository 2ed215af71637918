"""What all spiders share that look performers up: who is due, how many at once, and failures.

One :class:`~enrichscrapy.items.Lookup` is yielded for each performer, whatever came of it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from typing import Any, ClassVar, ParamSpec, Self, TypeVar

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from sqlalchemy.exc import SQLAlchemyError
from twisted.python.failure import Failure

from enrichscrapy.core.meta import read_performer_ids
from enrichscrapy.core.refused import RequestRefused, describe_failure
from enrichscrapy.database.dialects import describe_statement
from enrichscrapy.database.due import Selection
from enrichscrapy.database.ledger import DueLookup
from enrichscrapy.database.whom import Meant
from enrichscrapy.exceptions import BadSetting, DatabaseDamaged, DatabaseUnavailable, EnrichError
from enrichscrapy.extensions import find_shared, require, stop_crawl
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.model import ModelExtension
from enrichscrapy.extensions.worker import find_worker
from enrichscrapy.facts.stored_dates import read_today
from enrichscrapy.identity.age import find_latest_birthday
from enrichscrapy.items import Lookup, Outcome, Performer, ReferenceSiteMode
from enrichscrapy.lookups.plan import FITTING, PageReport, Plan, Step, conclude
from enrichscrapy.settings_reader import read_settings
from enrichscrapy.spiders.arguments import SpiderArguments, find_performers

P = ParamSpec("P")
T = TypeVar("T")

LARGE_ANSWER = 256 * 1024
"""Bytes of an answer that are parsed on the event loop; the sites' pages are a third of that."""
MOST_BROKEN = 3
"""Lookups in a row over which stages may break before the crawl ends."""
DATABASE_FAULTS = (DatabaseDamaged, DatabaseUnavailable)


class LookupSpider(Spider):
    """Base spider; a subclass says how a lookup begins (:meth:`start`)."""

    source_type: ClassVar[str]
    source_name: str
    gender_filter: ClassVar[str | None] = None
    max_in_progress: int = 4
    claims: bool = True
    revisit_after_days: float = 0.0

    def __init__(self, arguments: SpiderArguments, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.arguments = arguments
        self.mode = arguments.mode
        self.limit = arguments.limit
        self._in_progress: set[int] = set()
        self._room = asyncio.Event()
        self._broken_in_a_row = 0
        self._performer_ids: tuple[int, ...] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        settings = read_settings(crawler.settings)
        spider.max_in_progress = settings.LOOKUPS_IN_PROGRESS
        spider.revisit_after_days = settings.REVISIT_AFTER_DAYS
        spider.claims = not settings.DRY_RUN
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(spider._note_end, signal=signal)
        crawler.signals.connect(spider._stage_failed, signal=signals.item_error)
        crawler.signals.connect(spider._note_broken_callback, signal=signals.spider_error)
        return spider

    # --- Which performers -------------------------------------------------------------------

    @property
    def _database(self) -> DatabaseExtension:
        return require(self.crawler, DatabaseExtension)

    async def selection(self) -> Selection:
        """The question this run asks the ledger."""
        model, worker = find_shared(self.crawler, ModelExtension), find_worker(self.crawler)
        return Selection(
            source=self.source_name,
            mode=self.mode.value,
            model_id=model.model_id if model else None,
            revisit_after_days=self.revisit_after_days,
            gender=self._choose_gender(),
            performer_ids=await self._find_chosen(),
            worker_id=worker.id if worker else None,
        )

    async def _find_chosen(self) -> tuple[int, ...] | None:
        """The performers whom the argument names, found once; one who is unclear ends the crawl."""
        words, database = self.arguments.performers, self._database
        if words is None or self._performer_ids is not None:
            return self._performer_ids
        found: list[Meant] = []
        try:
            found = await database.read(find_performers, database.stores, words)
        except BadSetting as error:
            stop_crawl(self.crawler, "bad_setting", str(error))
        ids = {meant.performer.id for meant in found if meant.performer is not None}
        self._performer_ids = tuple(sorted(ids))
        return self._performer_ids

    def _choose_gender(self) -> str | None:
        if self.arguments.gender is not None:
            return None if self.arguments.gender == "all" else self.arguments.gender
        return self.gender_filter if self.mode is ReferenceSiteMode.NAME_LOOKUP else None

    async def _to_start(self) -> AsyncIterator[DueLookup]:
        """The due lookups of this run, within the limit."""
        self._in_progress |= getattr(self.crawler.engine.scheduler, "restored", frozenset())
        started = 0
        async for due in self._iter_due():
            if self.limit is not None and started >= self.limit:
                return
            if due.performer.id in self._in_progress:
                continue  # a JOBDIR brought it back
            started += 1
            self._count(due.performer)
            yield due

    async def _iter_due(self) -> AsyncIterator[DueLookup]:
        """Page by page in id order, so that a million performers cost no memory."""
        selection, after_id = await self.selection(), 0
        try:
            while page := await self._list_due(selection, after_id):
                for due in page:
                    yield due
                after_id = page[-1].performer.id
        except DATABASE_FAULTS as error:
            stop_crawl(self.crawler, "database_error", str(error))

    async def _list_due(self, selection: Selection, after_id: int) -> list[DueLookup]:
        """Among several crawls of the source only what there is room for, and that is claimed."""
        ledger = self._database.stores.ledger
        if selection.worker_id is None or not self.claims:
            return await self._database.read(ledger.list_due, selection, after_id)
        return await self._database.write(ledger.claim_due, selection, after_id, self.claim_size)

    @property
    def claim_size(self) -> int:
        """Performers that are claimed at once."""
        return min(self.max_in_progress, self.limit or self.max_in_progress)

    def _count(self, performer: Performer) -> None:
        self.crawler.stats.inc_value("lookups/started")
        if self._choose_gender() is not None and not performer.gender:
            self.crawler.stats.inc_value("lookups/unknown_gender")

    def _skip_minor(self, due: DueLookup) -> Lookup:
        """Nobody under 18 is looked up: no request is made."""
        self._in_progress.add(due.performer.id)
        self.crawler.stats.inc_value("lookups/minor")
        detail = f"minor: says {due.minor}"
        return Lookup(self.source_name, self.mode, due.performer, Outcome.MISMATCH, detail=detail)

    async def _wait_for_room(self) -> None:
        while len(self._in_progress) >= self.max_in_progress:
            self._room.clear()
            await self._room.wait()

    def _note_end(self, item: Any, signal: object = None) -> None:
        if signal is signals.item_scraped:
            self._broken_in_a_row = 0
        if isinstance(item, Lookup):
            self._leave(item.performer.id)

    def _stage_failed(self, failure: Failure) -> None:
        """A stage broke over a lookup, which stays due.

        What the machine did (a full disk, no memory) would meet the next one too, and so would
        whatever breaks over several in a row: then the crawl ends.
        """
        self._broken_in_a_row += 1
        of_the_machine = isinstance(failure.value, EnrichError | OSError | MemoryError)
        if of_the_machine or self._broken_in_a_row >= MOST_BROKEN:
            what = describe_failure(failure.value or RuntimeError("unknown failure"))
            message = f"a stage failed, and would for the next lookup too: {what}"
            stop_crawl(self.crawler, "stage_failed", message, at_once=True)

    def _note_broken_callback(self, failure: Failure, response: Response | Failure) -> None:
        """A callback broke: its lookup stays due, and its place goes to another."""
        request = response.request  # type: ignore[union-attr]  # Scrapy sets it
        for performer_id in read_performer_ids(request) if request is not None else ():
            self._leave(performer_id)
        if isinstance(failure.value, DATABASE_FAULTS):
            stop_crawl(self.crawler, "database_error", str(failure.value))
        elif isinstance(failure.value, SQLAlchemyError):
            stop_crawl(self.crawler, "database_error", describe_statement(failure.value))

    def _leave(self, performer_id: int) -> None:
        self._in_progress.discard(performer_id)
        self._room.set()

    def _report_failure(self, failure: Failure, plan: Plan, step: Step) -> PageReport | None:
        """What became of a request without an answer; None where it stays due, as nothing was
        learnt: then it has no row.
        """
        error = failure.value or RuntimeError("unknown failure")
        refused = error if isinstance(error, RequestRefused) else None
        if refused is not None and refused.transient:
            self.crawler.stats.inc_value("lookups/postponed")
            self._leave(plan.performer_id)
            return None
        outcome = refused.outcome if refused else Outcome.FAILED
        return PageReport(step.url, outcome, describe_failure(error))

    async def _read_performer(self, plan: Plan) -> Performer | None:
        """Read again: the performer may have changed, or been forgotten, since the request."""
        database = self._database
        performer = await database.read(database.stores.get_performer, plan.performer_id)
        if performer is None:
            self._leave(plan.performer_id)
        else:
            self._in_progress.add(performer.id)
        return performer

    def _conclude(self, plan: Plan, performer: Performer) -> Lookup:
        conclusion = conclude(plan)
        page = conclusion.page
        return Lookup(
            source=self.source_name,
            mode=self.mode,
            performer=performer,
            outcome=conclusion.outcome,
            url=page.url if page else None,
            http_status=page.http_status if page else None,
            detail=conclusion.detail,
            identity=page.identity if page else None,
            profile=page.profile if page else None,
            born=_find_latest_birthday(plan),
            evidence={
                "rivals": conclusion.rivals,
                "pages": [report.summarise() for report in plan.reports],
            },
        )


async def read(response: Response, function: Callable[P, T], *args: P.args, **kw: P.kwargs) -> T:
    """Call what reads an answer; a large one on a thread, or nothing else would move meanwhile."""
    if len(response.body) <= LARGE_ANSWER:
        return function(*args, **kw)
    return await asyncio.to_thread(function, *args, **kw)


def _find_latest_birthday(plan: Plan) -> dt.date | None:
    """By link every page that fits is the performer's: the youngest they say counts."""
    fitting = (each for each in plan.reports if plan.by_link and each.identity in FITTING)
    today = read_today()
    born = (find_latest_birthday(each.profile, today) for each in fitting)
    return max(filter(None, born), default=None)
