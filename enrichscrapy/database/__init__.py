"""The performer database (SQLAlchemy Core on SQLite): the truth of this project."""

from enrichscrapy.database.performer_database import PerformerDatabase

__all__ = ["PerformerDatabase"]
