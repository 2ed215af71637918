"""The list of performers: which of them, in which order, page by page.

A page is found by the last performer of the one before it, never by counting from the beginning:
the last page of 100,000 performers costs what the first does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    distinct,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from enrichscrapy.database.connection import count_rows
from enrichscrapy.database.dialects.expressions import caseless
from enrichscrapy.database.due import Selection, find
from enrichscrapy.database.schema import (
    faces,
    lookups,
    performers,
)
from enrichscrapy.database.suppressions import SuppressionStore
from enrichscrapy.gallery.search import read_id, search
from enrichscrapy.items import Verdict
from enrichscrapy.reporting.faces import IS_WAITING, OWN
from enrichscrapy.reporting.sources import STUCK

PAGE = 40
THUMBNAILS = 8
"""Faces shown of a performer in the list at most."""


class Show(StrEnum):
    """Parts of the list."""

    EVERYBODY = "everybody"
    WAITING = "waiting"
    WITHOUT = "without"
    ALIKE = "alike"
    FAILED = "failed"
    GIVEN_UP = "given-up"
    DUE = "due"
    NEW = "new"


WORDS = {
    Show.EVERYBODY: "Everybody",
    Show.WAITING: "Waiting",
    Show.WITHOUT: "Without faces",
    Show.ALIKE: "Near lookalikes",
    Show.FAILED: "Failed",
    Show.GIVEN_UP: "Given up",
    Show.DUE: "Due",
    Show.NEW: "New",
}

# Written out, as the partial indexes have them.
_IS_ALIKE: ColumnElement[bool] = literal_column(
    "faces.reason IN ('people_too_alike', 'suspected_merge', 'other_performer')"
)


@dataclass(frozen=True)
class Wanted:
    """A page of the list. ``after`` and ``before`` are ends of other pages (:attr:`People.last`
    and :attr:`People.first`); ``since_face`` is the newest face that is not new."""

    show: Show = Show.EVERYBODY
    search: str = ""
    after: str = ""
    before: str = ""
    since_face: int = 0


@dataclass(frozen=True)
class Thumbnail:
    """A face in the list; ``pictured``: its crop was kept."""

    face_id: int
    verdict: str
    trusted: bool
    reason: str
    pictured: bool


@dataclass(frozen=True)
class Entry:
    """A performer in the list; ``lookups`` are (source, outcome)."""

    performer_id: int
    name: str
    accepted: int
    waiting: int
    thumbnails: tuple[Thumbnail, ...]
    more: int
    """Pictures that are not shown."""
    lookups: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class People:
    """A page of the list; ``first`` and ``last`` are empty where nothing comes before or after."""

    entries: tuple[Entry, ...]
    first: str
    last: str


def find_people(
    connection: Connection,
    wanted: Wanted,
    suppressions: SuppressionStore,
    due: Iterable[Selection] = (),
    now: float = 0.0,
) -> People:
    """``due`` are the selections that make a performer due, ``now`` is UTC seconds."""
    matches = search(connection, wanted.search, suppressions) if wanted.search.strip() else None
    if wanted.show is Show.DUE:
        rows = _list_due(connection, due, now, wanted, matches)
    else:
        query, order = _make_query(wanted, matches)
        rows = _read_page(connection, query, order, wanted)
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    if wanted.before:
        rows = rows[::-1]
    before, after = (more, True) if wanted.before else (bool(wanted.after), more)
    return People(
        _make_entries(connection, rows),
        _make_key(rows[0]) if rows and before and wanted.show is not Show.DUE else "",
        _make_key(rows[-1]) if rows and after else "",
    )


def count_people(connection: Connection, since_face: int) -> dict[Show, int]:
    """How many there are of each part but those that are due, or new where somebody is."""

    def owners(column: Any, *conditions: Any) -> int:
        return int(connection.scalar(select(func.count(distinct(column))).where(*conditions)) or 0)

    total = count_rows(connection, performers)
    accepted = owners(faces.c.performer_id, faces.c.verdict == Verdict.ACCEPTED.value)
    given_up = lookups.c.next_attempt_at.is_(None)
    newest = int(connection.scalar(select(func.max(faces.c.id))) or 0)
    return {
        Show.EVERYBODY: total,
        Show.WAITING: owners(faces.c.performer_id, IS_WAITING),
        Show.WITHOUT: total - accepted,
        Show.ALIKE: owners(faces.c.performer_id, _IS_ALIKE),
        Show.FAILED: owners(lookups.c.performer_id, STUCK),
        Show.GIVEN_UP: owners(lookups.c.performer_id, STUCK, given_up),
        **({Show.NEW: 0} if not since_face or newest <= since_face else {}),
    }


# --- One page --------------------------------------------------------------------------------


def _make_query(
    wanted: Wanted, matches: Select[Any] | None
) -> tuple[Select[Any], list[tuple[Any, bool]]]:
    """The rows (id, name, key) and their order: columns, each with whether it goes down."""
    name = performers.c.canonical_name
    query: Any
    order: list[tuple[Any, bool]]
    if wanted.show is Show.WAITING:
        count = func.count().label("key")
        waits = (
            select(faces.c.performer_id, count).where(IS_WAITING).group_by(faces.c.performer_id)
        ).subquery()
        query = select(performers.c.id, name, waits.c.key).join(
            waits, waits.c.performer_id == performers.c.id
        )
        order = [(waits.c.key, True), (performers.c.id, False)]
    else:
        query = select(performers.c.id, name, name.label("key"))
        order = [(caseless(name), False), (performers.c.id, False)]
    if matches is not None:
        query = query.where(performers.c.id.in_(matches))
    condition = _make_condition(wanted)
    return (query if condition is None else query.where(condition)), order


def _make_condition(wanted: Wanted) -> ColumnElement[bool] | None:
    of = performers.c.id
    match wanted.show:
        case Show.WITHOUT:
            return ~exists().where(
                faces.c.performer_id == of, faces.c.verdict == Verdict.ACCEPTED.value
            )
        case Show.ALIKE:
            return of.in_(select(faces.c.performer_id).where(_IS_ALIKE))
        case Show.FAILED:
            return of.in_(select(lookups.c.performer_id).where(STUCK))
        case Show.GIVEN_UP:
            given_up = lookups.c.next_attempt_at.is_(None)
            return of.in_(select(lookups.c.performer_id).where(STUCK, given_up))
        case Show.NEW:
            return of.in_(select(faces.c.performer_id).where(faces.c.id > wanted.since_face))
        case _:
            return None


def _read_page(
    connection: Connection,
    query: Select[Any],
    order: Sequence[tuple[Any, bool]],
    wanted: Wanted,
) -> list[Row[Any]]:
    """One row more than a page has; those before a place in the order's reverse."""
    backward, key = bool(wanted.before), wanted.before or wanted.after
    (first, down), (second, _) = order
    if key:
        value, _, last = key.rpartition("~")
        given: Any = _read_number(value) if down else caseless(value)
        beyond = first < given if down != backward else first > given
        then = second < _read_number(last) if backward else second > _read_number(last)
        query = query.where(or_(beyond, and_(first == given, then)))
    sorted_by = [
        column.desc() if goes_down != backward else column.asc() for column, goes_down in order
    ]
    return list(connection.execute(query.order_by(*sorted_by).limit(PAGE + 1)))


