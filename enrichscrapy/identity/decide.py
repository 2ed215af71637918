"""Is a page this performer's, or a stranger's? A stranger's page is worse than a missed one.

A name alone only makes a candidate; what else the two sides state decides.

- *Proof* settles it: the same birthday, an account in common, the stored link of this very page.
- *Support* is shared by many people, so it takes two kinds: the year, the country, a second name.
- A *contradiction* ends it. A *slip*, as records of one person have them, ends it too, unless a
  link ties page and performer; then it stays uncorroborated.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from enrichscrapy.facts.names import make_name_key
from enrichscrapy.identity.compare import Agreement, compare_genders
from enrichscrapy.identity.evidence import (
    PageEvidence,
    gather_evidence,
    has_family_first,
    is_provable,
    make_page_key,
)
from enrichscrapy.identity.name_match import NameRelation, match_names
from enrichscrapy.identity.name_pairs import begins_alike, drops_middle, opens_to
from enrichscrapy.identity.no_name import is_anybodys
from enrichscrapy.identity.rarity import Population
from enrichscrapy.items import Identity, Performer, Profile
from enrichscrapy.sites import SearchResult

__all__ = ["IdentityDecision", "identify", "make_name_key", "rank_search_results"]

_SAME = {NameRelation.SAME, NameRelation.ALIAS}
_BY_EAR = {NameRelation.SPELLING, NameRelation.NICKNAME}
_PROVABLE = _BY_EAR | {
    NameRelation.NUMBERED,
    NameRelation.SLIP,
    NameRelation.SWAPPED,
    NameRelation.PART,
}
_ALIKE = _PROVABLE | {NameRelation.NEAR, NameRelation.SHARED_ALIAS, NameRelation.OTHER_SCRIPT}
_STRANGERS_NAMES = {NameRelation.NONE, NameRelation.WORD}
_TELL_APART = {"birth date", "gender"}
_TOLD_ONCE = {"birth date", "death date", "gender"}
"""What one record may have wrong, if two kinds of proof say that it is the same person's."""
CONFIRMS, REFUSES = 0.02, 0.2
"""Strangers expected to agree as well: below the one, support confirms; above the other, it is
worth nothing. Measured by ``python -m benchmarks.name_mode``."""
CONFIRMS_ALONE = 0.0005
"""The same with a single kind of support, in a population large enough to tell rare names."""
_VARIANTS = 10
"""Ways to write a name, each of which strangers may bear."""
_CONFIRMED, _UNCORROBORATED = Identity.CONFIRMED, Identity.UNCORROBORATED
_CLEARLY = 20.0
"""How many times fewer strangers must be expected of a page that is chosen of several."""
_ABROAD = 20.0
_FEWEST = 1e-9
NOBODY = Population()
IdentityAndReason = tuple[Identity, str]
Years = tuple[int | None, int | None]


@dataclass(frozen=True)
class IdentityDecision:
    """``evidence`` is JSON-serialisable: what each side said, and what it counted for."""

    identity: Identity
    reason: str
    evidence: dict[str, Any]


def identify(
    performer: Performer,
    profile: Profile,
    *,
    by_link: bool,
    rivals: int | None = None,
    population: Population = NOBODY,
) -> IdentityDecision:
    """Decide whether ``profile`` is ``performer``.

    ``by_link``: the page was reached through a stored link of this performer. ``rivals``: how many
    other pages fit as well; None while the others were not looked at, and then mere support
    leaves a page uncorroborated, so that the search for namesakes goes on. ``population``: the
    people among whom the name is rare or common; without one, almost nothing is known about that.
    """
    evidence = _gather(performer, profile, by_link, population)
    identity, reason = _decide(evidence, rivals)
    name = evidence.name
    return IdentityDecision(
        identity,
        reason,
        {
            "name": {
                "ours": name.ours,
                "theirs": name.theirs,
                "relation": name.relation.value,
                "similarity": name.similarity,
            },
            **evidence.details,
            "by_link": by_link,
            "rivals": rivals,
            "strangers": float(f"{evidence.strangers:.2g}"),
            "proofs": _list_proofs(evidence),
            "supports": evidence.supports,
            "slips": evidence.slips,
            "contradictions": evidence.contradictions,
        },
    )


