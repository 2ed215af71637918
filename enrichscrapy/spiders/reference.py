"""The base of all reference-site spiders: looks performers of the database up on one site.

One :class:`~enrichscrapy.items.Lookup` is yielded for each performer, whatever came of it. What a
site looks like is its module in ``sites/``; which page comes next is ``plan.py``; who is due is
the ledger's. This class only turns plans into requests and pages into reports.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from typing import Any, ClassVar, ParamSpec, Self, TypeVar

from parsel import Selector
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from sqlalchemy.exc import SQLAlchemyError
from twisted.python.failure import Failure

from enrichscrapy.core.meta import RequestInfo
from enrichscrapy.core.refused import RequestRefused, describe_failure
from enrichscrapy.database.due import Selection
from enrichscrapy.database.engine import describe_statement
from enrichscrapy.database.hosts import ROBOTS_DETAIL
from enrichscrapy.database.ledger import DueLookup
from enrichscrapy.database.whom import Meant
from enrichscrapy.exceptions import BadSetting, DatabaseDamaged, DatabaseUnavailable, EnrichError
from enrichscrapy.extensions import stop_crawl
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.model import ModelExtension
from enrichscrapy.identity.age import latest_birthday_on
from enrichscrapy.identity.decide import identify, rank_search_results
from enrichscrapy.items import Identity, Lookup, Outcome, Performer, Profile, ReferenceSiteMode
from enrichscrapy.lookups.plan import (
    FITTING,
    PageReport,
    Plan,
    Step,
    StepKind,
    conclude,
    plan_by_link,
    plan_by_name,
)
from enrichscrapy.settings_reader import read_settings
from enrichscrapy.sites import PageKind, SearchResult, Site
from enrichscrapy.sites.html import title_of
from enrichscrapy.sites.layout import UNKNOWN_SHAPE
from enrichscrapy.spiders.arguments import SpiderArguments, find_performers, unknown_argument

GONE = (404, 410)
P = ParamSpec("P")
T = TypeVar("T")

LARGE_PAGE = 256 * 1024
"""Bytes of a page that are parsed on the event loop; the sites' pages are a third of that."""
MOST_BROKEN = 3
"""Lookups in a row over which stages may break before the crawl ends."""
DATABASE_FAULTS = (DatabaseDamaged, DatabaseUnavailable)


