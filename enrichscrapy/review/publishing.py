"""The settings that decisions need, and the index update after them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.index import find_index_model_id, publish
from enrichscrapy.verdicts import Limits

if TYPE_CHECKING:
    from enrichscrapy.settings_reader import ProjectSettings


def read_limits(settings: ProjectSettings) -> Limits:
    return Limits(settings.MAX_FACES_PER_SOURCE, settings.MAX_FACES_TOTAL)


def publish_decisions(database: PerformerDatabase, index_dir: Path) -> None:
    """Bring the published index up to date; one that is damaged is rebuilt."""
    model_id = find_index_model_id(database, index_dir)
    if model_id is not None:
        publish(database, index_dir, model_id)
