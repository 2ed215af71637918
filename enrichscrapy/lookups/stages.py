"""What stages 300 and 400 do to a lookup, free of Scrapy: ``import-faces`` does the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from enrichscrapy.database.faces import StoredFace
from enrichscrapy.database.known_photos import KnownPicture
from enrichscrapy.faces.engine import PhotoFaces
from enrichscrapy.faces.hashes import is_alike, is_similar
from enrichscrapy.items import Lookup, Photo, PhotoOutcome
from enrichscrapy.lookups.judge import Judge
from enrichscrapy.verdicts.evidence import distances, stack


def take_faces(
    lookup: Lookup,
    photos: Sequence[Photo],
    results: Sequence[PhotoFaces],
    known: Iterable[KnownPicture],
    twin: float,
) -> None:
    """Enter what the face engine saw in ``photos``; a picture seen before adds no face.

    ``twin`` is the distance within which two faces are one picture's (``Thresholds.twin``). The
    photos' bytes are dropped: nothing after this stage needs them.
    """
    seen = list(known)
    for photo, result in zip(photos, results, strict=True):
        photo.width, photo.height, photo.phash = result.width, result.height, result.phash
        photo.outcome, photo.detail, photo.data = result.outcome, result.detail, None
        if photo.phash is not None:
            vectors = tuple(face.vector for face in result.faces if face.vector is not None)
            picture = KnownPicture(photo.phash, vectors)
            if any(is_same_picture(picture, other, twin) for other in seen):
                photo.outcome, photo.detail = PhotoOutcome.DUPLICATE, "looks like a known photo"
                continue
            seen.append(picture)
        for face in result.faces:
            face.photo_url = photo.url
            lookup.faces.append(face)


def mark_shared(lookup: Lookup, others: Mapping[str, int], many: int) -> None:
    """Enter which photos other performers have as well; ``others`` counts those by address.

    A photo that ``many`` performers have, this one among them, is a placeholder or a mistake of
    the site: its faces are nobody's.
    """
    for photo in lookup.photos:
        if 1 + others.get(photo.url, 0) >= many:
            photo.outcome = PhotoOutcome.PLACEHOLDER
            photo.detail = f"{others[photo.url]} other performers have the same photo"
    nobodys = {p.url for p in lookup.photos if p.outcome is PhotoOutcome.PLACEHOLDER}
    lookup.faces = [face for face in lookup.faces if face.photo_url not in nobodys]
    for face in lookup.faces:
        face.shared = others.get(face.photo_url, 0) > 0


def is_same_picture(a: KnownPicture, b: KnownPicture, twin: float) -> bool:
    """Whether both are one photo, perhaps in another size, recompressed or cropped a little.

    Two shots of one sitting are much alike, and a crop changes a hash much: where the hashes
    leave it open, the faces tell.
    """
    if is_similar(a.phash, b.phash):
        return True
    if not (a.vectors and b.vectors and is_alike(a.phash, b.phash)):
        return False
    return float(distances(stack(a.vectors), stack(b.vectors)).min()) <= twin


def give_verdicts(
    lookup: Lookup, stored: Sequence[StoredFace], references_token: str, judge: Judge
) -> None:
    """Judge the lookup's faces against references that stay frozen for the whole lookup."""
    judgement = judge(lookup, stored)
    for face, decision in zip(lookup.faces, judgement.decisions, strict=True):
        face.decision = decision
    lookup.judgement, lookup.references_token = judgement, references_token
