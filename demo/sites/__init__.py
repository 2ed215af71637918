"""Two small web sites on loopback that answer as Babepedia and IAFD do.

::

    with DemoSites(babepedia=[...], iafd=[...], access_log=path) as sites:
        sites.babepedia.url, sites.iafd.url
        sites.iafd.set_fault("/person.rme/*", Fault(Kind.CHALLENGE))
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from demo.sites.babepedia import BabepediaSite
from demo.sites.content import Layout, SitePhoto, SiteProfile, Variant
from demo.sites.faults import Fault, Kind
from demo.sites.iafd import IAFDSite
from demo.sites.server import AccessLog, DemoSite

__all__ = [
    "AccessLog",
    "DemoSite",
    "DemoSites",
    "Fault",
    "Kind",
    "Layout",
    "SitePhoto",
    "SiteProfile",
    "Variant",
]


class DemoSites:
    """Both sites; as a context manager it serves them on ports of the system's choice."""

    def __init__(
        self,
        babepedia: Sequence[SiteProfile] = (),
        iafd: Sequence[SiteProfile] = (),
        access_log: Path | None = None,
    ) -> None:
        self.log = AccessLog(access_log)
        self.babepedia = DemoSite(BabepediaSite(babepedia), self.log)
        self.iafd = DemoSite(IAFDSite(iafd), self.log)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        for site in (self.babepedia, self.iafd):
            self._running.enter_context(site.running())
        return self

    def __exit__(self, *_exception: object) -> None:
        self._running.close()
