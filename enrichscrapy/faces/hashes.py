"""Perceptual hashes: the same picture resized, recompressed or slightly cropped.

The hash is ImageHash's DCT hash of 64 bits, written as 16 hexadecimal digits.
"""

from __future__ import annotations

import imagehash
from PIL import Image

# Bits in which two hashes may differ that nothing but the same picture has. Measured: a picture
# resized, recompressed or cropped by 1 % of its sides differs by at most 6; so do 6 % of passport
# photos of one person, and by at most 4, 3 %.
SAME_PICTURE_BITS = 4
# Bits in which they may differ when the faces' vectors agree as well: a picture cropped by 3 % of
# its sides differs by 12 at most (by 5 %, half of them), photos of different sittings by 18 and
# more.
LIKE_PICTURE_BITS = 12


def compute_phash(image: Image.Image) -> str:
    """The hash of a picture of any mode and size, as 16 hexadecimal digits."""
    return str(imagehash.phash(image))


def count_differing_bits(a: str, b: str) -> int:
    """Bits in which two hashes differ; ``ValueError`` for what is no hash."""
    return (int(a, 16) ^ int(b, 16)).bit_count()


def is_similar(a: str, b: str) -> bool:
    """True when the two hashes are those of one picture, whatever it shows."""
    return count_differing_bits(a, b) <= SAME_PICTURE_BITS


def is_alike(a: str, b: str) -> bool:
    """True when the two hashes may be those of one picture: its faces have to tell."""
    return count_differing_bits(a, b) <= LIKE_PICTURE_BITS