def _read_number(text: str) -> int:
    return read_id(text) or 0


def _list_due(
    connection: Connection,
    due: Iterable[Selection],
    now: float,
    wanted: Wanted,
    matches: Select[Any] | None,
) -> list[Row[Any]]:
    """In id order, as a crawl takes them."""
    after = _read_number(wanted.after.rpartition("~")[2])
    only = None if matches is None else tuple(connection.scalars(matches))
    ids = {
        performer_id
        for selection in due
        for performer_id in find(
            connection, replace(selection, performer_ids=only), now, after, PAGE + 1
        )
    }
    query = select(performers.c.id, performers.c.canonical_name, literal("").label("key"))
    query = query.where(performers.c.id.in_(sorted(ids)[: PAGE + 1]))
    return list(connection.execute(query.order_by(performers.c.id)))


def _make_key(row: Row[Any]) -> str:
    return f"{row.key}~{row.id}"


# --- What is shown of each -------------------------------------------------------------------


def _make_entries(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[Entry, ...]:
    ids = [row.id for row in rows]
    found = _read_faces(connection, ids)
    outcomes = _read_outcomes(connection, ids)
    return tuple(_make_entry(row, found[row.id], outcomes[row.id]) for row in rows)


def _make_entry(row: Row[Any], shown: list[Thumbnail], outcomes: list[tuple[str, str]]) -> Entry:
    pictured = [face for face in shown if face.pictured]
    return Entry(
        performer_id=row.id,
        name=row.canonical_name,
        accepted=sum(face.verdict == Verdict.ACCEPTED for face in shown),
        waiting=sum(_is_waiting(face) for face in shown),
        thumbnails=tuple(pictured[:THUMBNAILS]),
        more=max(0, len(pictured) - THUMBNAILS),
        lookups=tuple(outcomes),
    )


def _is_waiting(face: Thumbnail) -> bool:
    return face.verdict == Verdict.QUARANTINED and face.reason != "suppressed"


_FIRST = (Verdict.QUARANTINED, Verdict.ACCEPTED, Verdict.RETIRED, Verdict.REJECTED)
"""What a person has to do with comes first."""


def _read_faces(connection: Connection, ids: Sequence[int]) -> dict[int, list[Thumbnail]]:
    columns = (faces.c[name] for name in ("id", "performer_id", "verdict", "trusted", "reason"))
    query = select(*columns, faces.c.crop.is_not(None).label("pictured"))
    found: dict[int, list[Thumbnail]] = {performer_id: [] for performer_id in ids}
    for row in connection.execute(query.where(faces.c.performer_id.in_(ids)).order_by(faces.c.id)):
        face = Thumbnail(row.id, row.verdict, row.trusted, row.reason, row.pictured)
        found[row.performer_id].append(face)
    for shown in found.values():
        shown.sort(key=lambda face: (_FIRST.index(Verdict(face.verdict)), not face.trusted))
    return found


def _read_outcomes(connection: Connection, ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    query = (
        select(lookups.c.performer_id, lookups.c.source, lookups.c.outcome)
        .where(lookups.c.performer_id.in_(ids), lookups.c.source != OWN)
        .order_by(lookups.c.updated_at)
    )
    outcomes: dict[int, list[tuple[str, str]]] = {performer_id: [] for performer_id in ids}
    for performer_id, source, outcome in connection.execute(query):
        outcomes[performer_id].append((source, outcome))
    return outcomes
