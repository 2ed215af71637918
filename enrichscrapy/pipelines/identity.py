"""Stage 100: is this page this performer's?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Self

from scrapy.crawler import Crawler

from enrichscrapy.extensions import require
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.facts.stashboxes import find_box
from enrichscrapy.identity.decide import IdentityDecision, identify, identify_by_id
from enrichscrapy.identity.rarity import Population
from enrichscrapy.items import Identity, Lookup, Outcome, Profile, ReferenceSiteMode


def _decide(lookup: Lookup, profile: Profile, population: Population) -> IdentityDecision:
    if find_box(lookup.source) is not None:
        return identify_by_id(lookup.performer, profile, population)
    return identify(
        lookup.performer,
        profile,
        by_link=lookup.mode is ReferenceSiteMode.URL_LOOKUP,
        rivals=lookup.evidence.get("rivals", 0),
        population=population,
    )


class IdentityPipeline:
    """Fills in ``identity`` and its evidence; a page about somebody else ends as ``mismatch``."""

    def __init__(self, population: Callable[[], Awaitable[Population]]) -> None:
        self.population = population

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(require(crawler, DatabaseExtension).count_population)

    async def process_item(self, lookup: Lookup) -> Lookup:
        if lookup.outcome is not Outcome.FOUND or lookup.profile is None:
            return lookup
        decision = _decide(lookup, lookup.profile, await self.population())
        lookup.identity = decision.identity
        lookup.evidence["identity"] = {"reason": decision.reason, **decision.evidence}
        if decision.identity is Identity.MISMATCH:
            lookup.outcome, lookup.detail = Outcome.MISMATCH, decision.reason
        return lookup
