"""How far a crawl is, and how long it will take: from what it did, the ledger and the pace."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from enrichscrapy.items import Outcome
from enrichscrapy.reporting.words import format_duration

WINDOW = 600.0
"""Seconds over which the rate is measured: a pace that changed shows within minutes."""

REQUESTS_PER_LOOKUP = 4.0
"""Assumed until the crawl has finished some lookups: a page and its photos."""

REFUSALS = ("challenge", "block", "rate_limit", "forbidden", "origin_down", "disallowed")
"""Stats ``requests/…`` that count answers which are none."""


@dataclass(frozen=True)
class Snapshot:
    """What a crawl has done by now, from its stats."""

    done: int = 0
    requests: int = 0
    accepted: int = 0
    quarantined: int = 0
    refusals: int = 0

    @classmethod
    def of(cls, stats: Mapping[str, Any]) -> Snapshot:
        return cls(
            done=sum(stats.get(f"lookups/{outcome.value}", 0) for outcome in Outcome),
            requests=stats.get("requests/sent", 0),
            accepted=stats.get("faces/accepted", 0),
            quarantined=stats.get("faces/quarantined", 0),
            refusals=sum(stats.get(f"requests/{kind}", 0) for kind in REFUSALS),
        )


@dataclass
class Pacer:
    """Follows a crawl from snapshot to snapshot.

    ``total`` is the number of lookups of this run. ``interval`` is the seconds between two
    requests as the pace stands, ``budget_left`` the requests left today (None: no limit).
    """

    total: int
    interval: float = 0.0
    budget_left: int | None = None
    _seen: deque[tuple[float, Snapshot]] = field(default_factory=deque)

    def note_snapshot(self, now: float, snapshot: Snapshot) -> None:
        """``now`` is in seconds of any clock that only goes forward."""
        self._seen.append((now, snapshot))
        while len(self._seen) > 2 and self._seen[1][0] < now - WINDOW:
            self._seen.popleft()

    @property
    def latest(self) -> Snapshot:
        return self._seen[-1][1] if self._seen else Snapshot()

    @property
    def left(self) -> int:
        return max(0, self.total - self.latest.done)

    @property
    def per_minute(self) -> float | None:
        """Lookups a minute of late; None before the first ones."""
        seconds, done = self._measure_lately()
        return 60.0 * done / seconds if done and seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """None before anything can be said, 0 when nothing is left.

        The slower of what was measured and what the pace allows from now on.
        """
        if not self.left:
            return 0.0
        paced = self.interval * self._estimate_requests()
        seconds, done = self._measure_lately()
        measured = seconds / done if done else 0.0
        each = max(paced, measured)
        return self.left * each if each > 0 else None

    @property
    def outlasts_budget(self) -> bool:
        """Whether today's requests will not do for what is left."""
        if self.budget_left is None:
            return False
        return self.left * self._estimate_requests() > self.budget_left

    def _measure_lately(self) -> tuple[float, int]:
        if len(self._seen) < 2:
            return 0.0, 0
        (began, first), (now, last) = self._seen[0], self._seen[-1]
        return now - began, last.done - first.done

    def _estimate_requests(self) -> float:
        latest = self.latest
        return latest.requests / latest.done if latest.done >= 3 else REQUESTS_PER_LOOKUP


def describe_time_left(pacer: Pacer) -> str:
    """``about 3 h 05 min left``, with a word where today's budget ends first."""
    if not pacer.left:
        return "nothing left"
    seconds = pacer.seconds_left
    if seconds is None:
        return f"{pacer.left:,} left"
    left = f"about {format_duration(seconds)} left"
    return f"{left}, more than today's budget" if pacer.outlasts_budget else left


def describe_progress(pacer: Pacer) -> str:
    """The summary that is logged at intervals."""
    now = pacer.latest
    rate = f", {pacer.per_minute:.1f} a minute" if pacer.per_minute is not None else ""
    share = f" ({100 * now.done // pacer.total}%)" if pacer.total else ""
    return (
        f"{now.done:,} of {pacer.total:,} lookups{share}{rate}, {describe_time_left(pacer)}; "
        f"faces: {now.accepted:,} accepted, {now.quarantined:,} waiting for you; "
        f"refusals: {now.refusals:,}"
    )
