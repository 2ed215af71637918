"""A crawl in a process of its own: sends given requests one after another, prints what came.

``python probe.py < spec.json``. The spec: ``requests`` (each ``url`` and, if wanted, ``photo``),
``settings``, ``site`` (attributes of the site), ``together`` (all at once). Photos go by
``engine.download_async`` as in the photo stage, pages through the scheduler.
"""

import asyncio
import json
import sys
from types import SimpleNamespace

from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess
from scrapy.utils.project import get_project_settings

from enrichscrapy.downloadermiddlewares.refused import RequestRefused, describe_failure

SPEC = json.load(sys.stdin)
RESULTS = {}


class ProbeSpider(Spider):
    name = "probe"
    source_name = SPEC["site"]["NAME"]
    site = SimpleNamespace(**SPEC["site"])

    async def start(self):
        photos = []
        for number, wanted in enumerate(SPEC["requests"]):
            meta = {"source": self.source_name, "number": number}
            if wanted.get("photo"):
                request = Request(wanted["url"], meta={**meta, "photo": True}, dont_filter=True)
                photos.append(asyncio.ensure_future(self.fetch(request)))
                if not SPEC.get("together"):
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
            if not SPEC.get("together"):
                await done.wait()
        if photos:
            await asyncio.wait(photos)

    async def fetch(self, request):
        try:
            self.store(await self.crawler.engine.download_async(request), request)
        except Exception as error:
            self.store_error(error, request)

    def got(self, response, done):
        self.store(response, response.request)
        done.set()

    def failed(self, failure):
        self.store_error(failure.value, failure.request)
        failure.request.cb_kwargs["done"].set()

    def store(self, response, request):
        RESULTS[request.meta["number"]] = {
            "status": response.status,
            "url": response.url,
            "length": len(response.body),
            "text": response.body[:200].decode("latin-1"),
        }

    def store_error(self, error, request):
        refused = isinstance(error, RequestRefused)
        RESULTS[request.meta["number"]] = {
            "error": type(error).__name__,
            "detail": describe_failure(error),
            "outcome": error.outcome.value if refused else "failed",
            "transient": refused and error.transient,
        }


settings = get_project_settings()
settings.setdict(
    {
        "SPIDER_MODULES": [],
        "ITEM_PIPELINES": {},
        "EXTENSIONS": {"scrapy.extensions.throttle.AutoThrottle": None},
        "LOG_LEVEL": "INFO",
        "RETRY_TIMES": 0,
        **SPEC.get("settings", {}),
    },
    priority="cmdline",
)
process = CrawlerProcess(settings)
crawler = process.create_crawler(ProbeSpider)
process.crawl(crawler)
process.start()
stats = {k: v for k, v in crawler.stats.get_stats().items() if isinstance(v, (int, float, str))}
results = [RESULTS.get(number) for number in range(len(SPEC["requests"]))]
print(json.dumps({"results": results, "stats": stats}))
