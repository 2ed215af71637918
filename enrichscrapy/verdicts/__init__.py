"""Vectors in, verdicts out: which of a lookup's faces are this performer's. Pure, numpy only.

May import items and exceptions.
"""

from enrichscrapy.verdicts.region import WeakOn
from enrichscrapy.verdicts.rules import Rules, judge
from enrichscrapy.verdicts.ruling import RULE_VERSION
from enrichscrapy.verdicts.thresholds import Thresholds, fingerprint
from enrichscrapy.verdicts.types import (
    FOR_A_PAGE,
    HARD_TO_TELL,
    Candidate,
    Context,
    Limits,
    Reason,
    Reference,
    Trust,
)

__all__ = [
    "FOR_A_PAGE",
    "HARD_TO_TELL",
    "RULE_VERSION",
    "Candidate",
    "Context",
    "Limits",
    "Reason",
    "Reference",
    "Rules",
    "Thresholds",
    "Trust",
    "WeakOn",
    "fingerprint",
    "judge",
]
