"""One page, one performer: whose a page is that several performers claim."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, select, update

from enrichscrapy.database.schema import faces, lookups, verdict_history
from enrichscrapy.database.verdict_log import quarantine_unless_a_person_ruled
from enrichscrapy.identity.evidence import make_page_key
from enrichscrapy.items import Identity, Lookup, Outcome, Verdict

REASON = "contested_page"
_FITTING = (Identity.CONFIRMED, Identity.UNCORROBORATED)
_BY_A_PERSON = 100


class Claim(StrEnum):
    """How a lookup's claim to its page stands; the value is stored in the ledger."""

    HOLDS = ""
    CONTESTED = "another performer claims the page: nobody has it until somebody decides"
    LOST = "the page is another performer's, for whom there is more proof"


def find_page(lookup: Lookup) -> str | None:
    """The key of the page a lookup claims; None where it claims none."""
    profile = lookup.profile
    fits = lookup.outcome is Outcome.FOUND and lookup.identity in _FITTING
    return profile.source_id or make_page_key(profile.url) if fits and profile else None


def settle(connection: Connection, lookup: Lookup, page: str | None, now: float) -> Claim:
    """Compare a lookup's claim to ``page`` with those of other performers, inside the store's
    transaction.

    The page goes to the performer for whom there is most proof, else to nobody. Whoever loses it
    stays in the ledger as ``mismatch``, and the faces the rules accepted from it wait for a person.
    Who was given such a face by a person has the page.
    """
    rivals = _find_rivals(connection, lookup, page) if page else []
    if not rivals:
        return Claim.HOLDS
    evidence = lookup.evidence.get("identity", {})
    proof = _count_proof(connection, lookup.source, lookup.performer.id, evidence)
    rival_proofs = [
        _count_proof(
            connection, row["source"], row["performer_id"], row["evidence"].get("identity", {})
        )
        for row in rivals
    ]
    if proof < max(rival_proofs):
        return Claim.LOST
    claim = Claim.CONTESTED if proof == max(rival_proofs) else Claim.LOST
    for row in rivals:
        _take_page(connection, row, claim, now)
    return Claim.HOLDS if claim is Claim.LOST else claim


def _find_rivals(connection: Connection, lookup: Lookup, page: str) -> Sequence[RowMapping]:
    """Of lookups that an older version wrote only the page's address is known."""
    addresses = [lookup.url, lookup.profile.url if lookup.profile else None]
    query = select(lookups).where(
        lookups.c.source == lookup.source,
        lookups.c.page.in_([page, *filter(None, addresses)]),
        lookups.c.performer_id != lookup.performer.id,
    )
    return connection.execute(query).mappings().all()


def _count_proof(connection: Connection, source: str, performer_id: int, evidence: object) -> int:
    """How much says that the page is theirs: kinds of proof, or a person's word on a face."""
    ruled = (
        select(faces.c.verdict)
        .join(verdict_history, verdict_history.c.face_id == faces.c.id)
        .where(
            faces.c.performer_id == performer_id,
            faces.c.source == source,
            verdict_history.c.decided_by == "review",
        )
    )
    verdicts = set(connection.scalars(ruled))
    if Verdict.ACCEPTED.value in verdicts:
        return _BY_A_PERSON
    if verdicts:
        return -1  # a person has seen the faces, and none of them is the performer's
    return len(evidence.get("proofs", ())) if isinstance(evidence, dict) else 0


def _take_page(connection: Connection, row: RowMapping, claim: Claim, now: float) -> None:
    is_rival = lookups.c.performer_id == row["performer_id"]
    values = {"outcome": Outcome.MISMATCH.value, "detail": claim.value, "next_attempt_at": None}
    statement = update(lookups).where(is_rival, lookups.c.source == row["source"])
    connection.execute(statement.where(lookups.c.page == row["page"]).values(values))
    accepted = (faces.c.performer_id == row["performer_id"], faces.c.source == row["source"])
    quarantine_unless_a_person_ruled(connection, accepted, REASON, now)
