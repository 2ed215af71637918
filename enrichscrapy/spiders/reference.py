"""The base of all reference-site spiders: looks performers of the database up on one site.

One :class:`~enrichscrapy.items.Lookup` is yielded for each performer, whatever came of it. What a
site looks like is its module in ``sites/``; which page comes next is ``plan.py``; who is due is
the ledger's. This class only turns plans into requests and pages into reports.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar, Self

from parsel import Selector
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from enrichscrapy.core.meta import RequestInfo
from enrichscrapy.core.refused import describe_failure
from enrichscrapy.database.hosts import ROBOTS_DETAIL
from enrichscrapy.database.ledger import DueLookup
from enrichscrapy.identity.decide import identify, rank_search_results
from enrichscrapy.items import Lookup, Outcome, Performer, Profile, ReferenceSiteMode
from enrichscrapy.lookups.plan import (
    PageReport,
    Plan,
    Step,
    StepKind,
    plan_by_link,
    plan_by_name,
    report_profile,
)
from enrichscrapy.settings_reader import read_settings
from enrichscrapy.sites import PageKind, SearchResult, Site
from enrichscrapy.sites.html import read_title
from enrichscrapy.sites.layout import UNKNOWN_SHAPE
from enrichscrapy.spiders.arguments import SpiderArguments, refuse_unknown
from enrichscrapy.spiders.lookup import LookupSpider, read

GONE = (404, 410)


class ReferenceSpider(LookupSpider):
    """Base spider; a subclass names its source, its site module and its gender filter."""

    source_type: ClassVar[str] = "reference_site"
    site: ClassVar[Site]
    max_candidates: int = 4
    _told_unsearched: bool = False

    def __init__(
        self,
        mode: str = "url",
        limit: str | int | None = None,
        performers: str | None = None,
        gender: str | None = None,
        **kwargs: Any,
    ) -> None:
        refuse_unknown(kwargs)
        super().__init__(SpiderArguments.parse(mode, limit, performers, gender), **kwargs)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.max_candidates = read_settings(crawler.settings).MAX_CANDIDATES
        return spider

    def extract_slug_from_url(self, url: str) -> str | None:
        """The performer's slug or id in a link of this site; None for another site's link."""
        return self.site.slug_from_url(url)

    def name_to_slug(self, name: str) -> str:
        """The slug under which this site would list a performer of that name."""
        return self.site.slug_from_name(name)

    async def start(self) -> AsyncIterator[Any]:
        """Yield the first request of each due performer, only while there is room for it."""
        async for due in self._to_start():
            await self._wait_for_room()
            yield self._begin(due)

    def _begin(self, due: DueLookup) -> Request | Lookup:
        if due.minor:
            return self._skip_minor(due)
        if self.mode is ReferenceSiteMode.URL_LOOKUP:
            plan = plan_by_link(due.performer.id, due.urls)
        else:
            plan = plan_by_name(due.performer, self.site, self.max_candidates)
        self._in_progress.add(plan.performer_id)
        return self._take_next_step(plan, due.performer)

    # --- One lookup -------------------------------------------------------------------------

    def _take_next_step(self, plan: Plan, performer: Performer) -> Request | Lookup:
        step = plan.take_step()
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
            meta=RequestInfo(self.source_name, (plan.performer_id,)).make_meta(
                handle_httpstatus_all=True
            ),
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
        performer = await self._read_performer(plan)
        if performer is None:
            return
        plan.add_report(await self._report(response, step, plan, performer))
        if await read(response, self._take_results, response, step, plan, performer):
            plan.replace_search(step.text)  # the page sent instead of the profile has shown them
        yield self._take_next_step(plan, performer)

    async def parse_search(
        self, response: Response, plan: Plan, step: Step
    ) -> AsyncIterator[Request | Lookup]:
        """Read the site's search page: its plausible results are the next candidates.

        @looks_up search
        @leads_to profile
        """
        performer = await self._read_performer(plan)
        if performer is None:
            return
        if response.status in GONE:
            self._leave_unsearched(plan, f"http {response.status}")
        elif await read(response, self._take_results, response, step, plan, performer) is None:
            # A search with one match may lead straight to the profile.
            report = await self._report(response, step, plan, performer)
            if report.outcome is not Outcome.ABSENT:
                plan.add_report(report)
        yield self._take_next_step(plan, performer)

    async def page_failed(self, failure: Failure) -> AsyncIterator[Request | Lookup]:
        """Report a page that did not arrive; the plan's other pages are still tried."""
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        plan, step = request.cb_kwargs["plan"], request.cb_kwargs["step"]
        report = self._report_failure(failure, plan, step)
        if report is None or (performer := await self._read_performer(plan)) is None:
            return
        if step.kind is StepKind.SEARCH and report.detail == ROBOTS_DETAIL:
            self._leave_unsearched(plan, "robots.txt")
        else:
            plan.add_report(report)
            if report.outcome is Outcome.BLOCKED:
                plan.todo.clear()
        yield self._take_next_step(plan, performer)

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
            selector = make_selector(response)
            if self.site.classify(selector, response.url) is not PageKind.SEARCH:
                return None
            results = self.site.parse_search(selector, response.url)
        except Exception as error:  # as in _report
            detail = self._describe_broken(performer, error)
            plan.add_report(PageReport(step.url, Outcome.FAILED, detail, 200, step.text))
            return []
        plan.add_candidates(result.url for result in rank_search_results(performer, results))
        return results

    def _describe_broken(self, performer: Performer, error: Exception) -> str:
        """What is stored of a page that broke its parser."""
        self.logger.error("performer %d: the page broke its parser", performer.id, exc_info=error)
        return f"parser: {describe_failure(error)}"

    async def _report(
        self, response: Response, step: Step, plan: Plan, performer: Performer
    ) -> PageReport:
        found = await read(response, self._read_profile, response, step, performer)
        if isinstance(found, PageReport):
            return found
        population = await self._database.count_population()
        decision = identify(performer, found, by_link=plan.by_link, population=population)
        return report_profile(step.url, response.status, found, decision, step.text)

    def _read_profile(
        self, response: Response, step: Step, performer: Performer
    ) -> Profile | PageReport:
        """The profile on a page, or the report of a page without one."""

        def report(outcome: Outcome, detail: str) -> PageReport:
            return PageReport(step.url, outcome, detail, response.status, step.text)

        if response.status in GONE:
            return report(Outcome.ABSENT, f"http {response.status}")
        if response.status != 200:
            return report(Outcome.FAILED, f"http {response.status}")
        if not isinstance(response, TextResponse):
            return report(Outcome.FAILED, "not a text page")
        try:
            selector = make_selector(response)
            kind = self.site.classify(selector, response.url)
            if kind in (PageKind.ABSENT, PageKind.SEARCH):
                return report(Outcome.ABSENT, "the site's not-found page")
            if kind is PageKind.UNKNOWN:
                return report(Outcome.FAILED, f"{UNKNOWN_SHAPE}: {_read_title(selector)!r}")
            return self.site.parse_profile(selector, response.url)
        except Exception as error:  # a page that breaks a parser costs that page, never the crawl
            return report(Outcome.FAILED, self._describe_broken(performer, error))


def make_selector(response: TextResponse) -> Selector:
    """JSON is recognised by its beginning: scripts often send it with an HTML type."""
    begins = response.text[:1000].lstrip("\ufeff \t\r\n")
    if begins.rstrip() == "null":  # nothing found, as some scripts write it
        return Selector("[]", type="json")
    if begins.startswith(("[", "{")):
        return Selector(response.text.lstrip("\ufeff"), type="json")
    return response.selector


def _read_title(selector: Selector) -> str:
    """The page's title, one line, at most 80 characters: it ends in logs and reports."""
    title = read_title(selector) if selector.type == "html" else selector.type
    return "".join(filter(str.isprintable, title))[:80]
