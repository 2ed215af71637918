"""Ids of stash-boxes: whose they are, and which were merged into which."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from enrichscrapy.database.connection import Database
from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.performers import split_chunks
from enrichscrapy.database.schema import merged_ids, stashbox_ids
from enrichscrapy.items import Profile


def find_owner_of_id(db: Database, box: str, stashbox_id: str) -> int | None:
    """The performer who has this id; None when nobody has."""
    with db.read() as connection:
        return _find_owner(connection, box, stashbox_id)


def _find_owner(connection: Connection, box: str, stashbox_id: str) -> int | None:
    spellings = {stashbox_id, stashbox_id.lower(), stashbox_id.upper()}
    query = select(stashbox_ids.c.performer_id).where(
        stashbox_ids.c.endpoint == box, stashbox_ids.c.stashbox_performer_id.in_(spellings)
    )
    return connection.scalar(query.limit(1))


def list_ids_to_ask(
    connection: Connection, box: str, performer_ids: Sequence[int]
) -> dict[int, list[str]]:
    """By performer, the ids that lead to an entry; merged ones only where there is no other."""
    ids: dict[int, list[str]] = {}
    for chunk in split_chunks(performer_ids):
        own = select(stashbox_ids.c.performer_id, stashbox_ids.c.stashbox_performer_id).where(
            stashbox_ids.c.endpoint == box, stashbox_ids.c.performer_id.in_(chunk)
        )
        for performer_id, value in connection.execute(own.order_by(stashbox_ids.c.performer_id)):
            ids.setdefault(performer_id, []).append(value)
        query = select(merged_ids.c.performer_id, merged_ids.c.merged_stashbox_id).where(
            merged_ids.c.endpoint == box, merged_ids.c.performer_id.in_(chunk)
        )
        merged = {(owner, value.lower()) for owner, value in connection.execute(query)}
        for owner, values in ids.items():
            ids[owner] = [v for v in values if (owner, v.lower()) not in merged] or values
    return ids


def write_ids(connection: Connection, performer_id: int, box: str, profile: Profile) -> None:
    """Keep an entry's own id, and as merged those that lead to it; what is another's stays so."""
    own = profile.source_id
    if own is None:
        return
    if _find_owner(connection, box, own) is None:
        values = {"endpoint": box, "stashbox_performer_id": own}
        connection.execute(insert(stashbox_ids).values(performer_id=performer_id, **values))
    for former in profile.former_ids:
        if _find_owner(connection, box, former) in (None, performer_id):
            row = {"endpoint": box, "merged_stashbox_id": former, "performer_id": performer_id}
            connection.execute(insert(merged_ids).values(row).on_conflict_do_nothing())
