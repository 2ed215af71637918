"""What the rules are given and what they answer; all values, no behaviour of their own.

Distances are ``1 - cosine`` throughout: 0 is the same picture, about 0.87 are two strangers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from enrichscrapy.items import Identity, Neighbour, Vector


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
    UNLIKE_OTHERS = "unlike_other_own_photos"
    TWO_PEOPLE = "own_photos_of_two_people"
    # not enough for it
    BETWEEN_THRESHOLDS = "between_thresholds"
    SINGLE_PHOTO = "single_uncorroborated_photo"
    UNPROVEN_PAGE = "only_the_name_speaks_for_the_page"
    NO_REFERENCES = "no_references"
    CROWDED = "people_too_alike"
    UNFAMILIAR = "unlike_known_people"
    SHARED_PHOTO = "shared_photo"
    LOW_QUALITY = "low_quality"
    # right, but not kept
    DUPLICATE = "duplicate"
    NO_ROOM = "no_room"
    REPLACED = "replaced_by_better"


HARD_TO_TELL = (Reason.CROWDED, Reason.UNFAMILIAR)
"""A face waits because the network may not tell people apart where it lies."""
FOR_A_PAGE = (Reason.UNPROVEN_PAGE, Reason.SINGLE_PHOTO)
"""What a face waits for that a confirmed page of another source may bring."""


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
    """An accepted face of the performer, as it was when the lookup began, or one that is
    ``waiting`` until a confirmed page of another source shows the same person.

    ``earned`` marks a face that became trusted by these rules and not by a person: it is a
    reference, but nobody gets in whom the faces a person confirmed would have kept out.
    """

    face_id: int
    vector: Vector
    trusted: bool
    quality: float
    source: str
    earned: bool = False
    waiting: bool = False


@dataclass(frozen=True)
class Context:
    """Where the candidates come from.

    ``index_size`` is the number of other performers' faces the neighbours were sought among: the
    more there are, the nearer the nearest stranger is by chance. 0 means unknown (few). ``around``
    are other performers' faces nearest to the mean of this performer's trusted ones. ``weak`` says
    that, by the database's own facts, the model tells people like this performer apart badly.
    ``in_doubt`` says that own photos of two people wait for a decision.
    """

    source: str
    trust: str
    identity: Identity | None
    index_size: int = 0
    around: tuple[Neighbour, ...] = ()
    weak: bool = False
    in_doubt: bool = False


@dataclass(frozen=True)
class Limits:
    """Accepted faces kept of one performer: of one source, and in all."""

    per_source: int
    total: int