class _Gathering:
    """Keeps the latest page's evidence: stage 100 asks again, by then knowing the other pages, for
    what the spider has just asked."""

    def __init__(self) -> None:
        self._latest: tuple[tuple[object, ...], PageEvidence] | None = None

    def __call__(self, *sides: Any) -> PageEvidence:
        latest = self._latest
        if latest is None or not all(map(operator.is_, latest[0], sides)):
            self._latest = latest = sides, gather_evidence(*sides)
        return latest[1]


_gather = _Gathering()


def identify_by_id(
    performer: Performer, profile: Profile, population: Population = NOBODY
) -> IdentityDecision:
    """The same where the page was reached by the performer's own id on it: that is proof.

    An id may have been noted for somebody else: where another name comes with another birthday or
    gender, it was.
    """
    found = identify(performer, profile, by_link=True, population=population)
    against = [each for each in found.evidence["contradictions"] if each in _TELL_APART]
    if against and found.evidence["name"]["relation"] in _STRANGERS_NAMES:
        reason = f"the id leads to somebody else: other name, {_join_words(against)} contradicted"
        return IdentityDecision(Identity.MISMATCH, reason, found.evidence)
    doubt = f", but not the {_join_words(against)}" if against else ""
    proofs = ["id", *(each for each in found.evidence["proofs"] if each != "link")]
    evidence = {**found.evidence, "proofs": proofs}
    return IdentityDecision(Identity.CONFIRMED, f"its id is known{doubt}", evidence)


# --- The decision --------------------------------------------------------------------------------
def _decide(evidence: PageEvidence, rivals: int | None) -> IdentityAndReason:
    name = evidence.name
    if is_anybodys(name.ours) or is_anybodys(name.theirs):
        return Identity.MISMATCH, "a name that anybody may have"
    proofs = _list_proofs(evidence) if name.relation in _SAME else []
    outweighed = len(proofs) > 1 and ("gender" not in evidence.contradictions or evidence.birthday)
    if evidence.contradictions and not (outweighed and set(evidence.contradictions) <= _TOLD_ONCE):
        return Identity.MISMATCH, f"{_join_words(evidence.contradictions)} contradicted"
    if evidence.slips and not _may_slip(evidence, proofs):
        return Identity.MISMATCH, f"{_join_words(evidence.slips)} contradicted"
    identity, reason = (
        _decide_by_link(evidence) if evidence.linked else _decide_by_name(evidence, rivals)
    )
    doubts = evidence.contradictions + ([] if len(proofs) > 1 else evidence.slips)
    if doubts and identity is _CONFIRMED:
        return _UNCORROBORATED, f"{reason}, but not the {_join_words(doubts)}"
    return identity, reason


def _list_proofs(evidence: PageEvidence) -> list[str]:
    linked = evidence.linked and not evidence.elsewhere
    kinds = ("link", linked), ("birthday", evidence.birthday), ("account", evidence.account)
    return [kind for kind, holds in kinds if holds]


def _may_slip(evidence: PageEvidence, proofs: Sequence[str]) -> bool:
    """Records of one person differ by a slip; those of a namesake do as well, by chance."""
    if proofs or evidence.linked or evidence.account:
        return True
    rare = evidence.name.relation is NameRelation.SAME and evidence.strangers < CONFIRMS
    return rare and set(evidence.slips) <= {"birth date", "death date"}