class ReferenceSpider(Spider):
    """Base spider; a subclass names its source, its site module and its gender filter."""

    source_type: ClassVar[str] = "reference_site"
    source_name: ClassVar[str]
    gender_filter: ClassVar[str | None] = None
    site: ClassVar[Site]

    def __init__(
        self,
        mode: str = "url",
        limit: str | int | None = None,
        performers: str | None = None,
        gender: str | None = None,
        **kwargs: Any,
    ) -> None:
        unknown = [name for name in kwargs if not name.startswith("_")]  # scrapyd sends _job
        if unknown:
            raise unknown_argument(unknown[0])
        super().__init__(**kwargs)
        self.arguments = SpiderArguments.parse(mode, limit, performers, gender)
        self.mode = self.arguments.mode
        self.limit = self.arguments.limit
        self._in_progress: set[int] = set()
        self._room = asyncio.Event()
        self._broken_in_a_row = 0
        self._performer_ids: tuple[int, ...] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        settings = read_settings(crawler.settings)
        spider.max_in_progress = settings.LOOKUPS_IN_PROGRESS
        spider.max_candidates = settings.MAX_CANDIDATES
        spider.revisit_after_days = settings.REVISIT_AFTER_DAYS
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(spider._lookup_ended, signal=signal)
        crawler.signals.connect(spider._stage_failed, signal=signals.item_error)
        crawler.signals.connect(spider._callback_failed, signal=signals.spider_error)
        return spider

    max_in_progress: int = 4
    max_candidates: int = 4
    revisit_after_days: float = 0.0
    _told_unsearched: bool = False

    def extract_slug_from_url(self, url: str) -> str | None:
        """The performer's slug or id in a link of this site; None for another site's link."""
        return self.site.slug_from_url(url)

    def name_to_slug(self, name: str) -> str:
        """The slug under which this site would list a performer of that name."""
        return self.site.slug_from_name(name)

    # --- Which performers -------------------------------------------------------------------

    @property
    def _database(self) -> DatabaseExtension:
        extension = self.crawler.get_extension(DatabaseExtension)
        if extension is None:
            raise BadSetting("EXTENSIONS lacks enrichscrapy.extensions.database.DatabaseExtension")
        return extension

    async def selection(self) -> Selection:
        """The question this run asks the ledger."""
        model = self.crawler.get_extension(ModelExtension)
        return Selection(
            source=self.source_name,
            mode=self.mode.value,
            model_id=model.model_id if model else None,
            revisit_after_days=self.revisit_after_days,
            gender=self._wanted_gender(),
            performer_ids=await self._chosen(),
        )

    async def _chosen(self) -> tuple[int, ...] | None:
        """The performers whom the argument names, found once; one who is unclear ends the crawl."""
        words, database = self.arguments.performers, self._database
        if words is None or self._performer_ids is not None:
            return self._performer_ids
        found: list[Meant] = []
        try:
            found = await database.read(find_performers, database.database, words)
        except BadSetting as error:
            stop_crawl(self.crawler, "bad_setting", str(error))
        ids = {meant.performer.id for meant in found if meant.performer is not None}
        self._performer_ids = tuple(sorted(ids))
        return self._performer_ids

    def _wanted_gender(self) -> str | None:
        if self.arguments.gender is not None:
            return None if self.arguments.gender == "all" else self.arguments.gender
        return self.gender_filter if self.mode is ReferenceSiteMode.NAME_LOOKUP else None

    async def start(self) -> AsyncIterator[Any]:
        """Yield the first request of each due performer, only while there is room for it."""
        self._in_progress |= getattr(self.crawler.engine.scheduler, "restored", frozenset())
        started = 0
        async for due in self._due():
            if self.limit is not None and started >= self.limit:
                return
            if due.performer.id in self._in_progress:
                continue  # a JOBDIR brought it back
            await self._wait_for_room()
            started += 1
            self._count(due.performer)
            yield self._begin(due)

    async def _due(self) -> AsyncIterator[DueLookup]:
        """Page by page in id order, so that a million performers cost no memory."""
        selection, after_id = await self.selection(), 0
        ledger = self._database.database.ledger
        try:
            while page := await self._database.read(ledger.due, selection, after_id):
                for due in page:
                    yield due
                after_id = page[-1].performer.id
        except DATABASE_FAULTS as error:
            stop_crawl(self.crawler, "database_error", str(error))

    def _count(self, performer: Performer) -> None:
        self.crawler.stats.inc_value("lookups/started")
        if self._wanted_gender() is not None and not performer.gender:
            self.crawler.stats.inc_value("lookups/unknown_gender")

    def _begin(self, due: DueLookup) -> Request | Lookup:
        if due.minor:
            self._in_progress.add(due.performer.id)
            return self._minor(due)
        if self.mode is ReferenceSiteMode.URL_LOOKUP:
            plan = plan_by_link(due.performer.id, due.urls)
        else:
            plan = plan_by_name(due.performer, self.site, self.max_candidates)
        self._in_progress.add(plan.performer_id)
        return self._continue(plan, due.performer)

    def _minor(self, due: DueLookup) -> Lookup:
        """Nobody under 18 is looked up: no request is made."""
        self.crawler.stats.inc_value("lookups/minor")
        detail = f"minor: says {due.minor}"
        return Lookup(self.source_name, self.mode, due.performer, Outcome.MISMATCH, detail=detail)

    async def _wait_for_room(self) -> None:
        while len(self._in_progress) >= self.max_in_progress:
            self._room.clear()
            await self._room.wait()

    def _lookup_ended(self, item: Any, signal: object = None) -> None:
        if signal is signals.item_scraped:
            self._broken_in_a_row = 0
        if isinstance(item, Lookup):
            self._leave(item.performer.id)

    def _stage_failed(self, item: Any, failure: Failure) -> None:
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

    def _callback_failed(self, failure: Failure, response: Response | Failure) -> None:
        """A callback broke: its lookup stays due, and its place goes to another."""
        plan = response.request.cb_kwargs.get("plan")  # type: ignore[union-attr]  # Scrapy sets it
        if isinstance(plan, Plan):
            self._leave(plan.performer_id)
        if isinstance(failure.value, DATABASE_FAULTS):
            stop_crawl(self.crawler, "database_error", str(failure.value))
        elif isinstance(failure.value, SQLAlchemyError):
            stop_crawl(self.crawler, "database_error", describe_statement(failure.value))

    def _leave(self, performer_id: int) -> None:
        self._in_progress.discard(performer_id)
        self._room.set()

    # --- One lookup -------------------------------------------------------------------------

    def _continue(self, plan: Plan, performer: Performer) -> Request | Lookup:
        step = plan.next_step()
        return self.request_for(plan, step) if step else self._conclude(plan, performer)

    def request_for(self, plan: Plan, step: Step) -> Request:
        """The request of one step; its plan travels along."""
        page = step.kind is StepKind.PAGE
        return Request(
            step.url,
            callback=self.parse_page if page else self.parse_search,
            errback=self.page_failed,
            dont_filter=True,  # the ledger decides what is fetched again, not the dupefilter
            cb_kwargs={"plan": plan, "step": step},
            meta=RequestInfo(self.source_name, plan.performer_id).meta(handle_httpstatus_all=True),
        )

    async def parse_page(
        self, response: Response, plan: Plan, step: Step
    ) -> AsyncIterator[Request | Lookup]:
        """Read one page that may be the performer's profile, then go on with the plan.

        @looks_up link
        @outcome found
        @fields name gender birth_date photo_urls
        @photos 1
        """
        performer = await self._performer(plan)
        if performer is None:
            return
        plan.add_report(await self._report(response, step, plan, performer))
        if await _read(response, self._take_results, response, step, plan, performer):
            plan.replace_search(step.text)  # the page in the profile's stead has shown them
        yield self._continue(plan, performer)

    async def parse_search(
        self, response: Response, plan: Plan, step: Step
    ) -> AsyncIterator[Request | Lookup]:
        """Read the site's search page: its plausible results are the next candidates.

        @looks_up search
        @leads_to profile
        """
        performer = await self._performer(plan)
        if performer is None:
            return
        if response.status in GONE:
            self._leave_unsearched(plan, f"http {response.status}")
        elif await _read(response, self._take_results, response, step, plan, performer) is None:
            # A search with one match may lead straight to the profile.
            report = await self._report(response, step, plan, performer)
            if report.outcome is not Outcome.ABSENT:
                plan.add_report(report)
        yield self._continue(plan, performer)

    async def page_failed(self, failure: Failure) -> AsyncIterator[Request | Lookup]:
        """Report a page that never came; the plan's other pages are still tried."""
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        plan, step = request.cb_kwargs["plan"], request.cb_kwargs["step"]
        error = failure.value or RuntimeError("unknown failure")
        if isinstance(error, RequestRefused) and error.transient:
            self.crawler.stats.inc_value("lookups/postponed")
            self._leave(plan.performer_id)  # nothing was learnt: no row, it stays due
            return
        performer = await self._performer(plan)
        if performer is None:
            return
        outcome = error.outcome if isinstance(error, RequestRefused) else Outcome.FAILED
        detail = error.detail if isinstance(error, RequestRefused) else describe_failure(error)
        if step.kind is StepKind.SEARCH and detail == ROBOTS_DETAIL:
            self._leave_unsearched(plan, "robots.txt")
        else:
            plan.add_report(PageReport(step.url, outcome, detail))
            if outcome is Outcome.BLOCKED:
                plan.todo.clear()
        yield self._continue(plan, performer)

    async def _performer(self, plan: Plan) -> Performer | None:
        """Read again: the performer may have changed, or been forgotten, since the request."""
        database = self._database
        performer = await database.read(database.database.get_performer, plan.performer_id)
        if performer is None:
            self._leave(plan.performer_id)
        else:
            self._in_progress.add(performer.id)
        return performer

    def _leave_unsearched(self, plan: Plan, why: str) -> None:
        """A search that may not be asked says nothing against what the guessed pages said."""
        if not plan.unsearched and not self._told_unsearched:
            self._told_unsearched = True
            self.logger.warning("the site's search cannot be asked (%s): names are guessed", why)
        plan.unsearched = True

    def _take_results(
        self, response: Response, step: Step, plan: Plan, performer: Performer
    ) -> list[SearchResult] | None:
        """Of a search's answer the plausible results, which are the next candidates; else None."""
        if plan.by_link or not isinstance(response, TextResponse) or response.status != 200:
            return None
        try:
            selector = selector_of(response)
            if self.site.classify(selector, response.url) is not PageKind.SEARCH:
                return None
            results = self.site.parse_search(selector, response.url)
        except Exception as error:  # as in _report
            detail = self._broken(performer, error)
            plan.add_report(PageReport(step.url, Outcome.FAILED, detail, 200, step.text))
            return []
        plan.add_candidates(result.url for result in rank_search_results(performer, results))
        return results

    def _broken(self, performer: Performer, error: Exception) -> str:
        """What is stored of a page that broke its parser."""
        self.logger.error("performer %d: the page broke its parser", performer.id, exc_info=error)
        return f"parser: {describe_failure(error)}"

    async def _report(
        self, response: Response, step: Step, plan: Plan, performer: Performer
    ) -> PageReport:
        found = await _read(response, self._profile, response, step, performer)
        if isinstance(found, PageReport):
            return found
        population = await self._database.population()
        decision = identify(performer, found, by_link=plan.by_link, population=population)
        matched = decision.identity is not Identity.MISMATCH
        return PageReport(
            step.url,
            Outcome.FOUND if matched else Outcome.MISMATCH,
            "" if matched else decision.reason,
            response.status,
            step.text,
            identity=decision.identity,
            profile=found,
            evidence={"reason": decision.reason, **decision.evidence},
        )

    def _profile(
        self, response: Response, step: Step, performer: Performer
    ) -> Profile | PageReport:
        """The profile on a page, or what came of one that has none."""

        def report(outcome: Outcome, detail: str) -> PageReport:
            return PageReport(step.url, outcome, detail, response.status, step.text)

        if response.status in GONE:
            return report(Outcome.ABSENT, f"http {response.status}")
        if response.status != 200:
            return report(Outcome.FAILED, f"http {response.status}")
        if not isinstance(response, TextResponse):
            return report(Outcome.FAILED, "not a text page")
        try:
            selector = selector_of(response)
            kind = self.site.classify(selector, response.url)
            if kind in (PageKind.ABSENT, PageKind.SEARCH):
                return report(Outcome.ABSENT, "the site's not-found page")
            if kind is PageKind.UNKNOWN:
                return report(Outcome.FAILED, f"{UNKNOWN_SHAPE}: {_title(selector)!r}")
            return self.site.parse_profile(selector, response.url)
        except Exception as error:  # a page that breaks a parser costs that page, never the crawl
            return report(Outcome.FAILED, self._broken(performer, error))

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
            born=_latest_birthday(plan),
            evidence={
                "rivals": conclusion.rivals,
                "pages": [report.summary() for report in plan.reports],
            },
        )


