"""What the rules are given and what they answer; all values, no behaviour of their own.

Distances are ``1 - cosine`` throughout: 0 is the same picture, about 0.87 are two strangers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from enrichscrapy.items import Identity, Vector


class Trust(StrEnum):
    """How far a source is believed (the values of ``TRUST_LEVELS``)."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    USER = "user"


class Reason(StrEnum):
    """Why a face got its verdict. The values are stored: never reuse or rename one."""

    # accepted
    OWN_PHOTO = "own_photo"
    MATCH = "match"
    MATCH_BY_PROFILE = "match_by_profile"
    AGREEING_PHOTOS = "agreeing_photos"
    OTHER_SOURCE = "agrees_with_other_source"
    CORROBORATED_PAGE = "corroborated_page"
    # accepted by another's rules, for comparison
    SEED_TRUSTED_SOURCE = "seed_trusted_source"
    SEED_MATCH = "seed_match"
    # against the face
    WRONG_PAGE = "wrong_page"
    TOO_FAR = "too_far"
    OTHER_PERFORMER = "other_performer"
    SUSPECTED_MERGE = "suspected_merge"
    OUTVOTED = "outvoted_by_profile"
    PROFILE_DIFFERS = "profile_differs"
    CONTRADICTS_ACCEPTED = "contradicts_accepted_faces"
    NO_MATCH = "no_match"
    # not enough for it
    BETWEEN_THRESHOLDS = "between_thresholds"
    SINGLE_PHOTO = "single_uncorroborated_photo"
    NO_REFERENCES = "no_references"
    SHARED_PHOTO = "shared_photo"
    LOW_QUALITY = "low_quality"
    # right, but not kept
    DUPLICATE = "duplicate"
    NO_ROOM = "no_room"
    REPLACED = "replaced_by_better"


@dataclass(frozen=True, eq=False)
class Candidate:
    """A face to judge. ``photo`` names its photo: two faces of one photo are two people;
    ``shared`` says that another performer has the same photo."""

    vector: Vector
    quality: float
    photo: str
    shared: bool = False
    face_id: int | None = None


@dataclass(frozen=True, eq=False)
class Reference:
    """An accepted face of the performer, as it was when the lookup began.

    ``earned`` marks a face that became trusted by these rules and not by a person: it vouches,
    but nobody gets in whom the faces a person vouched for would have kept out.
    """

    face_id: int
    vector: Vector
    trusted: bool
    quality: float
    source: str
    earned: bool = False


@dataclass(frozen=True)
class Context:
    """Where the candidates come from.

    ``index_size`` is the number of other performers' faces the neighbours were sought among: the
    more there are, the nearer the nearest stranger is by chance. 0 means unknown (few).
    """

    source: str
    trust: str
    identity: Identity | None
    mode: str
    index_size: int = 0


@dataclass(frozen=True)
class Limits:
    """Accepted faces kept of one performer: of one source, and in all."""

    per_source: int
    total: int
