"""The evidence that a page is a performer's or a stranger's; ``decide.py`` decides by it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from enrichscrapy.facts.names import split_name
from enrichscrapy.facts.stored_dates import read_stored_date
from enrichscrapy.identity.compare import (
    Agreement,
    compare_countries,
    compare_dates,
    compare_genders,
    drop_filler_date,
    find_shared_precision,
    is_personal,
    make_link_key,
    read_all_countries,
    read_countries,
)
from enrichscrapy.identity.disambiguation import Note, note_in, read_disambiguation
from enrichscrapy.identity.name_match import NameMatch, match_names
from enrichscrapy.identity.name_pairs import expansions_differ
from enrichscrapy.identity.no_name import is_collective
from enrichscrapy.identity.rarity import Bearer, Population, Shared, is_common
from enrichscrapy.items import PartialDate, Performer, Profile
from enrichscrapy.sites import find_site, find_sites

YOUNGEST = 16
"""Years of age below which a career on record cannot be this person's."""
_LATE_START = 65
"""Years of age after which hardly anybody begins."""
_LATE_RELEASES = 3
"""Years after a death in which work may still come out."""
_NOTE_YEARS = 3
# Platforms on which somebody who stopped long before they began is unlikely to have an account.
_NEW_PLATFORMS = {"onlyfans", "fansly", "tiktok", "twitch", "manyvids"}
_LONG_BEFORE = 1995
_OTHER_NAMES, _OTHER_ACCOUNT = 5.0, 3.0
_MANY = 20
"""People with this word in their name, from which it counts as a name."""
# Countries where the family name comes first, and often does so abroad.
_FAMILY_FIRST = {"JP", "KR", "KP", "CN", "TW", "HK", "MO", "SG", "VN", "HU", "KH"}


@dataclass
class PageEvidence:
    """The evidence for and against a page; each entry names its kind in words.

    ``linked``: a stored link led here. ``elsewhere``: none of the stored links to this site is this
    page's own address; so it was found by name, or a link was redirected. ``account``:
    both name the same account or site of their own; ``named``: one with the performer's first name
    in it. ``abroad``: they are of different countries, which people's records often are.
    ``strangers``: how many others are expected to have name and supports in common with the
    performer; ``rarity_known``: by a count that tells rare names. ``mistyped``: the names differ in
    a word that is nobody's.
    """

    name: NameMatch
    linked: bool
    birthday: bool = False
    account: bool = False
    named: bool = False
    elsewhere: bool = False
    abroad: bool = False
    strangers: float = 0.0
    rarity_known: bool = False
    mistyped: bool = False
    supports: list[str] = field(default_factory=list)
    slips: list[str] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def note(self, what: str, agreement: Agreement, ours: object, theirs: object) -> None:
        if ours is not None and theirs is not None:
            verdict = agreement.value
            self.details[what] = {"ours": str(ours), "theirs": str(theirs), "verdict": verdict}

    def weigh(self, what: str, agreement: Agreement, ours: object, theirs: object) -> None:
        """Record it; where the two differ, it counts against the page."""
        self.note(what, agreement, ours, theirs)
        if agreement is Agreement.CONTRADICTS and what not in self.contradictions:
            self.contradictions.append(what)
        elif agreement is Agreement.SLIP:
            self.slips.append(what)


def gather_evidence(
    performer: Performer, profile: Profile, by_link: bool, population: Population
) -> PageEvidence:
    note = read_disambiguation(performer.disambiguation or note_in(performer.canonical_name))
    number = f" ({note.number})" if note.number else ""
    ours = f"{performer.canonical_name}{number}"
    name = match_names(
        ours,
        performer.aliases,
        profile.name,
        profile.aliases,
        family_first=has_family_first(performer, profile.country, [profile.name, *profile.aliases]),
    )
    evidence = PageEvidence(name, linked=by_link)
    _add_names(evidence, ours, performer, profile)
    _add_notes(evidence, note, read_disambiguation(note_in(profile.name)))
    our_gender = performer.gender or note.gender
    gender = compare_genders(our_gender, profile.gender)
    evidence.weigh("gender", gender, our_gender, profile.gender)
    if gender is Agreement.AGREES and "TRANS" in (profile.gender or ""):
        evidence.supports.append("gender")
    _add_links(evidence, performer, profile)
    born = drop_filler_date(read_stored_date(performer.birth_date))
    if born is None and note.born:
        born = PartialDate(note.born)
    _add_birth_date(evidence, born, profile.birth_date)
    _add_death_date(evidence, read_stored_date(performer.death_date), profile.death_date)
    for birth, death in (
        (born, profile.death_date),
        (drop_filler_date(profile.birth_date), read_stored_date(performer.death_date)),
    ):
        if birth and death and death.latest() < birth.earliest():
            evidence.weigh("death date", Agreement.CONTRADICTS, birth, death)
    _add_career(evidence, performer, profile, note)
    country = performer.country or note.country
    agreement = compare_countries(country, profile.countries or profile.country)
    stated = ", ".join(profile.countries) or profile.country
    evidence.note("country", agreement, country, stated)
    evidence.abroad = agreement is Agreement.SLIP
    if agreement is Agreement.AGREES:
        evidence.supports.append("country")
    evidence.strangers = population.expect_strangers(
        _gather_shared(evidence, born, profile), make_bearer(performer)
    ) * _weigh_unlikeness(evidence, performer, profile)
    evidence.rarity_known = population.is_telling
    evidence.mistyped = population.is_telling and _is_mistyped(name, population)
    return evidence


