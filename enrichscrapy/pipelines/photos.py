"""Stage 200: which photos are new, allowed and wanted?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.http import Response
from scrapy.statscollectors import StatsCollector

from enrichscrapy.core.downloader import Download, make_download
from enrichscrapy.core.meta import RequestInfo
from enrichscrapy.core.refused import RequestRefused, describe_failure
from enrichscrapy.extensions import require
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.extensions.model import ModelExtension
from enrichscrapy.items import Lookup, Outcome, Photo, PhotoOutcome
from enrichscrapy.settings_reader import read_settings

GONE = (404, 410)
FINAL = ("robots", "address", "wrong type")
"""How the details begin of refusals that a later attempt would meet again."""


@dataclass(eq=False, repr=False)
class PhotosPipeline:
    """Downloads the photos that this performer and model have not seen.

    They go through the downloader middlewares like any page (robots.txt, pace, limits), one
    after another. A photo that may come later (server error, time-out, a refusal) leaves the
    whole lookup due again, with what was got stored: the next attempt asks for the rest only.
    A crawl that is ending drops a lookup of which it got no photo: it stays due as it was.
    """

    database: DatabaseExtension
    model: ModelExtension
    stats: StatsCollector
    download: Download
    max_photos: int
    faces_enabled: bool

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        return cls(
            require(crawler, DatabaseExtension),
            require(crawler, ModelExtension),
            crawler.stats,
            make_download(crawler),
            settings.MAX_PHOTOS_PER_PROFILE,
            settings.FACES_ENABLED,
        )

    async def process_item(self, lookup: Lookup) -> Lookup:
        if lookup.outcome is not Outcome.FOUND or lookup.profile is None:
            return lookup
        if not self.faces_enabled:
            lookup.photos = [Photo(url) for url in lookup.profile.photo_urls]
            return lookup
        known = await self.database.read(
            self.database.stores.faces.find_known_photos, lookup.performer.id, self.model.model_id
        )
        new = [url for url in lookup.profile.photo_urls if url not in known.urls]
        seen = set(known.sha256s)
        for url in new[: self.max_photos]:
            photo, setback = await self._fetch(url, lookup)
            lookup.photos.append(_keep_once(photo, seen))
            if setback is not None:
                lookup.outcome, lookup.detail = setback.outcome, f"photo: {setback.detail}"
                if setback.outcome is Outcome.BLOCKED:
                    break
        return lookup

    async def _fetch(self, url: str, lookup: Lookup) -> tuple[Photo, Setback | None]:
        request = Request(
            url,
            headers={"Referer": lookup.url or ""},
            meta=RequestInfo(lookup.source, photo=True, photo_of=lookup.performer.id).make_meta(
                handle_httpstatus_all=True
            ),
            dont_filter=True,
        )
        try:
            response = await self.download(request)
        except RequestRefused as refusal:
            if refusal.transient and not any(photo.sha256 for photo in lookup.photos):
                self.stats.inc_value("lookups/postponed")
                raise DropItem("the crawl is ending", log_level="DEBUG") from refusal
            return _note_refusal(url, refusal)
        except Exception as error:  # any network error costs this photo only
            return _postpone(url, Outcome.FAILED, describe_failure(error))
        return _read_photo(url, response)


@dataclass(frozen=True)
class Setback:
    """Why a photo may still come later; it becomes the lookup's own outcome."""

    outcome: Outcome
    detail: str


def _keep_once(photo: Photo, seen: set[str]) -> Photo:
    """The photo, or a duplicate without bytes when these bytes were seen before."""
    if photo.sha256 is not None and photo.sha256 in seen:
        photo.outcome, photo.data = PhotoOutcome.DUPLICATE, None
    elif photo.sha256 is not None:
        seen.add(photo.sha256)
    return photo


def _read_photo(url: str, response: Response) -> tuple[Photo, Setback | None]:
    if response.status in GONE:
        return Photo(url, outcome=PhotoOutcome.MISSING, detail=f"http {response.status}"), None
    if response.status != 200:
        return _postpone(url, Outcome.FAILED, f"http {response.status}")
    if not response.body:
        return Photo(url, outcome=PhotoOutcome.UNREADABLE, detail="empty"), None
    digest = hashlib.sha256(response.body).hexdigest()
    return Photo(url, data=response.body, sha256=digest), None


def _note_refusal(url: str, refusal: RequestRefused) -> tuple[Photo, Setback | None]:
    """What concerns this one photo is final; what concerns its host holds for all that is left."""
    if refusal.detail.startswith("too large"):
        return Photo(url, outcome=PhotoOutcome.TOO_LARGE, detail=refusal.detail), None
    if refusal.detail.startswith(FINAL):
        return Photo(url, outcome=PhotoOutcome.REFUSED, detail=refusal.detail), None
    return _postpone(url, refusal.outcome, refusal.detail)


def _postpone(url: str, outcome: Outcome, detail: str) -> tuple[Photo, Setback | None]:
    return Photo(url, outcome=PhotoOutcome.FAILED, detail=detail), Setback(outcome, detail)