def _decide_by_link(evidence: PageEvidence) -> IdentityAndReason:
    """A stored link is trusted as far as the page's name supports it.

    A link that was redirected to another address is trusted less: a part of a name, or an alias,
    can lead to somebody else's page.
    """
    name, relation = evidence.name, evidence.name.relation
    agreements = [proof] if (proof := _name_proof(evidence)) else evidence.supports
    corroborated = bool(set(agreements) - {"country"})  # which sisters have in common as well
    if relation is NameRelation.SAME:
        if evidence.abroad and not agreements and evidence.strangers > REFUSES:
            return _UNCORROBORATED, "link and a common name agree, but not the country"
        return _CONFIRMED, "link and name agree"
    if relation in _BY_EAR and name.words > 1 and not evidence.elsewhere:
        return _CONFIRMED, f"link agrees: {relation}"
    if relation is NameRelation.ALIAS and name.words > 1:
        listed = evidence.strangers < CONFIRMS  # a name this rare is not two people's
        if not evidence.elsewhere or listed:
            return _CONFIRMED, "link and alias agree"
    sisters = relation is NameRelation.NEAR and not evidence.mistyped
    if (sisters and not evidence.account) or (
        relation is NameRelation.SWAPPED and evidence.elsewhere and not proof
    ):
        return Identity.MISMATCH, f"the link leads to somebody else: {relation}"
    if relation is NameRelation.SHARED_ALIAS and evidence.strangers >= CONFIRMS and not proof:
        return Identity.MISMATCH, "the link leads to somebody else: a common alias"
    if relation in (NameRelation.OTHER_SCRIPT, NameRelation.NEAR) and not proof:
        return _UNCORROBORATED, f"by link: {relation}"
    if relation in _SAME or relation in _ALIKE:
        if corroborated:
            return _CONFIRMED, f"link, {relation} and {_join_words(agreements)} agree"
        if name.words > 1 or not evidence.elsewhere:
            return _UNCORROBORATED, f"by link: {relation}"
    elif evidence.account:
        return _CONFIRMED if evidence.named else _UNCORROBORATED, (
            f"link and account agree: {relation}"
        )
    elif evidence.birthday:
        known = begins_alike(name.ours, name.theirs)  # a family name and a birthday twins share
        return _CONFIRMED if known else _UNCORROBORATED, f"link and birthday agree: {relation}"
    elif opens_to(name.ours, name.theirs) and agreements:
        return _UNCORROBORATED, f"by link: an initial, {_join_words(agreements)}"
    elif relation is NameRelation.WORD and len(evidence.supports) > 1:
        return _UNCORROBORATED, f"by link: {relation}, {_join_words(evidence.supports)}"
    return Identity.MISMATCH, f"the link leads to somebody else: {relation}"


def _decide_by_name(evidence: PageEvidence, rivals: int | None) -> IdentityAndReason:
    """Only the name leads here: it must be the same, and something else must agree."""
    name, relation, supports = evidence.name, evidence.name.relation, evidence.supports
    proof = _name_proof(evidence)
    if relation in _SAME:
        if proof:
            return _CONFIRMED, f"name and {proof} agree"
        return _decide_without_proof(evidence, rivals)
    if relation in _PROVABLE and proof:
        enough = name.words > 1 or relation is NameRelation.NUMBERED
        return _CONFIRMED if enough else _UNCORROBORATED, f"{relation} and {proof} agree"
    if relation is NameRelation.PART and drops_middle(name.ours, name.theirs):
        few = _VARIANTS * evidence.strangers < CONFIRMS and len(supports) > 1
        if few and not rivals:
            return _UNCORROBORATED, f"{relation}, {_join_words(supports)} agree"
    if relation in (NameRelation.SHARED_ALIAS, NameRelation.OTHER_SCRIPT) and evidence.account:
        return _CONFIRMED, f"{relation} and account agree"
    if relation is NameRelation.SHARED_ALIAS and evidence.birthday:
        return _UNCORROBORATED, f"{relation} and birthday agree"
    if relation is NameRelation.OTHER_SCRIPT and evidence.birthday and "country" in supports:
        return _UNCORROBORATED, f"{relation}, birthday and country agree"
    # Twins and sisters have similar names, a surname, a birthday, even an account in common.
    if relation is NameRelation.NEAR and evidence.account:
        return _UNCORROBORATED, f"{relation} and account agree"
    return Identity.MISMATCH, f"only the name speaks for it: {relation}"


def _decide_without_proof(evidence: PageEvidence, rivals: int | None) -> IdentityAndReason:
    """The same name, and at most support: only if nobody else fits as well, or is likely to."""
    supports, strangers = evidence.supports, evidence.strangers
    if rivals:
        return Identity.MISMATCH, "ambiguous: several pages fit"
    if strangers > REFUSES:
        return Identity.MISMATCH, "the same name, but too common a one"
    agree = f"{_join_words(['name', *supports])} agree"
    alone = CONFIRMS_ALONE if evidence.rarity_known else 0.0
    if supports and strangers < (CONFIRMS if len(supports) > 1 else alone):
        unique = rivals == 0 and not (evidence.abroad or evidence.slips)
        return _CONFIRMED if unique else _UNCORROBORATED, agree
    if len(supports) > 1:
        return _UNCORROBORATED, f"{agree}, as those of others may"
    if evidence.elsewhere and not supports:
        return Identity.MISMATCH, "the same name, but another page of this site is stored"
    if evidence.abroad and not supports and strangers >= CONFIRMS:
        return Identity.MISMATCH, "the same name in another country"
    return _UNCORROBORATED, f"only {agree}"


