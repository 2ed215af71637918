"""How the hosts answer us: pace, budget and circuit, as the crawls left them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from enrichscrapy.database.schema import hosts
from enrichscrapy.facts.stored_dates import to_utc_day


@dataclass(frozen=True)
class HostReport:
    """One host now. ``delay`` is seconds between requests, the longer of what was learnt and what
    robots.txt asks for; ``used_today`` requests went out this UTC day; a ``circuit`` that is
    ``open`` lets none through until ``circuit_until``; ``paused_until`` is a Retry-After."""

    host: str
    source: str
    delay: float | None
    used_today: int
    circuit: str
    circuit_until: float | None
    circuit_reason: str | None
    paused_until: float | None
    refusals: int
    last_request_at: float | None


def list_hosts(connection: Connection, now: float) -> list[HostReport]:
    """All hosts that were ever asked, by source and name."""
    today = to_utc_day(now).isoformat()
    query = select(hosts).order_by(hosts.c.source, hosts.c.host)
    return [
        HostReport(
            host=row.host,
            source=row.source,
            delay=max(filter(None, (row.delay, row.crawl_delay)), default=None),
            used_today=row.budget_used if row.budget_day == today else 0,
            circuit=row.circuit,
            circuit_until=row.circuit_until if row.circuit != "closed" else None,
            circuit_reason=row.circuit_reason if row.circuit != "closed" else None,
            paused_until=row.not_before if (row.not_before or 0) > now else None,
            refusals=row.refusals,
            last_request_at=row.last_request_at,
        )
        for row in connection.execute(query)
    ]
