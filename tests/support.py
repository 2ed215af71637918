"""Running the project's own commands as a user does: in a subprocess, with a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from enrichscrapy.database import PerformerDatabase

PROJECT = Path(__file__).resolve().parent.parent
STAND_IN = "demo.stand_in.LocalBinaryPatterns"


@dataclass
class Workplace:
    """A folder with a database, an index and the settings every run in it shares.

    Floors are lowered and base URLs set only when ``use_sites`` named loopback ones.
    """

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings = {
            "DATABASE_URL": f"sqlite:///{self.database_path}",
            "INDEX_DIR": str(self.index_dir),
            "FACE_MODEL": STAND_IN,
            "CONTACT": "tests@enrichscrapy.invalid",
            "FACE_WORKERS": "1",
            **self.settings,
        }

    @property
    def database_path(self) -> Path:
        return self.folder / "performers.db"

    @property
    def index_dir(self) -> Path:
        return self.folder / "index"

    def use_sites(self, babepedia_url: str, iafd_url: str) -> None:
        """Send the crawls to the demo sites, at a pace that loopback allows."""
        self.settings |= {
            "BABEPEDIA_BASE_URL": babepedia_url,
            "IAFD_BASE_URL": iafd_url,
            "DELAY_FLOORS": '{"babepedia": 0, "iafd": 0}',
            "AUTOTHROTTLE_START_DELAY": "0",
            "DELAY_JITTER": "0",
        }

    def database(self) -> PerformerDatabase:
        return PerformerDatabase(self.database_path)

    def command(self, *arguments: str, **settings: object) -> list[str]:
        """The command line of ``scrapy <arguments>`` with this workplace's settings."""
        pairs = {**self.settings, **{name: str(value) for name, value in settings.items()}}
        flags = [flag for name, value in pairs.items() for flag in ("-s", f"{name}={value}")]
        return [sys.executable, "-m", "scrapy", *arguments, *flags]

    def environment(self) -> dict[str, str]:
        """The environment without what a developer may have set for trying things."""
        names = ("FACE_WEIGHTS", "FACE_WEIGHTS_SHA256", "FACE_MODEL", "DATABASE_URL", "INDEX_DIR")
        kept = {name: value for name, value in os.environ.items() if name not in names}
        return kept | {"PYTHONPATH": str(PROJECT), "COLUMNS": "120"}

    def run(
        self, *arguments: str, timeout: float = 180, **settings: object
    ) -> subprocess.CompletedProcess[str]:
        """Run ``scrapy <arguments>`` to its end; its output is text."""
        return subprocess.run(
            self.command(*arguments, **settings),
            cwd=PROJECT,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def crawl(
        self, spider: str, *, timeout: float = 180, jobdir: bool = False, **arguments: object
    ) -> subprocess.CompletedProcess[str]:
        """Run ``scrapy crawl``; upper-case names are settings, the others spider arguments."""
        settings = {name: value for name, value in arguments.items() if name.isupper()}
        given = {name: value for name, value in arguments.items() if not name.isupper()}
        flags = [flag for name, value in given.items() for flag in ("-a", f"{name}={value}")]
        if jobdir:
            settings["JOBDIR"] = self.folder / "jobs" / spider
        return self.run("crawl", spider, *flags, timeout=timeout, **settings)