def _name_proof(evidence: PageEvidence) -> str:
    return "birthday" if evidence.birthday else "account" if evidence.account else ""


def _join_words(words: Sequence[str]) -> str:
    return " and ".join(words)


class Weighed(Protocol):
    """A page that was identified; :class:`IdentityDecision` is one."""

    @property
    def identity(self) -> Identity | None: ...

    @property
    def evidence(self) -> Mapping[str, Any]: ...


def choose(pages: Sequence[Weighed]) -> int | None:
    """Which of several pages is the performer's: its position, or None where it stays open.

    The one that is confirmed; else the one that fewest strangers would fit as well, by far.
    """
    fitting = [i for i, page in enumerate(pages) if page.identity is _UNCORROBORATED]
    confirmed = [i for i, page in enumerate(pages) if page.identity is _CONFIRMED]
    if len(confirmed or fitting) == 1:
        return (confirmed or fitting)[0]
    rated = sorted((_expect_strangers(pages[i].evidence), i) for i in confirmed or fitting)
    if not rated or rated[0][0] * _CLEARLY > rated[1][0]:
        return None
    return rated[0][1]


def _expect_strangers(evidence: Mapping[str, Any]) -> float:
    abroad = evidence.get("country", {}).get("verdict") == Agreement.SLIP
    strangers = float(evidence.get("strangers", 1.0))
    return max(strangers, _FEWEST) * (_ABROAD if abroad else 1.0)


# --- Search results ------------------------------------------------------------------------------
# If one of the first is there, only the second are looked at: every page costs the site a request,
# and one that was not looked at counts as a rival.
_TIERS = (
    (_SAME, _SAME | {NameRelation.NUMBERED}),
    (_ALIKE - {NameRelation.NEAR}, _ALIKE - {NameRelation.NEAR}),
    ({NameRelation.NEAR}, {NameRelation.NEAR}),
)
_ORDER = list(NameRelation)
_SLACK_YEARS = 5


def rank_search_results(
    performer: Performer, results: Sequence[SearchResult]
) -> list[SearchResult]:
    """The results worth a look, best first; similar names only where something could prove them.

    The page a stored link leads to is always worth a look.
    """
    stored = set(map(make_page_key, performer.urls)) - {None}
    rated = []
    for position, result in enumerate(results):
        name = match_names(
            performer.canonical_name,
            performer.aliases,
            result.name,
            result.aliases,
            family_first=has_family_first(performer, None, [result.name, *result.aliases]),
        )
        gender = compare_genders(performer.gender, result.gender)
        if gender is Agreement.CONTRADICTS or not _do_careers_meet(performer, result):
            continue
        if name.relation is NameRelation.PART and name.words < 2:
            continue
        is_stored = make_page_key(result.url) in stored
        doubt = gender is not Agreement.AGREES
        order = (not is_stored, _ORDER.index(name.relation), doubt, -name.similarity, position)
        rated.append((order, name.relation, is_stored, result))
    rated.sort(key=lambda entry: entry[0])
    wanted = _choose_rivals({relation for _, relation, _, _ in rated}, is_provable(performer))
    return [result for _, relation, kept, result in rated if kept or relation in wanted]


def _choose_rivals(present: set[NameRelation], provable: bool) -> set[NameRelation]:
    for trigger, wanted in _TIERS if provable else _TIERS[:1]:
        if present & trigger:
            return wanted if provable else wanted & _SAME
    return set()


def _do_careers_meet(performer: Performer, result: SearchResult) -> bool:
    """False when both careers are on record, years apart from each other."""
    ours = performer.career_start_year, performer.career_end_year
    return not (_is_long_after(ours, result.years) or _is_long_after(result.years, ours))


def _is_long_after(one: Years, other: Years) -> bool:
    """Did ``one`` begin well after ``other`` had ended?"""
    return bool(one[0] and other[1] and one[0] > other[1] + _SLACK_YEARS)
