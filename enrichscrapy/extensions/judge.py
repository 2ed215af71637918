"""What stage 400 and the store judge with: the rules in force and the rest of the index."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from scrapy import signals
from scrapy.crawler import Crawler

from enrichscrapy.database.faces import StoredFace
from enrichscrapy.exceptions import BadSetting, IndexDamaged
from enrichscrapy.extensions import required, stop_crawl
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.model import ModelExtension
from enrichscrapy.faces.model import resolve_model
from enrichscrapy.index import FaceIndex
from enrichscrapy.index.files import read_current
from enrichscrapy.items import Lookup, Neighbour, Vector
from enrichscrapy.lookups.judge import Judge
from enrichscrapy.settings_reader import read_settings
from enrichscrapy.verdicts.evidence import centroid, stack

logger = logging.getLogger(__name__)

NEIGHBOURS = 64
"""Faces asked of the index for each face; the performer's own are among them."""


class JudgeExtension:
    """Holds the crawl's :class:`.Judge` and follows the published index."""

    def __init__(self, crawler: Crawler, index_dir: Path, judge: Judge) -> None:
        self.crawler = crawler
        self.index_dir = index_dir
        self.judge = judge
        self._index: FaceIndex | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        extension = cls(crawler, settings.INDEX_DIR, Judge.from_settings(settings))
        crawler.signals.connect(extension.engine_started, signal=signals.engine_started)
        return extension

    async def engine_started(self) -> None:
        """Take up the thresholds of the crawl's model: after it is known, before any request."""
        model = required(self.crawler, ModelExtension)
        if model.info is None:
            return
        stored = None
        if model.model_id is not None:
            database = required(self.crawler, DatabaseExtension)
            stored = await database.read(database.database.faces.thresholds, model.model_id)
        try:
            model_class = resolve_model(model.options.model)
            self.judge = self.judge.for_model(model.info, stored, model_class)
        except BadSetting as error:
            stop_crawl(self.crawler, "bad_setting", str(error))

    def find_neighbours(self, lookup: Lookup, stored: Sequence[StoredFace]) -> None:
        """Fill each face's ``neighbours``, and the lookup's ``around``: the faces of *other*
        performers nearest to it, and to the trusted ones among ``stored``; nearest first.

        Reads the published index and the database; for a reader thread.
        """
        index = self._follow_index()
        if index is None or not index.count:
            return
        vectors = np.stack(
            [face.vector for face in lookup.faces if face.vector is not None] + _mean(stored)
        )
        ids, similarities = index.search(vectors, min(NEIGHBOURS, index.count))
        database = required(self.crawler, DatabaseExtension).database
        owners = database.faces.performers_of([int(i) for i in np.unique(ids)])
        lookup.index_size = index.count
        found = [
            tuple(
                Neighbour(owners[int(i)], int(i), float(1.0 - s))
                for i, s in zip(near, similarity, strict=True)
                if owners.get(int(i), lookup.performer.id) != lookup.performer.id
            )
            for near, similarity in zip(ids, similarities, strict=True)
        ]
        for face, near in zip(lookup.faces, found, strict=False):
            face.neighbours = near
        lookup.around = found[-1] if len(found) > len(lookup.faces) else ()

    def _follow_index(self) -> FaceIndex | None:
        """The generation in force, read again only when another was published.

        An index that cannot be used leaves the rules without this evidence: they still have the
        performer's own faces, and the publisher makes a new one at the latest when it closes.
        """
        name = read_current(self.index_dir)
        if self._index is None or self._index.manifest.generation != name:
            try:
                model = required(self.crawler, ModelExtension).info
                index = FaceIndex.open_current(self.index_dir, model)
                token = required(self.crawler, DatabaseExtension).database.token
                if index is not None and index.manifest.database not in ("", token):
                    raise IndexDamaged("it is another database's")
                self._index = index
            except IndexDamaged as error:
                self.crawler.stats.inc_value("index/unusable")
                logger.warning("judging without the rest of the index: %s", error)
                self._index = None
        return self._index


def _mean(stored: Sequence[StoredFace]) -> list[Vector]:
    """The mean direction of the trusted faces, if there are any."""
    trusted = [face.vector for face in stored if face.trusted and face.vector is not None]
    return [centroid(stack(trusted))[0].astype(np.float32)] if trusted else []
