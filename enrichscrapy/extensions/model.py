"""The face model of a crawl: described (and its weights verified) before the first request."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.extensions import Stop, require, share, stop_crawl
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.faces.engine import FaceOptions
from enrichscrapy.faces.model import resolve_model
from enrichscrapy.items import ModelInfo
from enrichscrapy.settings_reader import read_settings


@dataclass(eq=False, repr=False)
class ModelExtension:
    """Knows which model's vectors this crawl makes.

    ``info`` is None when faces are switched off. ``model_id`` is set when the spider has opened,
    before the first request; it stays None while no row may be written (``DRY_RUN``).
    """

    database: DatabaseExtension
    options: FaceOptions
    info: ModelInfo | None
    writes: bool
    stop: Stop
    model_id: int | None = field(default=None, init=False)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        options = FaceOptions.from_settings(settings)
        info = None
        if settings.FACES_ENABLED:
            info = resolve_model(options.model).describe(options.model_options)
        extension = cls(
            require(crawler, DatabaseExtension),
            options,
            info,
            writes=not settings.DRY_RUN,
            stop=partial(stop_crawl, crawler),
        )
        share(crawler, extension)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.engine_started, signal=signals.engine_started)
        return extension

    async def spider_opened(self) -> None:
        if self.info is None:
            return
        faces = self.database.stores.faces
        if self.writes:
            self.model_id = await self.database.write(faces.ensure_model, self.info)
        else:
            self.model_id = await self.database.read(faces.find_model, self.info)

    async def engine_started(self) -> None:
        """Stop before any request while the database's faces are another model's: with this one
        every performer would be looked up again, and none would have a trusted face."""
        if self.info is None:
            return
        refuse_unmoved = self.database.stores.faces.refuse_unmoved
        try:
            await self.database.read(refuse_unmoved, self.model_id, self.info)
        except BadSetting as error:
            self.stop("bad_setting", str(error))
