"""What stage 400 and the store judge with: the rules in force and the rest of the index."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from enrichscrapy.database.faces import StoredFace
from enrichscrapy.exceptions import BadSetting, IndexDamaged
from enrichscrapy.extensions import Stop, require, share, stop_crawl
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.model import ModelExtension
from enrichscrapy.faces.model import resolve_model
from enrichscrapy.index import FaceIndex
from enrichscrapy.index.files import read_current
from enrichscrapy.items import Lookup
from enrichscrapy.lookups.judge import Judge
from enrichscrapy.lookups.neighbours import find_neighbours
from enrichscrapy.settings_reader import read_settings

logger = logging.getLogger(__name__)


@dataclass(eq=False, repr=False)
class JudgeExtension:
    """Holds the crawl's :class:`.Judge` and follows the published index."""

    database: DatabaseExtension
    model: ModelExtension
    index_dir: Path
    judge: Judge
    stats: StatsCollector
    stop: Stop
    _index: FaceIndex | None = field(default=None, init=False)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        extension = cls(
            require(crawler, DatabaseExtension),
            require(crawler, ModelExtension),
            settings.INDEX_DIR,
            Judge.from_settings(settings),
            crawler.stats,
            partial(stop_crawl, crawler),
        )
        share(crawler, extension)
        crawler.signals.connect(extension.engine_started, signal=signals.engine_started)
        return extension

    async def engine_started(self) -> None:
        """Take up the thresholds of the crawl's model: after it is known, before any request."""
        model, faces = self.model, self.database.stores.faces
        if model.info is None:
            return
        stored = None
        if model.model_id is not None:
            stored = await self.database.read(faces.get_thresholds, model.model_id)
        try:
            model_class = resolve_model(model.options.model)
            self.judge = self.judge.for_model(model.info, stored, model_class)
        except BadSetting as error:
            self.stop("bad_setting", str(error))

    def find_neighbours(self, lookup: Lookup, stored: Sequence[StoredFace]) -> None:
        """Fill each face's ``neighbours``, and the lookup's ``around``: the faces of *other*
        performers nearest to it, and to the trusted ones among ``stored``; nearest first.

        Reads the published index and the database; for a reader thread.
        """
        find_neighbours(lookup, stored, self._follow_index(), self.database.stores.faces)

    def _follow_index(self) -> FaceIndex | None:
        """The generation in force, read again only when another was published.

        An index that cannot be used leaves the rules without this evidence: they still have the
        performer's own faces, and the publisher makes a new one at the latest when it closes.
        """
        name = read_current(self.index_dir)
        if self._index is None or self._index.manifest.generation != name:
            try:
                index = FaceIndex.open_current(self.index_dir, self.model.info)
                token = self.database.stores.token
                if index is not None and index.manifest.database not in ("", token):
                    raise IndexDamaged("it is another database's")
                self._index = index
            except IndexDamaged as error:
                self.stats.inc_value("index/unusable")
                logger.warning("judging without the rest of the index: %s", error)
                self._index = None
        return self._index
