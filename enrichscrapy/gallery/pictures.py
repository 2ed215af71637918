"""Pictures of faces: the stored crop, and a small WebP of it."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from enrichscrapy.database.schema import faces
from enrichscrapy.gallery.pages import find_gallery
from enrichscrapy.reporting.thumbnails import make_thumbnail

SIDE = 112
"""Pixels of a thumbnail's side: sharp on a screen with two dots a pixel, and about 2 KB."""
CACHED = {"Cache-Control": "private, max-age=3600"}
"""Browsers keep pictures for an hour; a face's picture never changes, but it can be forgotten."""

_shrink = lru_cache(maxsize=2000)(make_thumbnail)


def send_thumbnail(request: Request) -> Response:
    return Response(_shrink(_read_crop(request), SIDE), headers=CACHED, media_type="image/webp")


def send_crop(request: Request) -> Response:
    return Response(_read_crop(request), headers=CACHED, media_type="image/jpeg")


def forget_thumbnails() -> None:
    """Keep none of those that were made."""
    _shrink.cache_clear()


def _read_crop(request: Request) -> bytes:
    face_id = request.path_params["face_id"]
    with find_gallery(request).database.read() as connection:
        crop: bytes | None = connection.scalar(select(faces.c.crop).where(faces.c.id == face_id))
    if crop is None:
        raise HTTPException(404)
    return crop
