"""The gallery's figures: what there is to do, what is new since the last visit, and the counts.

Counting a large database takes a moment. Each kind of figure is kept until the database changed,
and then for as long as counting it took, twenty times over: a crawl that writes every second must
not keep a core busy for a page that is left open.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from markupsafe import Markup
from sqlalchemy import Connection, func, select

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.accepting import OPEN
from enrichscrapy.database.birth_dates import count_unread
from enrichscrapy.database.connection import count_rows
from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.due import Selection
from enrichscrapy.database.schema import faces, lookups, proposals, visits
from enrichscrapy.gallery.people import Show, count_people
from enrichscrapy.items import ReferenceSiteMode, Verdict
from enrichscrapy.reporting.faces import find_model_in_use
from enrichscrapy.reporting.hosts import list_hosts
from enrichscrapy.reporting.report import render_standing
from enrichscrapy.reporting.sources import STUCK, Trouble, list_troubles
from enrichscrapy.reporting.status import read_status
from enrichscrapy.review.queue import count_waiting

REST = 20.0
"""A figure is not counted again for this many times as long as counting it took."""
NEW_VISIT = 1800.0
"""Seconds without a look after which the next one is another visit."""

Value = TypeVar("Value")


class _Kept(Generic[Value]):
    """A value that is recomputed when the database changed, but not too often."""

    def __init__(self, read_stamp: Callable[[], object], make: Callable[[], Value]) -> None:
        self._read_stamp = read_stamp
        self._make = make
        self._lock = threading.Lock()
        self._stamp: object = None
        self._not_before = 0.0
        self._value: Value | None = None

    def __call__(self) -> Value:
        stamp = self._read_stamp()
        with self._lock:
            began = time.monotonic()
            if self._value is None or (stamp != self._stamp and began >= self._not_before):
                self._value = self._make()
                self._stamp = stamp
                ended = time.monotonic()
                self._not_before = ended + REST * (ended - began)
            return self._value


@dataclass(frozen=True)
class ToDo:
    """What waits for a person or for a crawl."""

    waiting: int
    given_up: int
    due: int
    proposals: int
    unread: int
    hosts_left_alone: int


@dataclass(frozen=True)
class News:
    """Since the last visit, which ended at ``since``; None at the first."""

    since: float | None
    accepted: int = 0
    waiting: int = 0
    lookups: int = 0


class Figures:
    """Counts of one database; safe for threads."""

    def __init__(
        self,
        database: PerformerDatabase,
        index_dir: Path,
        genders: Mapping[str, str | None],
        revisit_after_days: float,
    ) -> None:
        self._database = database
        self._genders = genders
        self._revisit = revisit_after_days
        self._watch = database.watch()
        stamp = self._watch.read_stamp
        status = partial(read_status, database, index_dir, genders, revisit_after_days)
        self.status = _Kept(stamp, status)
        self.standing = _Kept(stamp, self._render_standing)
        self.troubles = _Kept(stamp, self._read_troubles)
        self.people = _Kept(stamp, self._count_people)
        count_due = database.ledger.count_due
        self._due = _Kept(stamp, lambda: sum(map(count_due, self.selections())))

    def close(self) -> None:
        """The database is watched no longer."""
        self._watch.close()

    def to_do(self) -> ToDo:
        due = self._due()
        now = self._database.clock()
        with self._database.read() as connection:
            return ToDo(
                waiting=count_waiting(connection),
                given_up=count_rows(
                    connection, lookups, STUCK, lookups.c.next_attempt_at.is_(None)
                ),
                due=due,
                proposals=count_rows(connection, proposals, proposals.c.state == OPEN),
                unread=count_unread(connection),
                hosts_left_alone=sum(
                    host.circuit != "closed" for host in list_hosts(connection, now)
                ),
            )

    def selections(self) -> list[Selection]:
        """Everything that a crawl of any source would look up now."""
        with self._database.read() as connection:
            model = find_model_in_use(connection)
        model_id = model.id if model else None
        return [
            Selection(
                source,
                mode.value,
                model_id,
                self._revisit,
                gender=gender if mode is ReferenceSiteMode.NAME_LOOKUP else None,
            )
            for source, gender in sorted(self._genders.items())
            for mode in ReferenceSiteMode
        ]

    def visit(self) -> News:
        """Note that somebody looks now, and tell what came since the visit before."""
        now = self._database.clock()
        with self._database.read() as connection:
            row = connection.execute(select(visits)).first()
            newest = connection.scalar(select(func.max(faces.c.id))) or 0
        since_at, since_face = (row.since_at, row.since_face) if row else (now, newest)
        if row and now - row.seen_at > NEW_VISIT:
            since_at, since_face = row.seen_at, row.seen_face
        values = {
            "id": 1,
            "seen_at": now,
            "seen_face": newest,
            "since_at": since_at,
            "since_face": since_face,
        }
        statement = insert(visits).values(values)
        with self._database.write() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
        if row is None:
            return News(None)
        with self._database.read() as connection:
            return _count_news(connection, since_at, since_face, list(self._genders))

    def since_face(self) -> int:
        """The newest face at the end of the visit before this one."""
        with self._database.read() as connection:
            return connection.scalar(select(visits.c.since_face)) or 0

    def _read_troubles(self) -> list[Trouble]:
        """Why lookups were refused or failed."""
        with self._database.read() as connection:
            return list_troubles(connection, self._genders)

    def _render_standing(self) -> Markup:
        """Tables and plots of how things stand."""
        status = self.status()
        with self._database.read() as connection:
            return render_standing(connection, status, self._genders)

    def _count_people(self) -> Mapping[Show, int]:
        """How many performers each part of the list has."""
        with self._database.read() as connection:
            return count_people(connection, self.since_face())


def _count_news(connection: Connection, since: float, face_id: int, sources: list[str]) -> News:
    model = find_model_in_use(connection)
    query = (
        select(faces.c.verdict, func.count())
        .where(
            faces.c.model_id == (model.id if model else None),
            faces.c.verdict.in_([Verdict.ACCEPTED.value, Verdict.QUARANTINED.value]),
            faces.c.id > face_id,
        )
        .group_by(faces.c.verdict)
    )
    counts: dict[str, int] = dict(connection.execute(query).all())
    asked = (lookups.c.source.in_(sources), lookups.c.updated_at > since)
    return News(
        since,
        counts.get(Verdict.ACCEPTED.value, 0),
        counts.get(Verdict.QUARANTINED.value, 0),
        count_rows(connection, lookups, *asked),
    )
