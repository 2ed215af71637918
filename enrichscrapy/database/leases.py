"""Work that is claimed: which crawl of several looks which performer up.

A lease is a row; it lasts as long as its worker's ``expires_at`` is renewed, and ends in the
transaction that stores the lookup. Those of a crawl that died are anybody's once they expired. All
times are the database's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, select

from enrichscrapy.database.dialects.expressions import insert, listed
from enrichscrapy.database.schema import leases, workers

Work = tuple[str, str]
"""Source and mode."""


def is_free(
    source: str, mode: str, performer_id: ColumnElement[int], worker_id: int, now: float
) -> ColumnElement[bool]:
    """Whether nobody but this worker has a lease of the performer that has not expired."""
    held_by_another = exists().where(
        leases.c.source == source,
        leases.c.mode == mode,
        leases.c.performer_id == performer_id,
        leases.c.worker_id != worker_id,
        workers.c.id == leases.c.worker_id,
        workers.c.expires_at > now,
    )
    return ~held_by_another


def take(
    connection: Connection, work: Work, ids: Sequence[int], worker_id: int, now: float
) -> set[int]:
    """Lease these performers; return whom the worker has now, as far as nobody else has them.

    What another crawl is about to take is left to it, and never waited for: it skips those rows
    as well.
    """
    if not ids:
        return set()
    expired = (
        select(leases.c.performer_id)
        .join(workers)
        .where(_belongs(work, ids), workers.c.id != worker_id, workers.c.expires_at <= now)
        .with_for_update(of=leases, skip_locked=True)
    )
    gone = connection.scalars(expired).all()
    connection.execute(delete(leases).where(_belongs(work, gone)))
    source, mode = work
    rows = [
        {"source": source, "mode": mode, "performer_id": each, "worker_id": worker_id}
        for each in ids
    ]
    connection.execute(insert(leases).on_conflict_do_nothing(), rows)
    return list_held(connection, work, ids, worker_id)


def list_held(connection: Connection, work: Work, ids: Collection[int], worker_id: int) -> set[int]:
    """Those of ``ids`` that are this worker's."""
    query = select(leases.c.performer_id).where(
        _belongs(work, ids), leases.c.worker_id == worker_id
    )
    return set(connection.scalars(query))


def end(connection: Connection, work: Work, ids: Collection[int], worker_id: int) -> int:
    """End these leases of a worker; return how many there were: a lost one is none."""
    mine = delete(leases).where(_belongs(work, ids), leases.c.worker_id == worker_id)
    return connection.execute(mine).rowcount


def _belongs(work: Work, ids: Collection[int]) -> ColumnElement[bool]:
    source, mode = work
    return and_(
        leases.c.source == source, leases.c.mode == mode, leases.c.performer_id.in_(listed(ids))
    )
