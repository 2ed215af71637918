"""What stages 300 and 400 do to a lookup, free of Scrapy: ``import-faces`` does the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from enrichscrapy.database.faces import StoredFace
from enrichscrapy.faces.engine import PhotoFaces
from enrichscrapy.faces.hashes import similar
from enrichscrapy.items import Lookup, Photo, PhotoOutcome
from enrichscrapy.judging import Judge


def take_faces(
    lookup: Lookup,
    photos: Sequence[Photo],
    results: Sequence[PhotoFaces],
    known_phashes: Iterable[str],
) -> None:
    """Enter what the face engine saw in ``photos``; a picture seen before adds no face.

    The photos' bytes are dropped: nothing after this stage needs them.
    """
    seen = list(known_phashes)
    for photo, result in zip(photos, results, strict=True):
        photo.width, photo.height, photo.phash = result.width, result.height, result.phash
        photo.outcome, photo.detail, photo.data = result.outcome, result.detail, None
        if photo.phash is not None:
            if any(similar(photo.phash, other) for other in seen):
                photo.outcome, photo.detail = PhotoOutcome.DUPLICATE, "looks like a known photo"
                continue
            seen.append(photo.phash)
        for face in result.faces:
            face.photo_url = photo.url
            lookup.faces.append(face)


def give_verdicts(
    lookup: Lookup, stored: Sequence[StoredFace], references_token: str, judge: Judge
) -> None:
    """Judge the lookup's faces against references that stay frozen for the whole lookup."""
    judgement = judge(lookup, stored)
    for face, decision in zip(lookup.faces, judgement.decisions, strict=True):
        face.decision = decision
    lookup.judgement, lookup.references_token = judgement, references_token
