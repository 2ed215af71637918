"""The ledger: what was looked up, how it ended, and what is due. It alone decides the work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, func, insert, null, select, update

from enrichscrapy.database import due, leases
from enrichscrapy.database.box_ids import list_ids_to_ask
from enrichscrapy.database.connection import Database
from enrichscrapy.database.dialects.expressions import listed
from enrichscrapy.database.due import Selection
from enrichscrapy.database.minors import find_whose_words
from enrichscrapy.database.performers import load_performers
from enrichscrapy.database.schema import external_urls, faces, lookups, sources
from enrichscrapy.database.suppressions import SuppressionStore
from enrichscrapy.facts.stashboxes import find_box
from enrichscrapy.items import Outcome, Performer, ReferenceSiteMode, Verdict


@dataclass(frozen=True)
class RetryPolicy:
    """When a lookup that did not end is tried again; times in seconds.

    The wait doubles from ``base_seconds`` with every attempt up to ``max_seconds``; jitter then
    lengthens it by up to a quarter.
    """

    max_attempts: int = 5
    base_seconds: float = 900.0
    max_seconds: float = 604800.0

    def schedule_retry(self, attempts: int, now: float, random: float) -> float | None:
        """When to try again after ``attempts`` failures; None when that was the last attempt.

        ``random`` is in 0..1.
        """
        if attempts >= self.max_attempts:
            return None
        return self.schedule_after_refusal(attempts, now, random)

    def schedule_after_refusal(self, refusals: int, now: float, random: float) -> float:
        """When to try again after ``refusals`` in a row: those never use up the attempts."""
        doublings = min(max(refusals, 1) - 1, 60)  # 2**60 seconds are beyond any maximum
        wait = min(self.base_seconds * 2.0**doublings, self.max_seconds)
        return now + wait * (1.0 + 0.25 * random)


@dataclass(frozen=True)
class DueLookup:
    """A performer to look up now.

    ``urls`` are the source's profile links in stored order (of a stash-box the ids, empty in name
    mode); ``attempts`` counts the failures before this one. ``minor`` says by whose word the
    performer is one: then the lookup ends without a request.
    """

    performer: Performer
    urls: tuple[str, ...]
    attempts: int
    minor: str = ""


class Ledger:
    """Reads what is due and how things stand; ``store_lookup`` is what writes it.

    A lookup is due when it was never done, when its ``next_attempt_at`` has come, when it ended
    longer ago than ``revisit_after_days``, or when it was found with another model. By link a
    performer needs a link of the source; by name, one found by link is left alone.
    """

    def __init__(self, database: Database, suppressions: SuppressionStore) -> None:
        self._database = database
        self._suppressions = suppressions

    def register_sources(self, names: Iterable[str]) -> None:
        """Keep ready who was never looked up on these sources; nothing where that is done."""
        with self._database.read() as connection:
            missing = set(names) - set(connection.scalars(select(sources.c.name)))
        for name in sorted(missing):
            with self._database.write() as connection:
                known = select(sources.c.name).where(sources.c.name == name)
                if connection.scalar(known) is None:  # another process may have been faster
                    connection.execute(insert(sources).values(name=name))

    def list_due(
        self, selection: Selection, after_id: int = 0, batch_size: int = 200
    ) -> list[DueLookup]:
        """The next due lookups with performer ids above ``after_id``, in id order.

        Empty only when none is left. Suppressed performers are not among them.
        """
        self._prepare(selection)
        while True:
            with self._database.read() as connection:
                ids = due.find(connection, selection, self._database.clock(), after_id, batch_size)
                page = self._complete_due(connection, selection, ids)
            if page or not ids:
                return page
            after_id = ids[-1]

    def claim_due(
        self, selection: Selection, after_id: int = 0, batch_size: int = 4
    ) -> list[DueLookup]:
        """The same, and from now on they are the selection's worker's, as long as it renews them.

        Raises ``ConnectionLost`` for a worker that has lost its locks.
        """
        self._prepare(selection)
        while True:
            with self._database.write(shared=True) as connection:
                now = self._database.read_now(connection)
                ids = due.find(connection, selection, now, after_id, batch_size)
                page = self._claim(connection, selection, ids, now)
            if page or not ids:
                return page
            after_id = ids[-1]

    def _claim(
        self, connection: Connection, selection: Selection, ids: list[int], now: float
    ) -> list[DueLookup]:
        """Those that nobody else has, and that are still due now that nobody can have them."""
        assert selection.worker_id is not None
        work = (selection.source, selection.mode)
        taken = leases.take(connection, work, ids, selection.worker_id, now)
        still = replace(selection, performer_ids=tuple(sorted(taken)))
        left = due.find(connection, still, now, 0, len(ids)) if taken else []
        page = self._complete_due(connection, selection, left)
        unused = taken - {found.performer.id for found in page}
        leases.end(connection, work, unused, selection.worker_id)
        return page

    def is_due(self, selection: Selection, performer_id: int) -> bool:
        """Whether this performer is among the due ones now, and may be asked for.

        With a worker the lookup is claimed, or is its own already.
        """
        if selection.performer_ids is not None and performer_id not in selection.performer_ids:
            return False
        one = replace(selection, performer_ids=(performer_id,))
        ask = self.list_due if selection.worker_id is None else self.claim_due
        return any(not found.minor for found in ask(one, batch_size=1))

    def holds_any(self, selection: Selection, performer_ids: Sequence[int]) -> bool:
        """Whether one of these lookups is the worker's own: a lease that is not renewed is lost."""
        assert selection.worker_id is not None
        work = (selection.source, selection.mode)
        with self._database.read() as connection:
            return bool(leases.list_held(connection, work, performer_ids, selection.worker_id))

    def count_due(self, selection: Selection) -> int:
        """How many lookups are due, suppressed performers not counted."""
        self._prepare(selection)
        with self._database.read() as connection:
            return due.count(connection, selection, self._database.clock())

    def get(self, source: str, mode: str, performer_id: int) -> RowMapping | None:
        """The row of one lookup, by column name; None when it was never done."""
        query = select(lookups).where(
            lookups.c.source == source,
            lookups.c.mode == mode,
            lookups.c.performer_id == performer_id,
        )
        with self._database.read() as connection:
            return connection.execute(query).mappings().first()

    def list_recent_page_parts(
        self, source: str, before: float, limit: int
    ) -> list[dict[str, bool]]:
        """Which parts the source's pages had, newest first, of lookups written before a time."""
        query = (
            select(lookups.c.page_parts)
            .where(
                lookups.c.source == source,
                lookups.c.updated_at < before,
                lookups.c.page_parts.is_not(null()),
            )
            .order_by(lookups.c.updated_at.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [dict(parts) for parts in connection.scalars(query) if parts]

    def make_due(self, source: str, mode: str, performer_ids: Sequence[int]) -> None:
        """Make these lookups due again, however they ended, without counting a failure."""
        change = (
            update(lookups)
            .where(
                lookups.c.source == source,
                lookups.c.mode == mode,
                lookups.c.performer_id.in_(performer_ids),
            )
            .values(next_attempt_at=self._database.clock(), page_parts=null(), attempts=0)
        )
        with self._database.write() as connection:
            connection.execute(change)

    def get_progress(self, source: str, mode: str) -> dict[str, Any] | None:
        """The row of the old ``scrape_progress`` table, derived; None before the first lookup."""
        is_counted = and_(lookups.c.source == source, lookups.c.mode == mode)
        query = select(
            func.max(lookups.c.performer_id).label("last_processed_id"),
            func.max(lookups.c.updated_at).label("last_processed_time"),
            func.count().label("performers_processed"),
            func.count()
            .filter(lookups.c.outcome.in_([Outcome.FAILED.value, Outcome.BLOCKED.value]))
            .label("errors"),
        ).where(is_counted)
        added = (
            select(func.count())
            .select_from(faces.join(lookups, lookups.c.performer_id == faces.c.performer_id))
            .where(is_counted, faces.c.source == source, faces.c.verdict == Verdict.ACCEPTED.value)
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one()
            if not row["performers_processed"]:
                return None
            return {"source": f"{source}:{mode}", **row, "faces_added": connection.scalar(added)}

    # --- How the due ones are found ------------------------------------------------------------

    def _prepare(self, selection: Selection) -> None:
        ReferenceSiteMode(selection.mode)  # ValueError for a mode that does not exist
        self.register_sources([selection.source])

    def _complete_due(
        self, connection: Connection, selection: Selection, ids: list[int]
    ) -> list[DueLookup]:
        found = load_performers(connection, ids)
        # Asked again of each, not only of the table: that one is as good as who wrote to the file.
        kept_out = self._suppressions.find_kept_out(connection, found)
        urls = self._read_urls(connection, selection, ids)
        attempts = self._read_attempts(connection, selection, ids)
        young = find_whose_words(connection, found, self._database.clock())
        return [
            DueLookup(
                performer,
                tuple(urls.get(performer.id, ())),
                attempts.get(performer.id, 0),
                young.get(performer.id, ""),
            )
            for performer in found
            if performer.id not in kept_out
        ]

    def _read_urls(
        self, connection: Connection, selection: Selection, ids: list[int]
    ) -> dict[int, list[str]]:
        if selection.mode != ReferenceSiteMode.URL_LOOKUP.value:
            return {}
        if (box := find_box(selection.source)) is not None:
            return list_ids_to_ask(connection, box, ids)
        query = (
            select(external_urls.c.performer_id, external_urls.c.url)
            .where(
                external_urls.c.site == selection.source,
                external_urls.c.performer_id.in_(listed(ids)),
                external_urls.c.normalized_id.is_not(None),
            )
            .order_by(external_urls.c.performer_id, external_urls.c.id)
        )
        urls: dict[int, list[str]] = {}
        for performer_id, url in connection.execute(query):
            urls.setdefault(performer_id, []).append(url)
        return urls

    def _read_attempts(
        self, connection: Connection, selection: Selection, ids: list[int]
    ) -> dict[int, int]:
        query = select(lookups.c.performer_id, lookups.c.attempts).where(
            lookups.c.source == selection.source,
            lookups.c.mode == selection.mode,
            lookups.c.performer_id.in_(listed(ids)),
        )
        return dict(connection.execute(query).all())
