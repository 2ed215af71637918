"""A sitting: the gallery is served on loopback until Ctrl-C."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import uvicorn

from enrichscrapy.gallery.application import create_application
from enrichscrapy.gallery.guards import LOOPBACK, Guards, Secrets
from enrichscrapy.gallery.pages import Gallery

BACKLOG = 128


class _Server(uvicorn.Server):
    """Ends by Ctrl-C or SIGTERM like any, and leaves it at that: the command goes on."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class GalleryServer:
    """Serves a gallery; ``port`` 0 takes a free one; ``OSError`` when the port is taken.

    As a context manager it answers in a thread of its own; :meth:`run` answers in this one.
    """

    def __init__(self, gallery: Gallery, port: int = 0) -> None:
        self.gallery = gallery
        self._socket = socket.create_server((LOOPBACK, port), backlog=BACKLOG)
        self.port: int = self._socket.getsockname()[1]
        self.secrets = Secrets()
        guarded = Guards(create_application(gallery, self.secrets), self.secrets, self.port)
        self._server = _Server(
            uvicorn.Config(
                guarded,
                http="h11",
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                log_level=logging.ERROR,
                access_log=False,  # request lines hold the token
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread: threading.Thread | None = None

    def link(self, page: str = "") -> str:
        """Where to open a page: ``review?source=iafd``; without one, the first."""
        return f"http://{LOOPBACK}:{self.port}{self.secrets.base}/{page}"

    def run(self) -> None:
        """Answer until Ctrl-C, SIGTERM or :meth:`stop`."""
        try:
            self._server.run([self._socket])
        finally:
            self._socket.close()
            self.gallery.figures.close()

    def stop(self) -> None:
        self._server.should_exit = True

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.run, name="gallery")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        assert self._thread is not None
        self._thread.join()
