"""What flows through the pipelines: one :class:`Lookup`, filled in stage by stage.

Dataclasses, so that ``itemadapter`` and type checkers both understand them. Binary fields
(photo bytes, crops, vectors) have ``repr=False``: Scrapy logs the ``repr`` of dropped items.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


class ReferenceSiteMode(StrEnum):
    """How performers are found on a reference site."""

    URL_LOOKUP = "url"
    NAME_LOOKUP = "name"


class Outcome(StrEnum):
    """The outcome of a lookup. The first three end it; the others are due again."""

    FOUND = "found"
    ABSENT = "absent"
    MISMATCH = "mismatch"
    BLOCKED = "blocked"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        return self in (Outcome.FOUND, Outcome.ABSENT, Outcome.MISMATCH)


class PhotoOutcome(StrEnum):
    """The result of one photo under one face model."""

    FACES = "faces"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    LOW_QUALITY = "low_quality"
    DUPLICATE = "duplicate"
    PLACEHOLDER = "placeholder"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    REFUSED = "refused"
    MISSING = "missing"
    FAILED = "failed"


class Verdict(StrEnum):
    """What was decided about one face."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    RETIRED = "retired"


class Identity(StrEnum):
    """What stage 100 concluded about the page."""

    CONFIRMED = "confirmed"
    UNCORROBORATED = "uncorroborated"
    MISMATCH = "mismatch"


@dataclass(frozen=True, order=True)
class PartialDate:
    """A date known to the year, the month or the day: ``1983``, ``1983-10``, ``1983-10-15``."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.day is not None and self.month is None:
            raise ValueError("a day needs a month")
        if self.month == 0 or self.day == 0:
            raise ValueError("no month and no day has the number 0")
        self.earliest()  # raises ValueError for a date that does not exist

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read the ISO form; raises ``ValueError`` for anything else."""
        match = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", text.strip())
        if not match:
            raise ValueError(f"not a date of the form 1983, 1983-10 or 1983-10-15: {text!r}")
        year, month, day = match.groups()
        return cls(int(year), int(month) if month else None, int(day) if day else None)

    def __str__(self) -> str:
        parts = [f"{self.year:04d}"]
        parts += [f"{part:02d}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)

    def earliest(self) -> dt.date:
        return dt.date(self.year, self.month or 1, self.day or 1)

    def latest(self) -> dt.date:
        month = self.month or 12
        return dt.date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    def contradicts(self, other: PartialDate) -> bool:
        """True when no single day fits both."""
        return self.latest() < other.earliest() or other.latest() < self.earliest()


@dataclass(frozen=True)
class Profile:
    """What a page says about its person.

    ``links`` maps a kind (``"instagram"``) to its URLs; ``photo_urls`` are absolute, canonical
    (the site's real host) and best first; ``countries`` are ISO 3166-1 alpha-2, all that are
    stated, and ``country`` the first of them; ``gender`` is one of the database's values
    (``FEMALE``, ``MALE``, ``TRANSGENDER_FEMALE``, …). ``birth_text`` is what the page says of
    birth and age in its own words, so that a vague date can still tell who may be a minor.
    ``former_ids`` are other ids of the source that lead to this page by now.
    """

    name: str
    url: str
    aliases: tuple[str, ...] = ()
    gender: str | None = None
    birth_date: PartialDate | None = None
    death_date: PartialDate | None = None
    country: str | None = None
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    photo_urls: tuple[str, ...] = ()
    source_id: str | None = None
    countries: tuple[str, ...] = ()
    birth_text: str = ""
    former_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Performer:
    """A performer as the user's database knows them; columns as in ``performers``."""

    id: int
    canonical_name: str
    disambiguation: str | None = None
    gender: str | None = None
    country: str | None = None
    ethnicity: str | None = None
    birth_date: str | None = None
    death_date: str | None = None
    career_start_year: int | None = None
    career_end_year: int | None = None
    face_count: int | None = None
    image_url: str | None = None
    aliases: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    stashbox_ids: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ModelInfo:
    """Which network made a vector, and how; vectors of two models never meet."""

    name: str
    sha256: str
    preprocessing: str
    dimension: int


@dataclass(frozen=True)
class Neighbour:
    """A face of another performer; ``distance`` is 1 - cosine."""

    performer_id: int
    face_id: int
    distance: float


@dataclass
class Decision:
    """A verdict on a face with everything it was taken on; see ``verdicts.py``."""

    verdict: Verdict
    reason: str
    trusted: bool = False
    distances: dict[str, Any] = field(default_factory=dict)
    rule_version: str = ""


@dataclass(frozen=True)
class Judgement:
    """What the rules made of a lookup's faces.

    ``decisions`` has one entry per face, in order. ``retire`` names accepted faces that make
    room, each with a reason; ``confirm`` accepted faces that may serve as references from now on.
    """

    decisions: tuple[Decision, ...]
    retire: tuple[tuple[int, str], ...] = ()
    confirm: tuple[int, ...] = ()


@dataclass
class Face:
    """One face of one photo.

    ``box`` is (x1, y1, x2, y2) and ``landmarks`` five (x, y) pairs (eyes, nose, mouth corners),
    both in pixels of the upright photo; ``quality`` is in 0..1; ``crop`` is the face with what is
    round it as JPEG, ``crop_area`` the part of the photo that it shows; ``vector`` is float32 of
    unit length;
    ``shared`` says that another performer has the same photo.
    """

    photo_url: str
    box: tuple[float, float, float, float]
    landmarks: tuple[tuple[float, float], ...]
    detection_score: float
    quality: float
    measures: dict[str, float] = field(default_factory=dict)
    crop: bytes = field(default=b"", repr=False)
    crop_area: tuple[float, float, float, float] | None = None
    vector: Vector | None = field(default=None, repr=False, compare=False)
    neighbours: tuple[Neighbour, ...] = field(default=(), repr=False)
    shared: bool = False
    decision: Decision | None = None


@dataclass
class Photo:
    """One photo of a profile: its bytes while it is looked at, its hashes afterwards."""

    url: str
    data: bytes | None = field(default=None, repr=False)
    sha256: str | None = None
    phash: str | None = None
    width: int | None = None
    height: int | None = None
    outcome: PhotoOutcome | None = None
    detail: str = ""


@dataclass(repr=False)
class Lookup:
    """One performer on one source in one mode: the item of this project.

    A lookup that found nothing is an item too; the stages let it pass untouched and the store
    writes it. ``evidence`` holds what the spider and stage 100 saw (JSON-serialisable); ``born``
    is the latest day of birth that the performer's pages can mean, for the store to act on;
    ``index_size`` counts the faces among which its faces' neighbours were sought, and ``around``
    are the neighbours of the performer's trusted faces' mean.
    """

    source: str
    mode: ReferenceSiteMode
    performer: Performer
    outcome: Outcome
    url: str | None = None
    http_status: int | None = None
    detail: str = ""
    identity: Identity | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    profile: Profile | None = None
    born: dt.date | None = None
    photos: list[Photo] = field(default_factory=list)
    faces: list[Face] = field(default_factory=list)
    index_size: int = 0
    around: tuple[Neighbour, ...] = field(default=(), repr=False)
    judgement: Judgement | None = None
    references_token: str = ""

    def __repr__(self) -> str:
        """For logs, where people are named by their id only."""
        return f"<Lookup of performer {self.performer.id} on {self.source}: {self.outcome.value}>"

    @property
    def key(self) -> tuple[str, str, int]:
        """Its row in the ledger: (source, mode, performer id)."""
        return (self.source, self.mode.value, self.performer.id)
