"""What extensions and middlewares ask of a spider that looks performers up."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from enrichscrapy.database.due import Selection
from enrichscrapy.items import ReferenceSiteMode


@runtime_checkable
class AsksLedger(Protocol):
    """A spider whose work the ledger decides; ``limit`` bounds the performers of one run."""

    source_name: str
    mode: ReferenceSiteMode
    limit: int | None

    async def selection(self) -> Selection:
        """The question this run asks the ledger."""
        ...


def find_ledger_spider(spider: object) -> AsksLedger | None:
    """The spider, where it is one whose work the ledger decides."""
    return spider if isinstance(spider, AsksLedger) else None
