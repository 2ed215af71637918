"""How many faces there are, with which verdicts, and how they spread over performers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, case, func, literal_column, select

from enrichscrapy.database.connection import count_rows
from enrichscrapy.database.schema import faces, lookups, models, performers, photo_results
from enrichscrapy.items import ModelInfo, Verdict
from enrichscrapy.verdicts import HARD_TO_TELL

OWN = "import"
"""The source of the user's own photos: what was there before any crawl."""

ENOUGH = 3
"""Accepted faces from which on recognising a performer works well."""


IS_WAITING: ColumnElement[bool] = literal_column(
    "(faces.verdict = 'quarantined' AND faces.reason <> 'suppressed')"
)
"""Faces that wait for a person. Not those whom nobody may accept: the performer was forgotten, or
is a namesake of one. Written out: SQLite uses a partial index only for its very words."""


@dataclass(frozen=True)
class Model:
    """A row of ``models`` that people may read."""

    id: int
    name: str
    sha256: str
    preprocessing: str
    calibrated: bool

    def is_of(self, info: ModelInfo) -> bool:
        """Whether its vectors and those of ``info`` may meet."""
        return (self.name, self.sha256, self.preprocessing) == (
            info.name,
            info.sha256,
            info.preprocessing,
        )


def find_model_in_use(connection: Connection) -> Model | None:
    """The model of the latest lookup that had one, else the newest; None before the first."""
    latest = (
        select(lookups.c.model_id)
        .where(lookups.c.model_id.is_not(None))
        .order_by(lookups.c.updated_at.desc())
        .limit(1)
    )
    model_id = connection.scalar(latest)
    query = select(
        models.c.id,
        models.c.name,
        models.c.sha256,
        models.c.preprocessing,
        models.c.thresholds.is_not(None),
    )
    query = query.where(models.c.id == model_id) if model_id else query.order_by(models.c.id.desc())
    row = connection.execute(query.limit(1)).first()
    return Model(*row) if row else None


@dataclass(frozen=True)
class VerdictCount:
    """Faces of a source with one verdict for one reason."""

    verdict: str
    reason: str
    source: str
    count: int


def count_verdicts(connection: Connection, model_id: int) -> list[VerdictCount]:
    """Faces of a model by verdict, reason and source; the most frequent first in each verdict."""
    count = func.count().label("count")
    query = (
        select(faces.c.verdict, faces.c.reason, faces.c.source, count)
        .where(faces.c.model_id == model_id)
        .group_by(faces.c.verdict, faces.c.reason, faces.c.source)
        .order_by(faces.c.verdict, count.desc(), faces.c.reason, faces.c.source)
    )
    return [VerdictCount(*row) for row in connection.execute(query)]


def count_photo_outcomes(connection: Connection, model_id: int) -> dict[str, int]:
    """Counts of photos by outcome under a model."""
    query = (
        select(photo_results.c.outcome, func.count())
        .where(photo_results.c.model_id == model_id)
        .group_by(photo_results.c.outcome)
        .order_by(func.count().desc(), photo_results.c.outcome)
    )
    return {str(outcome): int(count) for outcome, count in connection.execute(query)}


@dataclass(frozen=True)
class HardToTell:
    """Performers with faces that wait because the model may not tell people apart where they lie,
    and how many faces that are."""

    performers: int
    faces: int


def count_hard_to_tell(connection: Connection, model_id: int) -> HardToTell:
    query = select(func.count(faces.c.performer_id.distinct()), func.count()).where(
        faces.c.model_id == model_id,
        faces.c.verdict == Verdict.QUARANTINED.value,
        faces.c.reason.in_(HARD_TO_TELL),
    )
    return HardToTell(*connection.execute(query).one())


@dataclass(frozen=True)
class Coverage:
    """How many performers have how many accepted faces: ``before`` counts the user's own photos
    only, ``after`` all. Both map a number of faces to a number of performers and cover all
    ``performers``."""

    performers: int
    before: dict[int, int]
    after: dict[int, int]
    trusted: int

    def with_enough(self, counts: dict[int, int]) -> int:
        return sum(number for faces, number in counts.items() if faces >= ENOUGH)


def count_coverage(connection: Connection, model_id: int | None) -> Coverage:
    """Read in one pass over the accepted faces."""
    total = count_rows(connection, performers)
    before: Counter[int] = Counter()
    after: Counter[int] = Counter()
    trusted = 0
    own = func.sum(case((faces.c.source == OWN, 1), else_=0))
    query = (
        select(own, func.count(), func.sum(case((faces.c.trusted, 1), else_=0)))
        .where(faces.c.model_id == model_id, faces.c.verdict == Verdict.ACCEPTED.value)
        .group_by(faces.c.performer_id)
    )
    for had, has, is_trusted in connection.execute(query) if model_id is not None else ():
        before[int(had)] += 1
        after[int(has)] += 1
        trusted += int(is_trusted)
    nothing = total - after.total()
    before[0] += nothing
    after[0] += nothing
    return Coverage(total, _sort_counts(before), _sort_counts(after), trusted)


def _sort_counts(counts: Counter[int]) -> dict[int, int]:
    return {faces: counts[faces] for faces in sorted(counts) if counts[faces]}
