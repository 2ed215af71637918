"""Vectors in, verdicts out: which of a lookup's faces are this performer's. Pure, numpy only.

May import items and exceptions.
"""

from enrichscrapy.items import Judgement, Neighbour
from enrichscrapy.verdicts.rules import Rules, judge
from enrichscrapy.verdicts.ruling import RULE_VERSION
from enrichscrapy.verdicts.thresholds import Thresholds, fingerprint
from enrichscrapy.verdicts.types import (
    Candidate,
    Context,
    Limits,
    Reason,
    Reference,
    Trust,
)

__all__ = [
    "RULE_VERSION",
    "Candidate",
    "Context",
    "Judgement",
    "Limits",
    "Neighbour",
    "Reason",
    "Reference",
    "Rules",
    "Thresholds",
    "Trust",
    "fingerprint",
    "judge",
]
