"""A workplace of several machines on one PostgreSQL: each is a folder."""

from __future__ import annotations

from sqlalchemy import update

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import workers
from tests.support import Workplace

INTERVAL = 0.1
"""Seconds between two requests to a demo site."""


class SharedPlace(Workplace):
    """A workplace on a server's database; each of its machines has a folder."""

    url = ""
    ahead = 0.0
    """Seconds by which the clock of the next machine is wrong."""

    def use(self, url: str) -> None:
        self.url = url
        self.settings |= {
            "DATABASE_URL": url,
            "SUPPRESSION_KEY_FILE": str(self.folder / "key"),
            "LEASE_SECONDS": "60",
        }

    def use_sites(self, babepedia_url: str, iafd_url: str) -> None:
        super().use_sites(babepedia_url, iafd_url)
        self.settings["DELAY_FLOORS"] = f'{{"babepedia": {INTERVAL}, "iafd": {INTERVAL}}}'

    def environment(self) -> dict[str, str]:
        return super().environment() | {"CLOCK_AHEAD": str(self.ahead)}

    def database(self) -> PerformerDatabase:
        return PerformerDatabase(self.url, folder=self.folder, key_file=self.folder / "key")

    def machine(self, name: str) -> dict[str, str]:
        """The settings of one of its machines."""
        folder = self.folder / name
        return {
            "MACHINE_NAME": name,
            "STATE_DIR": str(folder),
            "INDEX_DIR": str(folder / "index"),
        }

    def expire(self, machine: str = "%") -> None:
        """As when those that were killed there have not been heard of for long."""
        theirs = update(workers).where(workers.c.machine.like(machine))
        with self.database() as db, db.write() as connection:
            connection.execute(theirs.values(expires_at=1.0))
