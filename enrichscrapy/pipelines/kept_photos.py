"""Between stages 200 and 300, only where ``KEEP_PHOTOS`` names a folder: photos stay on disk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from enrichscrapy.extensions import required
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.files.kept_photos import folder_of, keep_photo
from enrichscrapy.items import Lookup


class KeptPhotosPipeline:
    """Writes what was downloaded and registers its folder, so that ``forget`` finds it."""

    def __init__(self, crawler: Crawler, folder: Path) -> None:
        self.folder = folder
        self.database = required(crawler, DatabaseExtension)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        folder = crawler.settings["KEEP_PHOTOS"]
        if not folder or crawler.settings.getbool("DRY_RUN"):
            raise NotConfigured
        return cls(crawler, Path(folder).expanduser().absolute())

    async def process_item(self, lookup: Lookup) -> Lookup:
        photos = [(p.sha256, p.data) for p in lookup.photos if p.sha256 and p.data]
        if photos:
            own = folder_of(self.folder, lookup.performer.id)
            await self.database.write(self.database.database.artefacts.register, "photos", own)
        for sha256, data in photos:
            await asyncio.to_thread(keep_photo, self.folder, lookup.performer.id, sha256, data)
        return lookup
