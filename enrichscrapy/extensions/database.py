"""The performer database of a crawl, kept off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, Self, TypeVar

from scrapy import signals
from scrapy.crawler import Crawler

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.minors import withdraw_kept_minors
from enrichscrapy.extensions import share
from enrichscrapy.identity.rarity import Population
from enrichscrapy.settings_reader import ProjectSettings, read_settings

P = ParamSpec("P")
T = TypeVar("T")

READERS = 4


def _register_log(database: PerformerDatabase, settings: ProjectSettings) -> None:
    """A log may name people (below INFO it holds links): it is for its owner's eyes only, and
    erasure must find it.
    """
    if settings.LOG_FILE is not None:
        if settings.LOG_FILE.is_file():
            settings.LOG_FILE.chmod(0o600)
        database.artefacts.register("log", settings.LOG_FILE)


class DatabaseExtension:
    """Opens the database of ``DATABASE_URL`` and closes it when the engine has stopped.

    All writes run on one thread, in the order they were asked for: two of them never wait for
    each other, and a lock held by another process never blocks the event loop.
    Building it raises ``DatabaseDamaged``, ``DatabaseUnavailable`` or ``SuppressionKeyMissing``.
    """

    def __init__(self, database: PerformerDatabase, patience: float | None = None) -> None:
        self.stores = database
        self.patience = patience
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="database-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="database-reader")
        self._population: asyncio.Future[Population] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        database = PerformerDatabase.of(settings, create=False)
        try:
            database.suppressions.check()
            if not settings.DRY_RUN:
                _register_log(database, settings)
                with database.write() as connection:
                    withdraw_kept_minors(connection, database.clock())
        except BaseException:
            database.close()
            raise
        extension = share(crawler, cls(database, settings.DATABASE_PATIENCE))
        crawler.signals.connect(extension.engine_stopped, signal=signals.engine_stopped)
        return extension

    async def write(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``function`` on the writer thread; once begun it is finished, cancelled or not.

        It is run again where its transaction was undone, or the database's server lost.
        """
        return await self._run(self._writer, function, *args, **kwargs)

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``function`` on a reader thread, beside the writer."""
        return await self._run(self._readers, function, *args, **kwargs)

    async def count_population(self) -> Population:
        """How common names are among the performers, counted once a crawl, on a reader thread."""
        if self._population is None:
            self._population = asyncio.ensure_future(self.read(self.stores.count_population))
        return await asyncio.shield(self._population)

    async def _run(
        self,
        threads: ThreadPoolExecutor,
        function: Callable[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Each function is one transaction, which can be repeated: at worst one that was written
        after all counts a request twice, or finds that its lease has ended.
        """
        loop = asyncio.get_running_loop()
        unit = partial(function, *args, **kwargs)
        return await loop.run_in_executor(threads, self.stores.insist, unit, self.patience)

    async def engine_stopped(self) -> None:
        """Finish what was asked for, then close."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self.stores.close()
