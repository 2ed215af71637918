"""Face workers for callers without an event loop: commands that take in one photo after another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Self

from enrichscrapy.faces.devices import count_workers
from enrichscrapy.faces.engine import PhotoFaces
from enrichscrapy.faces.options import FaceOptions
from enrichscrapy.faces.workers import FaceWorkers


class BlockingWorkers:
    """Starts worker processes; a photo that breaks one costs itself, as in a crawl.

    ``at_once`` photos keep all of them busy. Raises as :class:`FaceWorkers`.
    """

    def __init__(self, options: FaceOptions) -> None:
        workers = options.workers or count_workers(options.device)
        self.at_once = workers * options.batch_size
        self._loop = asyncio.Runner()
        try:
            self._workers = self._loop.run(_make_workers(options))
            self.info = self._loop.run(self._workers.start())
        except BaseException:
            self._loop.close()
            raise

    def look(self, photos: Sequence[bytes]) -> list[PhotoFaces]:
        """One result a photo, in order."""
        return self._loop.run(self._workers.look(photos))

    def close(self) -> None:
        self._loop.run(self._workers.close())
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


async def _make_workers(options: FaceOptions) -> FaceWorkers:
    return FaceWorkers(options)  # its queue belongs to the loop that runs
