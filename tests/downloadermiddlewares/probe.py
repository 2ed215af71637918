"""Crawls that send given requests and report what came, one after another in one process.

Reads one JSON object a line, writes one JSON object a line. A spec has ``requests`` (each ``url``
and, if wanted, ``photo``), ``settings``, ``site`` (attributes of the site) and ``together`` (all
at once). Photos go by ``engine.download_async`` as in the photo stage, pages by the scheduler.
"""

import asyncio
import io
import json
import logging
import sys
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from scrapy.utils.reactor import install_reactor

install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")

from scrapy import Request, Spider  # noqa: E402
from scrapy.crawler import AsyncCrawlerRunner  # noqa: E402
from scrapy.http import Response  # noqa: E402
from scrapy.settings import Settings  # noqa: E402
from scrapy.utils.defer import deferred_from_coro  # noqa: E402
from scrapy.utils.project import get_project_settings  # noqa: E402
from twisted.internet import reactor as _reactor  # noqa: E402
from twisted.python.failure import Failure  # noqa: E402

from enrichscrapy.core.meta import RequestInfo  # noqa: E402
from enrichscrapy.core.refused import (  # noqa: E402
    RequestRefused,
    describe_failure,
)
from enrichscrapy.core.resolver import PublicResolver  # noqa: E402

reactor: Any = _reactor  # a module to type checkers
Spec = dict[str, Any]
Results = dict[int, dict[str, Any]]


class ProbeSpider(Spider):
    name = "probe"

    def __init__(self, spec: Spec, results: Results) -> None:
        super().__init__()
        self.spec, self.results = spec, results
        self.source_name = spec["site"]["NAME"]
        self.site = SimpleNamespace(**spec["site"])

    async def start(self) -> AsyncIterator[Request]:
        photos = []
        for number, wanted in enumerate(self.spec["requests"]):
            photo = bool(wanted.get("photo"))
            meta = RequestInfo(self.source_name, photo=photo).make_meta(number=number)
            if photo:
                request = Request(wanted["url"], meta=meta, dont_filter=True)
                photos.append(asyncio.ensure_future(self.fetch(request)))
                if not self.spec.get("together"):
                    await photos[-1]
                continue
            done = asyncio.Event()
            yield Request(
                wanted["url"],
                callback=self.got,
                errback=self.failed,
                dont_filter=True,
                meta=meta,
                cb_kwargs={"done": done},
            )
            if not self.spec.get("together"):
                await done.wait()
        if photos:
            await asyncio.wait(photos)

    async def fetch(self, request: Request) -> None:
        try:
            self.store(await self.crawler.engine.download_async(request), request)
        except Exception as error:
            self.store_error(error, request)

    def got(self, response: Response, done: asyncio.Event) -> None:
        assert response.request is not None
        self.store(response, response.request)
        done.set()

    def failed(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
        self.store_error(failure.value, request)
        request.cb_kwargs["done"].set()

    def store(self, response: Response, request: Request) -> None:
        self.results[request.meta["number"]] = {
            "status": response.status,
            "url": response.url,
            "length": len(response.body),
            "text": response.body[:200].decode("latin-1"),
        }

    def store_error(self, error: BaseException | None, request: Request) -> None:
        refused = error if isinstance(error, RequestRefused) else None
        self.results[request.meta["number"]] = {
            "error": type(error).__name__,
            "detail": describe_failure(error or RuntimeError("unknown")),
            "outcome": refused.outcome.value if refused else "failed",
            "transient": refused is not None and refused.transient,
        }


def settings_of(spec: Spec) -> Settings:
    settings = get_project_settings()
    changes = {
        "SPIDER_MODULES": [],
        "ITEM_PIPELINES": {},
        "EXTENSIONS": {
            "enrichscrapy.extensions.database.DatabaseExtension": 0,
            "scrapy.extensions.throttle.AutoThrottle": None,
        },
        "RETRY_TIMES": 0,
    }
    settings.setdict(changes | spec["settings"], priority="project")
    return settings


async def crawl(spec: Spec) -> dict[str, object]:
    settings = settings_of(spec)
    results: Results = {}
    PublicResolver.from_crawler(SimpleNamespace(settings=settings), reactor).install_on_reactor()
    runner = AsyncCrawlerRunner(settings)
    crawler = runner.create_crawler(ProbeSpider)
    error = None
    try:
        await runner.crawl(crawler, spec=spec, results=results)
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    stats = crawler.stats.get_stats() if crawler.stats else {}
    return {
        "results": [results.get(number) for number in range(len(spec["requests"]))],
        "stats": {k: v for k, v in stats.items() if isinstance(v, (int, float, str))},
        "error": error,
    }


async def serve() -> None:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        log = io.StringIO()
        handler = logging.StreamHandler(log)
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        logging.getLogger().addHandler(handler)
        report = await crawl(json.loads(line))
        logging.getLogger().removeHandler(handler)
        print(json.dumps(report | {"log": log.getvalue()}), flush=True)


logging.getLogger().setLevel(logging.INFO)
deferred_from_coro(serve()).addBoth(lambda _: reactor.stop())
reactor.run()
