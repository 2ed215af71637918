"""A verdict before it is written out."""

from __future__ import annotations

from dataclasses import dataclass

from enrichscrapy.items import Verdict
from enrichscrapy.verdicts.types import Reason

# Changes whenever the same evidence may get another verdict; stored with every decision and with
# calibrated thresholds.
RULE_VERSION = "10"


@dataclass(frozen=True)
class Ruling:
    """``together`` is the score against trusted faces and supporters, where it was asked for."""

    verdict: Verdict
    reason: Reason
    trusted: bool = False
    together: float | None = None


def accept(reason: Reason, *, trusted: bool = False, together: float | None = None) -> Ruling:
    return Ruling(Verdict.ACCEPTED, reason, trusted, together)


def quarantine(reason: Reason, *, together: float | None = None) -> Ruling:
    return Ruling(Verdict.QUARANTINED, reason, together=together)


def reject(reason: Reason) -> Ruling:
    return Ruling(Verdict.REJECTED, reason)
