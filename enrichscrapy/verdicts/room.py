"""Limits: which of the good faces are kept when there are more of them than room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from enrichscrapy.items import Verdict
from enrichscrapy.verdicts.case import Case
from enrichscrapy.verdicts.evidence import Matrix, distances, stack
from enrichscrapy.verdicts.ruling import Ruling
from enrichscrapy.verdicts.types import Limits, Reason, Reference, Trust

# How much better a new face must be to take the place of one that is there.
_INCUMBENT = 0.15


@dataclass(frozen=True, eq=False)
class _Seat:
    """A face that wants a place: ``old`` one that has it, or ``new`` by its index in the case.

    ``rank`` is 2 for a face that a person confirmed, 1 for another trusted one, else 0.
    """

    vector: Matrix
    rank: int
    worth: float
    old: Reference | None = None
    new: int = -1


def make_room(
    case: Case, rulings: Sequence[Ruling], references: Sequence[Reference], limits: Limits
) -> tuple[list[Ruling], tuple[tuple[int, str], ...]]:
    """Keep the accepted faces that cover the person best; returns the rulings that result and
    the (face id, reason) of those that were there and make room.

    Only faces of the same source compete for a place, and none yields to one that is trusted less.
    Where the limits were exceeded before, a face comes in only for one that goes.
    """
    result = _without_duplicates(case, rulings, references)
    wanted = [i for i, ruling in enumerate(result) if ruling.verdict is Verdict.ACCEPTED]
    same = [face for face in references if face.source == case.context.source]
    rest = [face for face in references if face.source != case.context.source]
    room = max(min(limits.per_source, limits.total - len(rest)), 0)
    if len(same) + len(wanted) <= room:
        return result, ()
    room = max(room, len(same))
    kept = _choose(_seats(case, result, wanted, same), rest, room)
    for index in wanted:
        if index not in {seat.new for seat in kept}:
            result[index] = replace(
                result[index], verdict=Verdict.RETIRED, reason=Reason.NO_ROOM, trusted=False
            )
    staying = {seat.old.face_id for seat in kept if seat.old is not None}
    gone = sorted(face.face_id for face in same if face.face_id not in staying)
    return result, tuple((face_id, Reason.REPLACED.value) for face_id in gone)


def _without_duplicates(
    case: Case, rulings: Sequence[Ruling], references: Sequence[Reference]
) -> list[Ruling]:
    """A picture that is there already adds nothing; the first (best) of several is kept."""
    result = list(rulings)
    seen = [stack([face.vector]) for face in references]
    for index, ruling in enumerate(result):
        if ruling.verdict is not Verdict.ACCEPTED:
            continue
        own = case.vectors[[index]]
        if any(float(distances(own, other)[0, 0]) <= case.thresholds.duplicate for other in seen):
            result[index] = replace(
                ruling, verdict=Verdict.REJECTED, reason=Reason.DUPLICATE, trusted=False
            )
        else:
            seen.append(own)
    return result


def _seats(
    case: Case, rulings: Sequence[Ruling], wanted: Sequence[int], same: Sequence[Reference]
) -> list[_Seat]:
    old = [
        _Seat(
            vector=stack([face.vector]),
            rank=int(face.trusted) + int(face.trusted and not face.earned),
            worth=face.quality + _INCUMBENT,
            old=face,
        )
        for face in sorted(same, key=lambda face: face.face_id)
    ]
    given = Trust(case.context.trust) is Trust.USER
    new = [
        _Seat(
            vector=case.vectors[[index]],
            rank=int(rulings[index].trusted) + int(rulings[index].trusted and given),
            worth=case.evidence[index].candidate.quality,
            new=index,
        )
        for index in wanted
    ]
    return old + new


def _choose(seats: Sequence[_Seat], rest: Sequence[Reference], room: int) -> list[_Seat]:
    """Greedy: next comes the face that is worth most and least like those already in; those that
    are trusted more come first."""
    kept: list[_Seat] = []
    present = [stack([face.vector]) for face in rest]
    left = list(seats)
    while left and len(kept) < room:
        best = max(left, key=lambda seat: (seat.rank, seat.worth + _novelty(seat, present)))
        left.remove(best)
        kept.append(best)
        present.append(best.vector)
    return kept


def _novelty(seat: _Seat, present: Sequence[Matrix]) -> float:
    return min((float(distances(seat.vector, other)[0, 0]) for other in present), default=0.0)
