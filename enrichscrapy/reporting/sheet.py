"""The contact sheet: every face that waits, beside its performer's others, in blocks a page can
load.

Plain lists instead of objects keep a report of thousands of performers small; the order of the
entries is that of ``report.js``.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, func, select

from enrichscrapy.database.dialects.expressions import listed
from enrichscrapy.database.schema import faces, lookups, performers, photos
from enrichscrapy.items import Verdict
from enrichscrapy.reporting.faces import IS_WAITING, OWN
from enrichscrapy.reporting.thumbnails import make_thumbnail
from enrichscrapy.reporting.words import VERDICTS, describe_distances, describe_reason

BLOCK = 40
"""Performers in one block: what the page reads at a time."""

THUMB = 96
"""Pixels of a crop's side in the report."""

Entry = list[Any]


@dataclass(frozen=True)
class Sheet:
    """``index`` has one short entry a performer (id, name, faces before, accepted, waiting,
    rejected, retired, lookups as ``babepedia: found``); ``blocks`` are made when asked for."""

    index: list[Entry]
    blocks: Iterator[list[list[Entry]]]


def make_contact_sheet(connection: Connection, model_id: int | None, others: int) -> Sheet:
    """Read in id order. ``connection`` must stay open until the blocks were taken.

    Every face that waits brings its picture, and so do at most ``others`` of those beside them,
    trusted ones first.
    """
    index = _index(connection, model_id)
    ids = [entry[0] for entry in index]
    pictured = _add_pictures(connection, model_id, ids, others)
    blocks = (
        _make_block(connection, model_id, ids[start : start + BLOCK], pictured)
        for start in range(0, len(ids), BLOCK)
    )
    return Sheet(index, blocks)


@dataclass
class _Counts:
    before: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)


def _index(connection: Connection, model_id: int | None) -> list[Entry]:
    waiting = select(faces.c.performer_id).where(IS_WAITING, faces.c.model_id == model_id)
    counts: dict[int, _Counts] = defaultdict(_Counts)
    is_own = (faces.c.source == OWN).label("is_own")
    query = select(faces.c.performer_id, faces.c.verdict, is_own, func.count())
    query = query.where(faces.c.model_id == model_id, faces.c.performer_id.in_(waiting))
    query = query.group_by(faces.c.performer_id, faces.c.verdict, is_own)
    for performer_id, verdict, own, count in connection.execute(query):
        entry = counts[performer_id]
        entry.verdicts[verdict] = entry.verdicts.get(verdict, 0) + count
        entry.before += count if own and verdict == Verdict.ACCEPTED else 0
    outcomes: dict[int, list[str]] = defaultdict(list)
    asked = select(lookups.c.performer_id, lookups.c.source, lookups.c.outcome)
    asked = asked.where(lookups.c.source != OWN, lookups.c.performer_id.in_(waiting))
    for performer_id, source, outcome in connection.execute(asked.order_by(lookups.c.updated_at)):
        outcomes[performer_id].append(f"{source}: {outcome}")
    names = select(performers.c.id, performers.c.canonical_name)
    names = names.where(performers.c.id.in_(waiting)).order_by(performers.c.id)
    return [
        [
            performer_id,
            name,
            counts[performer_id].before,
            *(counts[performer_id].verdicts.get(verdict.value, 0) for verdict in _ORDER),
            ", ".join(outcomes[performer_id]),
        ]
        for performer_id, name in connection.execute(names)
    ]


_ORDER = (Verdict.ACCEPTED, Verdict.QUARANTINED, Verdict.REJECTED, Verdict.RETIRED)


def _add_pictures(
    connection: Connection, model_id: int | None, owners: Sequence[int], others: int
) -> set[int]:
    kept = select(faces.c.id).where(faces.c.model_id == model_id, faces.c.crop.is_not(None))
    beside = (
        kept.where(~IS_WAITING, faces.c.performer_id.in_(listed(owners)))
        .order_by(faces.c.trusted.desc(), faces.c.id.desc())
        .limit(others)
    )
    return set(connection.scalars(kept.where(IS_WAITING))) | set(connection.scalars(beside))


def _make_block(
    connection: Connection, model_id: int | None, ids: Sequence[int], pictured: set[int]
) -> list[list[Entry]]:
    """The faces of these performers, one list each."""
    query = (
        select(faces, photos.c.url.label("photo_url"))
        .join(photos, photos.c.id == faces.c.photo_id)
        .where(faces.c.performer_id.in_(ids), faces.c.model_id == model_id)
        .order_by(faces.c.id)
    )
    entries: dict[int, list[Entry]] = {performer_id: [] for performer_id in ids}
    for row in connection.execute(query):
        entries[row.performer_id].append(_make_face(row, row.id in pictured))
    return [entries[performer_id] for performer_id in ids]


def _make_face(row: Row[Any], pictured: bool) -> Entry:
    distances = row.distances or {}
    score = distances.get("score")
    photo = row.photo_url if row.photo_url.startswith(("https://", "http://")) else ""
    return [
        row.id,
        row.source,
        row.verdict,
        int(row.trusted),
        f"{VERDICTS.get(row.verdict, row.verdict)}: {describe_reason(row.reason)}",
        None if score is None else round(float(score), 2),
        describe_distances(distances),
        round(row.quality, 2),
        photo,
        _make_picture(row.crop) if pictured and row.crop else "",
    ]


def _make_picture(crop: bytes) -> str:
    return base64.b64encode(make_thumbnail(crop, THUMB)).decode()
