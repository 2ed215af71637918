"""What this project knows of a request beyond what Scrapy does: one entry of its ``meta``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scrapy import Request

if TYPE_CHECKING:
    from enrichscrapy.core.visit import Visit

KEY = "enrichscrapy"


@dataclass(frozen=True)
class RequestInfo:
    """Whose request it is, and what for; kept under ``KEY`` and copied with the request.

    ``performer_ids``: it asks for a page of these performers' lookups, and may be handed back to
    the scheduler. ``restored``: a JOBDIR brought it back. ``photo``, ``robots``: what is asked for,
    where it is no page; ``photo_of``: whose lookup a photo belongs to. ``visit``: it goes to a
    browser. ``cleared``: it is sent again after such a visit. ``cost``: requests it is charged in
    the budget.
    """

    source: str = ""
    performer_ids: tuple[int, ...] = ()
    restored: bool = False
    photo: bool = False
    photo_of: int | None = None
    robots: bool = False
    visit: Visit | None = None
    cleared: bool = False
    cost: int = 1

    @classmethod
    def of(cls, request: Request) -> RequestInfo:
        """A request's own; the defaults for a request that this project did not make."""
        info = request.meta.get(KEY)
        return info if isinstance(info, cls) else cls()

    def make_meta(self, **more: Any) -> dict[str, Any]:
        """The ``meta`` of a new request; ``more`` are Scrapy's own keys."""
        return {KEY: self, **more}

    @property
    def whose(self) -> tuple[int, ...]:
        """The performers whose lookups ask for it."""
        return self.performer_ids if self.photo_of is None else (self.photo_of,)

    @property
    def follows(self) -> bool:
        """Whether it only goes on with another one: a challenge's visit, and what that opens."""
        return self.visit is not None or self.cleared


def change_info(request: Request, **changes: Any) -> None:
    """Change what is known of this request, and of none that it was copied from."""
    request.meta[KEY] = replace(RequestInfo.of(request), **changes)


def read_performer_ids(request: Request) -> tuple[int, ...]:
    """The performers whose lookups ask for this page; none for any other request."""
    return RequestInfo.of(request).performer_ids
