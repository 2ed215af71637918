"""Between stages 200 and 300, only where ``KEEP_PHOTOS`` names a folder: photos stay on disk."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem, NotConfigured

from enrichscrapy.extensions import Stop, require, stop_crawl
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.files.folders import make_folder
from enrichscrapy.files.kept_photos import find_folder, keep_photo
from enrichscrapy.items import Lookup
from enrichscrapy.settings_reader import read_settings


class KeptPhotosPipeline:
    """Writes what was downloaded and registers its folder, so that ``forget`` finds it.

    A folder that cannot be written any more ends the crawl: its photos would be lost for good,
    since what is stored is not asked for again.
    """

    def __init__(self, database: DatabaseExtension, folder: Path, stop: Stop) -> None:
        self.database = database
        self.folder = folder
        self.stop = stop

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        if settings.KEEP_PHOTOS is None or settings.DRY_RUN:
            raise NotConfigured
        folder = make_folder("KEEP_PHOTOS", settings.KEEP_PHOTOS)
        return cls(require(crawler, DatabaseExtension), folder, partial(stop_crawl, crawler))

    async def process_item(self, lookup: Lookup) -> Lookup:
        photos = [(p.sha256, p.data) for p in lookup.photos if p.sha256 and p.data]
        if photos:
            own = find_folder(self.folder, lookup.performer.id)
            await self.database.write(self.database.stores.artefacts.register, "photos", own)
        try:
            for sha256, data in photos:
                await asyncio.to_thread(keep_photo, self.folder, lookup.performer.id, sha256, data)
        except OSError as error:
            message = f"KEEP_PHOTOS={self.folder} cannot be written any more: {error.strerror}"
            self.stop("disk_error", message, at_once=True)
            raise DropItem(message, log_level="ERROR") from error
        return lookup
