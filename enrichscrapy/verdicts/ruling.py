"""A verdict before it is written out."""

from __future__ import annotations

from dataclasses import dataclass

from enrichscrapy.items import Verdict
from enrichscrapy.verdicts.types import Reason

# Changes whenever the same evidence may get another verdict; stored with every decision.
RULE_VERSION = "1"


@dataclass(frozen=True)
class Ruling:
    verdict: Verdict
    reason: Reason
    trusted: bool = False


def accept(reason: Reason, *, trusted: bool = False) -> Ruling:
    return Ruling(Verdict.ACCEPTED, reason, trusted)


def quarantine(reason: Reason) -> Ruling:
    return Ruling(Verdict.QUARANTINED, reason)


def reject(reason: Reason) -> Ruling:
    return Ruling(Verdict.REJECTED, reason)