def has_family_first(performer: Performer, country: str | None, names: Sequence[str]) -> bool:
    """Does the family name come first where they are from, by country or script?"""
    homes = read_countries(performer.country) | read_countries(country)
    written = "".join((performer.canonical_name, *performer.aliases, *names))
    return not homes.isdisjoint(_FAMILY_FIRST) or any("\u3040" <= c <= "\ud7af" for c in written)


def _is_mistyped(name: NameMatch, population: Population) -> bool:
    """Of the words in which two names differ, is one nobody's and the other many people's?"""
    ours, theirs = _split_words([name.ours]), _split_words([name.theirs])
    differ = {word: population.count_bearers(word) for word in ours ^ theirs}
    nobodys = [word for word, borne in differ.items() if borne <= 1 and not is_common(word)]
    return len(differ) == 2 and len(nobodys) == 1 and max(differ.values()) >= _MANY


class Named(Protocol):
    """Somebody with names, as the database writes them down; :class:`Performer` is one."""

    @property
    def canonical_name(self) -> str: ...

    @property
    def aliases(self) -> Sequence[str]: ...

    @property
    def birth_date(self) -> str | None: ...

    @property
    def country(self) -> str | None: ...


def make_bearer(performer: Named) -> Bearer:
    """The performer as a :class:`~enrichscrapy.identity.rarity.Population` counts them."""
    born = drop_filler_date(read_stored_date(performer.birth_date))
    homes = sorted(read_countries(performer.country))
    return Bearer(
        (performer.canonical_name, *performer.aliases),
        born.year if born else None,
        homes[0] if homes else None,
    )


def _gather_shared(evidence: PageEvidence, born: PartialDate | None, profile: Profile) -> Shared:
    supports = evidence.supports
    homes = sorted(read_all_countries(profile.countries or profile.country))
    return Shared(
        evidence.name.ours,
        born.year if born and "birth year" in supports else None,
        homes[0] if homes and "country" in supports else None,
        evidence.name.others,
        tuple(supports),
    )


def _weigh_unlikeness(evidence: PageEvidence, performer: Performer, profile: Profile) -> float:
    """How many times likelier a stranger is for what both sides know and do not share."""
    times = 1.0
    if performer.aliases and profile.aliases and not evidence.name.others:
        evidence.details["other names"] = "all differ"
        times *= _OTHER_NAMES
    ours, theirs = (
        dict(key.split(":", 1) for key in map(make_link_key, urls) if key and ":" in key)
        for urls in (performer.urls, _list_links(profile))
    )
    if not evidence.account and ours.keys() & theirs.keys():
        evidence.details["accounts"] = "differ on one platform"
        times *= _OTHER_ACCOUNT
    return times


# --- Names ---------------------------------------------------------------------------------------
def _add_names(evidence: PageEvidence, ours: str, performer: Performer, profile: Profile) -> None:
    name = evidence.name
    if name.others:
        evidence.details["other names"] = list(name.others)
        evidence.supports.append("another name")
    if is_collective(ours) != is_collective(profile.name):
        evidence.weigh("number of people", Agreement.CONTRADICTS, ours, profile.name)
    if expansions_differ(name.ours, (ours, *performer.aliases), (profile.name, *profile.aliases)):
        evidence.weigh("surname", Agreement.CONTRADICTS, ours, profile.name)


def _add_notes(evidence: PageEvidence, ours: Note, theirs: Note) -> None:
    """Two notes that tell namesakes apart, and say different things."""
    for one, other in (
        (ours.born or ours.year, theirs.born or theirs.year),
        (ours.country, theirs.country),
        (ours.gender, theirs.gender),
    ):
        if one and other and one != other:
            evidence.weigh("note", Agreement.CONTRADICTS, one, other)


# --- Dates ---------------------------------------------------------------------------------------
def _add_birth_date(
    evidence: PageEvidence, ours: PartialDate | None, theirs: PartialDate | None
) -> None:
    agreement = compare_dates(ours, theirs, linked=evidence.linked)
    evidence.weigh("birth date", agreement, ours, theirs)
    if ours and theirs and agreement is Agreement.AGREES:
        precision = find_shared_precision(ours, theirs)
        evidence.birthday = precision == "day"
        evidence.supports.append("birth year")
        if precision != "year":
            evidence.supports.append("birth month")


