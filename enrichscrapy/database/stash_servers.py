"""Up to which change a running Stash was read."""

from __future__ import annotations

from sqlalchemy import Connection, select

from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.schema import stash_servers


def read_upto(connection: Connection, address: str) -> str | None:
    """The last change that was read, as the server wrote it; None before the first whole import."""
    query = select(stash_servers.c.changed_upto).filter_by(address=address)
    return connection.scalar(query)


def note_upto(connection: Connection, address: str, changed_upto: str) -> None:
    statement = insert(stash_servers).values(address=address, changed_upto=changed_upto)
    changes = {"changed_upto": changed_upto}
    connection.execute(statement.on_conflict_do_update(index_elements=["address"], set_=changes))
