"""The performer database: the people in it, and the stores of what was learnt about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from sqlalchemy import func, select

from enrichscrapy.database import machines
from enrichscrapy.database import performers as rows
from enrichscrapy.database.accepting import ProposalStore
from enrichscrapy.database.artefacts import ArtefactStore
from enrichscrapy.database.connection import Database
from enrichscrapy.database.faces import FaceStore, StoredFace
from enrichscrapy.database.hosts import HostStore
from enrichscrapy.database.ledger import Ledger
from enrichscrapy.database.minors import find_whose_words, note_stored_dates
from enrichscrapy.database.rejections import drop_expired
from enrichscrapy.database.schema import performers
from enrichscrapy.database.suppressions import SuppressionStore
from enrichscrapy.identity.evidence import make_bearer
from enrichscrapy.identity.rarity import Population
from enrichscrapy.items import Performer, ReferenceSiteMode
from enrichscrapy.settings_reader import ProjectSettings
from enrichscrapy.sites import find_sites


class PerformerDatabase(Database):
    """Performers, what was looked up, and the faces found.

    Each call is one transaction of its own unless it takes a connection.
    """

    def __init__(
        self,
        target: str | Path,
        *,
        clock: Callable[[], float] | None = None,
        busy_timeout: float = 60.0,
        create: bool = True,
        folder: Path = Path("data"),
        machine: str = "",
        key_file: Path | None = None,
    ) -> None:
        super().__init__(
            target,
            clock=clock,
            busy_timeout=busy_timeout,
            create=create,
            folder=folder,
            machine=machine,
            key_file=key_file,
        )
        try:
            self.ledger.register_sources(find_sites())
            drop_expired(self)
        except BaseException:
            self.close()
            raise

    # --- Its parts -----------------------------------------------------------------------------

    @classmethod
    def of(cls, settings: ProjectSettings, *, create: bool = True) -> Self:
        """Open the database that the settings name."""
        return cls(
            settings.DATABASE_URL,
            create=create,
            folder=settings.STATE_DIR,
            machine=settings.MACHINE_NAME,
            key_file=settings.SUPPRESSION_KEY_FILE,
        )

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self, self.suppressions)

    @cached_property
    def faces(self) -> FaceStore:
        return FaceStore(self, self.suppressions)

    @cached_property
    def artefacts(self) -> ArtefactStore:
        return ArtefactStore(self)

    @cached_property
    def suppressions(self) -> SuppressionStore:
        return SuppressionStore(self)

    @cached_property
    def proposals(self) -> ProposalStore:
        return ProposalStore(self, self.suppressions)

    @cached_property
    def hosts(self) -> HostStore:
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
            return bool(find_whose_words(connection, [performer], self.clock()))

    def get_last_performer_id(self) -> int:
        """The highest id that any performer ever had."""
        with self.read() as connection:
            return self.backend.find_last_id(connection, performers)

    def is_erasing(self) -> bool:
        """Whether an erasure was begun that is not done, on this machine or in the database."""
        with self.read() as connection:
            return bool(machines.list_open(connection, self.machine))

    def count_performers(self) -> int:
        with self.read() as connection:
            return connection.scalar(select(func.count(performers.c.id))) or 0

    def count_population(self) -> Population:
        """How common the names of these performers are.

        Counted again: seconds for 100,000 performers, and no table that would have to be kept in
        step by everything that writes a name, and that would remember who was forgotten.
        """
        return Population(make_bearer(performer) for performer in self._iter_names())

    def _iter_names(self, batch_size: int = 2000) -> Iterator[rows.Known]:
        after_id = 0
        while True:
            with self.read() as connection:
                page = rows.read_names_page(connection, after_id, batch_size)
            if not page:
                return
            yield from page
            after_id = page[-1].id

    def iter_performers_with_site_urls(
        self, site: str, after_id: int = 0, batch_size: int = 1000
    ) -> Iterator[tuple[int, str, str]]:
        """Every stored link of a site as (performer id, name, url), in performer id order.

        A link is a site's by its host. No transaction stays open between batches.
        """
        after = (after_id, 2**63 - 1)
        while True:
            with self.read() as connection:
                page = rows.read_site_urls_page(connection, site, after, batch_size)
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
                page = rows.read_performers_page(connection, after_id, batch_size)
            yield from page
            if len(page) < batch_size:
                return
            after_id = page[-1].id

    def get_faces(self, performer_id: int) -> list[StoredFace]:
        """All faces of a performer, of every model and verdict, in id order."""
        return self.faces.list_faces(performer_id)

    def get_scrape_progress(self, source: str) -> dict[str, Any] | None:
        """How far ``"babepedia:url"`` has got, from the ledger; None before its first lookup.

        ``last_processed_id`` is the highest performer id looked up (lower ones may be due again),
        ``errors`` counts lookups that now stand as failed or blocked.
        """
        name, _, mode = source.rpartition(":")
        known = name and mode in list(ReferenceSiteMode)
        return self.ledger.get_progress(*(name, mode) if known else (source, "url"))
