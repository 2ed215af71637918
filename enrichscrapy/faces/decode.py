"""From a stranger's bytes to an upright RGB picture, or a named reason why not.

A file's first bytes decide what it is, never its name or the server's ``Content-Type``. Limits
are checked before anything is decoded.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageOps

from enrichscrapy.facts.text import fold_error
from enrichscrapy.items import PhotoOutcome

GREY = (128, 128, 128)
ORIENTATION = 0x0112
_TURNS = {
    1: Image.Transpose.ROTATE_90,
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_270,
}
SIDEWAYS = frozenset({5, 6, 7, 8})  # EXIF orientations that swap width and height

SNIFFED = 64
"""Bytes of a file that tell what it is."""
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})

# The largest scale-down that libjpeg offers.
MAX_DRAFT = 8
MAX_HALVINGS = 8
# Pixels along a side, per pixel wanted, from which pictures are resampled.
OVERSAMPLING = 2

MAX_SCANS = 100
"""Of a progressive JPEG: each is work on the whole picture, and cameras make ten."""
_SCAN = b"\xff\xda"
DECODER_ERRORS = Exception
"""Pillow's decoders raise whatever their parsing meets, ``struct.error`` among it."""


@dataclass(frozen=True)
class DecodeLimits:
    """What is refused before decoding: ``max_bytes`` of file, ``max_pixels`` of picture.

    ``work_side`` is the length in pixels to which the longer side of a picture may be reduced.
    """

    max_bytes: int = 30_000_000
    max_pixels: int = 50_000_000
    work_side: int = 700


class Picture:
    """An upright RGB picture, perhaps reduced, of a photo of ``width`` x ``height`` pixels."""

    def __init__(self, image: Image.Image, width: float, height: float) -> None:
        self.width = width
        self.height = height
        self._halves = [image]

    @property
    def image(self) -> Image.Image:
        """All the pixels there are."""
        return self._halves[0]

    @property
    def scale(self) -> float:
        """Pixels of ``image`` per pixel of the photo (1.0 or less)."""
        return self.image.width / self.width

    def reduce(self, scale: float) -> Image.Image:
        """The smallest halving of ``image`` with at least ``scale`` pixels per pixel of the photo.

        Resampling from it reads few pixels, however large the photo is; halvings are kept.
        """
        level, ratio = 0, self.scale / 2
        while ratio >= scale and level < MAX_HALVINGS:
            level, ratio = level + 1, ratio / 2
            if level == len(self._halves):
                self._halves.append(self._halves[-1].reduce(2))
        return self._halves[level]

    def cut(
        self,
        box: tuple[float, float, float, float],
        side: int,
        resampling: Image.Resampling = Image.Resampling.BOX,
    ) -> Image.Image:
        """The part of the photo inside ``box`` (pixels of the photo), stretched to a square."""
        return self.cut_to_size(box, (side, side), resampling)

    def cut_to_size(
        self,
        box: tuple[float, float, float, float],
        size: tuple[int, int],
        resampling: Image.Resampling = Image.Resampling.BILINEAR,
    ) -> Image.Image:
        """The part of the photo inside ``box`` (pixels of the photo), in this size."""
        x1, y1, x2, y2 = box
        source = self.reduce(OVERSAMPLING * min(size) / max(min(x2 - x1, y2 - y1), 1.0))
        across, down = source.width / self.width, source.height / self.height
        area = (x1 * across, y1 * down, x2 * across, y2 * down)
        return source.resize(size, resampling, box=area)

    def turn(self, quarters: int) -> Picture:
        """The picture turned counter-clockwise by so many quarters, 0 to 3."""
        if not quarters:
            return self
        size = (self.width, self.height) if quarters == 2 else (self.height, self.width)
        return Picture(self.image.transpose(_TURNS[quarters]), *size)

    def add_frame(self, share: float) -> Picture:
        """The picture with a grey border on all sides, of this share of its longer side."""
        border = round(share * max(self.image.size))
        image = ImageOps.expand(self.image, border, GREY)
        more = round(2 * border / self.scale)
        return Picture(image, self.width + more, self.height + more)


@dataclass(frozen=True)
class Undecodable:
    """Why there is no picture; the size where the header has it."""

    outcome: PhotoOutcome
    detail: str
    width: int | None = None
    height: int | None = None


