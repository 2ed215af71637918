"""Has a site changed its layout? Judged by how many pages still have the parts they used to have.

A page that parses into nothing is stored as an empty profile and looks like a person without
photos. One such page means nothing; thirty do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from enrichscrapy.items import Lookup, Outcome, Profile

PARTS = ("names", "photos", "birth_dates")

UNKNOWN_SHAPE = "unknown page shape"
"""How the detail begins for a page that is neither a profile nor a known not-found page."""

WINDOW = 30
"""Pages of this run that are judged together, the latest ones."""
BASELINE = 500
"""Pages of earlier runs of the source that they are compared with, the latest ones."""
ENOUGH_BASELINE = WINDOW
"""Earlier pages needed to trust their shares more than the declared ones."""
IMPROBABLE = 1e-5
"""Chance of so few, from which a fall is none of the accidents of a run of 100,000 pages."""
FALL = 0.5
"""The window's share of a part, as a fraction of the expected share, below which it is gone."""
DECLARED_SHARES: Mapping[str, float] = {"names": 1.0, "photos": 0.6, "birth_dates": 0.5}
"""What a first run expects; below what either site shows, so that a quiet stretch is no alarm."""

Parts = Mapping[str, bool]


def list_page_parts(profile: Profile | None) -> dict[str, bool]:
    """Which parts a page had; None stands for a page of unknown shape, which had none."""
    return {
        "names": bool(profile and profile.name),
        "photos": bool(profile and profile.photo_urls),
        "birth_dates": bool(profile and profile.birth_date),
    }


def read_parts(lookup: Lookup) -> dict[str, bool] | None:
    """The parts of the page a lookup ended on; None where it ended on no page of a person."""
    if lookup.profile is not None:
        return list_page_parts(lookup.profile)
    if lookup.outcome is Outcome.FAILED and lookup.detail.startswith(UNKNOWN_SHAPE):
        return list_page_parts(None)
    return None


def compute_shares(pages: Sequence[Parts]) -> dict[str, float]:
    """The share of pages that have each part, 0 to 1; ``pages`` must not be empty."""
    return {part: sum(bool(page.get(part)) for page in pages) / len(pages) for part in PARTS}


@dataclass(frozen=True)
class LayoutChange:
    """A part that has gone from the pages: its share in the window, and the one expected."""

    part: str
    share: float
    expected: float

    def __str__(self) -> str:
        part = self.part.replace("_", " ")
        return f"{self.share:.0%} of the last {WINDOW} pages have {part}, not {self.expected:.0%}"


def compute_expected_shares(
    earlier: Sequence[Parts], declared: Mapping[str, float] = DECLARED_SHARES
) -> dict[str, float]:
    """The shares of the source's earlier pages; the declared ones while there are too few.

    ``earlier`` are pages of earlier runs, newest first; the first ``BASELINE`` count.
    """
    recent = earlier[:BASELINE]
    return compute_shares(recent) if len(recent) >= ENOUGH_BASELINE else dict(declared)


def find_layout_change(
    window: Sequence[Parts], expected: Mapping[str, float], pages_seen: int = WINDOW
) -> LayoutChange | None:
    """The first part that fewer than half as many of these pages have as expected.

    ``window``: the parts of this run's latest pages; None until there are ``WINDOW`` of them.
    ``pages_seen``: how many pages the run has judged in all. A long run meets every rare window
    by chance, so once it is past its first one, a fall must also be improbable to count.
    """
    if len(window) < WINDOW:
        return None
    latest = window[-WINDOW:]
    for part in PARTS:
        usual = expected.get(part, 0.0)
        having = sum(bool(page.get(part)) for page in latest)
        if having >= FALL * usual * WINDOW:
            continue
        if pages_seen <= WINDOW or compute_chance_of_so_few(having, usual) < IMPROBABLE:
            return LayoutChange(part, having / WINDOW, usual)
    return None


def compute_chance_of_so_few(having: int, share: float, pages: int = WINDOW) -> float:
    """The probability that at most ``having`` of ``pages`` have what a ``share`` of all have."""
    return sum(
        math.comb(pages, count) * share**count * (1 - share) ** (pages - count)
        for count in range(having + 1)
    )
