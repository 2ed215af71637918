"""A bare Scrapy spider that takes the same profiles from the same pages.

``python -m benchmarks._bare URL COUNT``: one request at a time, otherwise as ``scrapy
startproject`` leaves it. Nothing is checked, paced, remembered or stored.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response, TextResponse

from benchmarks._people import path_of
from enrichscrapy.sites import babepedia

SETTINGS = {"ROBOTSTXT_OBEY": True, "CONCURRENT_REQUESTS": 1, "LOG_LEVEL": "INFO"}


class BareSpider(Spider):
    name = "bare"
    url: str
    count: str

    async def start(self) -> AsyncIterator[Any]:
        for number in range(int(self.count)):
            yield Request(f"{self.url}{path_of(number)}")

    def parse(self, response: Response) -> Iterator[dict[str, object]]:
        assert isinstance(response, TextResponse)
        yield vars(babepedia.parse_profile(response.selector, response.url))


def main(url: str, count: str) -> None:
    process = CrawlerProcess(SETTINGS)
    process.crawl(BareSpider, url=url, count=count)
    process.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
