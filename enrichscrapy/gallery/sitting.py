"""A sitting: somebody looks and decides until Ctrl-C, then the index follows the decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.gallery.pages import Gallery
from enrichscrapy.gallery.serving import GalleryServer
from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.review.publishing import publish_decisions, read_limits

if TYPE_CHECKING:
    from enrichscrapy.settings_reader import ProjectSettings


def hold_sitting(
    database: PerformerDatabase,
    settings: ProjectSettings,
    genders: Mapping[str, str | None],
    port: int = 0,
    page: str = "",
) -> None:
    """Print the link of a page and answer until Ctrl-C; ``EnrichError`` when the port is taken."""
    desk = ReviewDesk(database, read_limits(settings))
    gallery = Gallery(desk, settings.INDEX_DIR, genders, settings.REVISIT_AFTER_DAYS)
    try:
        server = GalleryServer(gallery, port)
    except OSError as error:
        raise EnrichError(f"port {port} cannot be used: {error.strerror}") from error
    print(f"Open {server.link(page)}\nCtrl-C ends it.", flush=True)
    server.run()
    publish_decisions(database, settings.INDEX_DIR)
    counts = ", ".join(f"{count} {name}" for name, count in sorted(desk.counts.items()))
    print(f"Decided: {counts or 'nothing'}")
