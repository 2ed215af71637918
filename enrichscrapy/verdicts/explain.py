"""A verdict in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from enrichscrapy.items import Verdict
from enrichscrapy.verdicts.types import Reason


class _Decided(Protocol):
    """``items.Decision``, or a stored face."""

    @property
    def verdict(self) -> Verdict: ...
    @property
    def reason(self) -> str: ...
    @property
    def trusted(self) -> bool: ...
    @property
    def distances(self) -> Mapping[str, Any]: ...


REASON_WORDS: Mapping[str, str] = {
    Reason.OWN_PHOTO: "your own photo",
    Reason.MATCH: "matches the trusted faces",
    Reason.MATCH_BY_PROFILE: "agrees with another photo of the page that matches",
    Reason.AGREEING_PHOTOS: "no face is trusted yet; the page's photos agree",
    Reason.OTHER_SOURCE: "agrees with what another source showed",
    Reason.CORROBORATED_PAGE: "no face is trusted yet; more than the name says the page is right",
    Reason.SEED_TRUSTED_SOURCE: "first face, from a source trusted by setting",
    Reason.SEED_MATCH: "matches the first faces",
    Reason.WRONG_PAGE: "the page is somebody else's",
    Reason.TOO_FAR: "too far from the trusted faces",
    Reason.OTHER_PERFORMER: "nearer to another performer's face",
    Reason.SUSPECTED_MERGE: "matches two performers: the same person twice?",
    Reason.OUTVOTED: "the page's other photos show somebody else",
    Reason.PROFILE_DIFFERS: "the page's photos agree on a face that is not the trusted one",
    Reason.CONTRADICTS_ACCEPTED: "far from the faces accepted before",
    Reason.NO_MATCH: "matches no known face",
    Reason.BETWEEN_THRESHOLDS: "neither near nor far enough to decide",
    Reason.SINGLE_PHOTO: "a single photo, and nothing else vouches for it",
    Reason.NO_REFERENCES: "no known face to compare with",
    Reason.LOW_QUALITY: "of too low quality",
    Reason.DUPLICATE: "the same picture again",
    Reason.NO_ROOM: "right, but there is no room for more",
    Reason.REPLACED: "made room for a better one",
    "confirmed": "confirmed by an independent source",
    "retention": "nobody decided about it in time",
    "suppressed": "kept out: forgotten, or a namesake of somebody forgotten",
    "review": "you decided",
}
"""Why, for every code that is stored as a reason."""
_SAID = {
    Verdict.ACCEPTED: "Accepted",
    Verdict.REJECTED: "Rejected",
    Verdict.QUARANTINED: "Waits for your decision",
    Verdict.RETIRED: "Not kept",
}


def explain(decision: _Decided) -> str:
    """What was decided on a face, why, and on which distances; one paragraph."""
    reason = REASON_WORDS.get(decision.reason, decision.reason.replace("_", " "))
    told = [f"{_SAID[decision.verdict]}: {reason}"]
    told += _measured(decision.distances)
    if decision.verdict is Verdict.ACCEPTED:
        told.append("It vouches for others" if decision.trusted else "It does not vouch for others")
    return ". ".join(told) + "."


def _measured(told: Mapping[str, Any]) -> Iterator[str]:
    if told.get("score") is not None:
        count = len(told.get("references") or ())
        faces = "the trusted face" if count == 1 else f"the {count} trusted faces"
        parts = [f"Its distance to {faces} is {told['score']:.2f}"]
        if told.get("nearest") is not None and count > 1:
            parts.append(f"to the nearest of them {told['nearest']:.2f}")
        if told.get("accept") is not None:
            accept = told["accept"] + (told.get("allowance") or 0.0)
            parts.append(f"accepted up to {accept:.2f}, refused beyond {told['reject']:.2f}")
        yield ", ".join(parts)
    if told.get("together_score") is not None:
        yield (
            "To those and the page's photos that match, taken together, it is "
            f"{told['together_score']:.2f} (limit {told['together']:.2f})"
        )
    if (told.get("cluster_size") or 0) > 1:
        alone = told.get("cluster_distance")
        near = f", taken together {alone:.2f} from the trusted faces" if alone is not None else ""
        yield f"{told['cluster_size']} pictures of the page agree{near}"
    if told.get("other_distance") is not None:
        yield (
            f"The nearest other performer is number {told['other_performer']}, "
            f"{told['other_distance']:.2f} away"
        )
