"""The rules this project grew out of, for comparison only."""

from __future__ import annotations

from collections.abc import Sequence

from enrichscrapy.items import Decision, Judgement, Neighbour, Verdict
from enrichscrapy.verdicts.evidence import distances, stack
from enrichscrapy.verdicts.thresholds import Thresholds
from enrichscrapy.verdicts.types import (
    Candidate,
    Context,
    Limits,
    Reason,
    Reference,
)

SEED_VERSION = "seed"
# Least distance that passes, by the number of faces there are: one, two or three, four and more.
_SEED_THRESHOLDS = ((1, 0.35), (3, 0.40))
_SEED_MANY = 0.45


def seed_rules(
    candidates: Sequence[Candidate],
    references: Sequence[Reference],
    neighbours: Sequence[Sequence[Neighbour]],
    context: Context,
    thresholds: Thresholds,
    limits: Limits,
) -> Judgement:
    """High trust accepts; low rejects; medium rejects without faces, else accepts when the least
    distance is small. Each accepted face joins the references at once, so the order of the photos
    matters; neighbours, thresholds, quality and identity are not looked at."""
    faces = [stack([face.vector]) for face in references]
    same = sum(face.source == context.source for face in references)
    decisions = []
    for candidate in candidates:
        vector = stack([candidate.vector])
        gaps = [float(distances(vector, face)[0, 0]) for face in faces]
        full = same >= limits.per_source or len(faces) >= limits.total
        accepted, reason = (False, Reason.NO_ROOM) if full else _verdict(gaps, context.trust)
        if accepted:
            faces.append(vector)
            same += 1
        decisions.append(
            Decision(
                verdict=Verdict.ACCEPTED if accepted else Verdict.REJECTED,
                reason=reason.value,
                distances={"nearest": round(min(gaps), 4) if gaps else None},
                rule_version=SEED_VERSION,
            )
        )
    return Judgement(tuple(decisions))


def _verdict(gaps: Sequence[float], trust: str) -> tuple[bool, Reason]:
    if trust in ("high", "user"):
        return True, Reason.SEED_TRUSTED_SOURCE
    if trust == "low" or not gaps:
        return False, Reason.NO_REFERENCES
    limit = next((limit for most, limit in _SEED_THRESHOLDS if len(gaps) <= most), _SEED_MANY)
    return (True, Reason.SEED_MATCH) if min(gaps) < limit else (False, Reason.NO_MATCH)
