"""A sitting: the page is served until Ctrl-C, then the index follows the decisions."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.index import index_model_id, publish
from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.review.server import ReviewServer
from enrichscrapy.verdicts import Limits

if TYPE_CHECKING:
    from enrichscrapy.settings_reader import ProjectSettings


def limits_of(settings: ProjectSettings) -> Limits:
    return Limits(settings.MAX_FACES_PER_SOURCE, settings.MAX_FACES_TOTAL)


def serve(
    desk: ReviewDesk, port: int = 0, performer_id: int | None = None, source: str | None = None
) -> None:
    """Print the link and answer until Ctrl-C or SIGTERM; ``OSError`` when the port is taken."""
    with ReviewServer(desk, port, performer_id=performer_id, source=source) as server:
        print(f"Open {server.link}\nCtrl-C ends the review.", flush=True)

        def stop(_signal: int, _frame: FrameType | None) -> None:
            # shutdown() waits for serve_forever(), which runs in this very thread.
            threading.Thread(target=server.shutdown).start()

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            server.serve_forever(poll_interval=0.1)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def publish_decisions(database: PerformerDatabase, index_dir: Path) -> None:
    """Bring the published index up to date; one that is damaged is rebuilt."""
    model_id = index_model_id(database, index_dir)
    if model_id is not None:
        publish(database, index_dir, model_id)
