"""All that speaks for and against a page's being a performer's. See ``matching.py``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from enrichscrapy.facts.names import name_words
from enrichscrapy.identity.compare import (
    Agreement,
    compare_countries,
    compare_dates,
    compare_genders,
    is_personal,
    link_key,
    read_date,
    shared_precision,
)
from enrichscrapy.identity.name_match import NameMatch, match_names
from enrichscrapy.items import PartialDate, Performer, Profile
from enrichscrapy.sites import all_sites, site_of_url

YOUNGEST = 16
"""Years of age below which a career on record cannot be this person's."""


@dataclass
class Evidence:
    """What speaks for and against a page; each entry names its kind in words.

    ``linked``: a stored link led here. ``elsewhere``: none of the stored links to this site is this
    page's own address; so it was found by name, or a link was turned round to here. ``account``:
    both name the same account or site of their own. ``abroad``: they are of different countries,
    which people's records often are.
    """

    name: NameMatch
    linked: bool
    birthday: bool = False
    account: bool = False
    elsewhere: bool = False
    abroad: bool = False
    supports: list[str] = field(default_factory=list)
    slips: list[str] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def note(self, what: str, agreement: Agreement, ours: object, theirs: object) -> None:
        if ours is not None and theirs is not None:
            verdict = agreement.value
            self.details[what] = {"ours": str(ours), "theirs": str(theirs), "verdict": verdict}

    def weigh(self, what: str, agreement: Agreement, ours: object, theirs: object) -> None:
        """Note it, and let it speak against the page where the two differ."""
        self.note(what, agreement, ours, theirs)
        if agreement is Agreement.CONTRADICTS:
            self.contradictions.append(what)
        elif agreement is Agreement.SLIP:
            self.slips.append(what)


def gather_evidence(performer: Performer, profile: Profile, by_link: bool) -> Evidence:
    name = match_names(performer.canonical_name, performer.aliases, profile.name, profile.aliases)
    evidence = Evidence(name, linked=by_link)
    if name.others:
        evidence.details["other names"] = list(name.others)
        evidence.supports.append("another name")
    gender = compare_genders(performer.gender, profile.gender)
    evidence.weigh("gender", gender, performer.gender, profile.gender)
    if gender is Agreement.AGREES and "TRANS" in (profile.gender or ""):
        evidence.supports.append("gender")
    _add_birth_date(evidence, performer, profile.birth_date)
    _add_death_date(evidence, read_date(performer.death_date), profile.death_date)
    country = compare_countries(performer.country, profile.countries or profile.country)
    stated = ", ".join(profile.countries) or profile.country
    evidence.note("country", country, performer.country, stated)
    evidence.abroad = country is Agreement.SLIP
    if country is Agreement.AGREES:
        evidence.supports.append("country")
    _add_links(evidence, performer, profile)
    return evidence


def _add_birth_date(evidence: Evidence, performer: Performer, theirs: PartialDate | None) -> None:
    ours = read_date(performer.birth_date)
    agreement = compare_dates(ours, theirs)
    evidence.weigh("birth date", agreement, ours, theirs)
    if ours and theirs and agreement is Agreement.AGREES:
        precision = shared_precision(ours, theirs)
        evidence.birthday = precision == "day"
        evidence.supports.append("birth year")
        if precision != "year":
            evidence.supports.append("birth month")
    start = performer.career_start_year
    if theirs and start and start < theirs.year + YOUNGEST:
        evidence.weigh("career", Agreement.SLIP, f"from {start}", f"born {theirs.year}")


def _add_death_date(
    evidence: Evidence, ours: PartialDate | None, theirs: PartialDate | None
) -> None:
    agreement = compare_dates(ours, theirs)
    evidence.weigh("death date", agreement, ours, theirs)
    if agreement is Agreement.AGREES:
        evidence.supports.append("death date")


def _add_links(evidence: Evidence, performer: Performer, profile: Profile) -> None:
    site = site_of_url(profile.url) or ""
    own_id = f"{site}:{profile.source_id}" if profile.source_id else None
    here = {key for key in (page_key(profile.url), own_id) if key}
    stored = {key for key in map(page_key, performer.urls) if key}
    if not evidence.linked and stored & here:
        evidence.linked = True
        evidence.details["stored page"] = sorted(stored & here)
    # Of the two schemes of ids one says nothing of the other.
    rivals = {key for key in stored - here if key.startswith(f"{site}:")}
    same_scheme = any(_shape(one) == _shape(other) for one in rivals for other in here)
    evidence.elsewhere = same_scheme and not stored & here
    theirs = {key for urls in profile.links.values() for key in map(page_key, urls) if key}
    shared = sorted((stored & theirs) - here)
    if not shared:
        return
    evidence.details["links"] = shared
    names = (performer.canonical_name, *performer.aliases, profile.name, *profile.aliases)
    words = frozenset(word for name in names for word in name_words(name))
    evidence.account = any(is_personal(key, words) for key in shared)
    if not evidence.account:
        evidence.supports.append("web site")


def page_key(url: str) -> str | None:
    """One key for all spellings of a link; ``site:slug`` for a page of a reference site."""
    site = site_of_url(url)
    if site is None:
        return link_key(url)
    slug = all_sites()[site].slug_from_url(url)
    return f"{site}:{slug}" if slug else None


def _shape(key: str) -> bool:
    """True for an id that is a uuid."""
    return re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", key) is not None


def is_provable(performer: Performer) -> bool:
    """Does the performer's record hold anything that could prove a page: a birthday, a link?"""
    born = read_date(performer.birth_date)
    return bool(born and born.day) or any(map(page_key, performer.urls))
