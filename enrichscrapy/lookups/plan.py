"""The way through one lookup: which page comes next, and what the pages say together.

Pure, and plain enough for JSON: a plan travels in a request's ``cb_kwargs``, through a JOBDIR too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any

from enrichscrapy.facts.lookup_names import list_lookup_names
from enrichscrapy.identity.decide import IdentityDecision, choose
from enrichscrapy.items import Identity, Outcome, Performer, Profile, ReferenceSiteMode
from enrichscrapy.sites import Site

FITTING = (Identity.CONFIRMED, Identity.UNCORROBORATED)
UNSEEN = (Outcome.BLOCKED, Outcome.FAILED)
"""Outcomes of pages that were never read: the performer's may be among them."""

NO_SEARCH = "the site's search could not be asked"


class StepKind(StrEnum):
    PAGE = "page"
    SEARCH = "search"


@dataclass(frozen=True)
class Step:
    """One request to make; ``text`` is the name searched for, or that a page was guessed from."""

    kind: StepKind
    url: str
    text: str = ""


@dataclass(frozen=True)
class PageReport:
    """The result of one page; ``profile`` only where it was one.

    ``name`` is the name the page was guessed from; empty for links and search results.
    """

    url: str
    outcome: Outcome
    detail: str = ""
    http_status: int | None = None
    name: str = ""
    identity: Identity | None = None
    profile: Profile | None = None
    evidence: dict[str, Any] = field(default_factory=dict)

    def summarise(self) -> dict[str, Any]:
        """The JSON-serialisable part that is kept in the ledger."""
        return {
            "url": self.url,
            "outcome": self.outcome.value,
            "detail": self.detail,
            "status": self.http_status,
            "identity": self.identity.value if self.identity else None,
            **self.evidence,
        }


def report_profile(
    url: str, status: int, profile: Profile, decision: IdentityDecision, name: str = ""
) -> PageReport:
    """The report of a profile that was held against the performer."""
    is_strangers = decision.identity is Identity.MISMATCH
    return PageReport(
        url,
        Outcome.MISMATCH if is_strangers else Outcome.FOUND,
        decision.reason if is_strangers else "",
        status,
        name,
        decision.identity,
        profile,
        {"reason": decision.reason, **decision.evidence},
    )


@dataclass
class Plan:
    """The steps of one lookup that are still to do and the reports of those done.

    ``pages_left`` bounds the profile pages that are requested, searches not counted.
    ``unsearched``: the site's search may not be asked, or is gone, so namesakes may stay unseen.
    """

    performer_id: int
    mode: ReferenceSiteMode
    todo: list[Step]
    pages_left: int
    seen: set[str] = field(default_factory=set)
    reports: list[PageReport] = field(default_factory=list)
    unvisited: int = 0
    unsearched: bool = False

    @property
    def by_link(self) -> bool:
        return self.mode is ReferenceSiteMode.URL_LOOKUP

    def take_step(self) -> Step | None:
        """Take the next step, or None when the lookup is over.

        A confirmed page ends it; so does, by link, any page that is this performer's. In name
        mode an uncorroborated page does not: the site's own search may know namesakes, and another
        name may lead to a page with proof.
        """
        if self._is_settled():
            return None
        while self.todo:
            step = self.todo.pop(0)
            if step.url in self.seen or self._is_needless(step):
                continue
            if step.kind is StepKind.PAGE:
                if self.pages_left <= 0:
                    self.unvisited += not step.text  # a guessed address may be nobody's
                    continue
                self.pages_left -= 1
            self.seen.add(step.url)
            return step
        return None

    def _is_settled(self) -> bool:
        identities = {report.identity for report in self.reports}
        if Identity.CONFIRMED in identities:
            return True
        return self.by_link and Identity.UNCORROBORATED in identities

    def _is_needless(self, step: Step) -> bool:
        """Once a page fits, its name needs no other guess: the search tells its namesakes."""
        names = {r.name for r in self.reports if r.identity is Identity.UNCORROBORATED}
        return step.kind is StepKind.PAGE and bool(step.text) and step.text in names

    def add_report(self, report: PageReport) -> None:
        """Record the result of a page; a profile met again under another address counts once."""
        known = {known.profile.url for known in self.reports if known.profile}
        if report.profile is None or report.profile.url not in known:
            self.reports.append(report)

    def add_candidates(self, urls: Iterable[str]) -> None:
        """Visit these next (search results, best first), each once."""
        reported = {report.url for report in self.reports}
        known = self.seen | reported | {r.profile.url for r in self.reports if r.profile}
        fresh = [url for url in urls if url not in known]
        self.todo[:0] = [Step(StepKind.PAGE, url) for url in fresh]

    def replace_search(self, name: str) -> None:
        """Drop the pending search for a name whose results another page already showed."""
        self.todo = [s for s in self.todo if not (s.kind is StepKind.SEARCH and s.text == name)]


