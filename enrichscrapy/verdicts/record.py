"""What is kept of a verdict: everything it was taken on, rounded and JSON-serialisable."""

from __future__ import annotations

from typing import Any

from enrichscrapy.items import Decision
from enrichscrapy.verdicts import page_faces
from enrichscrapy.verdicts.case import Case, Evidence
from enrichscrapy.verdicts.ruling import RULE_VERSION, Ruling
from enrichscrapy.verdicts.thresholds import BY_COUNT


def write_decision(case: Case, item: Evidence, ruling: Ruling) -> Decision:
    return Decision(
        verdict=ruling.verdict,
        reason=ruling.reason.value,
        trusted=ruling.trusted,
        distances={
            **_list_evidence(case, item),
            "together_score": _round(ruling.together),
            **_list_limits(case, item),
        },
        rule_version=RULE_VERSION,
    )


def _list_evidence(case: Case, item: Evidence) -> dict[str, Any]:
    own, other = item.own, item.other
    return {
        "score": _round(own.score if own else None),
        "nearest": _round(own.nearest if own else None),
        "k_of_n": _round(own.k_of_n if own else None),
        "k": own.k if own else None,
        "centroid": _round(own.centroid if own else None),
        "allowance": _round(item.allowance),
        "caution": _round(item.care.distance),
        "references": [face.face_id for face in case.trusted],
        "other_performer": other.performer_id if other else None,
        "other_face": other.face_id if other else None,
        "other_distance": _round(other.distance if other else None),
        "cluster_size": item.group.size,
        "cluster_dominant": item.group.dominant,
        "cluster_distance": _round(item.group.apart),
        "photos": len(case.evidence),
        "quality": _round(item.candidate.quality),
        "trust": str(case.context.trust),
        "identity": case.context.identity.value if case.context.identity else None,
    }


def _list_limits(case: Case, item: Evidence) -> dict[str, Any]:
    """The thresholds that were in force for this many trusted faces, and what they came to for
    this face: ``alone_limit`` is put to ``score``, ``cluster_limit`` to ``cluster_distance``."""
    rules = case.thresholds
    if not case.trusted:
        return {"agree": rules.agree}
    alone = rules.certain_at(case.count) if case.lone else rules.accept_at(case.count)
    together = page_faces.group_limit(case, item.group)
    return {
        **{name: getattr(rules, f"{name}_at")(case.count) for name in BY_COUNT},
        "alone_limit": _round(alone + item.allowance),
        "cluster_limit": None if item.group.apart is None else _round(together),
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)
