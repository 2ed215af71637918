"""Stash-boxes: asks for performers whose id there is known, many in one request.

Nothing is searched for and no list is walked: an id leads to one entry, or to the one that it was
merged into.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from enrichscrapy.core.api_key import ApiKey
from enrichscrapy.core.meta import RequestInfo
from enrichscrapy.database.box_ids import find_owner_of_id
from enrichscrapy.database.ledger import DueLookup
from enrichscrapy.extensions import stop_crawl
from enrichscrapy.identity.decide import identify_by_id
from enrichscrapy.items import Lookup, Outcome, Performer, Profile
from enrichscrapy.lookups.plan import PageReport, Plan, Step, plan_by_link, report_profile
from enrichscrapy.settings_reader import read_settings
from enrichscrapy.sites.stashbox import (
    KEY_REFUSED,
    Answer,
    Endpoint,
    Entry,
    EntryKind,
    Query,
    read_answer,
)
from enrichscrapy.spiders.arguments import SpiderArguments, refuse_unknown
from enrichscrapy.spiders.lookup import LookupSpider, read

MOST_MERGES = 4
"""The most merges followed from one id to the next."""
SMALLER = 4
"""How many times fewer performers are asked for together after each failed attempt: one whom the
box cannot answer for is alone in the end."""


@dataclass(frozen=True)
class Asked:
    """One performer's part of a request."""

    plan: Plan
    step: Step