def plan_by_link(performer_id: int, urls: Sequence[str]) -> Plan:
    """Every stored link, in order: ``absent`` needs all of them."""
    steps = [Step(StepKind.PAGE, url) for url in urls]
    return Plan(performer_id, ReferenceSiteMode.URL_LOOKUP, steps, pages_left=len(steps))


def plan_by_name(performer: Performer, site: Site, max_candidates: int) -> Plan:
    """The canonical name first, then the aliases: for each the guessed pages, then the search."""
    steps: list[Step] = []
    known = [performer.canonical_name, *performer.aliases]
    names = dict.fromkeys(form for name in known for form in list_lookup_names(name))
    for name in islice((name for name in names if site.slug_from_name(name)), max_candidates):
        pages = site.profile_urls(name, performer.gender)
        steps += [Step(StepKind.PAGE, url, name) for url in pages]
        steps.append(Step(StepKind.SEARCH, site.search_url(name), name))
    return Plan(performer.id, ReferenceSiteMode.NAME_LOOKUP, steps, pages_left=max_candidates)


@dataclass(frozen=True)
class Conclusion:
    """The conclusion from the reports of a finished plan; ``page`` is the one that counts.

    ``rivals`` counts the other pages that fit; None where nobody could look for them.
    """

    outcome: Outcome
    detail: str
    page: PageReport | None
    rivals: int | None = 0


def conclude(plan: Plan) -> Conclusion:
    """Weigh the pages: a fitting one wins, else the worst reason not to call it absent."""
    fitting = [report for report in plan.reports if report.identity in FITTING]
    if not fitting:
        return _conclude_nobody(plan)
    if plan.by_link:
        confirmed = [report for report in fitting if report.identity is Identity.CONFIRMED]
        return Conclusion(Outcome.FOUND, "", (confirmed or fitting)[0])
    return _conclude_by_name(plan, fitting)


def _conclude_nobody(plan: Plan) -> Conclusion:
    for outcome in (*UNSEEN, Outcome.MISMATCH, Outcome.ABSENT):
        for report in plan.reports:
            if report.outcome is outcome:
                unsearched = plan.unsearched and outcome not in UNSEEN
                detail = f"{report.detail}; {NO_SEARCH}" if unsearched else report.detail
                return Conclusion(outcome, detail, report)
    return Conclusion(Outcome.FAILED, "no name or link that could be looked up", None)


def _conclude_by_name(plan: Plan, fitting: list[PageReport]) -> Conclusion:
    """Several pages that fit equally are nobody's: taking one would be a guess.

    Nor does an uncorroborated page win while another candidate has not been seen: one that failed
    is tried again, one beyond the limit may be the right one.
    """
    chosen = choose(plan.reports)
    rivals = len(fitting) - 1
    if chosen is None:
        return Conclusion(Outcome.MISMATCH, "ambiguous", fitting[0], rivals)
    page = plan.reports[chosen]
    if page.identity is Identity.CONFIRMED:
        return Conclusion(Outcome.FOUND, "", page)
    if any(report.outcome in UNSEEN for report in plan.reports):
        return _conclude_nobody(plan)
    if plan.unvisited:
        return Conclusion(Outcome.MISMATCH, "ambiguous", page, rivals + plan.unvisited)
    return Conclusion(Outcome.FOUND, "", page, rivals=None if plan.unsearched else 0)
