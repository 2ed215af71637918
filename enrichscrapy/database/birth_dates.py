"""Birth dates that nobody could read: no lookup until somebody enters them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select, update

from enrichscrapy.database.connection import count_rows
from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.schema import performers, unread_birth_dates
from enrichscrapy.facts.stored_dates import is_empty_date, read_stored_date


@dataclass(frozen=True)
class UnreadBirthDate:
    """A performer who is not looked up, and the text that a file gave as the birth date."""

    performer_id: int
    name: str
    text: str


def split_birth_date(text: str | None) -> tuple[str | None, str | None]:
    """A birth date as it is stored, and the text where there is one that cannot be read."""
    if text is None or is_empty_date(text):
        return None, None
    date = read_stored_date(text)
    return (str(date), None) if date else (None, text)


def note_unread(connection: Connection, texts: Mapping[int, str]) -> None:
    """Keep these performers from being looked up; not for a text that somebody has dealt with."""
    table = unread_birth_dates
    statement = insert(table)
    statement = statement.on_conflict_do_update(
        index_elements=["performer_id"],
        set_={"text": statement.excluded.text, "seen_at": None},
        where=table.c.text != statement.excluded.text,
    )
    if texts:
        rows = [{"performer_id": owner, "text": text[:200]} for owner, text in texts.items()]
        connection.execute(statement, rows)


def note_read(connection: Connection, performer_ids: Collection[int]) -> None:
    """Their birth dates are known now."""
    table = unread_birth_dates
    if performer_ids and connection.scalar(select(table.c.performer_id).limit(1)) is not None:
        statement = delete(table).where(table.c.performer_id == bindparam("owner"))
        connection.execute(statement, [{"owner": owner} for owner in performer_ids])


def see_to(connection: Connection, performer_id: int, now: float) -> bool:
    """Somebody knows that this performer is an adult; False when no birth date was unread."""
    table = unread_birth_dates
    statement = update(table).where(table.c.performer_id == performer_id)
    return connection.execute(statement.values(seen_at=now)).rowcount > 0


def list_unread(connection: Connection, limit: int | None = None) -> list[UnreadBirthDate]:
    """Performers who wait for somebody to enter their birth date, in id order."""
    table = unread_birth_dates
    query = (
        select(table.c.performer_id, performers.c.canonical_name, table.c.text)
        .join(performers, performers.c.id == table.c.performer_id)
        .where(table.c.seen_at.is_(None))
        .order_by(table.c.performer_id)
        .limit(limit)
    )
    return [UnreadBirthDate(*row) for row in connection.execute(query)]


def find_unread(connection: Connection, performer_ids: Collection[int]) -> set[int]:
    """Those of these performers who wait for somebody to enter their birth date."""
    return {one.performer_id for one in list_unread(connection)} & set(performer_ids)


def count_unread(connection: Connection) -> int:
    return count_rows(connection, unread_birth_dates, unread_birth_dates.c.seen_at.is_(None))