def sniff(data: bytes) -> str | None:
    """The Pillow name of the format whose magic bytes ``data`` begins with."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _sniff_boxed(data)
    return None


def _sniff_boxed(data: bytes) -> str | None:
    """AVIF or HEIF by the brands that the file's first box names, the main one first."""
    brands = data[8 : min(int.from_bytes(data[:4]), SNIFFED)]
    for brand in (brands[i : i + 4] for i in (0, *range(8, len(brands), 4))):
        if brand in (b"avif", b"avis"):
            return "AVIF"
        if brand in _HEIC_BRANDS:
            return "HEIF" if _can_read_heif() else None
    return None


@cache
def _can_read_heif() -> bool:
    """Whether HEIC, as phones write it, can be read: a library of its own may be missing."""
    try:
        import pi_heif
    except ImportError:
        return False
    pi_heif.register_heif_opener(thumbnails=False)
    return True


def decode(data: bytes, limits: DecodeLimits, *, scale: float = 0.0) -> Picture | Undecodable:
    """Decode ``data``; never raises for what it contains.

    The picture comes reduced by a power of two where its longer side stays at or above
    ``limits.work_side``, unless ``scale`` asks for more (1.0: all there is).
    """
    if len(data) > limits.max_bytes:
        return Undecodable(
            PhotoOutcome.TOO_LARGE, f"{len(data)} bytes, more than {limits.max_bytes}"
        )
    kind = sniff(data)
    if kind is None:
        return Undecodable(PhotoOutcome.UNREADABLE, "not a JPEG, PNG, WebP, AVIF, GIF or HEIC")
    if kind == "JPEG" and (scans := data.count(_SCAN)) > MAX_SCANS:
        return Undecodable(PhotoOutcome.TOO_LARGE, f"{scans} scans, more than {MAX_SCANS}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=[kind]) as image:
                return _decode(image, limits, scale)
    except Image.DecompressionBombError:
        return Undecodable(PhotoOutcome.TOO_LARGE, "far too many pixels")
    except DECODER_ERRORS as error:
        return Undecodable(PhotoOutcome.UNREADABLE, f"{kind}: {fold_error(error)}")


def _decode(image: Image.Image, limits: DecodeLimits, scale: float) -> Picture | Undecodable:
    turned = _read_orientation(image) in SIDEWAYS
    width, height = image.size[::-1] if turned else image.size
    if width * height > limits.max_pixels:
        detail = f"{width}x{height}, more than {limits.max_pixels} pixels"
        return Undecodable(PhotoOutcome.TOO_LARGE, detail, width, height)
    divisor = _find_divisor(max(width, height), limits.work_side, scale)
    if divisor > 1:
        image.draft(None, (image.width // divisor, image.height // divisor))
    image.load()
    upright = to_rgb(_transpose(image))
    remaining = _find_divisor(max(upright.size), limits.work_side, scale * width / upright.width)
    if remaining > 1:
        upright = upright.reduce(remaining)
    return Picture(upright, width, height)


def _find_divisor(side: int, work_side: int, scale: float) -> int:
    """The largest power of two that keeps ``side`` at ``work_side`` and the scale at ``scale``."""
    divisor = 1
    while divisor < MAX_DRAFT and side // (divisor * 2) >= work_side and scale <= 1 / (divisor * 2):
        divisor *= 2
    return divisor


def _read_orientation(image: Image.Image) -> int:
    """The EXIF orientation; 1 (upright) where the EXIF block is absent or broken."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except DECODER_ERRORS:
        return 1


def _transpose(image: Image.Image) -> Image.Image:
    with contextlib.suppress(DECODER_ERRORS):
        ImageOps.exif_transpose(image, in_place=True)  # a copy costs as much as a halving
    return image


def to_rgb(image: Image.Image) -> Image.Image:
    """``image`` in mode RGB: 16 bits brought down to 8, alpha laid over mid-grey."""
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I") or image.mode == "F":
        image = _convert_to_eight_bits(image)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (*GREY, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")


def _convert_to_eight_bits(image: Image.Image) -> Image.Image:
    """A 16-bit grey picture as 8 bits (Pillow's own conversion clips at 255)."""
    values = np.asarray(image, dtype=np.float64)
    return Image.fromarray((values / 257.0).round().clip(0, 255).astype(np.uint8))
