"""The rules: from the evidence of one lookup to a verdict on each of its faces.

References are frozen for the length of a lookup: nothing accepted here joins them before the next
one. Each trust level is a reading of the same evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from enrichscrapy.items import Decision, Identity, Judgement, Neighbour, Verdict
from enrichscrapy.verdicts import page_faces
from enrichscrapy.verdicts.case import Case, Evidence, gather
from enrichscrapy.verdicts.newcomers import confirmed, shown_elsewhere, without_trusted
from enrichscrapy.verdicts.own import own_photo
from enrichscrapy.verdicts.record import write_decision
from enrichscrapy.verdicts.room import make_room
from enrichscrapy.verdicts.ruling import Ruling, accept, quarantine, reject
from enrichscrapy.verdicts.thresholds import Thresholds
from enrichscrapy.verdicts.types import Candidate, Context, Limits, Reason, Reference, Trust

Rules = Callable[
    [
        Sequence[Candidate],
        Sequence[Reference],
        Sequence[Sequence[Neighbour]],
        Context,
        Thresholds,
        Limits,
    ],
    Judgement,
]
"""What judges a lookup: :func:`judge`, or other rules beside it in a benchmark."""


def judge(
    candidates: Sequence[Candidate],
    references: Sequence[Reference],
    neighbours: Sequence[Sequence[Neighbour]],
    context: Context,
    thresholds: Thresholds,
    limits: Limits,
) -> Judgement:
    """Judge the faces of one lookup against the accepted faces of its performer.

    ``references`` are the performer's accepted faces, and those that wait until a confirmed page
    shows the same person; ``neighbours`` holds, per candidate, the nearest faces of other
    performers: enough to see ten people. The same input gives the same
    verdicts, whatever the order of the photos. Raises ``ValueError`` for a vector without a
    direction.
    """
    case = gather(candidates, references, neighbours, context, thresholds)
    shown = shown_elsewhere(case)
    rulings = [_rule(case, item, shown) for item in case.evidence]
    kept = [face for face in references if not face.waiting]
    rulings, retire = make_room(case, rulings, kept, limits)
    decisions: dict[int, Decision] = {}
    for place, item, ruling in zip(case.order, case.evidence, rulings, strict=True):
        decisions[place] = write_decision(case, item, ruling)
    return Judgement(
        decisions=tuple(decisions[place] for place in range(len(candidates))),
        retire=retire,
        confirm=tuple(sorted(confirmed(case, shown, limits))),
    )


def _rule(case: Case, item: Evidence, shown: set[int]) -> Ruling:
    if case.context.identity is Identity.MISMATCH:
        return reject(Reason.WRONG_PAGE)
    trust = Trust(case.context.trust)
    if trust is Trust.USER:
        return own_photo(case, item)
    if case.trusted:
        ruling = _compare(case, item, trust)
    else:
        ruling = without_trusted(case, item, trust, shown)
    if ruling.verdict is Verdict.ACCEPTED and item.candidate.shared:
        return quarantine(Reason.SHARED_PHOTO)
    return ruling


def _compare(case: Case, item: Evidence, trust: Trust) -> Ruling:
    """With trusted faces: nothing may contradict, and something must match."""
    others = page_faces.supporters(case, item)
    if against := page_faces.speaks_against(case, item, others):
        return _contradict(against, trust)
    if trust is Trust.LOW and not item.group.dominant:
        return reject(Reason.OUTVOTED)
    if page_faces.differs(case, item.group):
        given = case.thresholds.profile_caution * item.group.caution.distance
        held = not page_faces.differs(case, item.group, given)
        return quarantine(item.group.caution.reason if held else Reason.PROFILE_DIFFERS)
    if item.certain:
        firm = item.witness and (case.count > 1 or bool(others))
        return accept(Reason.MATCH, trusted=firm)
    return _with_profile(case, item, others)


def _with_profile(case: Case, item: Evidence, others: list[Evidence]) -> Ruling:
    """Near but not certain: the profile's other photos that match help, or cast doubt."""
    if not others and page_faces.outvoted(case, item):
        return quarantine(Reason.OUTVOTED)
    if not others and item.matches and not case.lone:
        return accept(Reason.MATCH)
    if not others:
        return quarantine(_doubt(item) if item.witness else Reason.LOW_QUALITY)
    together = page_faces.together(case, item, others)
    if together > case.thresholds.together_at(case.count):
        reason = Reason.OUTVOTED if item.matches else _doubt(item)
        return quarantine(reason, together=together)
    return accept(Reason.MATCH if item.matches else Reason.MATCH_BY_PROFILE, together=together)


def _doubt(item: Evidence) -> Reason:
    """Why a face that is not near enough waits: for its distance, for another performer's claim, or
    only for where it lies."""
    if item.matches or not item.resembles:
        return Reason.BETWEEN_THRESHOLDS
    return Reason.SUSPECTED_MERGE if item.matches_but_for_claim else item.care.reason


def _contradict(against: Sequence[Reason], trust: Trust) -> Ruling:
    """At high trust a person decides, unless two things speak against the face."""
    reason = against[0]
    if reason is Reason.SUSPECTED_MERGE or (trust is Trust.HIGH and len(against) == 1):
        return quarantine(reason)
    return reject(reason)
