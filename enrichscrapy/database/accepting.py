"""Accepting and rejecting proposals: what is accepted is written to the performer's record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Select, delete, select, tuple_, update

from enrichscrapy.database import performers as rows
from enrichscrapy.database.connection import Database
from enrichscrapy.database.dialects.expressions import caseless
from enrichscrapy.database.minors import find_minors, note_stored_dates
from enrichscrapy.database.schema import (
    aliases,
    external_urls,
    performers,
    proposals,
    suppressed_performers,
)
from enrichscrapy.database.whom import describe
from enrichscrapy.facts.stashboxes import find_box
from enrichscrapy.items import Identity, PartialDate

if TYPE_CHECKING:
    from enrichscrapy.database.suppressions import SuppressionStore

OPEN, ACCEPTED, REJECTED = STATES = ("open", "accepted", "rejected")
BY_PERSON, BY_BOX = "person", "box"
_PAGE = 500
_TOGETHER = 100
"""Proposals that are accepted in one transaction: short enough for a crawl that writes as well."""


@dataclass(frozen=True)
class Proposed:
    """A row of ``proposals`` and the performer's name; ``seen_at`` is in UTC seconds."""

    id: int
    performer_id: int
    name: str
    kind: str
    value: str
    label: str | None
    source: str
    url: str | None
    identity: str | None
    state: str
    seen_at: float


@dataclass(frozen=True)
class Wanted:
    """Which proposals: of one state, performer and source, or (None) of all."""

    state: str | None = OPEN
    performer_id: int | None = None
    source: str | None = None


@dataclass(frozen=True)
class Decision:
    """A proposal that was decided, or why it was not (``refusal``)."""

    id: int
    performer_id: int | None
    kind: str
    value: str
    state: str
    refusal: str = ""


class ProposalStore:
    """Lists proposals and decides them. Who is kept out by a suppression has none."""

    def __init__(self, database: Database, suppressions: SuppressionStore) -> None:
        self._database = database
        self._suppressions = suppressions

    def iterate(self, wanted: Wanted = Wanted()) -> Iterator[Proposed]:  # frozen
        """All of them by performer, a page in memory at a time."""
        after = (0, 0)
        while page := self.read_page(wanted, after):
            yield from page
            after = (page[-1].performer_id, page[-1].id)

    def read_page(
        self, wanted: Wanted, after: tuple[int, int] = (0, 0), limit: int = _PAGE
    ) -> list[Proposed]:
        """The next ones after (performer id, proposal id)."""
        place = tuple_(proposals.c.performer_id, proposals.c.id)
        query = _list_proposed().where(place > tuple_(*after))
        for name, value in asdict(wanted).items():
            if value is not None:
                query = query.where(proposals.c[name] == value)
        with self._database.read() as connection:
            return [Proposed(**row) for row in connection.execute(query.limit(limit)).mappings()]

    def accept(self, proposal_id: int) -> Decision:
        """Take it into the performer's record, as a person decided."""
        with self._database.write() as connection:
            decision = _accept(connection, proposal_id, BY_PERSON, self._now)
            self._refresh(connection, decision)
        return decision

    def reject(self, proposal_id: int) -> Decision:
        """Never propose it again; what was accepted before is taken back."""
        with self._database.write() as connection:
            decision = _reject(connection, proposal_id, self._now)
            self._refresh(connection, decision)
        return decision

    def accept_confirmed(self, wanted: Wanted = Wanted()) -> Iterator[Decision]:
        """Accept all open ones from confirmed pages but those that could be a mistake."""
        wanted, after = replace(wanted, state=OPEN), (0, 0)
        while page := self.read_page(wanted, after, limit=_TOGETHER):
            with self._database.write() as connection:
                decisions = [
                    _accept(connection, each.id, BY_PERSON, self._now, is_guarded=True)
                    for each in page
                    if each.identity == Identity.CONFIRMED.value
                ]
                self._suppressions.refresh(connection, sorted({each.performer_id for each in page}))
            yield from decisions
            after = (page[-1].performer_id, page[-1].id)

    def _refresh(self, connection: Connection, decision: Decision) -> None:
        if decision.performer_id is not None:
            self._suppressions.refresh(connection, [decision.performer_id])

    @property
    def _now(self) -> float:
        return self._database.clock()


def accept_of_box(connection: Connection, performer_id: int, source: str, now: float) -> None:
    """Take in what the performer's own entry on a stash-box says, within the store's transaction.

    What a person has decided stays so; what the user's data say stays as it is.
    """
    query = select(proposals.c.id).where(
        proposals.c.performer_id == performer_id,
        proposals.c.source == source,
        proposals.c.state == OPEN,
    )
    for proposal_id in connection.scalars(query).all():
        _accept(connection, proposal_id, BY_BOX, now, is_guarded=True)


# --- One decision --------------------------------------------------------------------------------


