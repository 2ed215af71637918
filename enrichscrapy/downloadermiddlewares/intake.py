"""Where requests may go and what may come back; a redirect passes here again at every hop."""

from __future__ import annotations

import logging
from typing import Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response

from enrichscrapy.core.meta import RequestInfo
from enrichscrapy.core.refused import RequestRefused
from enrichscrapy.core.sources import Sources
from enrichscrapy.items import Outcome
from enrichscrapy.politeness.user_agent import make_user_agent
from enrichscrapy.settings_reader import read_settings

logger = logging.getLogger(__name__)

PAGE_TYPES = (
    "text/",
    "application/xhtml+xml",
    "application/xml",
    "application/json",
    "application/graphql-response+json",
)
PHOTO_TYPES = ("image/", "application/octet-stream", "binary/octet-stream")
_UNWANTED_META = ("proxy", "bindaddress", "playwright", "handle_httpstatus_all")
"""What leads elsewhere than the address says, or to a browser; the last one keeps redirects from
being followed (``HTTPERROR_ALLOW_ALL`` lets every status through)."""


def find_type_fault(content_type: str, *, photo: bool) -> str | None:
    """Why an answer of this ``Content-Type`` cannot be used; a missing type is let through."""
    kind = content_type.partition(";")[0].strip().lower()
    if not kind or kind.startswith(PHOTO_TYPES if photo else PAGE_TYPES):
        return None
    return f"wrong type: {kind}"


class IntakeMiddleware:
    """Checks addresses, sets limits and the User-Agent, and refuses what is not what it should be.

    Settings: ``PAGE_MAX_BYTES``, ``PHOTO_MAX_BYTES``, ``CONTACT``, ``<SOURCE>_BASE_URL``.
    """

    def __init__(self, sources: Sources, agent: str, page_max: int, photo_max: int) -> None:
        self.sources = sources
        self.agent = agent
        self.page_max = page_max
        self.photo_max = photo_max

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = read_settings(crawler.settings)
        intake = cls(
            Sources.from_crawler(crawler),
            make_user_agent(settings.CONTACT),
            settings.PAGE_MAX_BYTES,
            settings.PHOTO_MAX_BYTES,
        )
        if not settings.CONTACT.strip():
            crawler.signals.connect(intake.say_no_contact, signal=signals.spider_opened)
        return intake

    def say_no_contact(self) -> None:
        logger.warning(
            "CONTACT is not set: the site's operator cannot write to you (%s)", self.agent
        )

    def process_request(self, request: Request) -> None:
        info = RequestInfo.of(request)
        source = self.sources.find(request)
        any_host = info.photo or info.robots
        fault = source.find_fault(request.url, photo=any_host) if source else "host not allowed"
        if fault:
            raise RequestRefused(Outcome.FAILED, f"address: {fault}")
        for key in _UNWANTED_META:
            request.meta.pop(key, None)
        request.meta["download_maxsize"] = self.photo_max if info.photo else self.page_max
        request.headers["User-Agent"] = self.agent

    def process_response(self, request: Request, response: Response) -> Response:
        kind = (response.headers.get("Content-Type") or b"").decode("latin-1")
        fault = find_type_fault(kind, photo=RequestInfo.of(request).photo)
        if fault and response.status == 200:
            raise RequestRefused(Outcome.FAILED, fault)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if isinstance(exception, DownloadCancelledError):
            limit = request.meta.get("download_maxsize")
            raise RequestRefused(Outcome.FAILED, f"too large: over {limit} bytes") from exception
