"""Stage 100: is this page this performer's?"""

from __future__ import annotations

from enrichscrapy.identity.decide import identify
from enrichscrapy.items import Identity, Lookup, Outcome, ReferenceSiteMode


class IdentityPipeline:
    """Fills in ``identity`` and its evidence; a page about somebody else ends as ``mismatch``."""

    def process_item(self, lookup: Lookup) -> Lookup:
        if lookup.outcome is not Outcome.FOUND or lookup.profile is None:
            return lookup
        decision = identify(
            lookup.performer,
            lookup.profile,
            by_link=lookup.mode is ReferenceSiteMode.URL_LOOKUP,
            rivals=lookup.evidence.get("rivals", 0),
        )
        lookup.identity = decision.identity
        lookup.evidence["identity"] = {"reason": decision.reason, **decision.evidence}
        if decision.identity is Identity.MISMATCH:
            lookup.outcome, lookup.detail = Outcome.MISMATCH, decision.reason
        return lookup
