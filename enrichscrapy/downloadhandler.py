"""The last stop before the network: canonical URLs become real ones, and back."""

from __future__ import annotations

import logging
from urllib.parse import urldefrag

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response

from enrichscrapy.addresses import SourceAddresses
from enrichscrapy.downloadermiddlewares.pace import pace_of
from enrichscrapy.downloadermiddlewares.sources import Sources
from enrichscrapy.headerlimit import limit_headers

# Their warnings quote whole URLs, which hold names; what they warn of is a stored outcome here.
_QUOTING_URLS = (
    "scrapy.core.downloader.handlers.http11",
    "scrapy.downloadermiddlewares.httpcompression",
)


class OutboundDownloadHandler(HTTP11DownloadHandler):
    """Applies ``<SOURCE>_BASE_URL`` to whatever leaves, photos included, and ends its turn.

    Everything on the engine's side (robots.txt rules, cookies, redirects, the spider) sees the
    site's real host.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        limit_headers(self._pool)
        # Twisted would repeat a request at once when a kept connection breaks: out of turn.
        self._pool.retryAutomatically = False
        self.sources = Sources.from_crawler(crawler)
        for name in _QUOTING_URLS:
            logging.getLogger(name).setLevel(logging.ERROR)

    async def download_request(self, request: Request) -> Response:
        response = None
        try:
            response = await self._fetch(request)
            return response
        finally:
            await pace_of(self._crawler).end_turn(request, response)

    async def _fetch(self, request: Request) -> Response:
        source = self.sources.of(request)
        if source is None or not source.base_url:
            return await super().download_request(request)
        outgoing = request.replace(url=source.leaving(request.url))
        try:
            response = await super().download_request(outgoing)
        finally:
            request.meta.update(outgoing.meta)
        return _canonical(response, request, source)


def _canonical(response: Response, request: Request, source: SourceAddresses) -> Response:
    location = response.headers.get("Location")
    if location is not None:
        response.headers["Location"] = source.arriving(location.decode("latin-1"))
    return response.replace(url=urldefrag(request.url).url)
