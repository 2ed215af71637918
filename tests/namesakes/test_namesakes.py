"""Of a hundred near-namesakes, none is given a stranger's page and almost all are found."""

import re
from collections import Counter

import pytest

from enrichscrapy.facts.names import split_name
from enrichscrapy.identity.decide import identify, rank_search_results
from enrichscrapy.items import Identity, Outcome, ReferenceSiteMode
from enrichscrapy.lookups.plan import PageReport, StepKind, conclude, plan_by_name
from enrichscrapy.sites import SearchResult, iafd
from tests.namesakes.world import build_world

WORLD = build_world()
MAX_CANDIDATES = 4
LETTERS = {"FEMALE": "f", "MALE": "m", "TRANSGENDER_FEMALE": "tf", "TRANSGENDER_MALE": "tm"}


def fetch(url):
    """The profile at an address of either scheme; a guessed link needs the right gender."""
    for slug, profile in WORLD.pages.items():
        guessed = re.search(r"/gender=(\w+)/", url)
        if url == profile.url:
            return profile
        if guessed and iafd.slug_from_url(url) == slug:
            return profile if LETTERS[profile.gender] == guessed[1] else None
    return None


def search(text):
    """As the site does: everybody who has one of the words in a name."""
    words = set(split_name(text))
    for slug, profile in WORLD.pages.items():
        if words & {word for name in (profile.name, *profile.aliases) for word in split_name(name)}:
            table = "MALE" if profile.gender == "MALE" else "FEMALE"
            yield SearchResult(profile.name, profile.url, profile.aliases, table, WORLD.years[slug])


def report(performer, step):
    profile = fetch(step.url)
    if profile is None:
        return PageReport(step.url, Outcome.ABSENT, name=step.text)
    decision = identify(performer, profile, by_link=False)
    matched = decision.identity is not Identity.MISMATCH
    return PageReport(
        step.url,
        Outcome.FOUND if matched else Outcome.MISMATCH,
        decision.reason,
        name=step.text,
        identity=decision.identity,
        profile=profile,
        evidence={"reason": decision.reason, **decision.evidence},
    )


def look_up(performer):
    """The way of a lookup in name mode, without the network. Returns (slug or None, identity)."""
    plan = plan_by_name(performer, iafd, MAX_CANDIDATES)
    while (step := plan.take_step()) is not None:
        if step.kind is StepKind.SEARCH:
            results = rank_search_results(performer, list(search(step.text)))
            plan.add_candidates(result.url for result in results)
        else:
            plan.reports.append(report(performer, step))
    assert plan.mode is ReferenceSiteMode.NAME_LOOKUP
    end = conclude(plan)
    if end.outcome is not Outcome.FOUND:
        return None, None
    decision = identify(performer, end.page.profile, by_link=False, rivals=end.rivals)
    if decision.identity is Identity.MISMATCH:
        return None, decision.identity
    slug = next(slug for slug, page in WORLD.pages.items() if page is end.page.profile)
    return slug, decision.identity


def test_the_set_is_what_it_claims_to_be():
    assert len(WORLD.cases) == 100
    assert sum(case.page is not None for case in WORLD.cases) == 40
    assert {case.page for case in WORLD.cases} - {None} <= set(WORLD.pages)


@pytest.mark.parametrize("case", WORLD.cases, ids=lambda case: str(case.performer.id))
def test_nobody_is_given_a_strangers_page(case):
    slug, _ = look_up(case.performer)
    assert slug in (None, case.page)


def test_those_whom_the_evidence_resolves_are_found():
    resolvable = [case for case in WORLD.cases if case.page]
    found = Counter(look_up(case.performer)[0] == case.page for case in resolvable)
    assert found[True] >= 38
