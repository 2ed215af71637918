"""A lookup's row in the ledger: how it ended and when it is due again."""

from __future__ import annotations

import random

from sqlalchemy import Connection, select

from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.schema import lookups
from enrichscrapy.items import Lookup, Outcome
from enrichscrapy.sites.layout import read_parts
from enrichscrapy.sites.stashbox import KEY_REFUSED


def write_row(
    connection: Connection,
    lookup: Lookup,
    page: str | None,
    model_id: int | None,
    retry: RetryPolicy,
    now: float,
) -> float | None:
    """Write the row and return when the lookup is due again; None when it ended or is given up.

    ``page`` is the key of the page that the lookup claims.
    """
    source, mode, performer_id = lookup.key
    key = {"source": source, "mode": mode, "performer_id": performer_id}
    counts = select(lookups.c.attempts, lookups.c.blocks).filter_by(**key)
    before = connection.execute(counts).first()
    failures, refusals = (before.attempts, before.blocks) if before else (0, 0)
    attempts, blocks, next_attempt_at = _schedule(lookup.outcome, failures, refusals, retry, now)
    found = lookup.outcome is Outcome.FOUND
    if lookup.detail == KEY_REFUSED:
        next_attempt_at = now  # the crawl ends, and somebody fixes the key
    if found and model_id is None:
        next_attempt_at = now  # no face was looked at: it stays due
    values = {
        "outcome": lookup.outcome.value,
        "url": lookup.url,
        "http_status": lookup.http_status,
        "detail": lookup.detail,
        "identity": lookup.identity.value if lookup.identity else None,
        "page": page,
        "evidence": lookup.evidence,
        "page_parts": read_parts(lookup),
        "model_id": model_id if found else None,
        "attempts": attempts,
        "blocks": blocks,
        "next_attempt_at": next_attempt_at,
        "updated_at": now,
    }
    statement = insert(lookups).values(**key, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))
    return next_attempt_at


def _schedule(
    outcome: Outcome, attempts: int, blocks: int, retry: RetryPolicy, now: float
) -> tuple[int, int, float | None]:
    """Failures and refusals in a row, this one counted, and when the lookup is due again.

    A refusal says nothing about the performer: it never uses up the attempts.
    """
    chance = random.random()  # noqa: S311  # spreads requests, no secret
    if outcome is Outcome.FAILED:
        return attempts + 1, 0, retry.schedule_retry(attempts + 1, now, chance)
    if outcome is Outcome.BLOCKED:
        return attempts, blocks + 1, retry.schedule_after_refusal(blocks + 1, now, chance)
    return 0, 0, None
