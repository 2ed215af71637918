"""What ``scrapy check`` holds the callbacks to, on pages of the sites as they are now.

A contract needs a performer whose page is known. It is one of ``CHECK_PERFORMERS``, else the
performer whose page was found last and had all that is asked for: so the check says whether pages
that could be read still can be. Nothing is stored by it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scrapy import Request
from scrapy.contracts import Contract
from scrapy.exceptions import ContractFail
from sqlalchemy import select

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import lookups
from enrichscrapy.database.whom import describe
from enrichscrapy.extensions import require
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.items import Lookup, Outcome, Performer, ReferenceSiteMode
from enrichscrapy.lookups.plan import Plan, Step, StepKind
from enrichscrapy.settings_reader import read_settings
from enrichscrapy.sites.layout import PARTS
from enrichscrapy.spiders.reference import ReferenceSpider

checked: set[tuple[str, str]] = set()
"""(spider, callback) whose output was looked at in this process."""

_LATEST = 500


class LookupContract(Contract):
    """Base: knows its spider, and remembers that its callback's output was looked at."""

    def __init__(self, method: Callable[..., Any], *args: str) -> None:
        super().__init__(method, *args)
        spider = getattr(method, "__self__", None)
        assert isinstance(spider, ReferenceSpider)
        self.spider = spider
        self.callback = method.__name__

    def post_process(self, output: list[Any]) -> None:
        checked.add((self.spider.name, self.callback))
        self.check(output)

    def check(self, output: list[Any]) -> None:
        """Raise ``ContractFail`` when the output is not what was promised."""

    def lookup(self, output: list[Any]) -> Lookup:
        """The single lookup that the callback yielded."""
        if len(output) != 1 or not isinstance(output[0], Lookup):
            raise ContractFail(
                f"expected one lookup, got {[type(item).__name__ for item in output]}"
            )
        return output[0]


class LooksUp(LookupContract):
    """``@looks_up link`` asks for a stored link of the performer, ``@looks_up search`` for the
    site's search for the performer's name."""

    name = "looks_up"

    def adjust_request_args(self, args: dict[str, Any]) -> dict[str, Any]:
        spider, (how,) = self.spider, self.args
        database = require(spider.crawler, DatabaseExtension).stores
        chosen = read_settings(spider.crawler.settings).CHECK_PERFORMERS.get(spider.source_name)
        performer = choose_performer(database, spider.source_name, chosen)
        plan, step = _begin_lookup(spider, database, performer, how)
        request = spider.request_for(plan, step)
        return {**args, "url": request.url, "cb_kwargs": request.cb_kwargs, "meta": request.meta}


def _begin_lookup(
    spider: ReferenceSpider, database: PerformerDatabase, performer: Performer, how: str
) -> tuple[Plan, Step]:
    """A lookup as it stands when the callback under test gets its page."""
    if how == "search":
        name, by_name = performer.canonical_name, ReferenceSiteMode.NAME_LOOKUP
        step = Step(StepKind.SEARCH, spider.site.search_url(name), name)
        return Plan(performer.id, by_name, [], spider.max_candidates), step
    link = _find_page(spider, database, performer)
    return Plan(performer.id, ReferenceSiteMode.URL_LOOKUP, [], 1), Step(StepKind.PAGE, link)


def _find_page(spider: ReferenceSpider, database: PerformerDatabase, performer: Performer) -> str:
    """A stored link of the site, else the page on which the performer was found."""
    links = [link for url in performer.urls if (link := spider.site.canonical_url(url))]
    found = select(lookups.c.url).where(
        lookups.c.source == spider.source_name,
        lookups.c.performer_id == performer.id,
        lookups.c.outcome == Outcome.FOUND.value,
    )
    with database.read() as connection:
        links += [url for url in connection.scalars(found) if url]
    if not links:
        raise ContractFail(f"{describe(performer)} has no page on {spider.source_name}")
    return links[0]


class OutcomeContract(LookupContract):
    """``@outcome found``: the callback yields one lookup that ended so."""

    name = "outcome"

    def check(self, output: list[Any]) -> None:
        lookup, wanted = self.lookup(output), Outcome(self.args[0])
        if lookup.outcome is not wanted:
            why = f" ({lookup.detail})" if lookup.detail else ""
            raise ContractFail(f"expected {wanted.value}, got {lookup.outcome.value}{why}")


class FieldsContract(LookupContract):
    """``@fields name gender``: the lookup's profile has these, not empty."""

    name = "fields"

    def check(self, output: list[Any]) -> None:
        profile = self.lookup(output).profile
        missing = [field for field in self.args if not getattr(profile, field, None)]
        if missing:
            raise ContractFail(f"the profile lacks {', '.join(missing)}")


class PhotosContract(LookupContract):
    """``@photos 1``: at least so many photos; ``@photos 1 5``: and at most so many."""

    name = "photos"

    def check(self, output: list[Any]) -> None:
        profile = self.lookup(output).profile
        number = len(profile.photo_urls) if profile else 0
        least, most = int(self.args[0]), int(self.args[1]) if len(self.args) > 1 else number
        if not least <= number <= most:
            raise ContractFail(f"expected {' to '.join(self.args)} photos, got {number}")


class LeadsTo(LookupContract):
    """``@leads_to profile``: the callback goes on to a profile page, or is already done there."""

    name = "leads_to"

    def check(self, output: list[Any]) -> None:
        if len(output) == 1 and isinstance(output[0], Request):
            url = output[0].url
            if output[0].callback == self.spider.parse_page and self.spider.site.canonical_url(url):
                return
            raise ContractFail("the next request goes to no profile page")
        if self.lookup(output).outcome is not Outcome.FOUND:
            raise ContractFail("the search knew nobody who could be the performer")


def choose_performer(
    database: PerformerDatabase, source: str, chosen: int | str | None = None
) -> Performer:
    """The performer to check with; ``ContractFail`` when there is none."""
    performer_id = int(chosen) if chosen else _find_last_found(database, source)
    performer = database.get_performer(performer_id) if performer_id is not None else None
    if performer is None:
        raise ContractFail(
            f"no performer to check {source} with: crawl first, or set CHECK_PERFORMERS to "
            f'{{"{source}": ID}} with the id of one who has a page there'
        )
    return performer


def _find_last_found(database: PerformerDatabase, source: str) -> int | None:
    """Found last, on a page that had everything the contracts ask for."""
    query = (
        select(lookups.c.performer_id, lookups.c.page_parts)
        .where(
            lookups.c.source == source,
            lookups.c.outcome == Outcome.FOUND.value,
        )
        .order_by(lookups.c.updated_at.desc())
        .limit(_LATEST)
    )
    with database.read() as connection:
        found = connection.execute(query).all()
    whole = (each for each, parts in found if parts and all(map(parts.get, PARTS)))
    return next(whole, None)
