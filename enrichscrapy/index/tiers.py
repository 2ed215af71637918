"""Which segments are rewritten together with what comes in: a log-structured merge.

A segment stands until as much has come in after it as it holds, so that a face is written again
only when the faces after it have doubled: about once for each power of two between ``SMALL`` and
``LARGEST``, whatever the size of the index.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from enrichscrapy.index.manifest import Segment

LARGEST = 65_536
"""Faces of a segment at the most: 128 MiB of 512 numbers. It bounds what one publishing, or one
erasure, rewrites, and the memory for it."""
SMALL = 1_000
"""Up to so many faces are always rewritten: 2 MB cost no more than another file."""
MOST_GONE = 1 / 64
"""Share of a segment's faces that may be gone before it is rewritten without them."""


def choose_segments(
    segments: Sequence[Segment], incoming: int, dropped: Collection[int]
) -> list[Segment]:
    """Those of ``segments`` to rewrite with ``incoming`` faces; the rest stands as it is.

    Any with a gone face among ``dropped``, or with too many gone, and the smaller ones that have
    not more faces than come in with them.
    """
    chosen = [each for each in segments if _is_worn(each, dropped)]
    rest = sorted((each for each in segments if each not in chosen), key=lambda each: each.live)
    size = incoming + sum(each.live for each in chosen)
    for each in rest if size else ():
        if each.live > max(size, SMALL) or size + each.live > LARGEST:
            break
        chosen.append(each)
        size += each.live
    return chosen


def _is_worn(segment: Segment, dropped: Collection[int]) -> bool:
    if len(segment.gone) > MOST_GONE * segment.count:
        return True
    return bool(dropped) and bool(np.isin(segment.gone, list(dropped)).any())
