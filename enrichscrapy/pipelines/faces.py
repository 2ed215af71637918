"""Stage 300: which faces are in the photos, how good are they, what are their vectors?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from enrichscrapy.exceptions import BadSetting, EnrichError
from enrichscrapy.extensions import Stop, require, stop_crawl
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.judge import JudgeExtension
from enrichscrapy.extensions.model import ModelExtension
from enrichscrapy.faces.engine import PhotoFaces
from enrichscrapy.faces.workers import FaceWorkers
from enrichscrapy.items import Lookup, Outcome, Photo
from enrichscrapy.lookups.stages import mark_shared, take_faces
from enrichscrapy.settings_reader import read_settings


@dataclass(eq=False, repr=False)
class FacesPipeline:
    """Looks at the photos in worker processes, never on the event loop.

    The workers load their networks while the first page is on its way; weights that fail the
    self-test close the crawl.
    """

    database: DatabaseExtension
    model: ModelExtension
    judging: JudgeExtension
    workers: FaceWorkers
    stop: Stop
    _: KW_ONLY
    many: int
    enabled: bool
    _ready: asyncio.Future[None] | None = field(default=None, init=False)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        model, settings = require(crawler, ModelExtension), read_settings(crawler.settings)
        return cls(
            require(crawler, DatabaseExtension),
            model,
            require(crawler, JudgeExtension),
            FaceWorkers(model.options, settings.FACE_WORKERS),
            partial(stop_crawl, crawler),
            many=settings.PLACEHOLDER_PERFORMERS,
            enabled=settings.FACES_ENABLED,
        )

    async def open_spider(self) -> None:
        if self.enabled:
            self._ready = asyncio.ensure_future(self._start())

    async def _start(self) -> None:
        try:
            await self.workers.start()
        except EnrichError as error:
            reason = "bad_setting" if isinstance(error, BadSetting) else "stage_failed"
            self.stop(reason, str(error), at_once=True)
            raise

    async def close_spider(self) -> None:
        if self._ready is not None:
            await asyncio.wait([self._ready])
        await self.workers.close()

    async def process_item(self, lookup: Lookup) -> Lookup:
        photos = [photo for photo in lookup.photos if photo.data is not None]
        if not photos or self._ready is None:
            return lookup
        results = await self._look(photos)
        lost = next((result for result in results if result.due_again), None)
        if lost is not None:
            lookup.outcome, lookup.detail = Outcome.FAILED, f"photo: {lost.detail}"
        known = await self.database.read(
            self.database.stores.faces.find_known_photos, lookup.performer.id, self.model.model_id
        )
        twin = self.judging.judge.thresholds.twin
        take_faces(lookup, photos, results, known.pictures, twin)
        others = await self.database.read(
            self.database.stores.faces.count_shared_photos, lookup.performer.id, photos
        )
        mark_shared(lookup, others, self.many)
        return lookup

    async def _look(self, photos: Sequence[Photo]) -> Sequence[PhotoFaces]:
        """What the workers see; without workers nothing can be looked at, and the crawl ends."""
        assert self._ready is not None
        try:
            await asyncio.shield(self._ready)
            return await self.workers.look([photo.data or b"" for photo in photos])
        except EnrichError as error:
            self.stop("stage_failed", str(error), at_once=True)
            raise DropItem("its photos cannot be looked at", log_level="DEBUG") from error
