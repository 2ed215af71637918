"""Stored codes in plain words: for the terminal, the report and the review page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from enrichscrapy.items import Outcome, PhotoOutcome, Verdict
from enrichscrapy.verdicts import Reason

MODES = {"url": "by link", "name": "by name"}

OUTCOMES: Mapping[str, str] = {
    Outcome.FOUND: "found",
    Outcome.ABSENT: "the site has no such page",
    Outcome.MISMATCH: "the page is somebody else's",
    Outcome.BLOCKED: "the site refused",
    Outcome.FAILED: "failed",
    "given_up": "given up",
}

VERDICTS: Mapping[str, str] = {
    Verdict.ACCEPTED: "accepted",
    Verdict.QUARANTINED: "waits for you",
    Verdict.REJECTED: "rejected",
    Verdict.RETIRED: "retired",
}

PHOTOS: Mapping[str, str] = {
    PhotoOutcome.FACES: "with a face",
    PhotoOutcome.NO_FACE: "without a face",
    PhotoOutcome.SEVERAL_FACES: "with several faces",
    PhotoOutcome.LOW_QUALITY: "of too low quality",
    PhotoOutcome.DUPLICATE: "seen before",
    PhotoOutcome.PLACEHOLDER: "a placeholder",
    PhotoOutcome.UNREADABLE: "unreadable",
    PhotoOutcome.TOO_LARGE: "too large",
    PhotoOutcome.REFUSED: "refused",
    PhotoOutcome.MISSING: "missing",
    PhotoOutcome.FAILED: "not fetched",
}

REASONS: Mapping[str, str] = {
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
    Reason.UNLIKE_OTHERS: "unlike your other photos of this performer",
    Reason.TWO_PEOPLE: "your photos of this performer show two people",
    Reason.BETWEEN_THRESHOLDS: "neither near nor far enough to decide",
    Reason.SINGLE_PHOTO: "a single photo, and nothing else confirms it",
    Reason.NO_REFERENCES: "no known face to compare with",
    Reason.CROWDED: "near, but other people lie too near for the model to tell them apart",
    Reason.UNFAMILIAR: "near, but too little is known of how alike such people are to the model",
    Reason.UNPROVEN_PAGE: "the page's photos agree, but only the name says whose page it is",
    Reason.SHARED_PHOTO: "another performer has the same photo: a mistake of the page?",
    Reason.LOW_QUALITY: "of too low quality",
    Reason.DUPLICATE: "the same picture again",
    Reason.NO_ROOM: "right, but there is no room for more",
    Reason.REPLACED: "made room for a better one",
    "confirmed": "confirmed by an independent source",
    "retention": "nobody decided about it in time",
    "suppressed": "kept out: forgotten, or a namesake of somebody forgotten",
    "review": "you decided",
    "contested_page": "another performer claims the same page",
    "older_rules": "accepted by older rules only because the page's photos agreed",
    "placeholder": "many performers have this photo: it shows none of them",
}


def format_utc(seconds: float | None) -> str:
    """``2026-03-01 14:05Z``; ``never`` for None."""
    if seconds is None:
        return "never"
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%d %H:%MZ")


def describe_reason(reason: str) -> str:
    """Why a face got its verdict; an unknown code is shown without its underscores."""
    return REASONS.get(reason, reason.replace("_", " "))


def count_words(count: int, one: str, many: str | None = None) -> str:
    """``1 face``, ``2 faces``, ``1,200 faces``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def format_duration(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3 h 05 min``, ``4 days``: the unit a person would choose."""
    seconds = max(0, round(seconds))
    if seconds < 90:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{round(minutes / 1440)} days"


def describe_distances(distances: Mapping[str, Any]) -> str:
    """The distances a verdict was taken on, as one clause; empty when there are none."""
    parts = []
    if (score := distances.get("score")) is not None:
        limit = distances.get("alone_limit", distances.get("accept"))
        known = len(distances.get("references") or ())
        parts.append(
            f"{score:.2f} from the {count_words(known, 'trusted face')}{_describe_limit(limit)}"
        )
    if (score := distances.get("together_score")) is not None:
        parts.append(
            f"{score:.2f} with the page's matches{_describe_limit(distances.get('together'))}"
        )
    if (size := distances.get("cluster_size") or 0) > 1:
        photos = distances.get("photos") or size
        as_one, limit = distances.get("cluster_distance"), distances.get("cluster_limit")
        as_group = "" if as_one is None else f": {as_one:.2f} apart as one{_describe_limit(limit)}"
        parts.append(f"agrees with {size - 1} of the page's {photos - 1} other faces{as_group}")
    if (other := distances.get("other_distance")) is not None:
        parts.append(
            f"the nearest other performer ({distances.get('other_performer')}) is {other:.2f} away"
        )
    return "; ".join(parts)


def _describe_limit(limit: float | None) -> str:
    return "" if limit is None else f" (accepted up to {limit:.2f})"
