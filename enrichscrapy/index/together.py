"""Searching segments together: the nearest of all, whichever segment they are in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.index.codes import Found
from enrichscrapy.index.segments import NONE, OpenSegment
from enrichscrapy.items import Vector

_COMPARED = 3
"""For each neighbour asked for, so many of the nearest by code are compared by exact vectors."""
_COMPARED_AT_LEAST = 100


def search_together(segments: Sequence[OpenSegment], queries: Vector, k: int) -> Found:
    """Face ids and inner products (n, k) of the nearest, best first; -1 where there are no more."""
    coded = [segment for segment in segments if segment.codes is not None]
    found = [each.search(queries, k) for each in segments if each.codes is None]
    if coded:
        found.append(_search_codes(coded, queries, max(_COMPARED * k, _COMPARED_AT_LEAST)))
    nobody = (np.full((len(queries), k), -1), np.full((len(queries), k), NONE, dtype=np.float32))
    return _take_best([*found, nobody], k)


def _take_best(found: Sequence[Found], k: int) -> Found:
    ids, near = (np.concatenate(part, axis=1) for part in zip(*found, strict=True))
    best = np.argsort(-near, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(ids, best, axis=1), np.take_along_axis(near, best, axis=1)


def _search_codes(segments: Sequence[OpenSegment], queries: Vector, k: int) -> Found:
    """Face ids and exact inner products (n, k) of the nearest by code of all segments.

    All codes are of one quantiser, so that they can be compared across segments, and what is read
    of the exact vectors does not grow with the number of segments.
    """
    codes = [segment.codes for segment in segments if segment.codes is not None]
    lists = codes[0].choose_lists(queries)
    firsts = np.cumsum([0, *(len(each) for each in codes)])
    found = []
    for segment, each, first in zip(segments, codes, firsts, strict=False):
        rows, near = segment.search_codes(each, queries, k, lists)
        found.append((np.where(rows < 0, -1, rows + first), near))
    places, _ = _take_best(found, k)
    return _compare(segments, firsts, places, queries)


def _compare(
    segments: Sequence[OpenSegment],
    firsts: NDArray[np.int64],
    places: NDArray[np.int64],
    queries: Vector,
) -> Found:
    """The same with exact vectors; ``places`` (n, k) count all rows of all segments through."""
    ids = np.full(places.shape, -1)
    exact = np.full(places.shape, NONE, dtype=np.float32)
    which = np.where(places < 0, -1, np.searchsorted(firsts, places, side="right") - 1)
    for number, segment in enumerate(segments):
        for query, mine in enumerate(which == number):
            rows = places[query, mine] - firsts[number]
            ids[query, mine], exact[query, mine] = segment.compare(rows, queries[query])
    return ids, exact
