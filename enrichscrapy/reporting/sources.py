"""How far each source has got."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal_column, or_, select

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.dialects.expressions import read_day
from enrichscrapy.database.due import Selection
from enrichscrapy.database.schema import lookups
from enrichscrapy.database.schema import sources as sources_table
from enrichscrapy.facts.stashboxes import FAMILY
from enrichscrapy.items import Outcome, ReferenceSiteMode

RETRIED = (Outcome.BLOCKED, Outcome.FAILED)
GIVEN_UP = "given_up"
IS_TROUBLE: ColumnElement[bool] = literal_column("lookups.outcome NOT IN ('found', 'absent')")
"""Lookups that ended badly or not at all, in the words of their partial index."""
STUCK: ColumnElement[bool] = literal_column("lookups.outcome IN ('blocked', 'failed')")
"""Lookups that stand at one of these, in the words of their partial index."""


@dataclass(frozen=True)
class SourceProgress:
    """One source in one mode; times are UTC seconds.

    ``due`` is what a crawl would look up now: performers never looked up and lookups whose time
    has come. The outcomes are disjoint; ``given_up`` are lookups that failed too often and are not
    tried again by themselves. ``next_attempt_at`` is when the first of those that wait comes due;
    ``gender`` is the filter that ``due`` was counted with.
    """

    source: str
    mode: str
    due: int
    found: int = 0
    absent: int = 0
    mismatch: int = 0
    blocked: int = 0
    failed: int = 0
    given_up: int = 0
    waiting: int = 0
    next_attempt_at: float | None = None
    last_at: float | None = None
    gender: str | None = None


def list_progress(
    database: PerformerDatabase,
    sources: Mapping[str, str | None],
    *,
    model_id: int | None = None,
    revisit_after_days: float = 0.0,
) -> list[SourceProgress]:
    """Every source in every mode, as a crawl with these settings would see it.

    ``sources`` maps a source to the gender its spider looks for in name mode (None: all). The
    stash-boxes that ever were crawled come with them.
    """
    with database.read() as connection:
        rows = _count_outcomes(connection, database.clock())
        boxes = connection.scalars(
            select(sources_table.c.name).where(_is_box(sources_table.c.name))
        )
        pairs = {(box, ReferenceSiteMode.URL_LOOKUP.value) for box in boxes}
    pairs |= {(source, mode.value) for source in sources for mode in ReferenceSiteMode}
    return [
        _count_progress(database, pair, sources, rows, model_id, revisit_after_days)
        for pair in sorted(pairs, key=lambda pair: (pair[0], pair[1] != "url"))
    ]


def _is_box(source: ColumnElement[str]) -> ColumnElement[bool]:
    return source.startswith(f"{FAMILY}:")


def _is_among(sources: Iterable[str]) -> ColumnElement[bool]:
    """A lookup of one of these sources, or of a stash-box."""
    return or_(lookups.c.source.in_(list(sources)), _is_box(lookups.c.source))


def _count_progress(
    database: PerformerDatabase,
    pair: tuple[str, str],
    sources: Mapping[str, str | None],
    rows: Mapping[tuple[str, str], Mapping[str, float | None]],
    model_id: int | None,
    revisit_after_days: float,
) -> SourceProgress:
    source, mode = pair
    by_name = mode == ReferenceSiteMode.NAME_LOOKUP.value
    gender = sources[source] if by_name else None
    due = database.ledger.count_due(
        Selection(source, mode, model_id, revisit_after_days, gender=gender)
    )
    row = rows.get(pair, {})
    counts = {name: int(row.get(name) or 0) for name in (*Outcome, GIVEN_UP, "waiting")}
    return SourceProgress(
        source,
        mode,
        due,
        **{str(name): count for name, count in counts.items()},
        next_attempt_at=row.get("next_attempt_at"),
        last_at=row.get("last_at"),
        gender=gender,
    )


def _count_outcomes(
    connection: Connection, now: float
) -> dict[tuple[str, str], Mapping[str, float | None]]:
    gave_up = and_(
        lookups.c.outcome.in_([outcome.value for outcome in RETRIED]),
        lookups.c.next_attempt_at.is_(None),
    )
    waits = lookups.c.next_attempt_at > now
    standing = [
        func.sum(case((and_(lookups.c.outcome == outcome.value, ~gave_up), 1), else_=0)).label(
            outcome.value
        )
        for outcome in Outcome
    ]
    query = select(
        lookups.c.source,
        lookups.c.mode,
        *standing,
        func.sum(case((gave_up, 1), else_=0)).label(GIVEN_UP),
        func.sum(case((waits, 1), else_=0)).label("waiting"),
        func.min(case((waits, lookups.c.next_attempt_at))).label("next_attempt_at"),
        func.max(lookups.c.updated_at).label("last_at"),
    ).group_by(lookups.c.source, lookups.c.mode)
    rows = connection.execute(query).mappings()
    return {(row["source"], row["mode"]): {str(k): v for k, v in row.items()} for row in rows}


@dataclass(frozen=True)
class DayOutcome:
    """How many lookups of a source stand at an outcome they reached on one UTC day."""

    day: str
    source: str
    outcome: str
    count: int


def count_outcomes_by_day(connection: Connection, sources: Iterable[str]) -> list[DayOutcome]:
    """In day order. Only the latest attempt of a lookup is known, and counts."""
    day = read_day(lookups.c.updated_at).label("day")
    query = (
        select(day, lookups.c.source, lookups.c.outcome, func.count().label("count"))
        .where(_is_among(sources))
        .group_by(day, lookups.c.source, lookups.c.outcome)
        .order_by(day, lookups.c.source)
    )
    return [DayOutcome(*row) for row in connection.execute(query)]


@dataclass(frozen=True)
class Trouble:
    """Lookups that stand at the same outcome for the same reason."""

    source: str
    outcome: str
    detail: str
    count: int
    last_at: float


def list_troubles(
    connection: Connection, sources: Iterable[str], limit: int = 100
) -> list[Trouble]:
    """Why lookups are blocked, failed or mismatched, the most frequent reason first."""
    count = func.count().label("count")
    query = (
        select(
            lookups.c.source,
            lookups.c.outcome,
            lookups.c.detail,
            count,
            func.max(lookups.c.updated_at),
        )
        .where(_is_among(sources), IS_TROUBLE)
        .group_by(lookups.c.source, lookups.c.outcome, lookups.c.detail)
        .order_by(count.desc(), lookups.c.source, lookups.c.detail)
        .limit(limit)
    )
    return [Trouble(*row) for row in connection.execute(query)]