class StashBoxSpider(LookupSpider):
    """Asks one stash-box for the performers whose id there is known.

    ``scrapy crawl stashbox -a endpoint=stashdb``; ``endpoint`` is a box's name or its address.
    """

    name = "stashbox"
    source_type: ClassVar[str] = "stash_box"
    source_name = "stashbox"
    batch_size: int = 25

    def __init__(
        self,
        endpoint: str = "stashdb",
        limit: str | int | None = None,
        performers: str | None = None,
        **kwargs: Any,
    ) -> None:
        refuse_unknown(kwargs, "endpoint, limit and performers")
        arguments = SpiderArguments.parse(limit=limit, performers=performers)
        super().__init__(arguments, **kwargs)
        self.site = Endpoint.named(endpoint)
        self.source_name = self.site.NAME
        self._query = Query()
        self._under_way: set[int] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.batch_size = read_settings(crawler.settings).STASHBOX_BATCH
        return spider

    @property
    def claim_size(self) -> int:
        return min(self.batch_size, self.limit or self.batch_size)

    # --- Asking ---------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Any]:
        """Yield a request for each full batch, only while there is room for it."""
        self._key = ApiKey.from_crawler(self.crawler)
        if not self._key.key:
            self.logger.warning("STASHBOX_API_KEYS has no key for %s", self.site.box)
        waiting: defaultdict[int, list[DueLookup]] = defaultdict(list)
        async for due in self._to_start():
            if due.minor:
                yield self._skip_minor(due)
                continue
            size = max(1, self.batch_size // SMALLER**due.attempts)
            waiting[size].append(due)
            if len(waiting[size]) == size:
                await self._wait_for_room()
                yield self._begin(waiting.pop(size))
        for batch in waiting.values():
            await self._wait_for_room()
            yield self._begin(batch)

    def _begin(self, batch: Iterable[DueLookup]) -> Request:
        asked = []
        for due in batch:
            plan = plan_by_link(due.performer.id, [self.site.page_url(each) for each in due.urls])
            plan.pages_left += MOST_MERGES
            step = plan.take_step()
            assert step is not None  # who has no id is not due
            self._in_progress.add(due.performer.id)
            asked.append(Asked(plan, step))
        return self._request(asked)

    def _request(self, asked: Sequence[Asked]) -> Request:
        """One request for several performers.

        It never waits on disk, where only a page's request can: the ledger brings them back.
        """
        ids = [self.site.id_of_page(each.step.url) for each in asked]
        info = RequestInfo(self.source_name, tuple(each.plan.performer_id for each in asked))
        return Request(
            self.site.api,
            method="POST",
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            body=json.dumps(self._query.body(ids)),
            callback=self.parse_answer,
            errback=self.request_failed,
            dont_filter=True,
            cb_kwargs={"asked": asked},
            # A redirect of an API leads to a page for people, at best.
            meta=info.make_meta(handle_httpstatus_all=True, dont_redirect=True),
        )

    # --- Answers --------------------------------------------------------------------------------

    async def parse_answer(
        self, response: Response, asked: Sequence[Asked]
    ) -> AsyncIterator[Request | Lookup]:
        """Take each performer's entry from the answer; ask on where one was merged."""
        answer = await read(response, self._read, response, asked)
        if answer.unknown_fields and (shorter := self._query.without(answer.unknown_fields)):
            names = ", ".join(sorted(name for _, name in shorter.left_out - self._query.left_out))
            self.logger.warning("%s does not know %s: it is asked without", self.site.box, names)
            self._query = shorter
            yield self._request(asked)
            return
        if answer.key_refused:
            message = f"{self.site.box} refuses the key: set the right one in STASHBOX_API_KEYS"
            stop_crawl(self.crawler, "blocked", message)
        ask_on = []
        for number, each in enumerate(asked):
            performer = await self._read_performer(each.plan)
            if performer is None:
                continue
            await self._report(each, _find_entry(answer, number), performer, response.status)
            if (step := each.plan.take_step()) is not None:
                ask_on.append(Asked(each.plan, step))
                continue
            lookup = self._conclude(each.plan, performer)
            await self._wait_for_photos()
            if lookup.profile is not None and self._is_ending():
                self.crawler.stats.inc_value("lookups/postponed")
                self._leave(performer.id)  # its photos would not be asked for: it stays due
                continue
            self._under_way.add(performer.id)
            yield lookup
        if ask_on and not self._is_ending():
            yield self._request(ask_on)

    async def _wait_for_photos(self) -> None:
        """An answer brings many performers at once; their photos are asked for in turn."""
        while len(self._under_way) >= self.max_in_progress:
            self._room.clear()
            await self._room.wait()

    def _is_ending(self) -> bool:
        stopped = self.crawler.stats.get_value("stop/message") is not None
        return stopped or not self.crawler.engine.running

    def _leave(self, performer_id: int) -> None:
        self._under_way.discard(performer_id)
        super()._leave(performer_id)

    def _read(self, response: Response, asked: Sequence[Asked]) -> Answer:
        text = self._key.hide(response.text) if isinstance(response, TextResponse) else ""
        ids = [self.site.id_of_page(each.step.url) for each in asked]
        return read_answer(response.status, text, ids, self.site)

    async def request_failed(self, failure: Failure) -> AsyncIterator[Lookup]:
        """No answer arrived: each performer's lookup ends as the request did."""
        asked: Sequence[Asked] = failure.request.cb_kwargs["asked"]  # type: ignore[attr-defined]
        for each in asked:
            report = self._report_failure(failure, each.plan, each.step)
            if report is None or (performer := await self._read_performer(each.plan)) is None:
                continue
            each.plan.todo.clear()
            each.plan.add_report(report)
            yield self._conclude(each.plan, performer)

    async def _report(self, asked: Asked, entry: Entry, performer: Performer, status: int) -> None:
        """Enter into the plan what stands under the id, and where to look next."""
        plan, url = asked.plan, asked.step.url

        def report(outcome: Outcome, detail: str) -> PageReport:
            return PageReport(url, outcome, detail, status)

        if entry.kind is EntryKind.PERSON and entry.profile is not None:
            plan.add_report(await self._identify(plan, entry.profile, performer, status))
        elif entry.kind is EntryKind.MERGED:
            owner = await self._database.read(
                find_owner_of_id, self._database.stores, self.site.box, entry.into
            )
            if owner in (None, performer.id):
                plan.add_report(report(Outcome.ABSENT, EntryKind.MERGED.value))
                plan.add_candidates([self.site.page_url(entry.into)])
            else:
                detail = f"merged into performer {owner}: the box says that both are one person"
                plan.add_report(report(Outcome.MISMATCH, detail))
        elif entry.kind is EntryKind.FAULT:
            blocked = entry.why == KEY_REFUSED
            plan.add_report(report(Outcome.BLOCKED if blocked else Outcome.FAILED, entry.why))
        else:
            plan.add_report(report(Outcome.ABSENT, entry.kind.value))

    async def _identify(
        self, plan: Plan, profile: Profile, performer: Performer, status: int
    ) -> PageReport:
        merged = [each.url for each in plan.reports if each.detail == EntryKind.MERGED]
        former = (*map(self.site.id_of_page, merged), *profile.former_ids)
        profile = replace(profile, former_ids=tuple(dict.fromkeys(map(str.lower, former))))
        decision = identify_by_id(performer, profile, await self._database.count_population())
        return report_profile(profile.url, status, profile, decision)


def _find_entry(answer: Answer, number: int) -> Entry:
    """The entry of one id; where the answer has none at all, why it is as good as none."""
    if answer.entries:
        return answer.entries[number]
    why = KEY_REFUSED if answer.key_refused else answer.fault
    if answer.unknown_fields:
        why = f"another schema: {answer.fault}"
    return Entry(EntryKind.FAULT, why=why)