def _accept(
    connection: Connection, proposal_id: int, by: str, now: float, *, is_guarded: bool = False
) -> Decision:
    """``is_guarded``: leave open what could be a mistake, or would replace something."""
    row = _read_row(connection, proposal_id)
    if row is None:
        return Decision(proposal_id, None, "", "", "", f"there is no proposal {proposal_id}")
    if row.state == ACCEPTED:
        return _make_decision(row, ACCEPTED)
    before = _read_stored(connection, row)
    refusal = _find_doubt(connection, row, before) if is_guarded else ""
    if refusal:
        return _make_decision(row, row.state, refusal)
    _enter(connection, row, now)
    _note(connection, row, ACCEPTED, by, now, before)
    is_date = row.kind == "birth_date"
    if is_date and find_minors(connection, [row.performer_id], now):
        return _make_decision(row, ACCEPTED, "by this date a minor: what was kept is withdrawn")
    return _make_decision(row, ACCEPTED)


def _reject(connection: Connection, proposal_id: int, now: float) -> Decision:
    row = _read_row(connection, proposal_id)
    if row is None:
        return Decision(proposal_id, None, "", "", "", f"there is no proposal {proposal_id}")
    if row.state == ACCEPTED:
        _take_back(connection, row, now)
    _note(connection, row, REJECTED, BY_PERSON, now)
    return _make_decision(row, REJECTED)


def _make_decision(row: Proposed, state: str, refusal: str = "") -> Decision:
    return Decision(row.id, row.performer_id, row.kind, row.value, state, refusal)


def _note(
    connection: Connection,
    row: Proposed,
    state: str,
    by: str,
    now: float,
    replaced: str | None = None,
) -> None:
    values = {"state": state, "decided_by": by, "decided_at": now, "replaced": replaced}
    connection.execute(update(proposals).where(proposals.c.id == row.id).values(values))


def _find_doubt(connection: Connection, row: Proposed, before: str | None) -> str:
    if before:
        return f"the record says {before}"
    if row.kind != "alias":
        return ""
    others = select(performers.c.id).where(
        caseless(performers.c.canonical_name) == caseless(row.value),
        performers.c.id != row.performer_id,
    )
    found = rows.load_performers(connection, connection.scalars(others.limit(1)))
    return f"it is the name of {describe(found[0])}" if found else ""


def _enter(connection: Connection, row: Proposed, now: float) -> None:
    performer_id, origin = row.performer_id, name_origin(row.source)
    match row.kind:
        case "alias":
            rows.insert_alias(connection, performer_id, row.value, origin, now)
        case "link":
            rows.insert_url(connection, performer_id, row.value, now, source=origin)
        case "birth_date":
            rows.set_birth_date(connection, performer_id, PartialDate.parse(row.value), now)
            note_stored_dates(connection, [performer_id], now)
        case _:
            _set_column(connection, row, row.value, now)


def _take_back(connection: Connection, row: Proposed, now: float) -> None:
    tables = {"alias": (aliases, aliases.c.alias), "link": (external_urls, external_urls.c.url)}
    if row.kind in tables:
        table, column = tables[row.kind]
        connection.execute(
            delete(table).where(
                table.c.performer_id == row.performer_id,
                column == row.value,
                table.c.source_endpoint == name_origin(row.source),
            )
        )
    elif _read_stored(connection, row) == row.value:
        replaced = select(proposals.c.replaced).where(proposals.c.id == row.id)
        _set_column(connection, row, connection.scalar(replaced), now)
        note_stored_dates(connection, [row.performer_id], now)


def _read_stored(connection: Connection, row: Proposed) -> str | None:
    """What the record says of a fact that it holds one of."""
    if row.kind not in performers.columns:
        return None
    query = select(performers.c[row.kind]).where(performers.c.id == row.performer_id)
    return connection.scalar(query) or None


def _set_column(connection: Connection, row: Proposed, value: str | None, now: float) -> None:
    statement = update(performers).where(performers.c.id == row.performer_id)
    values = {row.kind: value, "updated_at": rows.format_time(now)}
    connection.execute(statement.values(values))


def name_origin(source: str) -> str:
    """The ``source_endpoint`` of what a source adds: a stash-box's is its name."""
    return find_box(source) or source


# --- Reading -------------------------------------------------------------------------------------


def _list_proposed() -> Select[tuple[object, ...]]:
    columns: Iterable[str] = Proposed.__dataclass_fields__
    own = [proposals.c[name] for name in columns if name != "name"]
    kept_out = select(suppressed_performers.c.performer_id).where(
        suppressed_performers.c.confirmed_at.is_(None)
    )
    return (
        select(*own, performers.c.canonical_name.label("name"))
        .join(performers, performers.c.id == proposals.c.performer_id)
        .where(proposals.c.performer_id.not_in(kept_out))
        .order_by(proposals.c.performer_id, proposals.c.id)
    )


def _read_row(connection: Connection, proposal_id: int) -> Proposed | None:
    found = (
        connection.execute(_list_proposed().where(proposals.c.id == proposal_id)).mappings().first()
    )
    return Proposed(**found) if found is not None else None