async def _read(response: Response, function: Callable[P, T], *args: P.args, **kw: P.kwargs) -> T:
    """Call what reads a page; a large one on a thread, or nothing else would move meanwhile."""
    if len(response.body) <= LARGE_PAGE:
        return function(*args, **kw)
    return await asyncio.to_thread(function, *args, **kw)


def _latest_birthday(plan: Plan) -> dt.date | None:
    """By link every page that fits is the performer's: the youngest they say counts."""
    fitting = (each for each in plan.reports if plan.by_link and each.identity in FITTING)
    today = dt.datetime.now(dt.UTC).date()
    born = (latest_birthday_on(each.profile, today) for each in fitting)
    return max(filter(None, born), default=None)


def selector_of(response: TextResponse) -> Selector:
    """JSON is told by its beginning: scripts that answer with it often call it HTML."""
    begins = response.text[:1000].lstrip("\ufeff \t\r\n")
    if begins.rstrip() == "null":  # nothing found, as some scripts write it
        return Selector("[]", type="json")
    if begins.startswith(("[", "{")):
        return Selector(response.text.lstrip("\ufeff"), type="json")
    return response.selector


def _title(selector: Selector) -> str:
    """The page's title, one line, at most 80 characters: it ends in logs and reports."""
    title = title_of(selector) if selector.type == "html" else selector.type
    return "".join(filter(str.isprintable, title))[:80]
