"""A disk queue on a disk that fills up."""

import errno

from scrapy import Request

from enrichscrapy.core.json_queue import JsonFifoQueue


class FullAfterThreeRequests(JsonFifoQueue):
    pushed = 0

    def push(self, request: Request) -> None:  # type: ignore[override]  # JsonFifoQueue does
        type(self).pushed += 1
        if self.pushed > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().push(request)
