"""Decompression that cannot fill the memory."""

from __future__ import annotations

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from enrichscrapy.core.refused import RequestRefused
from enrichscrapy.items import Outcome

MAX_LAYERS = 2
"""A server may compress an answer twice by mistake; more is an attack."""


class BoundedCompressionMiddleware(HttpCompressionMiddleware):
    """Scrapy's own, with the outcome this project stores for a bomb or a broken stream.

    The limit is the request's ``download_maxsize``, checked while it inflates.
    """

    def process_response(  # type: ignore[override]  # without the spider, which is deprecated
        self, request: Request, response: Response
    ) -> Request | Response:
        layers = b",".join(response.headers.getlist("Content-Encoding")).count(b",") + 1
        if layers > MAX_LAYERS:
            raise RequestRefused(Outcome.FAILED, "compressed too often")
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            limit = request.meta.get("download_maxsize")
            raise RequestRefused(
                Outcome.FAILED, f"too large: over {limit} bytes when unpacked"
            ) from error
        except Exception as error:  # the decoders' own errors have no common base
            raise RequestRefused(
                Outcome.FAILED, f"broken compression: {type(error).__name__}"
            ) from error
