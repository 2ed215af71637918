"""Stage 400: is each face this performer's?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from scrapy.crawler import Crawler

from enrichscrapy.database.faces import StoredFace
from enrichscrapy.extensions import require
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.judge import JudgeExtension
from enrichscrapy.extensions.model import ModelExtension
from enrichscrapy.items import Lookup
from enrichscrapy.lookups.stages import give_verdicts


@dataclass(eq=False, repr=False)
class ValidationPipeline:
    """Puts a verdict on each face, judged against references frozen for the whole lookup."""

    database: DatabaseExtension
    model: ModelExtension
    judging: JudgeExtension

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(
            require(crawler, DatabaseExtension),
            require(crawler, ModelExtension),
            require(crawler, JudgeExtension),
        )

    async def process_item(self, lookup: Lookup) -> Lookup:
        if not lookup.faces:
            return lookup
        stored, token = await self._find_references(lookup)
        await self.database.read(self.judging.find_neighbours, lookup, stored)
        give_verdicts(lookup, stored, token, self.judging.judge)
        return lookup

    async def _find_references(self, lookup: Lookup) -> tuple[list[StoredFace], str]:
        """The performer's faces of this model; none before a model's first crawl (dry runs)."""
        if self.model.model_id is None:
            return [], ""
        faces = self.database.stores.faces
        return await self.database.read(
            faces.find_references, lookup.performer.id, self.model.model_id
        )