def _add_death_date(
    evidence: PageEvidence, ours: PartialDate | None, theirs: PartialDate | None
) -> None:
    agreement = compare_dates(ours, theirs)
    evidence.weigh("death date", agreement, ours, theirs)
    if agreement is Agreement.AGREES:
        evidence.supports.append("death date")


def _add_career(evidence: PageEvidence, performer: Performer, profile: Profile, note: Note) -> None:
    """Nobody works as a child, or long after death; what a note says of years counts too."""
    began = performer.career_start_year
    ended = performer.career_end_year or note.worked_until
    born, died = drop_filler_date(profile.birth_date), profile.death_date
    if born:
        for year, how in ((began, "from"), (ended, "until")):
            if year and year < born.year + YOUNGEST:
                child = year < born.year + YOUNGEST - _NOTE_YEARS or how == "until"
                agreement = Agreement.CONTRADICTS if child else Agreement.SLIP
                evidence.weigh("career", agreement, f"{how} {year}", f"born {born.year}")
        if began and began > born.year + _LATE_START:
            evidence.weigh("career", Agreement.SLIP, f"from {began}", f"born {born.year}")
        if note.year and born.year - _NOTE_YEARS > note.year - YOUNGEST:
            near = abs(born.year - note.year) <= _NOTE_YEARS
            agreement = Agreement.UNKNOWN if near else Agreement.CONTRADICTS
            evidence.weigh("note", agreement, note.year, born)
        elif note.year and not note.year - 60 < born.year:
            evidence.weigh("note", Agreement.CONTRADICTS, note.year, born)
    if died and began and began > died.year + 1:
        evidence.weigh("career", Agreement.CONTRADICTS, f"from {began}", f"died {died.year}")
    if died and ended and ended > died.year + _LATE_RELEASES:
        evidence.weigh("career", Agreement.CONTRADICTS, f"until {ended}", f"died {died.year}")
    new = _NEW_PLATFORMS & profile.links.keys() | _NEW_PLATFORMS & _list_kinds(profile)
    if ended and ended <= _LONG_BEFORE and new:
        evidence.weigh("career", Agreement.SLIP, f"until {ended}", ", ".join(sorted(new)))


def _list_kinds(profile: Profile) -> set[str]:
    return {str(key).partition(":")[0] for key in map(make_link_key, _list_links(profile)) if key}


# --- Links ---------------------------------------------------------------------------------------
def _add_links(evidence: PageEvidence, performer: Performer, profile: Profile) -> None:
    site = find_site(profile.url) or ""
    own_id = f"{site}:{profile.source_id}" if profile.source_id else None
    here = {key for key in (make_page_key(profile.url), own_id) if key}
    stored = {key for key in map(make_page_key, performer.urls) if key}
    if not evidence.linked and stored & here:
        evidence.linked = True
        evidence.details["stored page"] = sorted(stored & here)
    # An id of one scheme says nothing about an id of the other.
    rivals = {key for key in stored - here if key.startswith(f"{site}:")}
    same_scheme = any(_is_uuid(one) == _is_uuid(other) for one in rivals for other in here)
    evidence.elsewhere = same_scheme and not stored & here
    theirs = {key for key in map(make_page_key, _list_links(profile)) if key}
    shared = sorted((stored & theirs) - here)
    if not shared:
        return
    evidence.details["links"] = shared
    ours = _split_words((performer.canonical_name, *performer.aliases))
    words = ours | _split_words((profile.name, *profile.aliases))
    personal = [key for key in shared if is_personal(key, words)]
    evidence.account = bool(personal)
    first = {
        parts[0]
        for name in (performer.canonical_name, *performer.aliases)
        if (parts := split_name(name))
    }
    evidence.named = any(word in key for key in personal for word in first if len(word) > 3)
    if not personal:
        evidence.supports.append("web site")


def _list_links(profile: Profile) -> Iterable[str]:
    return (url for urls in profile.links.values() for url in urls)


def _split_words(names: Iterable[str]) -> frozenset[str]:
    """The words of one person's names; a duo's name does not tell whose an account is."""
    return frozenset(w for name in names if not is_collective(name) for w in split_name(name))


def make_page_key(url: str) -> str | None:
    """One key for all spellings of a link; ``site:slug`` for a page of a reference site."""
    site = find_site(url)
    if site is None:
        return make_link_key(url)
    slug = find_sites()[site].slug_from_url(url)
    return f"{site}:{slug}" if slug else None


def _is_uuid(key: str) -> bool:
    """True for an id that is a uuid."""
    return re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", key) is not None


def is_provable(performer: Performer) -> bool:
    """Does the performer's record hold anything that could prove a page: a birthday, a link?"""
    born = read_stored_date(performer.birth_date)
    return bool(born and born.day) or any(map(make_page_key, performer.urls))
