"""A database as some weeks of crawling leave it: invented people, drawn crops, every outcome.

Written through the project's own ``store_lookup``, so that what the reports read is what the
crawls write. Everything follows from the numbers given: the same call makes the same rows.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from sqlalchemy import insert

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.schema import hosts
from enrichscrapy.database.store import store_lookup
from enrichscrapy.items import (
    Decision,
    Face,
    Identity,
    Judgement,
    Lookup,
    ModelInfo,
    Outcome,
    Photo,
    PhotoOutcome,
    Profile,
    ReferenceSiteMode,
    Verdict,
)
from tests.support import open_database

START = 1_767_225_600.0  # 2026-01-01 00:00 UTC
DAY = 86_400.0
MODEL = ModelInfo("tests.Model", "0" * 64, "test-1", 512)
HOSTILE_NAME = '</script><script>boom()</script> <b>Bea</b> & "Q" \x1b[31m'
FIRST = ["Ada", "Bea", "Cleo", "Dora", "Edda", "Fay", "Gwen", "Hope", "Ida", "Jo", "Kaya", "Lou"]
FIRST += ["Mae", "Nell", "Oda", "Pia"]
LAST = ["Demo", "Sample", "Mock", "Trial", "Model", "Proof", "Draft", "Sketch", "Figure", "Shape"]


@dataclass
class Clock:
    """A clock that the sample sets; ``now`` is UTC seconds."""

    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Sample:
    """The database and how to add to it, day by day."""

    database: PerformerDatabase
    clock: Clock
    model_id: int
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def performer(self, name: str | None = None, **fields: object) -> int:
        number = self.database.count_performers()
        name = (
            name or f"{FIRST[number % 16]} {LAST[number // 16 % 10]} {number // 160 or ''}".strip()
        )
        performer_id = self.database.add_performer(name, **{"gender": "FEMALE", **fields})
        link = f"https://www.babepedia.com/babe/Person_{performer_id}"
        self.database.add_url(performer_id, link)
        return performer_id

    def lookup(
        self,
        performer_id: int,
        outcome: Outcome = Outcome.FOUND,
        *,
        source: str = "babepedia",
        mode: str = "url",
        detail: str = "",
        faces: list[tuple[Verdict, str, bool]] | None = None,
        photos: list[tuple[PhotoOutcome, str]] | None = None,
        retry: RetryPolicy | None = None,
        distances: dict[str, object] | None = None,
        profile: Profile | None = None,
    ) -> list[int]:
        """Store one lookup with these faces (verdict, reason, trusted); returns their ids."""
        performer = self.database.get_performer(performer_id)
        assert performer is not None
        url = f"https://www.babepedia.com/babe/Person_{performer_id}"
        found = outcome is Outcome.FOUND
        lookup = Lookup(
            source,
            ReferenceSiteMode(mode),
            performer,
            outcome,
            url=url if source != "import" else None,
            http_status=200 if found and source != "import" else None,
            detail=detail,
            identity=Identity.CONFIRMED if found and source != "import" else None,
            evidence={"pages": [{"url": url, "outcome": outcome.value, "status": 200}]}
            if source != "import"
            else {},
            profile=(profile or Profile(performer.canonical_name, url)) if found else None,
        )
        decisions = []
        for number, (verdict, reason, trusted) in enumerate(faces or []):
            face, photo = self._face(performer_id, source, number)
            told = distances if distances is not None else self._distances(verdict)
            face.decision = Decision(verdict, reason, trusted, told, "1")
            decisions.append(face.decision)
            lookup.faces.append(face)
            lookup.photos.append(photo)
        for number, (photo_outcome, why) in enumerate(photos or []):
            address = f"https://www.babepedia.com/pics/{performer_id}-{source}-{number}.jpg"
            lookup.photos.append(Photo(address, outcome=photo_outcome, detail=why))
        lookup.judgement = Judgement(tuple(decisions))
        report = store_lookup(
            self.database,
            lookup,
            model_id=self.model_id,
            retry=retry or RetryPolicy(),
            judge=None,
        )
        assert report.stored
        return list(report.face_ids)

    def _face(self, performer_id: int, source: str, number: int) -> tuple[Face, Photo]:
        tag = int(self.random.integers(1 << 40))
        url = f"https://www.babepedia.com/pics/Person {performer_id}-{tag:x}.jpg"
        vector = self.random.normal(size=512).astype(np.float32)
        face = Face(
            url,
            box=(10.0, 10.0, 170.0, 170.0),
            landmarks=((60.0, 70.0),) * 5,
            detection_score=0.99,
            quality=round(float(self.random.uniform(0.3, 0.95)), 3),
            measures={"sharpness": 9.0},
            crop=draw_crop(performer_id, tag),
            vector=vector / np.linalg.norm(vector),
        )
        photo = Photo(
            url,
            sha256=f"{tag:064x}",
            phash=f"{tag:016x}",
            width=600,
            height=800,
            outcome=PhotoOutcome.FACES,
        )
        return face, photo

    def _distances(self, verdict: Verdict) -> dict[str, object]:
        middle = {Verdict.ACCEPTED: 0.3, Verdict.REJECTED: 0.85, Verdict.QUARANTINED: 0.55}
        score = abs(float(self.random.normal(middle.get(verdict, 0.4), 0.07)))
        return {
            "score": round(score, 4),
            "nearest": round(score * 0.9, 4),
            "references": [1, 2, 3],
            "accept": 0.43,
            "reject": 0.66,
            "other_performer": 1,
            "other_face": 1,
            "other_distance": round(float(self.random.normal(0.85, 0.1)), 4),
            "cluster_size": 2,
            "photos": 4,
        }


def open_sample(path: Path) -> Sample:
    """A new database with its clock at the start of the sample."""
    clock = Clock()
    database = open_database(path, clock)
    return Sample(database, clock, database.faces.ensure_model(MODEL))


def draw_crop(person: int, shot: int, side: int = 160) -> bytes:
    """A face of circles whose colours are the person's and whose background is the shot's."""
    own, other = np.random.default_rng(person), np.random.default_rng(shot)
    skin = tuple(int(c) for c in own.integers((150, 100, 80), (240, 200, 170)))
    hair = tuple(int(c) for c in own.integers(20, 160, 3))
    back = tuple(int(c) for c in other.integers(60, 230, 3))
    picture = Image.new("RGB", (side, side), back)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((18, 4, 142, 150), fill=hair)
    pen.ellipse((34, 26, 126, 152), fill=skin)
    for x in (60, 100):
        pen.ellipse((x - 9, 74, x + 9, 86), fill="white")
        pen.ellipse((x - 4, 75, x + 4, 85), fill=hair)
    smile = int(other.integers(8, 26))
    pen.chord((60, 110, 100, 110 + smile), 0, 180, fill=(170, 60, 70))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


ACCEPTED = (Verdict.ACCEPTED, "match", True)
WEAKER = (Verdict.ACCEPTED, "match_by_profile", False)
WAITING = (Verdict.QUARANTINED, "between_thresholds", False)
REJECTED = (Verdict.REJECTED, "too_far", False)
OWN = (Verdict.ACCEPTED, "own_photo", True)


def fill(sample: Sample, performers: int = 60) -> Sample:
    """Weeks of crawling: own photos first, then lookups with every outcome."""
    ids = [sample.performer() for _ in range(performers)]
    for place, performer_id in enumerate(ids):
        if place % 3 == 0:
            sample.lookup(performer_id, source="import", faces=[OWN] * (1 + place % 2))
    for place, performer_id in enumerate(ids[: performers * 4 // 5]):
        sample.clock.now = START + DAY * (1 + 20 * place // performers) + place
        _crawl(sample, performer_id, place)
    sample.performer(HOSTILE_NAME)
    _hosts(sample)
    return sample


def _crawl(sample: Sample, performer_id: int, place: int) -> None:
    match place % 10:
        case 7:
            sample.lookup(performer_id, Outcome.ABSENT, detail="http 404")
        case 8:
            sample.lookup(performer_id, Outcome.MISMATCH, detail="birth_date_differs")
        case 9 if place % 20 == 9:
            sample.lookup(performer_id, Outcome.BLOCKED, detail="challenge: cf-mitigated")
        case 9:
            once = RetryPolicy(max_attempts=1)
            sample.lookup(performer_id, Outcome.FAILED, detail="http 500", retry=once)
        case _:
            some = [ACCEPTED] * (1 + place % 3) + [WEAKER] + [WAITING] * (place % 2)
            bad = [(PhotoOutcome.NO_FACE, ""), (PhotoOutcome.LOW_QUALITY, "sharpness 2.1 < 4")]
            sample.lookup(performer_id, faces=[*some, REJECTED], photos=bad[: place % 3])
    if place % 4 == 0:
        found = place % 8 == 0
        outcome = Outcome.FOUND if found else Outcome.ABSENT
        faces = [ACCEPTED, WAITING] if found else None
        sample.lookup(performer_id, outcome, source="iafd", mode="name", faces=faces)


def _hosts(sample: Sample) -> None:
    now = sample.clock.now
    today = "2026-01-17"
    sample.clock.now = START + 16 * DAY + 3600
    rows = [
        {
            "host": "www.babepedia.com",
            "source": "babepedia",
            "delay": 3.4,
            "budget_day": today,
            "budget_used": 812,
            "circuit": "open",
            "circuit_until": sample.clock.now + 1800,
            "circuit_reason": "challenge: cf-mitigated",
            "refusals": 3,
            "last_request_at": now,
        },
        {
            "host": "www.iafd.com",
            "source": "iafd",
            "delay": 2.0,
            "budget_day": "2026-01-10",
            "budget_used": 500,
            "circuit": "closed",
            "circuit_until": None,
            "circuit_reason": None,
            "refusals": 0,
            "last_request_at": now,
        },
    ]
    with sample.database.write() as connection:
        connection.execute(insert(hosts), rows)
