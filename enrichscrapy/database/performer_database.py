"""The performer database: one SQLite file, opened, migrated and checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, func, insert, select, text

from enrichscrapy.database import performers as rows
from enrichscrapy.database.artefacts import ArtefactStore
from enrichscrapy.database.engine import check, database_path, inode, open_engine
from enrichscrapy.database.faces import FaceStore, StoredFace
from enrichscrapy.database.ledger import Ledger
from enrichscrapy.database.migrations import migrate
from enrichscrapy.database.minors import note_stored_dates, words_of_minors
from enrichscrapy.database.schema import erasures, origin, performers, sources, stashbox_ids
from enrichscrapy.database.suppressions import SuppressionStore
from enrichscrapy.exceptions import DatabaseUnavailable
from enrichscrapy.items import Performer
from enrichscrapy.sites import all_sites

if TYPE_CHECKING:
    from enrichscrapy.database.hosts import HostStore


class PerformerDatabase:
    """Performers, what was looked up, and the faces found.

    Thread-safe; each call is one transaction of its own unless it takes a connection.
    ``target`` is a path or a ``sqlite:///`` URL; ``busy_timeout`` is how many seconds a writer
    waits for another process; ``create`` makes the file where there is none. Opening raises
    ``DatabaseDamaged``, ``DatabaseUnavailable`` or ``BadSetting``. ``token`` tells this database
    from any other.
    """

    def __init__(
        self,
        target: str | Path,
        *,
        clock: Callable[[], float] = time.time,
        busy_timeout: float = 60.0,
        create: bool = True,
    ) -> None:
        self.path = database_path(target)
        self.clock = clock
        self.engine = open_engine(target, busy_timeout=busy_timeout, create=create)
        self._inode = inode(self.path)
        try:
            migrate(self.engine, self.path, clock())
            with self.read() as connection:
                self.token = connection.scalars(select(origin.c.token)).one()
            self._register_sources()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        self.engine.dispose()

    def check(self) -> None:
        """Check the whole file, however long it takes; raises ``DatabaseDamaged``."""
        with self.engine.connect() as connection:
            check(connection, self.path)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: one state of the database, whatever is written meanwhile."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction (``BEGIN IMMEDIATE``); rolled back when the block raises.

        Raises ``DatabaseUnavailable`` when the path leads to no file any more, or to another one.
        """
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            self._check_same_file(connection)
            yield connection

    def _check_same_file(self, connection: Connection) -> None:
        """What is written to a file that was deleted or replaced is lost, and nobody would know."""
        known = connection.scalar(select(origin.c.token)) == self.token
        if not known or inode(self.path) != self._inode:
            raise DatabaseUnavailable(
                f"{self.path} is gone or is another database than the one that was opened: "
                "nothing more is written; is its disk still mounted?"
            )

    def _register_sources(self) -> None:
        with self.read() as connection:
            missing = set(all_sites()) - set(connection.scalars(select(sources.c.name)))
        for name in sorted(missing):
            self.register_source(name)

    def register_source(self, name: str) -> None:
        """Keep ready who was never looked up on this source; nothing when that is done already."""
        with self.write() as connection:
            known = select(sources.c.name).where(sources.c.name == name)
            if connection.scalar(known) is None:
                connection.execute(insert(sources).values(name=name))

    # --- Its parts -----------------------------------------------------------------------------

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self)

    @cached_property
    def faces(self) -> FaceStore:
        return FaceStore(self)

    @cached_property
    def artefacts(self) -> ArtefactStore:
        return ArtefactStore(self)

    @cached_property
    def suppressions(self) -> SuppressionStore:
        return SuppressionStore(self)

    @cached_property
    def hosts(self) -> HostStore:
        from enrichscrapy.database.hosts import HostStore

        return HostStore(self)

    # --- Performers ----------------------------------------------------------------------------

    def add_performer(self, canonical_name: str, **fields: Any) -> int:
        """Add a performer and return the id.

        ``fields`` are columns of ``performers`` (``gender``, ``birth_date``, …); ``ValueError``
        for a blank name, ``TypeError`` for a column that does not exist.
        """
        unknown = fields.keys() - rows.OWN_COLUMNS
        if unknown:
            raise TypeError(f"performers have no {', '.join(sorted(unknown))}")
        with self.write() as connection:
            values = {**fields, "canonical_name": canonical_name}
            performer_id = rows.insert_performer(connection, values, self.clock())
            note_stored_dates(connection, [performer_id], self.clock())
            self.suppressions.refresh(connection, [performer_id])
        return performer_id

    def add_url(
        self,
        performer_id: int,
        url: str,
        source_endpoint: str | None = None,
        confidence: float | None = None,
    ) -> None:
        """Add a link (canonical where its site is known); its site's ended lookup becomes due.

        ``ValueError`` when it is no web address.
        """
        with self.write() as connection:
            rows.insert_url(
                connection,
                performer_id,
                url,
                self.clock(),
                source=source_endpoint,
                confidence=confidence,
            )
            self.suppressions.refresh(connection, [performer_id])

    def add_alias(self, performer_id: int, alias: str, source_endpoint: str | None = None) -> None:
        with self.write() as connection:
            rows.insert_alias(connection, performer_id, alias, source_endpoint, self.clock())
            self.suppressions.refresh(connection, [performer_id])

    def add_stashbox_id(self, performer_id: int, endpoint: str, stashbox_performer_id: str) -> None:
        with self.write() as connection:
            rows.insert_stashbox_id(connection, performer_id, endpoint, stashbox_performer_id)
            self.suppressions.refresh(connection, [performer_id])

    def get_performer(self, performer_id: int) -> Performer | None:
        with self.read() as connection:
            return next(iter(rows.load_performers(connection, [performer_id])), None)

    def is_minor(self, performer: Performer) -> bool:
        """Whether the stored birth date or a page's makes this performer a minor today."""
        with self.read() as connection:
            return bool(words_of_minors(connection, [performer], self.clock()))

    def find_by_stashbox_id(
        self, stashbox_performer_id: str, endpoint: str | None = None
    ) -> Performer | None:
        """The performer with this id; None when there is none, or several on several endpoints."""
        query = select(stashbox_ids.c.performer_id).distinct()
        query = query.where(stashbox_ids.c.stashbox_performer_id == stashbox_performer_id)
        if endpoint is not None:
            query = query.where(stashbox_ids.c.endpoint == endpoint)
        with self.read() as connection:
            owners = connection.scalars(query).all()
            if len(owners) != 1:
                return None
            return next(iter(rows.load_performers(connection, owners)), None)

    def last_performer_id(self) -> int:
        """The highest id that any performer ever had."""
        given = text("SELECT seq FROM sqlite_sequence WHERE name = 'performers'")
        with self.read() as connection:
            return connection.scalar(given) or 0

    def is_erasing(self) -> bool:
        """Whether an erasure was begun that is not done."""
        with self.read() as connection:
            return connection.scalar(select(erasures.c.id).limit(1)) is not None

    def count_performers(self) -> int:
        with self.read() as connection:
            return connection.scalar(select(func.count(performers.c.id))) or 0

    def iter_performers_with_site_urls(
        self, site: str, after_id: int = 0, batch_size: int = 1000
    ) -> Iterator[tuple[int, str, str]]:
        """Every stored link of a site as (performer id, name, url), in performer id order.

        A link is a site's by its host. No transaction stays open between batches.
        """
        after = (after_id, 2**63 - 1)
        while True:
            with self.read() as connection:
                page = rows.site_urls_page(connection, site, after, batch_size)
            for performer_id, name, url, _ in page:
                yield performer_id, name, url
            if len(page) < batch_size:
                return
            after = (page[-1][0], page[-1][3])

    def iter_performers_after_id(
        self, after_id: int = 0, batch_size: int = 1000
    ) -> Iterator[Performer]:
        """Every performer with a higher id, in id order; one batch in memory at a time."""
        while True:
            with self.read() as connection:
                page = rows.performers_page(connection, after_id, batch_size)
            yield from page
            if len(page) < batch_size:
                return
            after_id = page[-1].id

    def get_faces(self, performer_id: int) -> list[StoredFace]:
        """All faces of a performer, of every model and verdict, in id order."""
        return self.faces.of_performer(performer_id)

    def get_scrape_progress(self, source: str) -> dict[str, Any] | None:
        """How far ``"babepedia:url"`` has got, from the ledger; None before its first lookup.

        ``last_processed_id`` is the highest performer id looked up (lower ones may be due again),
        ``errors`` counts lookups that now stand as failed or blocked.
        """
        name, _, mode = source.partition(":")
        return self.ledger.progress(name, mode or "url")
