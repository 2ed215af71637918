"""Perceptual hashes: the same picture resized, recompressed or slightly cropped.

The hash is ImageHash's DCT hash of 64 bits, written as 16 hexadecimal digits.
"""

from __future__ import annotations

import imagehash
from PIL import Image

HASH_BITS = 64
# Bits in which two hashes of the same picture may differ.
SAME_PICTURE_BITS = 8


def phash(image: Image.Image) -> str:
    """The hash of a picture of any mode and size, as 16 hexadecimal digits."""
    return str(imagehash.phash(image))


def distance(a: str, b: str) -> int:
    """Bits in which two hashes differ; ``ValueError`` for what is no hash."""
    return (int(a, 16) ^ int(b, 16)).bit_count()


def similar(a: str, b: str) -> bool:
    """True when the two hashes are those of one picture."""
    return distance(a, b) <= SAME_PICTURE_BITS
