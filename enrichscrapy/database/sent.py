"""What a Stash is to be sent of performers, and what it was sent before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, Select, delete, exists, func, select

from enrichscrapy.database.accepting import ACCEPTED
from enrichscrapy.database.dialects.expressions import insert, listed
from enrichscrapy.database.schema import (
    faces,
    import_rows,
    merged_ids,
    performers,
    proposals,
    sent_values,
    stashbox_ids,
    suppressed_performers,
)
from enrichscrapy.facts.stored_dates import to_utc_day
from enrichscrapy.items import Verdict

FACES = "faces"
"""The kind of a value that says how many faces there are, and since when."""


@dataclass(frozen=True)
class Faces:
    """How many accepted faces a performer has, and the day on which the last of them came."""

    count: int
    day: str

    def __str__(self) -> str:
        return f"{self.count} {self.day}"


@dataclass
class ToSend:
    """A performer of whom a Stash may have to learn something.

    ``ids`` are (box, id) pairs, merged ones among them; ``values`` accepted (kind, value) pairs
    that were not sent before; ``numbers`` what imported files called the performer: (file, number,
    name).
    """

    performer_id: int
    name: str
    ids: set[tuple[str, str]] = field(default_factory=set)
    numbers: set[tuple[str, str, str]] = field(default_factory=set)
    values: list[tuple[str, str]] = field(default_factory=list)
    faces: Faces | None = None


def read_to_send(
    connection: Connection, stash: str, performer_ids: Sequence[int] | None = None
) -> list[ToSend]:
    """Everybody who has something that this Stash was not sent; kept-out performers have not."""
    found: dict[int, ToSend] = {}
    for performer_id, name, kind, value in _read_accepted(connection, stash):
        one = found.setdefault(performer_id, ToSend(performer_id, name))
        one.values.append((kind, value))
    conditions = (sent_values.c.stash == stash, sent_values.c.kind == FACES)
    query = select(sent_values.c.performer_id, sent_values.c.value).where(*conditions)
    sent = dict(connection.execute(query).all())
    for performer_id, name, count, came_at in _read_faces(connection):
        known = Faces(count, to_utc_day(came_at).isoformat())
        if sent.get(performer_id) != str(known):
            found.setdefault(performer_id, ToSend(performer_id, name)).faces = known
    wanted = found.keys() if performer_ids is None else found.keys() & set(performer_ids)
    chosen = {performer_id: found[performer_id] for performer_id in sorted(wanted)}
    _add_ids(connection, chosen)
    return list(chosen.values())


def note_sent(
    connection: Connection,
    performer_id: int,
    stash: str,
    values: Iterable[tuple[str, str]],
    now: float,
) -> None:
    """Remember what was sent; of the number of faces only the last one.

    Of a performer who is gone by now nothing is kept.
    """
    if connection.scalar(select(performers.c.id).where(performers.c.id == performer_id)) is None:
        return
    for kind, value in values:
        row = {"performer_id": performer_id, "stash": stash, "kind": kind}
        if kind == FACES:
            connection.execute(delete(sent_values).filter_by(**row))
        statement = insert(sent_values).values(**row, value=value, sent_at=now)
        connection.execute(statement.on_conflict_do_nothing())


def _read_accepted(connection: Connection, stash: str) -> Sequence[Row[int, str, str, str]]:
    was_sent = exists().where(
        sent_values.c.performer_id == proposals.c.performer_id,
        sent_values.c.stash == stash,
        sent_values.c.kind == proposals.c.kind,
        sent_values.c.value == proposals.c.value,
    )
    query = (
        select(
            proposals.c.performer_id,
            performers.c.canonical_name,
            proposals.c.kind,
            proposals.c.value,
        )
        .join(performers, performers.c.id == proposals.c.performer_id)
        .where(proposals.c.state == ACCEPTED, ~was_sent)
        .where(proposals.c.performer_id.not_in(_list_kept_out()))
        .distinct()
        .order_by(proposals.c.performer_id, proposals.c.kind, proposals.c.value)
    )
    return connection.execute(query).all()


def _read_faces(connection: Connection) -> Sequence[Row[int, str, int, float]]:
    query = (
        select(
            performers.c.id,
            performers.c.canonical_name,
            func.count(),
            func.max(faces.c.created_at),
        )
        .join(performers, performers.c.id == faces.c.performer_id)
        .where(
            faces.c.verdict == Verdict.ACCEPTED.value,
            faces.c.performer_id.not_in(_list_kept_out()),
        )
        .group_by(performers.c.id)
    )
    return connection.execute(query).all()


def _list_kept_out() -> Select[tuple[int]]:
    return select(suppressed_performers.c.performer_id).where(
        suppressed_performers.c.confirmed_at.is_(None)
    )


def _add_ids(connection: Connection, chosen: dict[int, ToSend]) -> None:
    for table, value in (
        (stashbox_ids, stashbox_ids.c.stashbox_performer_id),
        (merged_ids, merged_ids.c.merged_stashbox_id),
    ):
        query = select(table.c.performer_id, table.c.endpoint, value)
        for row in connection.execute(query.where(table.c.performer_id.in_(listed(chosen)))):
            chosen[row[0]].ids.add((row[1], row[2].lower()))
    columns = (import_rows.c.file, import_rows.c.row_id, import_rows.c.name)
    rows = select(import_rows.c.performer_id, *columns)
    rows = rows.where(import_rows.c.performer_id.in_(listed(chosen)))
    for owner, *number in connection.execute(rows):
        chosen[owner].numbers.add((number[0], number[1], number[2]))
