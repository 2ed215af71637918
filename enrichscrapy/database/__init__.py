"""The performer database (SQLAlchemy Core on SQLite): the truth of this project.

May import identity, files, sites, politeness, facts and what lies below; no Scrapy, no index.
"""

from enrichscrapy.database.performer_database import PerformerDatabase

__all__ = ["PerformerDatabase"]
