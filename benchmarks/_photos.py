"""Portraits as JPEG files of given sizes: drawn ones, or those of a folder."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from demo.portraits import PersonLook, Shot, render

Size = tuple[int, int]
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
QUALITY = 88


def drawn(size: Size, count: int) -> list[bytes]:
    """Portraits of invented people, enlarged, with the grain that real photos have."""
    rng = np.random.default_rng(1)
    photos = []
    for number in range(count):
        shot = Shot(seed=number, size=(400, 600), yaw=float(rng.uniform(-15, 15)))
        picture = Image.fromarray(render(PersonLook.from_seed(number), shot))
        large = np.asarray(picture.resize(size, Image.Resampling.LANCZOS), np.float32)
        grain = rng.standard_normal(large.shape, np.float32) * 4
        photos.append(_jpeg(Image.fromarray(np.clip(large + grain, 0, 255).astype(np.uint8))))
    return photos


def from_folder(folder: Path, size: Size, count: int) -> list[bytes]:
    """The first ``count`` pictures of a folder, cropped to the size's shape and scaled to it."""
    photos = []
    for path in list(_pictures(folder))[:count]:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
        fitted = ImageOps.fit(upright, size, Image.Resampling.LANCZOS, centering=(0.5, 0.4))
        photos.append(_jpeg(fitted))
    return photos


def _pictures(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES)


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
