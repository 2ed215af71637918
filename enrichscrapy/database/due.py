"""The query for due lookups: four ways of being due, each an index range, in id order.

A page takes at most ``limit`` performers of each way and then the first ``limit`` of these, so
its cost does not grow with the number of performers that are done.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
    union,
)

from enrichscrapy.database import leases
from enrichscrapy.database.dialects.expressions import listed
from enrichscrapy.database.schema import (
    external_urls,
    lookups,
    models,
    pending,
    performers,
    stashbox_ids,
    suppressed_performers,
    unread_birth_dates,
)
from enrichscrapy.facts.stashboxes import find_box
from enrichscrapy.items import Outcome, ReferenceSiteMode

# The performer's id in the table read, and what makes its rows due.
Way = tuple[ColumnElement[int], ColumnElement[bool]]

SECONDS_PER_DAY = 86400.0
CLOCK_SLACK_SECONDS = 3600.0
"""How far clocks may disagree, or be set back, before a row's times are disregarded."""
ENDED = [outcome.value for outcome in Outcome if outcome.ended]
FEW = 5000
"""Up to so many rows it is cheaper to collect and sort than to walk the ledger in id order."""

# Written out, not bound: SQLite uses a partial index only for the very words it was made with.
_IS_FOUND: ColumnElement[bool] = literal_column("lookups.outcome = 'found'")


@dataclass(frozen=True)
class Selection:
    """Which lookups a crawl would do.

    ``model_id``: a found lookup of another model is due again. ``revisit_after_days``: an ended
    one is, after so many days (0: never). ``gender`` takes performers of that gender and those
    whose gender is unknown; ``performer_ids`` these performers only. ``worker_id`` is the crawl's
    among those of several machines: what another has leased is not due.
    """

    source: str
    mode: str
    model_id: int | None = None
    revisit_after_days: float = 0.0
    gender: str | None = None
    performer_ids: tuple[int, ...] | None = None
    worker_id: int | None = None


def find(
    connection: Connection, selection: Selection, now: float, after_id: int, limit: int
) -> list[int]:
    """Ids of the first ``limit`` performers above ``after_id`` whose lookup is due at ``now``."""
    pages = [
        _select_page(way, selection, now, after_id, limit)
        for way in _list_ways(connection, selection, now)
    ]
    query = union(*pages).order_by(column("performer_id")).limit(limit)
    return list(connection.scalars(query))


def count(connection: Connection, selection: Selection, now: float) -> int:
    """How many performers' lookups are due at ``now``."""
    ways = _list_ways(connection, selection, now)
    query = union(*(_select_page(way, selection, now, 0, None) for way in ways)).subquery()
    return connection.scalar(select(func.count()).select_from(query)) or 0


def _list_ways(connection: Connection, selection: Selection, now: float) -> list[Way]:
    ways = [_match_new(selection), _match_retries(selection, now)]
    if selection.revisit_after_days > 0:
        ways.append(_match_revisits(connection, selection, now))
    if selection.model_id is not None:
        others = connection.scalars(select(models.c.id).where(models.c.id != selection.model_id))
        ways += [_match_found_with(selection, other) for other in (None, *others)]
    return ways


def _select_page(
    way: Way, selection: Selection, now: float, after_id: int, limit: int | None
) -> Select[int]:
    performer_id, condition = way
    is_unread = exists().where(
        unread_birth_dates.c.performer_id == performer_id, unread_birth_dates.c.seen_at.is_(None)
    )
    kept_out = select(suppressed_performers.c.performer_id).where(
        suppressed_performers.c.confirmed_at.is_(None)
    )
    page = select(performer_id.label("performer_id")).where(
        condition, performer_id > after_id, performer_id.not_in(kept_out), ~is_unread
    )
    if selection.performer_ids is not None:
        page = page.where(performer_id.in_(listed(selection.performer_ids)))
    if selection.worker_id is not None:
        work = (selection.source, selection.mode)
        page = page.where(leases.is_free(*work, performer_id, selection.worker_id, now))
    if limit is not None:
        page = page.order_by(performer_id).limit(limit)
    return select(page.subquery().c.performer_id)


def _match_new(selection: Selection) -> Way:
    condition = and_(pending.c.source == selection.source, pending.c.mode == selection.mode)
    if selection.gender is not None:
        condition = and_(condition, pending.c.gender.in_([selection.gender.lower(), ""]))
    return pending.c.performer_id, condition


def _match_retries(selection: Selection, now: float) -> Way:
    return _match_row(
        selection,
        lookups.c.next_attempt_at.is_not(None),
        or_(
            lookups.c.next_attempt_at <= now,
            # Written by a clock that ran ahead: its times mean nothing.
            lookups.c.updated_at > now + CLOCK_SLACK_SECONDS,
        ),
    )


def _match_revisits(connection: Connection, selection: Selection, now: float) -> Way:
    is_old = lookups.c.updated_at <= now - selection.revisit_after_days * SECONDS_PER_DAY
    performer_id, condition = _match_row(selection, is_old, lookups.c.outcome.in_(ENDED))
    is_selected = and_(lookups.c.source == selection.source, lookups.c.mode == selection.mode)
    old_ones = select(lookups.c.performer_id).where(is_selected, is_old).limit(FEW + 1).subquery()
    if (connection.scalar(select(func.count()).select_from(old_ones)) or 0) > FEW:
        return performer_id, condition
    # Adding 0 takes the id from SQLite's choice of index, which leaves the one by age.
    return performer_id + literal_column("0"), condition


def _match_found_with(selection: Selection, model_id: int | None) -> Way:
    return _match_row(selection, lookups.c.model_id == model_id, _IS_FOUND)


def _match_row(selection: Selection, *conditions: ColumnElement[bool]) -> Way:
    """A lookup that was done before and still belongs to this selection."""
    by_link = selection.mode == ReferenceSiteMode.URL_LOOKUP.value
    condition = and_(
        lookups.c.source == selection.source,
        lookups.c.mode == selection.mode,
        *conditions,
        _has_link(selection) if by_link else or_(_IS_FOUND, ~_match_found_by_link(selection)),
    )
    if selection.gender is not None:
        condition = and_(condition, _has_gender(selection.gender))
    return lookups.c.performer_id, condition


def _has_link(selection: Selection) -> ColumnElement[bool]:
    """A link of the site; of a stash-box, an id."""
    if (box := find_box(selection.source)) is not None:
        return exists().where(
            stashbox_ids.c.endpoint == box,
            stashbox_ids.c.performer_id == lookups.c.performer_id,
        )
    return exists().where(
        external_urls.c.site == selection.source,
        external_urls.c.performer_id == lookups.c.performer_id,
        external_urls.c.normalized_id.is_not(None),
    )


def _match_found_by_link(selection: Selection) -> ColumnElement[bool]:
    other = lookups.alias()
    return exists().where(
        other.c.source == selection.source,
        other.c.mode == ReferenceSiteMode.URL_LOOKUP.value,
        other.c.performer_id == lookups.c.performer_id,
        other.c.outcome == Outcome.FOUND.value,
    )


def _has_gender(gender: str) -> ColumnElement[bool]:
    known = func.lower(func.trim(func.coalesce(performers.c.gender, "")))
    return exists().where(
        performers.c.id == lookups.c.performer_id, known.in_([gender.lower(), ""])
    )
