"""The report's plots: from counts to bars."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from sqlalchemy import Connection, Select, func, literal_column, select

from enrichscrapy.database.dialects.expressions import truncate
from enrichscrapy.database.schema import faces
from enrichscrapy.items import Outcome, Verdict
from enrichscrapy.reporting.charts import Bar, Mark, Part, draw_bars
from enrichscrapy.reporting.faces import Coverage
from enrichscrapy.reporting.sources import DayOutcome
from enrichscrapy.reporting.words import OUTCOMES, VERDICTS, count_words

MIN_BARS, MAX_BARS = 14, 45
STEP = 0.025
"""Width of a bar of distances."""

LATEST = 20_000
"""Faces that the plot of distances is made of: more would not change it, and each is read."""

_SIZES = (*((n, n) for n in range(6)), (6, 9), (10, 14), (15, None))


def plot_outcomes(days: Sequence[DayOutcome], source: str) -> Markup | None:
    """Lookups of a source by the day of their latest attempt; None when there are none."""
    of_source = [day for day in days if day.source == source]
    if not of_source:
        return None
    first, last = (dt.date.fromisoformat(of_source[place].day) for place in (0, -1))
    first = min(first, last - dt.timedelta(days=MIN_BARS - 1))  # one day must not fill it
    width = -(-((last - first).days + 1) // MAX_BARS)
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for day in of_source:
        counts[(dt.date.fromisoformat(day.day) - first).days // width][day.outcome] += day.count
    number = (last - first).days // width + 1
    bars = [_make_day_bar(first, width, place, counts[place], number) for place in range(number)]
    total = sum(day.count for day in of_source)
    return draw_bars(bars, f"{source}: {count_words(total, 'lookup')} from {first} to {last}")


def _make_day_bar(first: dt.date, width: int, place: int, counts: Counter[str], number: int) -> Bar:
    day = first + dt.timedelta(days=place * width)
    until = day + dt.timedelta(days=width - 1)
    span = f"{day}" if width == 1 else f"{day} to {until}"
    parts = [
        Part(outcome.value, counts[outcome], f"{span}: {counts[outcome]:,} {OUTCOMES[outcome]}")
        for outcome in Outcome
    ]
    every = max(1, -(-number // 4))
    shown = (number - 1 - place) % every == 0
    return Bar(tuple(parts), f"{day:%d %b}" if shown else "")


def plot_faces_per_performer(covered: Coverage) -> Markup:
    """Before and after, side by side; the many without any face are left to the caption."""
    bars = []
    for low, high in _SIZES[1:]:
        label = f"{low}" if low == high else f"{low}–{high}" if high else f"{low}+"
        for kind, counts in (("before", covered.before), ("after", covered.after)):
            count = sum(n for size, n in counts.items() if low <= size <= (high or size))
            words = f"{count_words(count, 'performer')} with {label} {kind}"
            bars.append(Bar((Part(kind, count, words),), label if kind == "before" else "", span=2))
        bars.append(Bar())  # room between the pairs
    return draw_bars(bars, "Performers by their number of accepted faces, before and after")


@dataclass(frozen=True)
class DistanceBin:
    """Faces with one verdict whose distance to the trusted ones lies in one bar."""

    verdict: str
    bin: int
    count: int


def count_distances(connection: Connection, model_id: int) -> list[DistanceBin]:
    """Distances the latest verdicts were taken on; faces judged without trusted ones have none."""
    latest = _select_latest(model_id).limit(LATEST).subquery()
    place = truncate(latest.c.score / STEP).label("bin")
    query = (
        select(latest.c.verdict, place, func.count())
        .where(latest.c.score.is_not(None))
        .group_by(latest.c.verdict, place)
    )
    return [DistanceBin(*row) for row in connection.execute(query)]


def read_limits(connection: Connection, model_id: int) -> dict[str, float]:
    """The thresholds that the latest verdict was taken with, by their words."""
    latest = _select_latest(model_id).limit(LATEST).subquery()
    query = select(latest.c.accept, latest.c.reject).where(latest.c.accept.is_not(None)).limit(1)
    row = connection.execute(query).mappings().first()
    return {name: float(limit) for name, limit in row.items() if limit is not None} if row else {}


def _select_latest(model_id: int) -> Select[Any]:
    """The faces' verdicts and distances, the newest first: read in the order of their rows, which
    adding 0 makes SQLite do, and no farther than is asked for."""
    columns = [
        faces.c.distances[name].as_float().label(name) for name in ("score", "accept", "reject")
    ]
    of_model = faces.c.model_id + literal_column("0") == model_id
    return select(faces.c.verdict, *columns).where(of_model).order_by(faces.c.id.desc())


def plot_distances(bins: Iterable[DistanceBin], limits: Mapping[str, float]) -> Markup | None:
    """How far the faces are from the trusted ones, coloured by verdict; ``limits`` are marked."""
    counts = {(row.verdict, row.bin): row.count for row in bins}
    if not counts:
        return None
    last = max(place for _, place in counts) + 1
    last = max(last, *(int(limit / STEP) + 2 for limit in limits.values()), 1)
    bars = []
    for place in range(last):
        low, high = place * STEP, (place + 1) * STEP
        parts = [
            Part(
                verdict.value,
                counts.get((verdict, place), 0),
                f"{low:.3f} to {high:.3f}: {counts.get((verdict, place), 0):,} {VERDICTS[verdict]}",
            )
            for verdict in Verdict
        ]
        shown = place % max(1, round(0.2 / STEP)) == 0
        bars.append(Bar(tuple(parts), f"{low:.1f}" if shown else ""))
    marks = [Mark(limit / STEP / last, f"{words} {limit:.2f}") for words, limit in limits.items()]
    return draw_bars(bars, "Faces by their distance to the trusted ones", marks)
