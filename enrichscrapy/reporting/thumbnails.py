"""Small pictures of faces, for pages with many of them."""

from __future__ import annotations

import io

from PIL import Image, ImageOps


def make_thumbnail(crop: bytes, side: int) -> bytes:
    """A stored crop as a square WebP of ``side`` pixels: 2 KB with 112."""
    with Image.open(io.BytesIO(crop)) as picture:
        small = ImageOps.fit(picture.convert("RGB"), (side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=80, method=2)
    return buffer.getvalue()
